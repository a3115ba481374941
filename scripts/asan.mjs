// `npm run test:asan`: the whole suite, with the addon built under AddressSanitizer, LeakSanitizer and
// UndefinedBehaviorSanitizer, in a folder of its own (build-asan/) beside the usual build. Arguments go to AVA.
//
// Node itself is not instrumented, so libasan is preloaded. Every process, child processes too, writes what ASan and
// LSan find into build-asan/reports: a report fails the run, even where a test swallowed that process's exit status.
// UBSan, which beside ASan knows no such folder, writes to standard error and ends the process.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildAddon, buildSelfTest, compiler, runtime } from './sanitizers.mjs';
import { root } from './toolchain.mjs';

// `--kqueue`, from scripts/kqueue.mjs: over the port for macOS and the BSDs.
const overKqueue = process.argv[2] === '--kqueue';
const kevent = overKqueue ? 'test/kevent' : '';
const folder = join(root, overKqueue ? 'build-kqueue-asan' : 'build-asan');
const reports = join(folder, 'reports');

function say(text) {
  process.stdout.write(`asan: ${text}\n`);
}

function fail(text) {
  process.stderr.write(`asan: ${text}\n`);
  process.exit(1);
}

function environment() {
  return {
    ...process.env,
    LD_PRELOAD:
      runtime('libasan.so') ??
      fail(`${compiler} has no libasan.so; Debian's package libasan8 (or the like) brings it.`),
    ASAN_OPTIONS: [
      'detect_leaks=1',
      'strict_string_checks=1',
      'allocator_may_return_null=1', // a size beyond all memory fails there, as it does without sanitizers
      'log_exe_name=1',
      `log_path=${join(reports, 'report')}`,
    ].join(':'),
    LSAN_OPTIONS: `suppressions=${join(root, 'scripts', 'lsan.supp')}:print_suppressions=0`,
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
    BERKELEY_BINARY: join(folder, 'build', 'Release', 'berkeley.node'),
  };
}

/** What the sanitizers wrote since the last call, under a name that tells the program: "report.node.1234". */
function takeReports() {
  const texts = existsSync(reports)
    ? readdirSync(reports).map((name) => `${name}\n${readFileSync(join(reports, name), 'utf8')}`)
    : [];
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  return texts.join('\n');
}

function runNode(script, env) {
  return spawnSync(process.execPath, ['-e', script], { cwd: root, env, encoding: 'utf8' });
}

/** That a defect in an addon is reported, and that Node alone, doing what tests do, is clean. */
function selfTest(env) {
  const addon = buildSelfTest(folder, 'address,undefined') ?? fail('the self-test did not compile.');
  const defects = { leak: 'LeakSanitizer', overflow: 'heap-buffer-overflow', undefined: 'signed integer overflow' };
  for (const [name, complaint] of Object.entries(defects)) {
    const { status, stderr } = runNode(`require(${JSON.stringify(addon)}).${name}()`, env);
    const report = stderr + takeReports();
    if (status === 0 || !report.includes(complaint)) fail(`self-test: the ${name} was not reported:\n${report}`);
  }
  const { status, stderr } = runNode(
    `const { Worker } = require('node:worker_threads');
     require('node:child_process').spawnSync('true');
     new Worker('require("node:net").createServer().listen(0, function () { this.close(); })', { eval: true });`,
    env,
  );
  const report = takeReports();
  if (status !== 0 || report !== '') fail(`self-test: Node alone is not clean:\n${stderr}${report}`);
}

/** That the binary under test is the instrumented one. */
function checkBinary(env) {
  const script = `import(${JSON.stringify(pathToFileURL(join(root, 'dist', 'lib', 'index.js')).href)}).then(() =>
    console.log(require('node:fs').readFileSync('/proc/self/maps', 'utf8').match(/\\/.*berkeley\\.node$/m)[0]))`;
  const { stdout } = runNode(script, env);
  const path = stdout.trim();
  if (path !== env.BERKELEY_BINARY) fail(`the wrong binary is loaded: ${path}`);
  if (!readFileSync(path).includes('__asan_init')) fail(`${path} is not instrumented.`);
}

say('compiling the addon with sanitizers');
if (!buildAddon(folder, { sanitize: 'address,undefined', kevent }))
  fail('the addon did not compile; the compiler says above why.');
const env = environment();
takeReports();
selfTest(env);
checkBinary(env);
say('the sanitizers see a leak, an overflow and undefined behaviour in an addon; now the suite');
const suite = [join(root, 'scripts', 'test.mjs'), '--timeout=10m', ...process.argv.slice(overKqueue ? 3 : 2)];
const { status } = spawnSync(process.execPath, suite, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
const found = takeReports();
if (found !== '') {
  process.stderr.write(`\n${found}\n`);
  fail('the sanitizers reported the above. (A report that is not of node: start that program with cleanEnv().)');
}
process.exitCode = status ?? 1;
