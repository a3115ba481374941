// What the runs under sanitizers have in common: an instrumented addon in a folder of its own, and the run-time library that
// is loaded before Node.js, which is not instrumented.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { compileAddon, root } from './toolchain.mjs';

export const compiler = process.env.CXX || 'g++';

/**
 * Builds an addon of another kind, as binding.gyp's variables say (`{ sanitize: 'address' }`, what -fsanitize= takes). node-gyp
 * builds beside binding.gyp: links stand for the rest.
 */
export function buildAddon(folder, variables) {
  mkdirSync(folder, { recursive: true });
  for (const name of ['binding.gyp', 'native', 'node_modules', 'package.json', 'test']) {
    if (!existsSync(join(folder, name))) symlinkSync(join(root, name), join(folder, name));
  }
  return compileAddon(folder, variables) === 0;
}

/** Where the compiler keeps a sanitizer's run-time library; null: it has none. */
export function runtime(name) {
  const { stdout } = spawnSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' });
  const path = (stdout ?? '').trim();
  // A compiler that lacks the file prints the bare name.
  return path.includes('/') ? path : null;
}

/** Builds the addon whose functions each have a defect, and returns its path; null: it did not compile. */
export function buildSelfTest(folder, sanitize) {
  const addon = join(folder, 'selftest.node');
  const flags = '-std=c++17 -shared -fPIC -g -fno-omit-frame-pointer -fno-sanitize-recover=undefined'.split(' ');
  const headers = createRequire(import.meta.url)('node-api-headers').include_dir;
  const source = join(root, 'scripts', 'sanitizers_selftest.cc');
  const args = [...flags, `-fsanitize=${sanitize}`, `-I${headers}`, source, '-o', addon];
  return spawnSync(compiler, args, { stdio: 'inherit' }).status === 0 ? addon : null;
}
