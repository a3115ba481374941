/**
 * A worker that carries out what one Python thread at a time asks of the library.
 *
 * A request is `[operation, …]` (see `operations`), the answer `[true, value, touched sockets, filled buffers]` or
 * `[false, what was thrown, touched sockets, filled buffers]`.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort } from 'node:worker_threads';
import * as berkeley from '../../lib/index.js';
import { host } from './host.js';
import { Objects } from './objects.js';
import { decode, encode, type Marked } from './wire.js';

type Callable = Record<string, (...args: unknown[]) => unknown>;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const modules = berkeley as unknown as Record<string, Callable>;
const objects = new Objects(host.join(), callback, releaseForeign);
parentPort?.postMessage('joined');

// ---- what Python raised --------------------------------------------------------------------------------------------

/** An exception of Python's, on its way through the library back to Python. */
class PythonException extends Error {
  constructor(readonly handle: number) {
    super('an exception of Python');
  }
}

/** Calls a method of a Python object; the thread that waits for the present call carries it out. */
function callback(target: unknown, name: string, args: unknown[]): unknown {
  const question = encode([target, name, args], replace);
  const [ok, value, filled] = decode(host.ask(question, serve), revive) as [boolean, unknown, Buffer[]];
  for (const [i, arg] of args.filter((each) => each instanceof Uint8Array).entries()) arg.set(filled[i] ?? []);
  if (!ok) throw exceptionOf(value);
  return value;
}

/** An exception of Python's, as the library would have to deal with it if it were one of its own. */
function exceptionOf(value: unknown): Error {
  const [handle, names, args] = value as [number, string[], unknown[]];
  const classes = { TypeError, ...berkeley.exceptions } as unknown as Record<string, new (...args: unknown[]) => Error>;
  const name = names.find((each) => each in classes);
  if (name === undefined) return new PythonException(handle);
  return Object.assign(new classes[name](...args), { handle });
}

const released: number[] = [];
function releaseForeign(handle: number): void {
  if (objects.forgetForeign(handle)) released.push(handle);
}

function revive(mark: Marked): unknown {
  return objects.revive(mark);
}

function replace(value: object): unknown {
  return objects.replace(value);
}

// ---- what the library threw ----------------------------------------------------------------------------------------

/** All that Python needs to raise the same: the classes' names, most special first, the message, and the fields. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { classes: [], message: String(error) };
  const { handle } = error as { handle?: number };
  if (handle !== undefined) return { handle };
  const classes: string[] = [];
  for (let each = Object.getPrototypeOf(error); each !== null; each = Object.getPrototypeOf(each)) {
    classes.push(each.constructor.name);
  }
  const fields = Object.entries(error).filter(([, value]) => typeof value !== 'function');
  const { message, stack, errors } = error as AggregateError;
  return { classes, message, stack, ...Object.fromEntries(fields), exceptions: errors?.map(describeError) };
}

// ---- operations ----------------------------------------------------------------------------------------------------

/** The method of an object's class: what Python overrides stands in the object itself. */
function methodOf(target: object, name: string): (...args: unknown[]) => unknown {
  const method = Reflect.get(Object.getPrototypeOf(target), name, target);
  if (typeof method !== 'function') throw new TypeError(`${target.constructor.name} has no method ${name}`);
  return method;
}

function constantsOf(module: string): [string, unknown][] {
  return Object.entries(modules[module]).filter(
    ([, value]) => ['number', 'string', 'boolean'].includes(typeof value) || Array.isArray(value),
  );
}

const operations: Record<string, (...args: never[]) => unknown> = {
  /** A module's function. */
  call: (module: string, name: string, args: unknown[]) => modules[module][name](...args),
  /** A new object of a module's class. */
  new: (module: string, name: string, args: unknown[]) => Reflect.construct(modules[module][name] as never, args),
  /** A method of a class itself. */
  static: (module: string, type: string, name: string, args: unknown[]) =>
    (modules[module][type] as unknown as Callable)[name](...args),
  method: (target: object, name: string, args: unknown[]) => methodOf(target, name).apply(target, args),
  /** A method whose result is iterated over. */
  list: (target: object, name: string, args: unknown[]) =>
    Array.from(methodOf(target, name).apply(target, args) as Iterable<unknown>),
  iterate: (target: Iterable<unknown>) => Array.from(target),
  get: (target: object, name: string) => Reflect.get(target, name),
  set: (target: object, name: string, value: unknown) => {
    if (!Reflect.set(target, name, value)) throw new berkeley.exceptions.AttributeError(name);
  },
  repr: (target: object) => inspect(target),
  /** What a module has besides functions and classes, and the names of those. */
  constants: (module: string) => constantsOf(module),
  names: (module: string) => Object.keys(modules[module]),
  /** The names and numbers of an enum. */
  members: (module: string, name: string) => Array.from(modules[module][name] as unknown as Iterable<unknown>),
  /** The name that a module's class has itself. */
  class: (module: string, name: string) => modules[module][name].name,
  release: (id: number) => objects.release(id),
  forget: (id: number) => objects.forget(id),
  /** As release, and the answer comes when the library has noticed. */
  collect: (id: number) => {
    objects.release(id);
    dropping = true;
  },
};

/** Carries out a request: the answer, without what happens besides. */
function carryOut(bytes: Buffer): unknown[] {
  const outer = objects.begin();
  let outcome: [boolean, unknown];
  try {
    const [operation, ...args] = decode(bytes, revive) as [string, ...never[]];
    outcome = [true, operations[operation](...args)];
  } catch (error) {
    outcome = [false, describeError(error)];
  }
  return [...outcome, ...objects.end(outer)];
}

/** The answer's bytes: with it go the handles of stand-ins that are gone, and the library's ResourceWarnings. */
function sealed(answer: unknown[]): Buffer {
  return encode([...answer, released.splice(0), warnings.splice(0)], replace);
}

function serve(bytes: Buffer): Buffer {
  return sealed(carryOut(bytes));
}

// ---- what happens between requests -----------------------------------------------------------------------------------

/** The warnings that the library has given since the last answer: `[class, text]`. They become Python's. */
const warnings: [string, string][] = [];
process.emitWarning = (text: string | Error, options?: unknown) => {
  const type = typeof options === 'object' ? (options as { type?: string } | null)?.type : options;
  warnings.push([String(type), String(text)]);
};

/** How often garbage is collected before a warning is given up: the collector need not be right at the first time. */
const COLLECTIONS = 5;

/** Whether the present request has dropped an open socket. */
let dropping = false;

/** Lets the library find what was dropped: it closes it and warns. */
async function dropped(): Promise<void> {
  dropping = false;
  for (let i = 0; i < COLLECTIONS && warnings.length === 0; i++) {
    collectGarbage();
    await turn();
    await turn();
  }
}

/** A turn of the event loop now and then, in which what is collected is noticed. */
const TURN_EVERY = 256;

async function work(): Promise<void> {
  for (let count = 1; ; count++) {
    const task = host.take();
    if (task === null) return;
    const [isCall, bytes] = task;
    const answer = carryOut(bytes);
    if (dropping) await dropped();
    if (isCall) host.answer(sealed(answer));
    if (count % TURN_EVERY === 0) await turn();
  }
}

await work();
