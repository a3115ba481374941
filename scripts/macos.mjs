// `npm run macos`: compiles and links the addon for macOS, on x64 and arm64, with warnings as errors. It needs no Mac, and
// cannot run what it makes. zig brings the compiler and macOS' headers. OpenSSL's headers are this system's: they are the same on
// all, but for the configuration, which says what is left out. `npm run prebuild:all` links OpenSSL in.
//   node scripts/macos.mjs [x86_64 | aarch64]
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe } from './binaries.mjs';
import { writeConstants } from './constants.mjs';
import { root } from './toolchain.mjs';
import { compileFor, fail, linkFor } from './zig.mjs';

const out = join(root, 'build', 'macos');

function say(text) {
  process.stdout.write(`macos: ${text}\n`);
}

/** A folder with OpenSSL's headers alone; Debian keeps those that depend on the processor apart from the others. */
function opensslHeaders() {
  const headers = join(out, 'include');
  rmSync(headers, { recursive: true, force: true });
  mkdirSync(join(headers, 'openssl'), { recursive: true });
  for (const folder of ['/usr/include/openssl', '/usr/include/x86_64-linux-gnu/openssl'].filter(existsSync)) {
    for (const name of readdirSync(folder)) symlinkSync(join(folder, name), join(headers, 'openssl', name));
  }
  return headers;
}

function build(processor) {
  const folder = join(out, processor);
  const triple = `${processor}-macos`;
  const objects = compileFor(triple, 'mac', folder, {
    openssl: opensslHeaders(),
    flags: ['-O1'],
    say: (source) => say(`${processor} ${source}`),
  });
  // Node's symbols, and OpenSSL's, which is none of macOS', are left open; and so would ours be that nothing defines.
  const bundle = join(folder, 'berkeley.node');
  linkFor(triple, objects, bundle, ['-Wl,-undefined,dynamic_lookup']);
  const lacking = describe(bundle).imports.filter((name) => name.includes('berkeley'));
  if (lacking.length > 0) fail(`${processor}: nothing defines ${lacking.join(', ')}`);
  say(`${processor}: ${objects.length} files compile without a warning, and link to ${basename(bundle)}`);
}

writeConstants();
const wanted = process.argv.slice(2);
for (const processor of wanted.length > 0 ? wanted : ['x86_64', 'aarch64']) build(processor);
