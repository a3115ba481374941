/**
 * A child process that calls the library's public functions, classes, methods and properties with random values. All
 * that may come out of them is a value or one of Python's exceptions.
 */
import * as library from '../../lib/index.js';
import { exceptions, socket } from '../../lib/index.js';
import { readTask, Session } from './child.js';
import { Descriptors } from './descriptors.js';
import { makeHarmless } from './public_harmless.js';
import { Arguments } from './public_kinds.js';
import { Objects, SHORT_S, tame } from './public_objects.js';
import { Random } from './random.js';
import { Values } from './values.js';

const { SOL_SOCKET, SCM_RIGHTS } = socket;

type Callable = (...args: unknown[]) => unknown;
type Module = Readonly<Record<string, unknown>>;

/** Those with Python's names, whose calls are over when they return. */
const MODULES = ['socket', 'ssl', 'select', 'selectors'];
const modules = Object.entries(library as unknown as Record<string, Module>).filter(([name]) => MODULES.includes(name));
const functions = modules.flatMap(([module, names]) =>
  Object.entries(names).flatMap(([name, value]): [string, string, Callable][] =>
    typeof value === 'function' && !name.startsWith('_') ? [[module, name, value as Callable]] : [],
  ),
);
const isClass = (value: unknown) =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
const classes = modules.flatMap(([, module]) => Object.values(module)).filter(isClass) as (new () => object)[];

const task = readTask();
const random = new Random();
const values = new Values(random);
const fds = new Descriptors(random);
const session = new Session(task);
const objects = new Objects(random, fds, classes, close);
const makeArguments = new Arguments(random, values, fds, objects);

function close(object: object): void {
  const { close } = object as { close?: unknown };
  if (typeof close !== 'function') return;
  session.call(`${object.constructor.name}#close`, () => Reflect.apply(close, object, []), [], isPythons);
}

/** What V8 says of a mistake inside the library. */
const INTERNAL =
  /^Cannot (read|set|mix|convert|destructure)|^[^'].* is not (a function|iterable|a constructor)|is not defined$/;
/** What it says of memory that is gone, or of a view that reaches beyond it: Python has no such thing. */
const GONE = /detached ArrayBuffer|^(Invalid typed array length|Start offset|Offset )/;

/** One of Python's exceptions. */
function isPythons(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (GONE.test(error.message)) return true;
  if (error.constructor === TypeError) return !INTERNAL.test(error.message);
  const { OSError, ValueError, OverflowError, RuntimeError, AttributeError, LookupError, ExceptionGroup } = exceptions;
  const allowed = [OSError, ValueError, OverflowError, RuntimeError, AttributeError, LookupError, ExceptionGroup];
  return allowed.some((each) => error instanceof each);
}

/** A call, with what has to be done before and after it. */
function attempt(path: string, receiver: unknown, callee: Callable, construct: boolean): void {
  const args = makeArguments.make(path);
  makeHarmless(path, args, fds, random);
  if (receiver instanceof socket.socket) tame(receiver, random);
  const run = () => {
    const result = construct ? Reflect.construct(callee, args) : Reflect.apply(callee, receiver, args);
    noteDescriptors(path, args, result);
    objects.keep(result);
    return result;
  };
  session.call(path, run, args, isPythons);
  // The next call may be one of a file over it.
  if (receiver instanceof socket.socket) tame(receiver, random);
  if (path === 'socket.setdefaulttimeout') socket.setdefaulttimeout(SHORT_S);
}

/** Descriptors that a call has closed, taken over, or brought. */
function noteDescriptors(path: string, args: unknown[], result: unknown): void {
  if (path === 'socket.close' || /#fromfd$/.test(path)) fds.forget(args[0] as number);
  if (/^(socket\.dup|\w+#detach)$/.test(path)) fds.add(result as number, 'socket');
  if (path === 'socket.socket') fds.forget((result as { fileno(): number }).fileno());
  if (path === 'socket.recv_fds') for (const fd of (result as [Buffer, number[]])[1]) fds.add(fd, 'socket');
  if (!/#recvmsg(_into)?$/.test(path)) return;
  for (const [level, type, data] of (result as [unknown, [number, number, Buffer][]])[1]) {
    if (level !== SOL_SOCKET || type !== SCM_RIGHTS) continue;
    for (let at = 0; at + 4 <= data.length; at += 4) fds.add(data.readInt32LE(at), 'socket');
  }
}

/** The public members of an object, its own and inherited: name and descriptor. */
function membersOf(object: object): [string, PropertyDescriptor][] {
  const found = new Map<string, PropertyDescriptor>();
  for (let level = Object.getPrototypeOf(object); level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (!/^_|_class$|^constructor$/.test(name) && !found.has(name)) found.set(name, descriptor);
    }
  }
  return [...found];
}

function useObject(object: object): void {
  const members = membersOf(object);
  if (members.length === 0) return;
  const [name, { value, get, set }] = random.pick(members);
  const path = `${object.constructor.name}#${name}`;
  if (typeof value === 'function') attempt(path, object, value as Callable, false);
  else if (set !== undefined && random.chance(0.5)) attempt(`${path}=`, object, set as Callable, false);
  else if (get !== undefined) session.call(path, () => Reflect.apply(get, object, []), [], isPythons);
}

/** What only the library itself makes; a SocketIO takes whatever has a socket's methods, as CPython's does. */
const NOT_TO_BE_MADE = ['SelectorMapping', 'SocketIO'];

function useModule(): void {
  const [module, name, value] = random.pick(functions);
  if (isClass(value)) {
    if (NOT_TO_BE_MADE.includes(name) || value.prototype instanceof Error) return;
    const members = Object.getOwnPropertyNames(value).filter((each) => typeof (value as never)[each] === 'function');
    const fixed = members.length > 0 && random.chance(0.3) ? random.pick(members) : undefined;
    if (fixed?.startsWith('_') || fixed?.endsWith('_class')) return;
    if (fixed !== undefined) attempt(`${name}#${fixed}`, value, value[fixed as keyof Callable] as Callable, false);
    else attempt(`${module}.${name}`, undefined, value, true);
  } else attempt(`${module}.${name}`, undefined, value, false);
}

socket.setdefaulttimeout(SHORT_S);
function letGo(): void {
  objects.closeAll();
  fds.closeAll();
}

await session.check(random, letGo, () => {
  objects.refill();
  if (random.chance(0.3)) useModule();
  else useObject(random.pick(objects.all));
});
await session.finish();
