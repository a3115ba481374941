// npm's install script: what happens on `npm install berkeley`. A prebuilt binary that loads here is taken; else the
// addon is compiled, with the node-gyp that npm ships. A missing tool is named, with the command that installs it.
import { createRequire } from 'node:module';
import { compileAddon, describeMissing, missingTools, oldNode, root } from './toolchain.mjs';

function loads() {
  if (process.env.npm_config_build_from_source === 'true') return false;
  try {
    createRequire(import.meta.url)('node-gyp-build')(root);
    return true;
  } catch {
    return false;
  }
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

const tooOld = oldNode();
if (tooOld !== null) fail(tooOld);
if (!loads()) {
  const missing = missingTools();
  if (missing.length > 0) fail(describeMissing(missing));
  if (compileAddon(root) !== 0) fail('berkeley: the addon did not compile; the compiler says above why.');
  if (!loads()) fail('berkeley: the addon compiled, but does not load.');
}
