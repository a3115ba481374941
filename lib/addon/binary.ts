/** The one file that loads the binary. */
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Native } from './calls.js';
import { BUNDLED, describeFailure, describeNamed, isPackage } from './failure.js';
import type { NativeTls } from './tls.js';

function load(): Native {
  const named = process.env.BERKELEY_BINARY;
  return named === undefined || named === '' ? loadOwn() : loadNamed(resolve(named));
}

function loadNamed(file: string): Native {
  const loaded = { exports: {} };
  try {
    process.dlopen(loaded, file);
  } catch (error) {
    throw new Error(describeNamed(file, error), { cause: error });
  }
  return loaded.exports as Native;
}

/** webpack puts a function in its place, and the URL of the source in the place of `import.meta.url`. */
declare const __webpack_require__: unknown;

function loadOwn(): Native {
  // Where a bundler has made CommonJS of this module, there is no URL.
  const url = import.meta.url as string | undefined;
  if (url === undefined || typeof __webpack_require__ === 'function') throw new Error(BUNDLED);
  // The package's root is where its package.json lies: three folders above dist/lib/addon.
  const root = join(dirname(fileURLToPath(url)), '..', '..', '..');
  if (!isPackage(root)) throw new Error(BUNDLED);
  try {
    return createRequire(url)('node-gyp-build')(root) as Native;
  } catch (error) {
    throw new Error(describeFailure(root, error), { cause: error });
  }
}

/** The binary. */
export const native: Native = load();
/** What the binary offers for TLS. */
export const tls: NativeTls = native.tls;
