/** What the calls of select, poll and epoll are given: timeouts, which become deadlines, masks, arrays to fill. */
import { integer, timeoutOverflow } from '../core/args.js';
import { OverflowError, ValueError } from '../core/exceptions.js';
import { monotonicMs } from '../wait/call.js';

const INT_MAX = 0x7fffffff;
const INT_MIN = -0x80000000;
/** What poll and epoll say of a timeout that is no number. */
export const NO_TIMEOUT = 'timeout must be an integer or None';
/** What CPython's count of nanoseconds holds, in milliseconds. */
const TIMEOUT_MAX_MS = 2 ** 63 / 1e6;

/**
 * A timeout in milliseconds, not rounded; of null, Infinity.
 * @param unitMs how many milliseconds the caller's unit has
 * @param refusal what a value of a wrong type is told
 */
export function milliseconds(value: unknown, unitMs: number, refusal: string): number {
  if (value === null || value === undefined) return Number.POSITIVE_INFINITY;
  if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'boolean')
    throw new TypeError(refusal);
  const ms = Number(value) * unitMs;
  if (Number.isNaN(ms)) throw new ValueError('Invalid value NaN (not a number)');
  if (Math.abs(ms) < TIMEOUT_MAX_MS) return ms;
  throw timeoutOverflow(value);
}

/** When a wait of that many milliseconds ends. For one that does not wait, long ago: without a look at the clock. */
export function deadlineAfter(ms: number): number {
  return ms <= 0 ? 0 : monotonicMs() + ms;
}

/** The deadline of poll.poll and epoll.poll, from milliseconds. As there, they have to fit into a C int. */
export function pollDeadline(ms: number): number {
  if (ms === Number.POSITIVE_INFINITY) return ms;
  if (Math.ceil(ms) > INT_MAX || Math.floor(ms) < INT_MIN) throw new OverflowError('timeout is too large');
  return ms < 0 ? Number.POSITIVE_INFINITY : deadlineAfter(ms);
}

/** A deadline from seconds. As in CPython, less than a millisecond below 0 counts as 0, not as "without end". */
export function epollDeadline(timeout: unknown): number {
  const ms = milliseconds(timeout, 1000, NO_TIMEOUT);
  return ms < 0 && ms > -1 ? 0 : pollDeadline(ms);
}

/** A C int, refused as CPython's epoll refuses it. */
export function int(value: unknown): number {
  const n = integer(value);
  if (n > INT_MAX || n < INT_MIN) throw new OverflowError('Python int too large to convert to C int');
  return Number(n);
}

/** A C unsigned short, refused as CPython refuses it. */
export function unsignedShort(value: unknown): number {
  const whole = typeof value === 'bigint' || typeof value === 'boolean' || Number.isInteger(value);
  if (!whole) throw new TypeError('an integer is required');
  const n = integer(value);
  if (n < 0) throw new ValueError('value must be positive');
  if (n > 0xffffffffffffffffn) throw new OverflowError('Python int too large to convert to C unsigned long');
  if (n > 0xffff) throw new OverflowError('Python int too large for C unsigned short');
  return Number(n);
}

/** How many pairs fd, events go into this array. */
export function roomOf(events: unknown): number {
  if (!(events instanceof Int32Array)) throw new TypeError('poll_into() argument 1 must be an Int32Array');
  if (events.length < 2) throw new ValueError('poll_into() argument 1 must have room for a pair of integers');
  return events.length >> 1;
}
