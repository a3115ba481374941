/**
 * Runs scenarios in Node.js: see runner.py, which runs them in CPython, for what goes in and out.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
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

const HELPERS = {
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
