/**
 * What the host and its shims do besides translating: each place is marked with "ADAPTED: what." in the source, and
 * docs/conformance.md gives the reason.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = ['shims', 'native'];
const SOURCE = /\.(py|cc|h)$/;
const MARK = /ADAPTED: ([^.,]+)/g;

/** All that is marked. `folder`: that of the sources, test/conformance. */
export function adaptations(folder: string): string[] {
  const files = FOLDERS.flatMap((name) => readdirSync(join(folder, name)).map((file) => join(folder, name, file)));
  const texts = files.filter((file) => SOURCE.test(file)).map((file) => readFileSync(file, 'utf8'));
  return texts.flatMap((text) => [...text.matchAll(MARK)].map(([, what]) => what));
}
