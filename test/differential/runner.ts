/**
 * Runs scenarios in Node.js: see runner.py, which runs them in CPython, for what goes in and out.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import * as errno from '../../lib/constants/errno.js';
import * as exceptions from '../../lib/core/exceptions.js';
import * as select from '../../lib/select/index.js';
import * as selectors from '../../lib/select/selectors.js';
import * as socket from '../../lib/socket/index.js';
import { parse, type Scope } from './language.js';

const MODULES = { socket, select, selectors, errno };
const { OSError, ConnectionError, ValueError, LookupError, RuntimeError, UnicodeError } = exceptions;
/** What exceptions are compared by, beside their own class. */
const BASES = { OSError, ConnectionError, ValueError, LookupError, RuntimeError, UnicodeError, TypeError };

// ---- what scenarios may call beside the modules: the same in runner.py

/** Send until no more is taken. */
function fill(sock: socket.socket): void {
  sock.setblocking(false);
  try {
    for (;;) sock.send(Buffer.alloc(65536));
  } catch (error) {
    if (!(error instanceof exceptions.BlockingIOError)) throw error;
  }
}

/** An object with a descriptor, or with what it takes for one. */
class Fileno {
  constructor(readonly value: unknown) {}
  fileno(): unknown {
    return this.value;
  }
}

/** A file for reading, as Python's `open` makes one. */
class File {
  readonly #fd: number;
  #position = 0;
  readonly mode = 'rb';
  constructor(name: string) {
    this.#fd = openSync(name, 'r');
  }
  fileno(): number {
    return this.#fd;
  }
  read(size: number): Buffer {
    const bytes = Buffer.alloc(size);
    const count = readSync(this.#fd, bytes, 0, size, this.#position);
    this.#position += count;
    return bytes.subarray(0, count);
  }
  seek(offset: number): number {
    this.#position = offset;
    return offset;
  }
  close(): void {
    if (isOpen(this.#fd)) closeSync(this.#fd);
  }
}

function makeFile(name: string, data: Uint8Array): File {
  writeFileSync(name, data);
  return new File(name);
}

function makeFileDescriptor(name: string, data: Uint8Array): number {
  writeFileSync(name, data);
  return openSync(name, 'r');
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}

function sameFile(a: number, b: number): boolean {
  const [first, second] = [fstatSync(a), fstatSync(b)];
  return first.dev === second.dev && first.ino === second.ino;
}

function array(_type: 'i', items: number[]): Int32Array {
  return Int32Array.from(items);
}

/**
 * The system calls that a blocked socket sleeps in, x86-64: recvfrom, recvmsg, accept, accept4, connect, sendto, sendmsg,
 * sendfile, poll, ppoll, recvmmsg, sendmmsg.
 */
const SLEEPING_CALLS = [45, 47, 43, 288, 42, 44, 46, 40, 7, 271, 299, 307];
/** How long a call may take that is expected to end. */
const PATIENCE_MS = 3000;

/** What the worker of `Asleep` does: it makes the call on the very descriptor, and gives the descriptor back. */
const SLEEPER = `
  const { workerData: { library, state, port, sock, method, args } } = require('node:worker_threads');
  const { readlinkSync } = require('node:fs');
  import(library).then(({ socket }) => {
    const mine = new socket.socket(sock.family, sock.type, sock.proto, sock.fd);
    const given = args.map((each) => (each instanceof Uint8Array ? Buffer.from(each) : each));
    Atomics.store(state, 1, Number(/\\d+$/.exec(readlinkSync('/proc/thread-self'))[0]));
    Atomics.store(state, 0, 1);
    Atomics.notify(state, 0);
    let result;
    try {
      result = mine[method](...given) ?? null;
      if (method === 'accept') result[0] = result[0].detach();
    } catch (error) {
      result = [error.name, error.message];
    }
    mine.detach();
    port.postMessage(result);
    Atomics.store(state, 0, 2);
    Atomics.notify(state, 0);
  });
`;

/** A call of a socket's method in another thread, which sleeps in the kernel or has ended when this returns. */
class Asleep {
  /** How far the worker is (1: it begins the call, 2: the result is there), and its thread's number. */
  readonly #state = new Int32Array(new SharedArrayBuffer(8));
  readonly #port: MessagePort;
  readonly #worker: Worker;

  constructor(sock: socket.socket, method: string, ...args: unknown[]) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const { family, type, proto } = sock;
    const about = { family, type, proto, fd: sock.fileno() };
    const library = new URL('../../lib/index.js', import.meta.url).href;
    const workerData = { library, state: this.#state, port: port2, sock: about, method, args };
    this.#worker = new Worker(SLEEPER, { eval: true, workerData, transferList: [port2] });
    this.#until(1);
    const deadline = performance.now() + PATIENCE_MS;
    while (this.#state[0] === 1 && !this.#sleeps() && performance.now() < deadline) this.#until(2, 1);
  }

  #until(stage: number, ms = 10 * PATIENCE_MS): boolean {
    const deadline = performance.now() + ms;
    for (;;) {
      const now = Atomics.load(this.#state, 0);
      if (now >= stage) return true;
      const left = deadline - performance.now();
      if (left <= 0) return false;
      Atomics.wait(this.#state, 0, now, left);
    }
  }

  #sleeps(): boolean {
    const call = Number.parseInt(readFileSync(`/proc/self/task/${this.#state[1]}/syscall`, 'latin1'), 10);
    return SLEEPING_CALLS.includes(call);
  }

  /** What the call returned, or [class, text] of what it raised. */
  result(): unknown {
    if (!this.#until(2, PATIENCE_MS)) return 'still asleep';
    const value = receiveMessageOnPort(this.#port)?.message;
    return value instanceof Uint8Array ? Buffer.from(value) : value;
  }

  close(): void {
    this.#port.close();
    void this.#worker.terminate();
  }
}

const woken = (asleep: Asleep): unknown => asleep.result();
const pause = (seconds: number): null => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
  return null;
};

const HELPERS = {
  Asleep,
  woken,
  pause,
  fill,
  Fileno,
  make_file: makeFile,
  make_file_fd: makeFileDescriptor,
  is_open: isOpen,
  same_file: sameFile,
  close_fd: closeSync,
  array,
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
};

/** What is built in there. */
const BUILTINS = {
  None: null,
  True: true,
  False: false,
  len: (value: { length?: number; size?: number }) => value.length ?? value.size,
  repr: (value: unknown) => inspect(value),
  str: (value: unknown) => (value instanceof Error ? value.message : String(value)),
  bytes: (value: number | Uint8Array) => (typeof value === 'number' ? Buffer.alloc(value) : Buffer.from(value)),
  bytearray: (value: number | Uint8Array) => (typeof value === 'number' ? Buffer.alloc(value) : Buffer.from(value)),
  memoryview: (value: Uint8Array) => value.subarray(),
  list: (value: Iterable<unknown>) => [...value],
  sorted: (value: Iterable<never>) => [...value].sort((a, b) => (a < b ? -1 : 1)),
  isinstance: (value: unknown, target: new () => unknown) => value instanceof target,
  hasattr: (value: object, name: string) => name in value,
};

// ---- outcomes in JSON

function packed(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (typeof value === 'number' && !Number.isInteger(value)) return value;
    return Math.abs(Number(value)) < 2 ** 53 ? Number(value) : { int: String(value) };
  }
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (Array.isArray(value)) return value.map(packed);
  return { object: value.constructor.name };
}

function packedError(error: Error): unknown {
  const bases = Object.entries(BASES).flatMap(([name, base]) => (error instanceof base ? [name] : []));
  const common = { error: error.constructor.name, text: error.message, bases };
  if (!(error instanceof OSError)) return common;
  const { errno, strerror, filename } = error;
  return { ...common, errno: packed(errno), strerror: packed(strerror), filename: packed(filename) };
}

/** The value of an expression; nothing for an assignment; what either raised. */
function runStatement(line: string, scope: Scope): unknown {
  try {
    const statement = parse(line);
    const value = statement.run(scope);
    return statement.shown ? { value: packed(value) } : {};
  } catch (error) {
    return packedError(error as Error);
  }
}

/** Closes what a scenario left open. */
function tidy(scope: Scope): void {
  for (const value of scope.values()) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (typeof each?.close !== 'function' || Object.values(MODULES).includes(each)) continue;
      try {
        each.close();
      } catch (error) {
        if (!(error instanceof OSError || error instanceof ValueError)) throw error;
      }
    }
  }
  socket.setdefaulttimeout(null);
}

function main(): void {
  const task = JSON.parse(readFileSync(0, 'utf8')) as { unique: string; scenarios: string[][] };
  const names = { ...BUILTINS, ...MODULES, ...HELPERS, unique: Buffer.from(task.unique) };
  for (const statements of task.scenarios) {
    const scope: Scope = new Map(Object.entries(names));
    const outcomes = statements.map((statement) => runStatement(statement, scope));
    tidy(scope);
    process.stdout.write(`${JSON.stringify(outcomes)}\n`);
  }
}

main();
