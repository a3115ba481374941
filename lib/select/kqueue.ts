/** kqueue objects: kqueue(2) and kevent(2), as macOS and the BSDs have them. */
import { inspect } from 'node:util';
import { native } from '../addon/binary.js';
import { KQ_EV_ADD, KQ_FILTER_READ } from '../constants/select.js';
import {
  absent,
  atLeast,
  cLong,
  integer,
  isIterable,
  isKeywords,
  parameters,
  typeName,
  wrapped32,
} from '../core/args.js';
import { checked, OverflowError, ValueError } from '../core/exceptions.js';
import { type FileDescriptorLike, fileno } from '../core/fileobj.js';
import { objectRepr } from '../core/repr.js';
import { stays } from '../core/stays.js';
import { type Waitable, wait } from '../wait/call.js';
import { deadlineAfter, int } from './arguments.js';
import { ADOPT, DescriptorOwner } from './descriptor_owner.js';

// ---- events --------------------------------------------------------------------------------------------------------

// An event as the binary has it (native/os/kqueue.h): nine integers of 32 bits, the low half of a long one before the high.
const WORDS = 9;
const IDENT = 0;
const FILTER = 2;
const FLAGS = 3;
const FFLAGS = 4;
const DATA = 5;
const UDATA = 7;

const WORD = 2 ** 32;
const SHORT_MAX = 0x7fff;
const SHORT_MIN = -0x8000;
const ULONG_MAX = 2n ** 64n - 1n;

/** A whole number of 64 bits: a bigint only where a number does not hold it. */
function narrowed(value: number | bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function isInteger(value: unknown): boolean {
  return Number.isInteger(value) || typeof value === 'bigint' || typeof value === 'boolean';
}

/** Any integer that is not negative, or the descriptor of what has one. */
function identOf(value: unknown): number | bigint {
  if (!isInteger(value)) return fileno(value);
  const n = integer(value);
  if (n < 0) throw new OverflowError("can't convert negative value to unsigned int");
  if (n > ULONG_MAX) throw new OverflowError('Python int too large to convert to C unsigned long');
  return narrowed(n);
}

function shortOf(value: unknown): number {
  const n = cLong(value);
  if (n > SHORT_MAX) throw new OverflowError('signed short integer is greater than maximum');
  if (n < SHORT_MIN) throw new OverflowError('signed short integer is less than minimum');
  return Number(n);
}

/** A datum of the user's, modulo 2^64. */
function datumOf(value: unknown): number | bigint {
  return narrowed(BigInt.asUintN(64, BigInt(integer(value))));
}

const NAMES = ['ident', 'filter', 'flags', 'fflags', 'data', 'udata'];

/** The arguments of an event, by place or by name. A plain object with fileno() is a file. */
function eventArguments(args: unknown[]): unknown[] {
  const last = args[args.length - 1];
  const byName = isKeywords(last) && (args.length > 1 || typeof last.fileno !== 'function');
  const values = byName || args.length !== 1 ? parameters('kevent', NAMES, args) : args;
  if (values[0] === undefined) throw new TypeError("kevent() missing required argument 'ident' (pos 1)");
  return values;
}

/** The fields of an event, all of them in one place for the constructor and for what the system reports. */
type Fields = [
  ident: number | bigint,
  filter: number,
  flags: number,
  fflags: number,
  data: number | bigint,
  udata: number | bigint,
];

/**
 * An event of a kqueue object, or a change of what it watches: struct kevent. Absent where the system has no kqueue.
 * @see Python select.kevent; kevent(2)
 */
export class kevent {
  #ident!: number | bigint;
  #filter!: number;
  #flags!: number;
  #fflags!: number;
  #data!: number | bigint;
  #udata!: number | bigint;

  /**
   * @param ident what the event is of: a descriptor or what has one; of other filters a number (0 to 2^64 - 1)
   * @param filter KQ_FILTER_*; KQ_FILTER_READ if left out
   * @param flags KQ_EV_*; KQ_EV_ADD if left out
   * @param fflags KQ_NOTE_*, of the filter's own
   * @param data of the filter's own
   * @param udata of the program's own; it comes back with the event
   * @throws TypeError | OverflowError | ValueError
   */
  constructor(
    ident: FileDescriptorLike | bigint,
    filter?: number,
    flags?: number,
    fflags?: number,
    data?: number | bigint,
    udata?: number | bigint,
  );
  constructor(options: {
    ident: FileDescriptorLike | bigint;
    filter?: number;
    flags?: number;
    fflags?: number;
    data?: number | bigint;
    udata?: number | bigint;
  });
  constructor(...args: unknown[]) {
    const [ident, filter = KQ_FILTER_READ, flags = KQ_EV_ADD, fflags = 0, data = 0, udata = 0] = eventArguments(args);
    this.filter = filter as number;
    this.flags = flags as number;
    this.fflags = fflags as number;
    this.data = data as number;
    this.udata = udata as number;
    this.ident = ident as number;
  }

  /** What the event is of. @throws TypeError | OverflowError | ValueError for a value that it cannot be */
  get ident(): number | bigint {
    return this.#ident;
  }
  set ident(value: FileDescriptorLike | bigint) {
    this.#ident = identOf(value);
  }
  /** KQ_FILTER_*. @throws TypeError | OverflowError */
  get filter(): number {
    return this.#filter;
  }
  set filter(value: number) {
    this.#filter = shortOf(value);
  }
  /** KQ_EV_*: what is to be done, or what was found. Modulo 2^16. @throws TypeError */
  get flags(): number {
    return this.#flags;
  }
  set flags(value: number) {
    this.#flags = wrapped32(value) & 0xffff;
  }
  /** KQ_NOTE_*, of the filter's own. Modulo 2^32. @throws TypeError */
  get fflags(): number {
    return this.#fflags;
  }
  set fflags(value: number) {
    this.#fflags = wrapped32(value);
  }
  /**
   * Of the filter's own: how many bytes can be read or written, how often a timer has expired; of KQ_EV_ERROR, the error.
   * @throws TypeError | OverflowError
   */
  get data(): number | bigint {
    return this.#data;
  }
  set data(value: number | bigint) {
    this.#data = narrowed(cLong(value));
  }
  /** Of the program's own. Modulo 2^64. @throws TypeError */
  get udata(): number | bigint {
    return this.#udata;
  }
  set udata(value: number | bigint) {
    this.#udata = datumOf(value);
  }

  #fields(): Fields {
    return [this.#ident, this.#filter, this.#flags, this.#fflags, this.#data, this.#udata];
  }

  /**
   * Less than 0, 0 or more than 0, as this event comes before the other one, is equal to it, or comes after it: by the
   * attributes, in the order of the constructor's parameters. In Python, the operators do this.
   * @throws TypeError for what is no kevent
   */
  compare(other: kevent): number {
    if (!(other instanceof kevent)) {
      throw new TypeError(`'<' not supported between instances of 'select.kevent' and '${typeName(other)}'`);
    }
    const [mine, others] = [this.#fields(), other.#fields()];
    const at = mine.findIndex((value, i) => value !== others[i]);
    return at < 0 ? 0 : mine[at] < others[at] ? -1 : 1;
  }

  [inspect.custom](): string {
    const hex = (value: number | bigint) => `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`;
    const [ident, filter, flags, fflags, data, udata] = this.#fields();
    return (
      `<select.kevent ident=${ident} filter=${filter} flags=${hex(flags)} fflags=${hex(fflags)} ` +
      `data=${hex(data)} udata=${hex(udata)}>`
    );
  }

  /** @internal Writes the event in the binary's form. */
  static _write(event: kevent, words: Int32Array, at: number): void {
    putLong(words, at + IDENT, event.#ident);
    words[at + FILTER] = event.#filter;
    words[at + FLAGS] = event.#flags;
    words[at + FFLAGS] = event.#fflags;
    putLong(words, at + DATA, event.#data);
    putLong(words, at + UDATA, event.#udata);
  }

  /** @internal */
  static _read(words: Int32Array, at: number): kevent {
    const event = new kevent(0);
    event.#ident = getLong(words, at + IDENT, false);
    event.#filter = words[at + FILTER];
    event.#flags = words[at + FLAGS];
    event.#fflags = words[at + FFLAGS] >>> 0;
    event.#data = getLong(words, at + DATA, true);
    event.#udata = getLong(words, at + UDATA, false);
    return event;
  }
}

function putLong(words: Int32Array, at: number, value: number | bigint): void {
  if (typeof value === 'number') {
    words[at] = value;
    words[at + 1] = Math.floor(value / WORD);
  } else {
    words[at] = Number(BigInt.asIntN(32, value));
    words[at + 1] = Number(BigInt.asIntN(32, value >> 32n));
  }
}

function getLong(words: Int32Array, at: number, signed: boolean): number | bigint {
  const low = words[at] >>> 0;
  const high = signed ? words[at + 1] : words[at + 1] >>> 0;
  const number = high * WORD + low;
  return Number.isSafeInteger(number) ? number : (BigInt(high) << 32n) | BigInt(low);
}

// ---- queues --------------------------------------------------------------------------------------------------------

/** How many events a call reports at most, whatever it is told. */
const MAXEVENTS_LIMIT = 2 ** 20;

/** The wait of a kqueue object. One serves all of this thread: waits are never nested. */
class KqueueWait implements Waitable {
  readonly name = 'kevent';
  #fd = -1;
  #changes = 0;
  #capacity = 0;
  #changed = new Int32Array(16 * WORDS);
  #found = new Int32Array(64 * WORDS);

  attempt(sliceMs: number): number {
    const changes = this.#changes;
    // They are made once, even if this call is interrupted.
    this.#changes = 0;
    return native.kqueueControl(this.#fd, this.#changed, changes, this.#found, this.#capacity, sliceMs);
  }

  /** Makes the changes, and waits until there are events, at most `most` of them. */
  control(fd: number, changes: kevent[], most: number, deadline: number): kevent[] {
    this.#fd = fd;
    this.#changes = changes.length;
    this.#capacity = Math.min(most, MAXEVENTS_LIMIT);
    this.#changed = enough(this.#changed, changes.length);
    this.#found = enough(this.#found, this.#capacity);
    changes.forEach((change, i) => {
      kevent._write(change, this.#changed, i * WORDS);
    });
    // Without room for an event the system does not wait.
    const count = checked(wait(this, this.#capacity === 0 ? 0 : deadline), 'kevent');
    return Array.from({ length: count }, (_, i) => kevent._read(this.#found, i * WORDS));
  }
}
const kqueueWait = new KqueueWait();

/** This array, or a larger one if it has no room for so many events. */
function enough(words: Int32Array<ArrayBuffer>, count: number): Int32Array<ArrayBuffer> {
  return words.length >= count * WORDS ? words : new Int32Array(2 ** Math.ceil(Math.log2(count)) * WORDS);
}

/** A timeout in seconds as a deadline. Whatever is wrong with it, CPython says this. */
function deadlineOf(timeout: unknown): number {
  if (timeout === null) return Number.POSITIVE_INFINITY;
  const seconds = typeof timeout === 'number' || isInteger(timeout) ? Number(timeout) : Number.NaN;
  if (!(Math.abs(seconds) < 2 ** 63 / 1e9)) {
    throw new TypeError(`timeout argument must be a number or None, got ${typeName(timeout)}`);
  }
  if (seconds < 0) throw new ValueError('timeout must be positive or None');
  return deadlineAfter(seconds * 1000);
}

function changesOf(changelist: unknown): kevent[] {
  if (changelist === null) return [];
  if (!isIterable(changelist)) throw new TypeError('changelist is not iterable');
  const changes = [...changelist];
  if (changes.every((change) => change instanceof kevent)) return changes;
  throw new TypeError('changelist must be an iterable of select.kevent objects');
}

const STAYS = stays('a kqueue object', 'send fileno(), call select.kqueue.fromfd there, and keep this object as long');

/**
 * A kernel object that watches descriptors, timers, processes and more: kqueue(2). It has a descriptor of its own, which is
 * readable when an event is there. A watched descriptor that is closed is no longer watched. Absent where the system has no
 * kqueue.
 *
 * ```js
 * const queue = new select.kqueue();
 * queue.control([new select.kevent(sock, select.KQ_FILTER_READ)], 0);
 * for (const { ident, data } of queue.control(null, 16)) …
 * ```
 * @see Python select.kqueue
 */
export class kqueue extends DescriptorOwner {
  /** @internal See core/stays.ts. */ readonly _stays: symbol = STAYS;

  /** @throws OSError; TypeError for an argument */
  constructor();
  constructor(...args: unknown[]) {
    super('kqueue', args[0] === ADOPT ? (args[1] as number) : newKqueue(args));
  }

  /**
   * A kqueue object for a descriptor of one, which it owns from now on. For -1, as in CPython, a new one.
   * @throws TypeError for what is no integer; OverflowError
   */
  static fromfd(fd: number): kqueue {
    const number = int(fd);
    return number === -1 ? new kqueue() : (Reflect.construct(kqueue, [ADOPT, number]) as kqueue);
  }

  /**
   * Changes what is watched, then waits for events: an array of kevents, empty at the timeout.
   * @param changelist kevents that say what to change, or null
   * @param maxevents how many events are reported at most; with 0 it changes, and does not wait
   * @param timeout seconds, rounded up to milliseconds; null waits without end, 0 not at all
   * @throws OSError of a change that failed, if there is no room to report it as an event with KQ_EV_ERROR
   * @throws ValueError | TypeError | OverflowError | InterruptedError
   * @see kevent(2)
   */
  control(
    changelist: Iterable<kevent> | null,
    maxevents: number,
    timeout: number | null = absent(arguments.length, 3, 'timeout', null),
  ): kevent[] {
    atLeast(arguments.length, 2, 'control', 'at least 2 arguments');
    const most = int(maxevents);
    this.fileno();
    if (most < 0) throw new ValueError(`Length of eventlist must be 0 or positive, got ${most}`);
    const deadline = deadlineOf(timeout);
    const changes = changesOf(changelist);
    // Whoever made the list may have closed the object.
    return kqueueWait.control(this.fileno(), changes, most, deadline);
  }

  [inspect.custom](): string {
    return objectRepr('select', this);
  }
}

function newKqueue(args: unknown[]): number {
  if (args.length > 0) throw new TypeError('kqueue() takes no positional arguments');
  return checked(native.kqueueCreate(), 'kqueue');
}
