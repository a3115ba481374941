/** The one file that loads the binary. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Native } from './calls.js';
import type { NativeTls } from './tls.js';

function load(): Native {
  const require = createRequire(import.meta.url);
  // The package's root is where its package.json lies: three folders above dist/lib/addon.
  const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
  return require('node-gyp-build')(root) as Native;
}

/** The binary. */
export const native: Native = load();
/** What the binary offers for TLS. */
export const tls: NativeTls = native.tls;
