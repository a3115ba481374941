/**
 * Torture: each system call of the addon fails once, the first of its kind, the second, …, with each error that its manual page
 * names, under servers and clients of every kind.
 *
 *     node dist/test/torture/main.js [--most 1000] [scene …]
 *
 * Every run must end: with the right bytes, or with an exception that says what happened; and a server serves the next client.
 * No descriptor may be left open, no promise pending, nothing thrown where nobody can catch it, and no process may die.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CONTROL_SIZE, Control } from './faults.js';
import { SCENES } from './scenes.js';

const { values, positionals } = parseArgs({
  options: { most: { type: 'string', default: '1000' } },
  allowPositionals: true,
});
const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));
const INTERPOSER = fileURLToPath(new URL('../../../test/torture/interposer.c', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'berkeley-torture-'));
const library = join(folder, 'interposer.so');

function compile(): void {
  const env = { ...process.env, LD_PRELOAD: '' };
  const command = ['-O1', '-shared', '-fPIC', '-o', library, INTERPOSER, '-ldl'];
  const { status, stderr } = spawnSync('cc', command, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`the interposer does not compile:\n${stderr}`);
}

async function run(scene: string): Promise<boolean> {
  const control = join(folder, `${scene.replaceAll(/\W/g, '-')}.control`);
  writeFileSync(control, Buffer.alloc(CONTROL_SIZE));
  const preloaded = [process.env.LD_PRELOAD, library].filter(Boolean).join(':');
  const child = spawn(process.execPath, ['--expose-gc', CHILD, scene, values.most], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, LD_PRELOAD: preloaded, BERKELEY_FAULTS: control },
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.on('exit', (...how) => resolve(how));
  });
  if (code !== 0) {
    const how = signal ?? `status ${code}`;
    console.log(`torture: FAILED: "${scene}" ended with ${how}; the last run was: ${Control.noted(control)}`);
  }
  return code === 0;
}

const scenes = positionals.length > 0 ? positionals : Object.keys(SCENES);
for (const each of scenes)
  if (!(each in SCENES)) throw new Error(`no scene "${each}"; there are: ${Object.keys(SCENES).join('; ')}`);
try {
  compile();
  const results: boolean[] = [];
  const waiting = [...scenes];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results.push(await run(next));
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
  const failed = results.filter((good) => !good).length;
  console.log(failed === 0 ? 'torture: nothing was lost' : `torture: ${failed} of ${results.length} scenes FAILED`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
