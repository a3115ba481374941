/**
 * Readiness in Node's event loop: what awaits a descriptor, and how it hears that the descriptor is ready.
 *
 * One poller per environment (the main thread, each worker), which libuv watches as a single descriptor. All that is
 * ready is delivered in one call per turn of the loop. While anything that is `ref`ed awaits, the process stays alive.
 *
 * A descriptor has two sides, for reading and for writing, each with those who await it: see `event/waiters.ts`. Readiness is
 * level-triggered: what is not dealt with is reported again.
 *
 * What the poller watches for is changed lazily for reading: the next read will most likely want it too, and two system
 * calls per read are saved. An event that nobody awaits any more ends it. For writing that would be reported at once.
 */
import { AsyncResource } from 'node:async_hooks';
import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { checked, raise } from '../core/exceptions.js';
import { BAD_FD } from '../core/platform.js';
import { tellAwaiting } from '../wait/awaited.js';
import { POLLIN, POLLOUT } from '../wait/call.js';
import { BOTH, type Listener, Side, type Waiter } from './waiters.js';

const { EEXIST, ENOENT } = constants.errno;
/** How many ready descriptors one call delivers; the rest comes in the next turn. */
const BATCH = 1024;
/** How many calls in a row may succeed at once before the loop gets its turn: other sockets want to be served too. */
const TURN = 64;

/** The descriptors that something awaits or has awaited, at their numbers, which are small: the kernel gives the lowest. */
const descriptors: (Descriptor | undefined)[] = [];
const events = new Int32Array(2 * BATCH);
let started = false;
/** How many descriptors are awaited by something that keeps the process alive. */
let alive = 0;
/** Which call of `deliver` this is: a descriptor that is younger than the call gets none of its events. */
let batch = 0;
let atOnce = 0;
/** Where the loop is at home: it must not belong to (and keep) whatever happens to use it first. */
const home = new AsyncResource('berkeley.loop');

/** What is the case with a descriptor: bits of its state, above the directions that the poller watches for (poll.h). */
const OPEN = 1 << 16;
const REFED = 1 << 17;
/** It keeps the process alive. */
const ALIVE = 1 << 18;
/** The waiters are just trying; and meanwhile something has changed that concerns them. */
const SERVING = 1 << 19;
const STIRRED = 1 << 20;

/**
 * Everything that awaits one descriptor. `descriptorOf(fd)` finds it.
 *
 * Each idle connection has one, so it is small: it is itself its reading side, one number has all its flags, and its
 * methods are `private` rather than `#`, for which V8 would mark each object.
 */
export class Descriptor extends Side {
  readonly fd: number;
  /** Made when it is wanted: an idle connection awaits reading alone. */
  #writing: Side | null = null;
  readonly #born = batch;
  #state = OPEN | REFED;
  /** Told when the descriptor is closed or given away, besides the waiters. */
  onReleased: (() => void) | null = null;

  constructor(fd: number) {
    super(POLLIN);
    this.fd = fd;
  }

  /** Whether anybody is in the queue of a side (POLLIN or POLLOUT): who comes now comes after them. */
  queued(side: number): boolean {
    return this.ifAny(side)?.hasWaiters ?? false;
  }

  /** Whether a listener is there. */
  listened(side: number): boolean {
    return this.ifAny(side)?.hasListener ?? false;
  }

  /** Whether anybody awaits anything of the descriptor, or its end. */
  get awaited(): boolean {
    return this.onReleased !== null || this.wanted() !== 0;
  }

  /** Queues a waiter at a side. @throws OSError EPERM (a plain file cannot be waited for) */
  enqueue(side: number, waiter: Waiter): void {
    if (!this.queued(side)) this.arm(waiter.direction);
    this.of(side).push(waiter);
    this.count();
  }

  /** Takes a waiter off the queue that it is in, wherever it stands. */
  remove(side: number, waiter: Waiter): void {
    this.ifAny(side)?.unlink(waiter);
    this.settle(0);
  }

  /**
   * Tells `listener` in each turn of the loop in which the descriptor is ready; null: no more. It replaces the one that was
   * there.
   * @throws OSError EPERM
   */
  listen(side: number, listener: Listener | null): void {
    if (listener !== null) this.arm(side);
    if (listener === null) this.ifAny(side)?.setListener(null);
    else this.of(side).setListener(listener);
    this.settle(0);
  }

  /** Forgets a descriptor that nobody awaits: its owner may close it without a word. */
  forgetIfIdle(): void {
    if (!this.awaited) this.release();
  }

  /** Lets what awaits here keep the process alive (as at first), or not. */
  ref(refed: boolean): void {
    this.set(REFED, refed);
    this.count();
  }

  /** What the poller has found. For internal use of this file. */
  deliver(found: number): void {
    if (this.#born === batch) return;
    // An error or a hang-up concerns both.
    const directions = (found & ~BOTH) === 0 ? found : BOTH;
    const idle = directions & ~this.wanted();
    this.set(SERVING, true);
    this.hear(directions);
    this.#writing?.hear(directions);
    this.set(SERVING, false);
    if (this.is(STIRRED)) this.retry();
    this.settle(idle);
  }

  /**
   * Something has changed that no poller reports: over TLS, a call has left decrypted bytes behind, or has ended the
   * handshake that the other side awaits too. The waiters try again.
   */
  stir(): void {
    if (this.is(SERVING)) this.set(STIRRED, true);
    else if (this.hasWaiters || this.#writing?.hasWaiters) this.retryNextTurn();
  }

  /** Lets the waiters try in the loop's next turn. */
  retryNextTurn(): void {
    if (retried.size === 0) setImmediate(retryAll);
    retried.add(this);
  }

  /** Lets the waiters try, though the poller has reported nothing. */
  retry(): void {
    this.set(SERVING, true);
    do {
      this.set(STIRRED, false);
      this.serve();
      this.#writing?.serve();
    } while (this.is(STIRRED));
    this.set(SERVING, false);
    this.settle(0);
  }

  /** Ends everything here: the descriptor is about to be closed or given away. */
  release(): void {
    if (!this.is(OPEN)) return;
    this.watch(0);
    this.set(OPEN, false);
    descriptors[this.fd] = undefined;
    this.dismiss();
    this.#writing?.dismiss();
    this.count();
    this.onReleased?.();
  }

  private is(flag: number): boolean {
    return (this.#state & flag) !== 0;
  }

  private set(flag: number, on: boolean): void {
    this.#state = on ? this.#state | flag : this.#state & ~flag;
  }

  private wanted(): number {
    return this.directions | (this.#writing?.directions ?? 0);
  }

  private ifAny(side: number): Side | null {
    return side === POLLOUT ? this.#writing : this;
  }

  private of(side: number): Side {
    if (side !== POLLOUT) return this;
    this.#writing ??= new Side(POLLOUT);
    return this.#writing;
  }

  /** Has the poller watch for a direction too. */
  private arm(direction: number): void {
    const code = this.watch((this.#state & BOTH) | direction);
    if (code >= 0) return;
    if ((this.#state & BOTH) === 0) this.forgetIfIdle();
    raise(code, 'epoll_ctl');
  }

  /** Has the poller watch for `directions` alone: 0, or a negative code. */
  private watch(directions: number): number {
    const watched = this.#state & BOTH;
    if (directions === watched) return 0;
    if (!this.is(OPEN)) return BAD_FD;
    if (directions === 0) {
      native.loopRemove(this.fd);
    } else {
      let code = (watched === 0 ? native.loopAdd : native.loopModify)(this.fd, directions);
      // The number was closed behind our back, and stands for something else now.
      if (code === -ENOENT) code = native.loopAdd(this.fd, directions);
      else if (code === -EEXIST) code = native.loopModify(this.fd, directions);
      if (code < 0) return code;
    }
    this.#state = (this.#state & ~BOTH) | directions;
    return 0;
  }

  /**
   * After any change: the poller watches for what is wanted. Writing is watched for only while it is wanted; reading
   * until it was reported in vain: `idle` is what was.
   */
  private settle(idle: number): void {
    const kept = this.#state & BOTH & ~(idle | POLLOUT);
    // It was closed behind our back.
    if (this.watch(kept | this.wanted()) < 0) this.release();
    this.count();
  }

  private count(): void {
    const now = this.is(REFED) && this.wanted() !== 0;
    if (now === this.is(ALIVE)) return;
    this.set(ALIVE, now);
    alive += now ? 1 : -1;
    if (now && alive === 1) native.loopRef(true);
    else if (!now && alive === 0) native.loopRef(false);
  }
}

/** The place of `fd`, made where there is none yet. @throws OSError EBADF for a number that can be none */
export function descriptorOf(fd: number): Descriptor {
  const found = descriptors[fd];
  if (found !== undefined) return found;
  if (fd < 0) raise(BAD_FD, 'epoll_ctl');
  if (!started) checked(home.runInAsyncScope(native.loopStart, null, deliver, events), 'epoll_create1');
  started = true;
  const made = new Descriptor(fd);
  descriptors[fd] = made;
  return made;
}

/** The place of `fd` if anything has awaited it. */
export function descriptorIfAny(fd: number): Descriptor | undefined {
  return descriptors[fd];
}

tellAwaiting({
  released(fd) {
    descriptors[fd]?.release();
  },
  stirred(fd) {
    descriptors[fd]?.stir();
  },
});

/** Whether a call may try at once. After many in a row it waits for the loop instead, which then comes to the others. */
export function mayTryAtOnce(): boolean {
  return ++atOnce < TURN;
}

/** The descriptors whose waiters try again in the loop's next turn. */
let retried = new Set<Descriptor>();

function retryAll(): void {
  const all = retried;
  retried = new Set();
  atOnce = 0;
  for (const descriptor of all) descriptor.retry();
}

function deliver(count: number): void {
  batch++;
  atOnce = 0;
  for (let i = 0; i < 2 * count; i += 2) descriptors[events[i]]?.deliver(events[i + 1]);
}
