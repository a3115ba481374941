/** getsockopt and setsockopt. */
import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { cInt, integer, wrapped32 } from '../core/args.js';
import { LITTLE_ENDIAN } from '../core/byte_order.js';
import { bytesOf } from '../core/bytes.js';
import { checked, OSError } from '../core/exceptions.js';
import { isInteger } from './arguments.js';

const c = constants.socket;

/** The value of an option: a number, or with a `buflen` its bytes. */
export function getOption(
  fd: number,
  family: number,
  level: unknown,
  optname: unknown,
  buflen: unknown,
): number | bigint | Buffer {
  const [atLevel, name, room] = [cInt(level), cInt(optname), cInt(buflen)];
  if (room === 0) {
    if (family === c.AF_VSOCK) return getLongOption(fd, atLevel, name);
    checked(native.getsockoptInt(fd, atLevel, name), 'getsockopt');
    return native.info[0];
  }
  if (family === c.AF_VSOCK) throw new OSError('getsockopt string buffer not allowed');
  if (room < 0 || room > 1024) throw new OSError('getsockopt buflen out of range');
  const value = Buffer.alloc(room);
  return value.subarray(0, checked(native.getsockopt(fd, atLevel, name, value), 'getsockopt'));
}

/** Of AF_VSOCK sockets, all options are 64 bits wide. */
function getLongOption(fd: number, level: number, name: number): number | bigint {
  const value = Buffer.alloc(8);
  checked(native.getsockopt(fd, level, name, value), 'getsockopt');
  const long = new DataView(value.buffer, value.byteOffset).getBigUint64(0, LITTLE_ENDIAN);
  return long <= Number.MAX_SAFE_INTEGER ? Number(long) : long;
}

/** Sets an option. `args`: level, name and a number or bytes, or level, name, null and a length. */
export function setOption(fd: number, family: number, args: unknown[]): void {
  checked(setOrCode(fd, family, args), 'setsockopt');
}

function setOrCode(fd: number, family: number, args: unknown[]): number {
  const [level, name, value] = args;
  if (args.length === 4 && (value === null || value === undefined) && isInteger(args[3])) {
    return native.setsockopt(fd, cInt(level), cInt(name), null, wrapped32(args[3]));
  }
  if (args.length !== 3) throw new TypeError(`setsockopt() takes exactly 3 arguments (${args.length} given)`);
  const [atLevel, optname] = [cInt(level), cInt(name)];
  if (isInteger(value)) {
    const n = integer(value);
    if (family === c.AF_VSOCK) {
      const long = new Uint8Array(8);
      new DataView(long.buffer).setBigUint64(0, BigInt.asUintN(64, BigInt(n)), LITTLE_ENDIAN);
      return native.setsockopt(fd, atLevel, optname, long, 8);
    }
    if (n >= -0x80000000 && n <= 0x7fffffff) return native.setsockoptInt(fd, atLevel, optname, Number(n));
  }
  const bytes = bytesOf(value);
  return native.setsockopt(fd, atLevel, optname, bytes, bytes.length);
}
