/**
 * Peers for tests: programs nobody here wrote (python3, curl) in child processes, our own blocking ends in workers,
 * and bounded waits instead of sleeps.
 */
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir as systemTmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Transferable, Worker } from 'node:worker_threads';
import test, { type ExecutionContext, type TestFn } from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as errno from '../../lib/constants/errno.js';

/** No wait in a test is longer, in milliseconds. It bounds a failure; nothing is expected to come near it. */
const PATIENCE_MS = 60_000;

/** What `npm run test:asan` and `npm run test:tsan` set: it is meant for our own Node processes, and would break or slow any other program. */
const SANITIZERS = ['ASAN', 'LSAN', 'TSAN', 'UBSAN'].map((name) => `${name}_OPTIONS`);
const SANITIZER_VARIABLES = ['LD_PRELOAD', 'BERKELEY_BINARY', ...SANITIZERS];

/** Whether the addon under test is built with sanitizers. */
export const underSanitizers = (process.env.ASAN_OPTIONS ?? process.env.TSAN_OPTIONS) !== undefined;

/** The environment for a foreign peer: ours without the sanitizers, and with what `extra` adds. */
export function cleanEnv(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const name of SANITIZER_VARIABLES) delete env[name];
  return { ...env, ...extra };
}

// ---- skips: each with a reason, which scripts/test.mjs prints and counts

/** For a test that finds out while it runs: `if (noSuchFamily) return skip(t, 'the kernel lacks AF_VSOCK');` */
export function skip(t: ExecutionContext, reason: string): void {
  t.log(`skip: ${reason}`);
  t.pass();
}

/** For a test of which it is known beforehand: `testUnless(!hasCommand('curl') && 'curl is not installed')('…', …)`. */
export function testUnless(reason: string | false): Pick<TestFn, 'serial'> & TestFn {
  if (reason === false) return test;
  const skipped = (title: string) => test.skip(`${title} (skip: ${reason})`, () => {});
  const hook = Object.assign(() => {}, { always: () => {} });
  return Object.assign(skipped, { serial: skipped, before: hook, after: hook }) as unknown as TestFn;
}

/** Windows, of which `reason` tells why a test cannot be there: `testUnless(onWindows('no AF_UNIX'))('…', …)`. */
export function onWindows(reason: string): string | false {
  return process.platform === 'win32' && `Windows: ${reason}`;
}

/** The message of an error of the system's: CPython's on POSIX systems; on Windows, whose texts vary, as it begins there. */
export function systemMessage(number: number, text: string): string {
  if (process.platform !== 'win32') return `[Errno ${number}] ${text}`;
  // Six of Winsock's errors have the numbers of C in `errno`.
  const told = number < errno.WSABASEERR ? number + errno.WSABASEERR : number;
  return `[WinError ${told}] ${native.strerror(told)}`;
}

/** The error number of a connect that does not wait, and is under way. */
export const CONNECTING = process.platform === 'win32' ? errno.EWOULDBLOCK : errno.EINPROGRESS;
/** The error number of a call that does not wait, and would have to. */
export const WOULD_BLOCK = errno.EWOULDBLOCK;

/** The error of a call on a descriptor that is not open: Windows says that it is no socket. */
export const NOT_OPEN =
  process.platform === 'win32'
    ? { code: 'ENOTSOCK', errno: errno.ENOTSOCK, message: systemMessage(errno.ENOTSOCK, '') }
    : { code: 'EBADF', errno: errno.EBADF, message: systemMessage(errno.EBADF, 'Bad file descriptor') };

/** Wine, which `npm run test:windows` says in the environment: of what `reason` tells, Windows itself does otherwise. */
export function underWine(reason: string): string | false {
  return process.env.BERKELEY_WINE !== undefined && `Wine: ${reason}`;
}

// What Windows has not, and many tests need.
export const NO_UNIX = onWindows('CPython has no AF_UNIX there');
export const NO_POLL = onWindows('CPython has no poll there');
export const NO_MESSAGES = onWindows('no sendmsg and recvmsg in CPython; ours are tested by themselves');
export const NO_PROGRAMS = onWindows('the program at the other end is one of POSIX systems');
export const NO_ZEROCOPY = onWindows('no sends without a copy');
export const NO_PASSING = onWindows('a child inherits no socket as a descriptor of its own');
export const NO_SIGNALS = onWindows('no signals between processes');
export const NO_PLAIN_DESCRIPTORS = onWindows('only sockets can be waited for');
export const NO_STRUCTS = onWindows('it has these structs in another form, or not at all');
export const NO_SLEEP = onWindows('no call sleeps in the kernel');
export const NO_NEXT_NUMBER = onWindows('a number that is free is not the next one to be given');
export const NO_NODE_DESCRIPTOR = onWindows("a socket of Node's tells no descriptor");
export const NO_RDHUP = onWindows('no POLLRDHUP');
export const NO_PROC = onWindows('no /proc');
export const NO_REUSEPORT = onWindows('no SO_REUSEPORT');
export const NO_DONTWAIT = onWindows('no MSG_DONTWAIT');
export const NO_FAMILY = onWindows('no such address family');
/** The reason to skip what is about epoll, kqueue: false where the system has it. */
export const NO_EPOLL = native.constants.select.EPOLLIN === undefined && 'the system has no epoll';
export const NO_KQUEUE = native.constants.select.KQ_FILTER_READ === undefined && 'the system has no kqueue';

/** Whether PATH has this program. */
export function hasCommand(name: string): boolean {
  if (process.platform === 'win32') return false; // the tests know them as they are on POSIX systems
  return spawnSync('/bin/sh', ['-c', 'command -v "$1"', 'sh', name], { env: cleanEnv() }).status === 0;
}

// ---- foreign programs

export interface Finished {
  stdout: string;
  stderr: string;
  /** The exit status; null if a signal ended it. */
  code: number | null;
}

/** Run `script` in python3 with `args` as sys.argv[1:] and `input` as its standard input. */
export async function python(script: string, args: string[] = [], { input = '' } = {}): Promise<Finished> {
  const child = spawn('python3', ['-c', script, ...args], { env: cleanEnv(), timeout: PATIENCE_MS });
  const finished: Finished = { stdout: '', stderr: '', code: null };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (finished.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (finished.stderr += text));
  child.stdin.on('error', () => {}); // a script may end without having read all of it
  child.stdin.end(input);
  finished.code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  return finished;
}

/** The same, waited for without the event loop. */
export function pythonSync(
  script: string,
  args: string[] = [],
  { input = '', env = {} }: { input?: string; env?: NodeJS.ProcessEnv } = {},
): Finished {
  const options = { env: cleanEnv(env), encoding: 'utf8', input, timeout: PATIENCE_MS, maxBuffer: 2 ** 28 } as const;
  const { stdout, stderr, status, error } = spawnSync('python3', ['-c', script, ...args], options);
  if (error) throw error;
  return { stdout, stderr, code: status };
}

/** A queue that is filled from outside and awaited from inside; `next` fails when the source has ended. */
class Mailbox<T> {
  private readonly full: T[] = [];
  private waiting: { resolve: (value: T) => void; reject: (error: Error) => void }[] = [];
  private ended: Error | null = null;

  put(value: T): void {
    const first = this.waiting.shift();
    if (first) first.resolve(value);
    else this.full.push(value);
  }

  end(error: Error): void {
    this.ended = error;
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }

  next(): Promise<T> {
    if (this.full.length > 0) return Promise.resolve(this.full.shift() as T);
    if (this.ended) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }
}

/** What was started in this file and still runs; all of it is stopped when the file's tests are over. */
const running = new Set<{ stop(): Promise<unknown> }>();
test.after.always('peers are stopped', async () => {
  await Promise.all([...running].map((peer) => peer.stop()));
});

export interface Peer {
  readonly child: ChildProcess;
  /** The next line of its standard output; fails with its standard error if it ends before. */
  line(): Promise<string>;
  /** Its standard error so far. */
  errors(): string;
  /** How it ended: exit status, or null after a signal. */
  readonly exit: Promise<number | null>;
  /** Kill it if it still runs, and wait for its end. */
  stop(): Promise<number | null>;
}

/**
 * Start a foreign program, with `fds` as its descriptors 3, 4, …, in the folder `cwd` if that is given. It is killed at the
 * end of the test file at the latest.
 */
export function spawnPeer(
  command: string,
  args: string[] = [],
  env: NodeJS.ProcessEnv = {},
  fds: number[] = [],
  cwd?: string,
): Peer {
  return peerOf(spawn(command, args, { env: cleanEnv(env), stdio: ['pipe', 'pipe', 'pipe', ...fds], cwd }), command);
}

/** Run `source`, the body of a module that has `berkeley` and `data`, in a Node process of its own. */
export function spawnNode(source: string, data: unknown = null, fds: number[] = []): Peer {
  const module = `import * as berkeley from '${LIBRARY}';\nconst data = ${JSON.stringify(data)};\n${source}`;
  const args = ['--expose-gc', '--input-type=module', '-e', module];
  return peerOf(spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe', ...fds] }), 'node');
}

function peerOf(child: ChildProcess, command: string): Peer {
  const { stdin, stdout, stderr } = child as ChildProcessWithoutNullStreams;
  const lines = new Mailbox<string>();
  let errors = '';
  stdin.on('error', () => {});
  stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  createInterface({ input: stdout }).on('line', (line) => lines.put(line));
  const exit = new Promise<number | null>((resolve) => {
    child.on('error', (error) => {
      errors += error.message;
      resolve(null);
    });
    child.on('close', resolve);
  });
  const stop = () => {
    child.kill('SIGKILL');
    return exit;
  };
  const peer: Peer = { child, line: () => lines.next(), exit, stop, errors: () => errors };
  running.add(peer);
  void exit.then((code) => {
    running.delete(peer);
    lines.end(new Error(`${command} ended with ${code ?? child.signalCode}: ${errors}`));
  });
  return peer;
}

// ---- our own blocking ends

export interface WorkerPeer {
  readonly worker: Worker;
  /** The worker's next message; fails if it throws or ends before. */
  next<T = unknown>(): Promise<T>;
  send(message: unknown, transfer?: readonly Transferable[]): void;
  /** Its exit code, when it has ended. */
  readonly exit: Promise<number>;
  /** Terminate it, blocked or not. */
  stop(): Promise<number>;
}

/**
 * Run `source` in a worker: either the URL of a module, or the body of an async function, which has
 * `berkeley` (the library's namespaces), `data`, `send(message)` and `receive()` (a promise of the next message):
 *
 *     const peer = startWorker(`
 *       const server = berkeley.socket.create_server(['127.0.0.1', 0]);
 *       send(server.getsockname());
 *       const [connection] = server.accept();
 *       send(connection.recv(100));
 *     `);
 *     const address = await peer.next();
 */
export function startWorker(source: string | URL, data: unknown = null): WorkerPeer {
  const worker =
    typeof source === 'string'
      ? new Worker(WORKER_PRELUDE, { eval: true, workerData: { source, data, index: LIBRARY } })
      : new Worker(source, { workerData: data });
  const messages = new Mailbox<unknown>();
  worker.on('message', (message) => messages.put(message));
  worker.on('error', (cause: Error) =>
    messages.end(new Error(`the worker threw ${cause.name}: ${cause.message}`, { cause })),
  );
  const exit = new Promise<number>((resolve) => worker.on('exit', resolve));
  const peer: WorkerPeer = {
    worker,
    next: <T>() => messages.next() as Promise<T>,
    send: (message, transfer) => worker.postMessage(message, transfer),
    exit,
    stop: () => worker.terminate(),
  };
  running.add(peer);
  void exit.then((code) => {
    running.delete(peer);
    messages.end(new Error(`the worker ended with exit code ${code}`));
  });
  return peer;
}

const LIBRARY = new URL('../../lib/index.js', import.meta.url).href;

const WORKER_PRELUDE = `
const { parentPort, workerData } = require('node:worker_threads');
const { once } = require('node:events');
const send = (message) => parentPort.postMessage(message);
const receive = async () => (await once(parentPort, 'message'))[0];
const AsyncFunction = (async () => {}).constructor;
import(workerData.index).then((berkeley) =>
  new AsyncFunction('berkeley', 'data', 'send', 'receive', workerData.source)(berkeley, workerData.data, send, receive)
).then(() => parentPort.unref());
`;

// ---- waiting and places

/** Wait until `condition` holds; fails after `patienceMs`. For what has no event to wait for. */
export async function until(condition: () => unknown, patienceMs = PATIENCE_MS): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${patienceMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A folder of its own for the test, removed after it. Its path is short enough for a Unix-domain socket's. */
export function tmpdir(t: ExecutionContext): string {
  const folder = mkdtempSync(join(systemTmpdir(), 'berkeley-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
