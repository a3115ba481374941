/** select: which of three lists' descriptors are ready. */

import { constants } from '../constants/table.js';
import { absent } from '../core/args.js';
import { raise, ValueError } from '../core/exceptions.js';
import { type FileDescriptorLike, fileno } from '../core/fileobj.js';
import { BAD_FD, IS_WINDOWS } from '../core/platform.js';
import { monotonicMs, sliceUntil, type Waitable, wait } from '../wait/call.js';
import { PollArray } from '../wait/pollfds.js';
import { deadlineAfter, milliseconds } from './arguments.js';

const { EINVAL } = constants.errno;
const { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDBAND, POLLRDNORM, POLLWRBAND, POLLWRNORM } =
  constants.poll;

/**
 * What is asked for an entry of each list, and what answers: the kernel's own sets (fs/select.c). On Windows a connection that
 * was reset answers to whatever is asked, and a connect that failed is exceptional, and nothing else.
 */
const READ_ASKED = POLLIN | POLLRDNORM | POLLRDBAND;
const WRITE_ASKED = POLLOUT | POLLWRNORM | POLLWRBAND;
const READ_SET = IS_WINDOWS ? READ_ASKED : READ_ASKED | POLLHUP | POLLERR;
const WRITE_SET = IS_WINDOWS ? WRITE_ASKED : WRITE_ASKED | POLLERR;
const EXCEPT_SET = POLLPRI;

/**
 * The entries of one select(): those to read, then those to write, then the exceptional ones.
 *
 * poll(2) reports POLLERR and POLLHUP unasked, select(2) only where they belong to the set: a hang-up makes nothing
 * writable. An entry with nothing but such bits must neither end the wait nor turn it into a spin, so it is set aside
 * until the slice is over, and the rest of the slice is waited for without it.
 */
class SelectSet implements Waitable {
  readonly name = 'select';
  readonly array = new PollArray();
  readersEnd = 0;
  writersEnd = 0;

  clear(): void {
    this.array.count = this.readersEnd = this.writersEnd = 0;
  }

  /** Whether entry i has what its list waits for. */
  ready(i: number): boolean {
    const set = i < this.readersEnd ? READ_SET : i < this.writersEnd ? WRITE_SET : EXCEPT_SET;
    return (this.array.found(i) & set) !== 0;
  }

  attempt(sliceMs: number): number {
    const end = sliceMs === 0 ? 0 : monotonicMs() + sliceMs;
    for (let leftMs = sliceMs; ; leftMs = sliceUntil(end)) {
      const found = this.array.attempt(leftMs);
      const ready = found > 0 ? this.#sift() : found;
      if (ready !== 0 || found === 0 || leftMs === 0) {
        this.#restore();
        return ready;
      }
    }
  }

  /** How many entries are ready, or BAD_FD. Those that only have what nobody asked for are set aside. */
  #sift(): number {
    let ready = 0;
    for (let i = 0; i < this.array.count; i++) {
      const found = this.array.found(i);
      if ((found & POLLNVAL) !== 0) return BAD_FD;
      if (this.ready(i)) ready++;
      else if (found !== 0) this.array.toggle(i);
    }
    return ready;
  }

  #restore(): void {
    for (let i = 0; i < this.array.count; i++) {
      if (this.array.fd(i) < 0) this.array.toggle(i);
    }
  }
}

/** The set that the next select() uses; null while one does: a fileno() may call select() in its turn. */
let spare: SelectSet | null = new SelectSet();

/** The items of a list, their descriptors added to the array. An array is read live: a fileno() may change it. */
function collect<T>(list: Iterable<T>, array: PollArray, events: number): T[] {
  if (typeof list !== 'string' && typeof list?.[Symbol.iterator] !== 'function') {
    throw new TypeError('arguments 1-3 must be sequences');
  }
  const items = Array.isArray(list) ? (list as T[]) : Array.from(list);
  const kept: T[] = [];
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    array.add(fileno(item), events);
    kept.push(item);
  }
  return kept;
}

/** Those of the items whose entries, from `first` on, are ready. */
function pick<T>(items: T[], set: SelectSet, first: number): T[] {
  const ready: T[] = [];
  for (let i = 0; i < items.length; i++) if (set.ready(first + i)) ready.push(items[i]);
  return ready;
}

function selectWith<R, W, X>(
  set: SelectSet,
  rlist: Iterable<R>,
  wlist: Iterable<W>,
  xlist: Iterable<X>,
  timeoutMs: number,
): [R[], W[], X[]] {
  const readers = collect(rlist, set.array, READ_ASKED);
  set.readersEnd = set.array.count;
  const writers = collect(wlist, set.array, WRITE_ASKED);
  set.writersEnd = set.array.count;
  const exceptional = collect(xlist, set.array, EXCEPT_SET);
  // As the system's own select there.
  if (IS_WINDOWS && set.array.count === 0) raise(-EINVAL, 'select');
  const found = wait(set, deadlineAfter(timeoutMs));
  if (found < 0) raise(found, 'select');
  if (found === 0) return [[], [], []];
  return [pick(readers, set, 0), pick(writers, set, set.readersEnd), pick(exceptional, set, set.writersEnd)];
}

/**
 * Waits until one of the items can be read, written, or has something exceptional (out-of-band data), and returns
 * those items themselves, in the order given: `[readable, writable, exceptional]`; three empty arrays at the timeout.
 * Any number of descriptors of any size. With three empty lists it sleeps; on Windows it refuses them.
 *
 * Readable: a read would not wait (data, the end of the stream, a connection to accept, an error). Writable: a write
 * would not wait.
 * @param timeout seconds, rounded up to milliseconds; null waits without end, 0 not at all
 * @throws OSError EBADF for a descriptor that is not open; TypeError | ValueError | OverflowError | InterruptedError
 * @see Python select.select; select(2), poll(2)
 */
export function select<R extends FileDescriptorLike, W extends FileDescriptorLike, X extends FileDescriptorLike>(
  rlist: Iterable<R>,
  wlist: Iterable<W>,
  xlist: Iterable<X>,
  timeout: number | null = absent(arguments.length, 4, 'timeout', null),
): [R[], W[], X[]] {
  const timeoutMs = milliseconds(timeout, 1000, 'timeout must be a float or None');
  if (timeoutMs < 0) throw new ValueError('timeout must be non-negative');
  const set = spare ?? new SelectSet();
  spare = null;
  try {
    return selectWith(set, rlist, wlist, xlist, timeoutMs);
  } finally {
    set.clear();
    spare = set;
  }
}
