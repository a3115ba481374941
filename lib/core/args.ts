/** Arguments as Python takes and refuses them: the classes and the texts of what is raised are CPython's. */
import { lookup } from './codecs.js';
import { AttributeError, OverflowError, ValueError } from './exceptions.js';

/** The name that Python gives the type of this value. */
export function typeName(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 'str';
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float';
    case 'bigint':
      return 'int';
    case 'boolean':
      return 'bool';
    case 'undefined':
      return 'NoneType';
    case 'function':
      return 'function';
    case 'symbol':
      return 'symbol';
  }
  if (value === null) return 'NoneType';
  if (Array.isArray(value)) return 'tuple';
  if (value instanceof Uint8Array) return 'bytes';
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return 'dict';
  return prototype.constructor?.name ?? 'object';
}

// ---- undefined -----------------------------------------------------------------------------------------------------

// A name that this platform lacks is undefined in JavaScript, where Python raises AttributeError. So an argument that is
// given and undefined is refused; to have the default, a program leaves it out.

/** What is said of an argument that was given and is undefined. */
export function undefinedArgument(name: string): TypeError {
  return new TypeError(
    `argument '${name}' is undefined: leave it out to have the default; a constant that is undefined does not exist here`,
  );
}

/**
 * The value of an optional argument that is undefined, as the initial value of its parameter:
 * `flags = absent(arguments.length, 2, 'flags', 0)`.
 * @param count how many arguments the call has
 * @param position which one of them it would be, from 1
 * @throws TypeError if the call has it
 */
export function absent<T>(count: number, position: number, name: string, otherwise: T): T {
  if (count >= position) throw undefinedArgument(name);
  return otherwise;
}

/** Refuses a call with too few arguments. @param wanted in Python's words, such as 'at least 1 argument' */
export function atLeast(count: number, least: number, caller: string, wanted: string): void {
  if (count < least) throw new TypeError(`${caller}() takes ${wanted} (${count} given)`);
}

/**
 * The options that are refused where they are given and undefined, for what that would mean is not what was meant: those
 * whose values are constants, which may not exist here, and those that say whom TLS trusts. In all others undefined means
 * "not given", as JavaScript has it.
 */
const NEVER_UNDEFINED: ReadonlySet<string> = new Set(
  `family type proto flags fileno events eventmask protocol ssl_version purpose cert_reqs
  cafile capath cadata ca_certs check_hostname`.split(/\s+/),
);

/**
 * Refuses options that must not be undefined, and names that the call does not know. A deadline, which serves as options
 * too, is no plain object and may have others.
 * @throws TypeError
 */
export function checkOptions(caller: string, options: object, known: readonly string[]): void {
  const plain = isKeywords(options);
  for (const [name, value] of Object.entries(options)) {
    if (plain && !known.includes(name)) {
      throw new TypeError(`${caller}() got an unexpected keyword argument '${name}'`);
    }
    if (value === undefined && NEVER_UNDEFINED.has(name)) throw undefinedArgument(name);
  }
}

/** The names of a type of options, all of them: for `checkOptions`. */
export function namesOf<T>(names: Record<keyof T, true>): readonly string[] {
  return Object.keys(names);
}

// ---- numbers, text, and what has methods ---------------------------------------------------------------------------

/** An integer of any size. */
export function integer(value: unknown): number | bigint {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value === undefined) {
    throw new TypeError('an integer is missing: it was left out, or it is a constant that does not exist here');
  }
  throw new TypeError(`'${typeName(value)}' object cannot be interpreted as an integer`);
}

/** Whether a number goes beyond a C long of 64 bits. */
function beyondLong(n: number | bigint): boolean {
  return n > 0x7fffffffffffffffn || n < -0x8000000000000000n;
}

/** A C long. */
export function cLong(value: unknown): number | bigint {
  const n = integer(value);
  if (beyondLong(n)) throw new OverflowError('Python int too large to convert to C long');
  return n;
}

/** A C int. */
export function cInt(value: unknown): number {
  if (typeof value === 'number' && (value | 0) === value) return value | 0;
  const n = cLong(value);
  if (n > 0x7fffffff) throw new OverflowError('signed integer is greater than maximum');
  if (n < -0x80000000) throw new OverflowError('signed integer is less than minimum');
  return Number(n);
}

/** A C int of which CPython says so in fewer words: where it converts the argument itself. */
export function plainInt(value: unknown): number {
  const n = integer(value);
  if (n > 0x7fffffff || n < -0x80000000) throw new OverflowError('Python int too large to convert to C int');
  return Number(n);
}

/** A C unsigned int that wraps, as CPython's 'I' and 'k' formats do: the value modulo 2^32. */
export function wrapped32(value: unknown): number {
  return Number(BigInt.asUintN(32, BigInt(integer(value))));
}

/** A Py_ssize_t. */
export function size(value: unknown): number {
  if (typeof value === 'number' && (value | 0) === value) return value | 0;
  const n = integer(value);
  if (beyondLong(n)) throw new OverflowError('Python int too large to convert to C ssize_t');
  return Number(n);
}

/** Refuses a lone surrogate with the codec's own text. */
const utf8 = lookup('utf-8').encoder('strict');

/** A string, for the `position`th argument of `caller`. */
export function str(value: unknown, caller: string, position: number): string {
  if (typeof value !== 'string')
    throw new TypeError(`${caller}() argument ${position} must be str, not ${argName(value)}`);
  if (!value.isWellFormed()) utf8(value);
  if (value.includes('\0')) throw new ValueError('embedded null character');
  return value;
}

/** What Python calls a value of a wrong type where the value None is named as itself. */
export function argName(value: unknown): string {
  return value === null || value === undefined ? 'None' : typeName(value);
}

/** Whether a value can be iterated over. */
export function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'string' || (typeof value === 'object' && value !== null && Symbol.iterator in value);
}

/** What can be iterated over. */
export function iterable<T>(value: unknown): Iterable<T> {
  if (isIterable(value)) return value as Iterable<T>;
  throw new TypeError(`'${typeName(value)}' object is not iterable`);
}

/** What Python says of an object that has no such method or field. */
export function noAttribute(value: unknown, name: string): AttributeError {
  return new AttributeError(`'${typeName(value)}' object has no attribute '${name}'`);
}

/** The method `name` of an object that should have it, bound. */
export function method<T extends object, K extends keyof T & string>(value: T, name: K): T[K] {
  const found: unknown = (value as T | null | undefined)?.[name];
  if (typeof found !== 'function') throw noAttribute(value, name);
  return found.bind(value);
}

/** What CPython's 64-bit count of nanoseconds does not hold any more, in seconds. */
const TIMEOUT_END_S = 2 ** 63 / 1e9;

/**
 * A timeout: seconds, rounded up to whole nanoseconds, or null for none.
 * @throws TypeError | ValueError | OverflowError
 */
export function timeout(value: unknown): number | null {
  if (value === null) return null;
  if (value === undefined) throw undefinedArgument('timeout');
  const seconds = typeof value === 'number' ? value : Number(integer(value));
  if (Number.isNaN(seconds)) throw new ValueError('Invalid value NaN (not a number)');
  if (Math.abs(seconds) >= TIMEOUT_END_S) throw timeoutOverflow(value);
  if (seconds < 0) throw new ValueError('Timeout value out of range');
  return Math.ceil(seconds * 1e9) / 1e9;
}

/** What is said of a timeout that is too long; of a whole number something else than of a float. */
export function timeoutOverflow(value: unknown): OverflowError {
  const whole = typeof value === 'bigint' || Number.isSafeInteger(value);
  return new OverflowError(
    whole ? 'timestamp too large to convert to C _PyTime_t' : 'timestamp out of range for platform time_t',
  );
}

/** Whether a last argument holds keyword arguments: a plain object. */
export function isKeywords(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Spreads a call's arguments over Python's parameter names: positional ones first, then a last plain object with names.
 * Returns one value per name, undefined where nothing was given.
 * @param least how many of them must be given, for a function that CPython has in Python and not in C
 * @throws TypeError for an unknown name, one given twice, one that is undefined and must not be, or too many
 */
export function parameters(
  caller: string,
  names: readonly string[],
  args: readonly unknown[],
  least?: number,
): unknown[] {
  const last = args[args.length - 1];
  const keywords = isKeywords(last) ? last : undefined;
  const positional = keywords === undefined ? args : args.slice(0, -1);
  if (positional.length > names.length) {
    const [most, given] = [names.length, positional.length];
    throw new TypeError(
      least === undefined
        ? `${caller}() takes at most ${most} argument${most === 1 ? '' : 's'} (${given} given)`
        : `${caller}() takes from ${least} to ${most} positional arguments but ${given} were given`,
    );
  }
  const unsaid = positional.indexOf(undefined);
  if (unsaid >= 0) throw undefinedArgument(names[unsaid]);
  if (keywords !== undefined) checkOptions(caller, keywords, names);
  const values: unknown[] = names.map((_, i) => positional[i]);
  for (const name in keywords) {
    const at = names.indexOf(name);
    if (values[at] !== undefined) throw new TypeError(`${caller}() got multiple values for argument '${name}'`);
    values[at] = keywords[name];
  }
  return values;
}
