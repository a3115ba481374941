/**
 * Shows that the tests can fail: breaks a copy of the compiled library in one way at a time, and runs tests over it that
 * are to notice.
 *
 *     npm run conformance:broken
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unavailable } from './available.js';
import { root } from './host.js';

interface Break {
  what: string;
  /** The compiled file under dist/lib, and which text in it is replaced by which. */
  file: string;
  from: string;
  to: string;
  /** A class or a test that notices. */
  test: string;
}

const BREAKS: Break[] = [
  {
    what: 'recv drops a byte',
    file: 'socket/receive.js',
    from: 'return n < 0 ? VAIN_READ : fromScratch(n);',
    to: 'return n < 0 ? VAIN_READ : fromScratch(Math.max(n - 1, 0));',
    test: 'test_socket.BasicTCPTest',
  },
  {
    what: 'settimeout is ignored',
    file: 'socket/socket.js',
    from: 'this._timeout = timeout(value);',
    to: 'timeout(value);',
    test: 'test_socket.GeneralModuleTests.testDefaultTimeout',
  },
  {
    what: 'connect_ex always succeeds',
    file: 'socket/connect.js',
    from: 'return code === DEADLINE_PASSED ? EWOULDBLOCK : systemNumber(0 - code);',
    to: 'return 0;',
    test: 'test_ssl.BasicSocketTests.test_connect_ex_error',
  },
  {
    what: 'ancillary data is lost',
    file: 'structs/ancillary.js',
    from: 'return items;',
    to: 'return [];',
    test: 'test_socket.RecvmsgSCMRightsStreamTest',
  },
  {
    what: 'a file goes on after its read has timed out',
    file: 'socket/makefile.js',
    from: 'this.#timedOut = true;',
    to: '',
    test: 'test_socket.FileObjectClassTestCase.testReadAfterTimeout',
  },
  {
    what: 'poll.unregister forgets its KeyError',
    file: 'select/poll.js',
    from: 'throw new KeyError(number);',
    to: 'return;',
    test: 'test_poll.PollTests.test_poll_unit_tests',
  },
  {
    what: 'epoll.modify does nothing',
    file: 'select/epoll.js',
    from: "checked(native.epollModify(this.fileno(), fd, mask), 'epoll_ctl');",
    to: '',
    test: 'test_epoll.TestEPoll.test_control_and_wait',
  },
  {
    what: 'a closed selector still knows its files',
    file: 'select/selector_base.js',
    from: 'this._keys.clear();',
    to: '',
    test: 'test_selectors.EpollSelectorTestCase.test_close',
  },
  {
    what: 'the host name in a certificate is not checked',
    file: 'ssl/connection.js',
    from: 'serverHostname, context.check_hostname,',
    to: 'serverHostname, false,',
    test: 'test_ssl.ThreadedTests.test_check_hostname',
  },
  {
    what: 'minimum_version is ignored',
    file: 'ssl/settings.js',
    from: 'this.#setVersion(NUMBER_SETTINGS.minimumVersion,',
    to: 'void (NUMBER_SETTINGS.minimumVersion,',
    test: 'test_ssl.ContextTests.test_min_max_version',
  },
];

const RUN_MAX_MS = 60_000;

/** A copy of what runs, with the library's compiled files to be broken; all else is where it was. */
function copyOfPackage(): string {
  const copy = mkdtempSync(join(tmpdir(), 'berkeley-broken-'));
  mkdirSync(join(copy, 'test'));
  cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(copy, 'package.json'));
  for (const name of ['build', 'node_modules', join('test', 'conformance')])
    symlinkSync(join(root, name), join(copy, name));
  return copy;
}

/** Whether the test passes there. One that does not end has not passed. */
function passes(copy: string, test: string): boolean {
  const python = join(copy, 'dist', 'test', 'conformance', 'python.js');
  const options = { cwd: copy, stdio: 'ignore', timeout: RUN_MAX_MS, killSignal: 'SIGKILL' } as const;
  return spawnSync(process.execPath, [python, '-m', 'unittest', `test.${test}`], options).status === 0;
}

/** Breaks the copy for as long as `work` takes. */
function broken<T>(copy: string, { file, from, to }: Break, work: () => T): T {
  const path = join(copy, 'dist', 'lib', file);
  const whole = readFileSync(path, 'utf8');
  if (!whole.includes(from)) throw new Error(`${file} has no ${JSON.stringify(from)}`);
  writeFileSync(path, whole.replace(from, to));
  try {
    return work();
  } finally {
    writeFileSync(path, whole);
  }
}

/** Tries them all; how many are not noticed. */
function tryAll(copy: string): number {
  let unnoticed = 0;
  for (const each of BREAKS) {
    const before = passes(copy, each.test);
    const after = broken(copy, each, () => passes(copy, each.test));
    const verdict = !before ? 'FAILS ANYWAY' : after ? 'NOT NOTICED' : 'noticed';
    if (verdict !== 'noticed') unnoticed++;
    process.stdout.write(`${verdict.padEnd(13)} ${each.what}, by ${each.test}\n`);
  }
  return unnoticed;
}

function main(): void {
  const copy = copyOfPackage();
  try {
    const unnoticed = tryAll(copy);
    process.stdout.write(`\n${BREAKS.length - unnoticed} passed, ${unnoticed} failed, 0 skipped\n`);
    if (unnoticed > 0) process.exitCode = 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const reason = unavailable();
if (reason === null) main();
else process.stdout.write(`conformance: skipped: ${reason}\n0 passed, 0 failed, 0 skipped\n`);
