// Builds the host of CPython's tests (test/conformance/native), and runs what the first argument names:
//   tests    CPython's own test files over this library, beside CPython        npm run conformance
//   python   a Python program over this library                                npm run python -- ARGS
//   broken   the tests over a library that is broken on purpose                npm run conformance:broken
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compileAddon, root } from './toolchain.mjs';

const native = join(root, 'test', 'conformance', 'native');

/** Why the installed Python cannot be embedded, or null. */
function missing() {
  const script = 'import sysconfig; print(sysconfig.get_config_var("Py_ENABLE_SHARED"))';
  try {
    if (execFileSync('python3', ['-c', script], { encoding: 'utf8' }).trim() !== '1') {
      return 'the installed python3 has no shared library to embed';
    }
    execFileSync('python3-config', ['--embed', '--ldflags'], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return `python3 and python3-config with the headers are wanted: ${error.message.split('\n')[0]}`;
  }
}

/** The host is built anew if its sources, the Python or the Node.js that it was built for are others. */
function build() {
  const sources = readdirSync(native).filter((name) => /\.(cc|h|gyp)$/.test(name));
  const hash = createHash('sha256')
    .update(process.version)
    .update(execFileSync('python3', ['-VV']));
  for (const name of sources.sort()) hash.update(name).update(readFileSync(join(native, name)));
  const stamp = join(native, 'build', '.stamp');
  const wanted = hash.digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  process.stderr.write('conformance: compiling the host\n');
  if (compileAddon(native) !== 0) throw new Error('The host did not compile; the compiler says above why.');
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

const [what, ...args] = process.argv.slice(2);
const reason = missing();
if (reason !== null) {
  process.stdout.write(`conformance: skipped: ${reason}\n0 passed, 0 failed, 0 skipped\n`);
  process.exit(what === 'python' ? 1 : 0);
}
build();
process.argv.splice(2, process.argv.length, ...args);
// npm runs scripts at the package's root; paths among the arguments are meant from where the user stands.
if (what === 'python') process.chdir(process.env.INIT_CWD ?? root);
await import(join(root, 'dist', 'test', 'conformance', `${what}.js`));
