/** Who awaits one side of a descriptor. `event/loop.ts` lets them know. */
import { uncaught } from '../core/uncaught.js';
import { POLLIN, POLLOUT } from '../wait/call.js';

/** Something that stands in a queue until it is done: one recv, say. */
export abstract class Waiter {
  /** @internal Its neighbours in the queue: links, for an array would cost each idle connection room for many more. */
  _before: Waiter | null = null;
  /** @internal */
  _behind: Waiter | null = null;

  /** @param direction What it waits for, POLLIN or POLLOUT (over TLS, a read may have to write first); 0: time. */
  constructor(public direction: number) {}

  /** It may try. True: done, take me off the queue. False: not yet, I stay the first; `direction` may be another now. */
  abstract ready(): boolean;
  /** The descriptor is closed or given away; the queue is gone. */
  abstract released(): void;
}

/** What stays at a side, and is told whenever that is ready. */
export interface Listener {
  /** What it throws becomes an uncaught exception, after the other descriptors had their turn. */
  onReady(direction: number): void;
}

/**
 * One side of a descriptor, reading or writing: a queue of waiters, and besides at most one listener. Only the first in
 * the queue counts: who is behind it does not overtake it, whatever it waits for.
 */
export class Side {
  readonly #direction: number;
  #first: Waiter | null = null;
  #last: Waiter | null = null;
  #listener: Listener | null = null;

  /** @param direction POLLIN, POLLOUT */
  constructor(direction: number) {
    this.#direction = direction;
  }

  get hasWaiters(): boolean {
    return this.#first !== null;
  }

  get hasListener(): boolean {
    return this.#listener !== null;
  }

  /** The directions that the poller has to watch for this side's sake. */
  get directions(): number {
    return (this.#first?.direction ?? 0) | (this.#listener === null ? 0 : this.#direction);
  }

  setListener(listener: Listener | null): void {
    this.#listener = listener;
  }

  push(waiter: Waiter): void {
    waiter._before = this.#last;
    if (this.#last === null) this.#first = waiter;
    else this.#last._behind = waiter;
    this.#last = waiter;
  }

  /** Takes a waiter out that is in the queue. */
  unlink(waiter: Waiter): void {
    const { _before: before, _behind: behind } = waiter;
    if (before === null) this.#first = behind;
    else before._behind = behind;
    if (behind === null) this.#last = before;
    else behind._before = before;
    waiter._before = null;
    waiter._behind = null;
  }

  /** Lets the waiters try, in their order, until one has to go on waiting. */
  serve(): void {
    for (let first = this.#first; first?.ready(); first = this.#first) {
      // A callback in between may have closed the descriptor, and then the queue is gone.
      if (this.#first === first) this.unlink(first);
    }
  }

  /** The descriptor is ready for `directions`. */
  hear(directions: number): void {
    if (this.#first !== null && (directions & this.#first.direction) !== 0) this.serve();
    if (this.#listener === null || (directions & this.#direction) === 0) return;
    try {
      this.#listener.onReady(this.#direction);
    } catch (error) {
      uncaught(error);
    }
  }

  /** Ends all that is here. */
  dismiss(): void {
    this.#listener = null;
    let waiter = this.#first;
    this.#first = null;
    this.#last = null;
    while (waiter !== null) {
      const behind: Waiter | null = waiter._behind;
      waiter.released();
      waiter = behind;
    }
  }
}

/** Both directions. */
export const BOTH = POLLIN | POLLOUT;
