/** The package as `npm pack` makes it, for tests that are users of it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './examples.js';
import { cleanEnv } from './peers.js';

const run = promisify(execFile);

/** The environment of a user's shell: ours without what `npm test` told this process about our own package. */
export function userEnv(): NodeJS.ProcessEnv {
  const ours = /^(npm_(package|lifecycle|config_local_prefix)|INIT_CWD$)/;
  return Object.fromEntries(Object.entries(cleanEnv()).filter(([name]) => !ours.test(name)));
}

/** Pack what is built into a file in `folder`: the file's path, and the paths of what is in it. */
export async function pack(folder: string): Promise<{ file: string; paths: string[] }> {
  const args = ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder];
  const { stdout } = await run('npm', args, { env: userEnv(), cwd: ROOT, maxBuffer: 2 ** 26 });
  // npm 7 to 11 answer with a list, later ones with an object by package name.
  const [manifest] = Object.values(JSON.parse(stdout)) as { filename: string; files: { path: string }[] }[];
  return { file: join(folder, manifest.filename), paths: manifest.files.map(({ path }) => path) };
}
