// README's programs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './toolchain.mjs';

/** Each ```js block of README with the ```text block that follows it: `{ source, output }`. */
export function programs() {
  const blocks = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```(\w*)\n(.*?)^```$/gms)];
  return blocks.flatMap(([, language, source], i) => (language === 'js' ? [{ source, output: blocks[i + 1][2] }] : []));
}
