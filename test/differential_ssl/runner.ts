/**
 * Runs scenarios of the ssl module in Node.js: see runner.py, which runs them in CPython, for what goes in and out. The
 * language is that of ../differential.
 */
import { readFileSync } from 'node:fs';
import * as errno from '../../lib/constants/errno.js';
import * as exceptions from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import * as ssl from '../../lib/ssl/index.js';
import { parse, type Scope } from '../differential/language.js';

process.removeAllListeners('warning');

const BASES = {
  SSLError: ssl.SSLError,
  OSError: exceptions.OSError,
  ConnectionError: exceptions.ConnectionError,
  ValueError: exceptions.ValueError,
  TypeError,
  RuntimeError: exceptions.RuntimeError,
  TimeoutError: exceptions.TimeoutError,
};

interface Side {
  do_handshake(): void;
}

function wants(error: unknown): boolean {
  return error instanceof ssl.SSLWantReadError || error instanceof ssl.SSLWantWriteError;
}

/** Take turns until both have shaken hands; what either raises is raised. */
function shake(client: Side, server: Side): boolean {
  for (let turn = 0; turn < 10; turn++) {
    let waiting = 0;
    for (const each of [client, server]) {
      try {
        each.do_handshake();
      } catch (error) {
        if (!wants(error)) throw error;
        waiting++;
      }
    }
    if (waiting === 0) return true;
  }
  return false;
}

const NAMES = {
  None: null,
  True: true,
  False: false,
  len: (value: ArrayLike<unknown>) => value.length,
  str: (value: unknown) => (value instanceof Error ? value.message : String(value)),
  bytes: (value: number | Uint8Array) => (typeof value === 'number' ? Buffer.alloc(value) : Buffer.from(value)),
  bytearray: (value: number | Uint8Array) => (typeof value === 'number' ? Buffer.alloc(value) : Buffer.from(value)),
  list: (value: Iterable<unknown>) => [...value],
  open_text: (name: string) => readFileSync(name, 'latin1'),
  setattr: (object: object, name: string, value: unknown) => {
    (object as Record<string, unknown>)[name] = value;
  },
  getattr: (object: object, name: string) => (object as Record<string, unknown>)[name],
  ssl,
  socket,
  errno,
  shake,
  nothing: () => null,
};

// ---- outcomes in JSON

function packed(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean' || typeof value === 'string' || typeof value === 'number') return value;
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (Array.isArray(value)) return value.map(packed);
  if (Object.getPrototypeOf(value) === Object.prototype) {
    if ('error' in (value as object)) return value;
    return { dict: Object.fromEntries(Object.entries(value as object).map(([key, each]) => [key, packed(each)])) };
  }
  if (typeof (value as Iterable<unknown>)[Symbol.iterator] === 'function') {
    return [...(value as Iterable<unknown>)].map(packed);
  }
  return { object: (value as object).constructor.name };
}

function outcomeOf(error: Error): Record<string, unknown> {
  const outcome: Record<string, unknown> = {
    error: error.constructor.name,
    text: error.message,
    bases: Object.entries(BASES).flatMap(([name, base]) => (error instanceof base ? [name] : [])),
  };
  if (error instanceof exceptions.OSError) outcome.errno = error.errno;
  if (error instanceof ssl.SSLError) Object.assign(outcome, { library: error.library, reason: error.reason });
  if (error instanceof ssl.SSLCertVerificationError) {
    Object.assign(outcome, { verify_code: error.verify_code, verify_message: error.verify_message });
  }
  return outcome;
}

function runStatement(line: string, scope: Scope): unknown {
  try {
    const statement = parse(line);
    const value = statement.run(scope);
    return statement.shown ? { value: packed(value) } : {};
  } catch (error) {
    return outcomeOf(error as Error);
  }
}

const task = JSON.parse(readFileSync(0, 'utf8')) as { certs: string; scenarios: string[][] };
for (const statements of task.scenarios) {
  const scope: Scope = new Map(Object.entries({ ...NAMES, certs: task.certs }));
  process.stdout.write(`${JSON.stringify(statements.map((each) => runStatement(each, scope)))}\n`);
}
