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
import { tellAwaiting } from '../wait/awaited.js';
import { POLLIN, POLLOUT } from '../wait/call.js';
import { BOTH, Side, type Waiter } from './waiters.js';

const { EEXIST, ENOENT, EBADF } = constants.errno;
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

/** Everything that awaits one descriptor. `descriptorOf(fd)` finds it. */
export class Descriptor {
  readonly fd: number;
  readonly #reading = new Side(POLLIN);
  /** Made when it is wanted: an idle connection awaits reading alone. */
  #writing: Side | null = null;
  readonly #born = batch;
  /** What the poller watches for. */
  #armed = 0;
  #refed = true;
  #alive = false;
  #open = true;
  /** The waiters are just trying; and meanwhile something has changed that concerns them. */
  #serving = false;
  #stirred = false;
  /** Told when the descriptor is closed or given away, besides the waiters. */
  onReleased: (() => void) | null = null;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** Whether anybody is in the queue of a side (POLLIN or POLLOUT): who comes now comes after them. */
  queued(side: number): boolean {
    return this.#ifAny(side)?.queued ?? false;
  }

  /** Whether a listener is there. */
  listened(side: number): boolean {
    return this.#ifAny(side)?.listened ?? false;
  }

  /** Whether anybody awaits anything of the descriptor, or its end. */
  get awaited(): boolean {
    return this.onReleased !== null || this.#wanted !== 0;
  }

  get #wanted(): number {
    return this.#reading.wanted | (this.#writing?.wanted ?? 0);
  }

  /** Queues a waiter at a side. @throws OSError EBADF, EPERM (a plain file cannot be waited for) */
  enqueue(side: number, waiter: Waiter): void {
    if (!this.queued(side)) this.#arm(waiter.direction);
    this.#of(side).push(waiter);
    this.#count();
  }

  /** Takes a waiter off the queue that it is in, wherever it stands. */
  remove(side: number, waiter: Waiter): void {
    this.#ifAny(side)?.remove(waiter);
    this.#settle(0);
  }

  /**
   * Calls `listener` in each turn of the loop in which the descriptor is ready; null: no more. It replaces the one that
   * was there. What the listener throws becomes an uncaught exception, after the other descriptors had their turn.
   * `owner` is not collected while the listener is there.
   * @throws OSError EBADF, EPERM
   */
  listen(side: number, listener: (() => void) | null, owner: unknown = null): void {
    if (listener !== null) this.#arm(side);
    if (listener === null) this.#ifAny(side)?.listen(null, null);
    else this.#of(side).listen(listener, owner);
    this.#settle(0);
  }

  /** Forgets a descriptor that nobody awaits: its owner may close it without a word. */
  forgetIfIdle(): void {
    if (!this.awaited) this.release();
  }

  /** Lets what awaits here keep the process alive (as at first), or not. */
  ref(refed: boolean): void {
    this.#refed = refed;
    this.#count();
  }

  /** What the poller has found. For internal use of this file. */
  deliver(found: number): void {
    if (this.#born === batch) return;
    // An error or a hang-up concerns both.
    const directions = (found & ~BOTH) === 0 ? found : BOTH;
    const idle = directions & ~this.#wanted;
    this.#serving = true;
    this.#reading.deliver(directions);
    this.#writing?.deliver(directions);
    this.#serving = false;
    if (this.#stirred) this.retry();
    this.#settle(idle);
  }

  /**
   * Something has changed that no poller reports: over TLS, a call has left decrypted bytes behind, or has ended the
   * handshake that the other side awaits too. The waiters try again.
   */
  stir(): void {
    if (this.#serving) this.#stirred = true;
    else if (this.#reading.queued || this.#writing?.queued) this.retryNextTurn();
  }

  /** Lets the waiters try in the loop's next turn. */
  retryNextTurn(): void {
    if (retried.size === 0) setImmediate(retryAll);
    retried.add(this);
  }

  /** Lets the waiters try, though the poller has reported nothing. */
  retry(): void {
    this.#serving = true;
    do {
      this.#stirred = false;
      this.#reading.serve();
      this.#writing?.serve();
    } while (this.#stirred);
    this.#serving = false;
    this.#settle(0);
  }

  /** Ends everything here: the descriptor is about to be closed or given away. */
  release(): void {
    if (!this.#open) return;
    this.#watch(0);
    this.#open = false;
    descriptors[this.fd] = undefined;
    this.#reading.release();
    this.#writing?.release();
    this.#count();
    this.onReleased?.();
  }

  #ifAny(side: number): Side | null {
    return side === POLLOUT ? this.#writing : this.#reading;
  }

  #of(side: number): Side {
    if (side !== POLLOUT) return this.#reading;
    this.#writing ??= new Side(POLLOUT);
    return this.#writing;
  }

  /** Has the poller watch for a direction too. */
  #arm(direction: number): void {
    const code = this.#watch(this.#armed | direction);
    if (code >= 0) return;
    if (this.#armed === 0) this.forgetIfIdle();
    raise(code, 'epoll_ctl');
  }

  /** Has the poller watch for `directions` alone: 0, or a negative code. */
  #watch(directions: number): number {
    if (directions === this.#armed) return 0;
    if (!this.#open) return -EBADF;
    if (directions === 0) {
      native.loopRemove(this.fd);
    } else {
      const known = this.#armed !== 0;
      let code = (known ? native.loopModify : native.loopAdd)(this.fd, directions);
      // The number was closed behind our back, and stands for something else now.
      if (code === -ENOENT) code = native.loopAdd(this.fd, directions);
      else if (code === -EEXIST) code = native.loopModify(this.fd, directions);
      if (code < 0) return code;
    }
    this.#armed = directions;
    return 0;
  }

  /**
   * After any change: the poller watches for what is wanted. Writing is watched for only while it is wanted; reading
   * until it was reported in vain: `idle` is what was.
   */
  #settle(idle: number): void {
    const wanted = this.#wanted;
    const kept = this.#armed & ~(idle | POLLOUT);
    // It was closed behind our back.
    if (this.#watch(kept | wanted) < 0) this.release();
    this.#count();
  }

  #count(): void {
    const now = this.#refed && this.#wanted !== 0;
    if (now === this.#alive) return;
    this.#alive = now;
    alive += now ? 1 : -1;
    if (now && alive === 1) native.loopRef(true);
    else if (!now && alive === 0) native.loopRef(false);
  }
}

/** The place of `fd`, made where there is none yet. @throws OSError EBADF for a number that can be none */
export function descriptorOf(fd: number): Descriptor {
  const found = descriptors[fd];
  if (found !== undefined) return found;
  if (fd < 0) raise(-EBADF, 'epoll_ctl');
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
