/** What the socket class is given: the constructor's arguments, and those of its methods that take names. */
import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { argName, cInt, isIterable, isKeywords, parameters, plainInt } from '../core/args.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { checked, ValueError } from '../core/exceptions.js';
import { IS_WINDOWS } from '../core/platform.js';
import type { AncillaryItem } from '../structs/ancillary.js';
import { renewed } from '../wait/awaited.js';
import { openShared } from './windows.js';

const c = constants.socket;

/**
 * The arguments of `new socket.socket()` by name. `fileno` is the number of an open socket, which the object then owns; on
 * Windows it may be the bytes that `share` returned in another process.
 */
export type SocketOptions = { family?: number; type?: number; proto?: number; fileno?: number | Uint8Array | null };

/** The operation that `sendmsg_afalg` asks for: ALG_OP_…, its initialization vector, the length of what is only authenticated. */
export interface AlgOptions {
  op: number;
  iv?: BytesLike;
  assoclen?: number;
  flags?: number;
}

export function isInteger(value: unknown): boolean {
  return typeof value === 'bigint' || typeof value === 'boolean' || Number.isInteger(value);
}

export function intoOptions(caller: string, buffer: unknown, options: object): { nbytes?: number; flags?: number } {
  const [, nbytes = 0, flags = 0] = parameters(caller, ['buffer', 'nbytes', 'flags'], [buffer, options]);
  return { nbytes: nbytes as number, flags: flags as number };
}

/** Bits that may be given with a type and are not part of it. */
export const TYPE_FLAGS = (c.SOCK_NONBLOCK ?? 0) | (c.SOCK_CLOEXEC ?? 0);
type Opened = [fd: number, family: number, type: number, proto: number];

/** What the constructor's arguments ask for: a new descriptor, or one that exists. */
export function openOrIdentify(args: unknown[]): Opened {
  const names = ['family', 'type', 'proto', 'fileno'];
  // The constructor of an heir passes its four arguments on, whether or not it got a descriptor.
  if (args.length === names.length && args[3] === undefined) args = args.slice(0, 3);
  const positional = isKeywords(args[args.length - 1]) ? args.length - 1 : args.length;
  if (positional > names.length) {
    const given = `${positional + 1} were given`;
    throw new TypeError(`socket.__init__() takes from 1 to ${names.length + 1} positional arguments but ${given}`);
  }
  const [family = -1, type = -1, proto = -1, fileno] = parameters('socket.__init__', names, args);
  const numbers = [family, type, proto].map(plainInt);
  if (fileno !== undefined && fileno !== null) return identified(fileno, numbers);
  const [f, t, p] = [
    numbers[0] === -1 ? c.AF_INET : numbers[0],
    numbers[1] === -1 ? c.SOCK_STREAM : numbers[1],
    numbers[2] === -1 ? 0 : numbers[2],
  ];
  return [renewed(checked(native.socket(f, t, p), 'socket')), f, t, p];
}

function identified(fileno: unknown, [family, type, proto]: number[]): Opened {
  if (typeof fileno === 'number' && !Number.isInteger(fileno)) {
    throw new TypeError("'float' object cannot be interpreted as an integer");
  }
  if (IS_WINDOWS && fileno instanceof Uint8Array) return shared(fileno);
  const fd = cInt(fileno);
  if (fd < 0) throw new ValueError('negative file descriptor');
  checked(native.describe(fd), 'getsockname');
  const [itsFamily, itsType, itsProto] = native.info;
  return [
    fd,
    family === -1 ? checked(itsFamily, 'getsockname') : family,
    type === -1 ? checked(itsType, 'getsockopt') : type,
    proto === -1 ? checked(itsProto, 'getsockopt') : proto,
  ];
}

function shared(info: Uint8Array): Opened {
  const [fd, family, type, proto] = openShared(info);
  return [renewed(fd), family, type, proto];
}

const ALG_NAMES = ['msg', 'op', 'iv', 'assoclen', 'flags'];

/** The message that sendmsg_afalg's arguments stand for. */
export function algMessage(args: unknown[]): { msg: Uint8Array[]; items: AncillaryItem[]; flags: number } {
  const { msg, op, iv, assoclen, flags } = algOptions(args);
  const items: AncillaryItem[] = [[c.SOL_ALG, c.ALG_SET_OP, Uint32Array.of(op)]];
  if (iv !== undefined) {
    items.push([c.SOL_ALG, c.ALG_SET_IV, Buffer.concat([bytesOf(Uint32Array.of(iv.length)), iv])]);
  }
  if (assoclen !== undefined) items.push([c.SOL_ALG, c.ALG_SET_AEAD_ASSOCLEN, Uint32Array.of(assoclen)]);
  return { msg, items, flags };
}

/** sendmsg_afalg's arguments, checked: `msg` may be positional, all others go by name. */
function algOptions(args: unknown[]) {
  const positional = args.filter((each) => !isKeywords(each));
  if (positional.length > 1) {
    throw new TypeError(`sendmsg_afalg() takes at most 1 positional argument (${positional.length} given)`);
  }
  const given = (args.find(isKeywords) ?? {}) as Record<string, unknown>;
  const unknown = Object.keys(given).find((name) => !ALG_NAMES.includes(name));
  if (unknown !== undefined) throw new TypeError(`'${unknown}' is an invalid keyword argument for sendmsg_afalg()`);
  const { msg = positional[0], op, iv, assoclen, flags = 0 } = given;
  const [operation, length] = [algNumber(op, 2), algNumber(assoclen, 4)];
  const bytes = iv === undefined ? undefined : bytesOf(iv);
  const bits = cInt(flags);
  if (operation === undefined || operation < 0 || operation > 0x7fffffff) {
    throw new TypeError("Invalid or missing argument 'op'");
  }
  if (length !== undefined && plainInt(length) < 0) throw new TypeError('assoclen must be positive');
  const parts = msg === undefined ? [] : msg;
  if (!isIterable(parts)) throw new TypeError('sendmsg() argument 1 must be an iterable');
  return { msg: Array.from(parts, bytesOf), op: operation, iv: bytes, assoclen: length, flags: bits };
}

function algNumber(value: unknown, position: number): number | undefined {
  if (value === undefined) return undefined;
  if (!isInteger(value)) throw new TypeError(`sendmsg_afalg() argument ${position} must be int, not ${argName(value)}`);
  return Number(value);
}
