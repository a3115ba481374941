/**
 * Readiness in Node's event loop: what awaits a descriptor, and how it hears that the descriptor is ready.
 *
 * One poller per environment (the main thread, each worker), which libuv watches as a single descriptor. All that is
 * ready is delivered in one call per turn of the loop. While anything that is `ref`ed awaits, the process stays alive.
 *
 * For each direction of a descriptor there is a queue of waiters, each of which is done at some time (one recv, say),
 * and besides at most one listener, which stays. Readiness is level-triggered: what is not dealt with is reported again.
 *
 * What the poller watches for is changed lazily for reading: the next read will most likely want it too, and two system
 * calls per read are saved. An event that nobody awaits any more ends it. For writing that would be reported at once.
 */
import { POLLIN, POLLOUT } from './_call.js';
import { constants } from './_constants.js';
import { native } from './_native.js';
import { checked, raise } from './exceptions.js';

const { EEXIST, ENOENT, EBADF } = constants.errno;
/** How many ready descriptors one call delivers; the rest comes in the next turn. */
const BATCH = 1024;
/** How many calls in a row may succeed at once before the loop gets its turn: other sockets want to be served too. */
const TURN = 64;

/** Something that awaits one direction of a descriptor, in a queue. */
export interface Waiter {
  /** The descriptor is ready. True: done, take me off the queue. False: not yet, I stay the first. */
  ready(): boolean;
  /** The descriptor is closed or given away; the queue is gone. */
  released(): void;
}

class Direction {
  readonly queue: Waiter[] = [];
  listener: (() => void) | null = null;

  get awaited(): boolean {
    return this.queue.length > 0 || this.listener !== null;
  }

  /** Lets the waiters try, in their order, until one has to go on waiting. */
  serveQueue(): void {
    while (this.queue.length > 0) {
      const first = this.queue[0];
      if (!first.ready()) break;
      if (this.queue[0] === first) this.queue.shift();
    }
  }

  deliver(): void {
    this.serveQueue();
    this.listener?.();
  }
}

/** The descriptors that something awaits or has awaited, by number. */
const descriptors = new Map<number, Descriptor>();
const events = new Int32Array(2 * BATCH);
let poller = -1;
/** How many descriptors are awaited by something that keeps the process alive. */
let alive = 0;
/** Which call of `deliver` this is: a descriptor that is younger than the call gets none of its events. */
let batch = 0;
let atOnce = 0;

/** Everything that awaits one descriptor. `descriptorOf(fd)` finds it. */
export class Descriptor {
  readonly fd: number;
  readonly #reading = new Direction();
  readonly #writing = new Direction();
  readonly #born = batch;
  /** What the poller watches for. */
  #armed = 0;
  #refed = true;
  #alive = false;
  /** Told when the descriptor is closed or given away, besides the waiters. */
  onReleased: (() => void) | null = null;
  /** The last read took all that there was: the next one had better wait for the poller. */
  drained = false;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** Whether a queue for `direction` (POLLIN or POLLOUT) has anybody in it: who comes now comes after them. */
  queued(direction: number): boolean {
    return this.#of(direction).queue.length > 0;
  }

  /** Whether a listener is there. */
  listened(direction: number): boolean {
    return this.#of(direction).listener !== null;
  }

  /** Whether anybody awaits anything of the descriptor, or its end. */
  get awaited(): boolean {
    return this.onReleased !== null || this.#reading.awaited || this.#writing.awaited;
  }

  /** Queues a waiter. @throws OSError EBADF, EPERM (a plain file cannot be waited for) */
  enqueue(direction: number, waiter: Waiter): void {
    this.#arm(direction);
    this.#of(direction).queue.push(waiter);
    this.#count();
  }

  /** Takes a waiter off its queue, wherever it stands. */
  remove(direction: number, waiter: Waiter): void {
    const { queue } = this.#of(direction);
    const at = queue.indexOf(waiter);
    if (at >= 0) queue.splice(at, 1);
    this.#settle();
  }

  /**
   * Calls `listener` in each turn of the loop in which the descriptor is ready; null: no more. It replaces the one that
   * was there. What the listener throws becomes an uncaught exception, after the other descriptors had their turn.
   * @throws OSError EBADF, EPERM
   */
  listen(direction: number, listener: (() => void) | null): void {
    if (listener !== null) this.#arm(direction);
    this.#of(direction).listener = listener;
    this.#settle();
  }

  /** Forgets a descriptor that nobody awaits: its owner may close it without a word. */
  forgetIfIdle(): void {
    if (!this.#reading.awaited && !this.#writing.awaited) this.release();
  }

  /** Lets what awaits here keep the process alive (as at first), or not. */
  ref(refed: boolean): void {
    this.#refed = refed;
    this.#count();
  }

  /** What the poller has found. For internal use of this file. */
  deliver(found: number): void {
    if (this.#born === batch) return;
    const [readable, writable] = [(found & ~POLLOUT) !== 0, (found & ~POLLIN) !== 0];
    const idle = readable && !this.#reading.awaited && !(writable && this.#writing.awaited);
    if (idle) {
      this.#disarm(POLLIN);
    } else {
      if (readable) this.#reading.deliver();
      if (writable) this.#writing.deliver();
    }
    this.#settle();
  }

  /** Lets the waiters of a direction try, though the poller has reported nothing. */
  retry(direction: number): void {
    this.#of(direction).serveQueue();
    this.#settle();
  }

  /** Ends everything here: the descriptor is about to be closed or given away. */
  release(): void {
    this.#disarm(POLLIN | POLLOUT);
    descriptors.delete(this.fd);
    for (const direction of [this.#reading, this.#writing]) {
      direction.listener = null;
      for (const waiter of direction.queue.splice(0)) waiter.released();
    }
    this.#count();
    this.onReleased?.();
  }

  #of(direction: number): Direction {
    return direction === POLLOUT ? this.#writing : this.#reading;
  }

  #arm(direction: number): void {
    if ((this.#armed & direction) !== 0) return;
    const wanted = this.#armed | direction;
    let code =
      this.#armed === 0 ? native.pollerAdd(poller, this.fd, wanted) : native.pollerModify(poller, this.fd, wanted);
    // The number was closed behind our back, and stands for something else now.
    if (code === -ENOENT) code = native.pollerAdd(poller, this.fd, wanted);
    else if (code === -EEXIST) code = native.pollerModify(poller, this.fd, wanted);
    if (code < 0) {
      if (!this.#reading.awaited && !this.#writing.awaited) descriptors.delete(this.fd);
      raise(code, 'epoll_ctl');
    }
    this.#armed = wanted;
  }

  #disarm(directions: number): void {
    if ((this.#armed & directions) === 0) return;
    this.#armed &= ~directions;
    if (this.#armed === 0) native.pollerRemove(poller, this.fd);
    else native.pollerModify(poller, this.fd, this.#armed);
  }

  /** After any change: writing is watched for only while it is awaited. */
  #settle(): void {
    if ((this.#armed & POLLOUT) !== 0 && !this.#writing.awaited) this.#disarm(POLLOUT);
    this.#count();
  }

  #count(): void {
    const now = this.#refed && (this.#reading.awaited || this.#writing.awaited);
    if (now === this.#alive) return;
    this.#alive = now;
    alive += now ? 1 : -1;
    if (now && alive === 1) native.loopRef(true);
    else if (!now && alive === 0) native.loopRef(false);
  }
}

/** The place of `fd`, made where there is none yet. @throws OSError EBADF for a number that can be none */
export function descriptorOf(fd: number): Descriptor {
  const found = descriptors.get(fd);
  if (found !== undefined) return found;
  if (fd < 0) raise(-EBADF, 'epoll_ctl');
  if (poller < 0) poller = checked(native.loopStart(deliver, events), 'epoll_create1');
  const made = new Descriptor(fd);
  descriptors.set(fd, made);
  return made;
}

/** The place of `fd` if anything has awaited it. */
export function descriptorIfAny(fd: number): Descriptor | undefined {
  return descriptors.get(fd);
}

/** To be called before a descriptor is closed or given away: nothing waits for the next owner's events. */
export function released(fd: number): void {
  if (descriptors.size > 0) descriptors.get(fd)?.release();
}

/**
 * To be called for a descriptor that is new to the process: what awaits its number here awaited one that another thread,
 * or a stranger, has closed. Returns the descriptor.
 */
export function renewed(fd: number): number {
  try {
    released(fd);
  } catch (error) {
    uncaught(error);
  }
  return fd;
}

/** Whether a call may try at once. After many in a row it waits for the loop instead, which then comes to the others. */
export function mayTryAtOnce(): boolean {
  return ++atOnce < TURN;
}

/** The descriptors whose waiters try again in the loop's next turn. */
let retried: { fd: number; direction: number }[] = [];

/** Lets the waiters of a direction try in the loop's next turn. */
export function retryNextTurn(fd: number, direction: number): void {
  if (retried.length === 0) setImmediate(retryAll);
  retried.push({ fd, direction });
}

function retryAll(): void {
  const all = retried;
  retried = [];
  atOnce = 0;
  for (const { fd, direction } of all) descriptors.get(fd)?.retry(direction);
}

function deliver(count: number): void {
  batch++;
  atOnce = 0;
  for (let i = 0; i < 2 * count; i += 2) {
    try {
      descriptors.get(events[i])?.deliver(events[i + 1]);
    } catch (error) {
      uncaught(error);
    }
  }
}

/** What a callback has thrown: the others are served before the process hears of it. */
export function uncaught(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
