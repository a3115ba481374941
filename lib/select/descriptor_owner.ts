/** What epoll and kqueue objects have in common: a descriptor of their own. */
import { native } from '../addon/binary.js';
import { ValueError } from '../core/exceptions.js';

/** Closes the descriptor of an object that was collected as garbage; as CPython, without a warning. */
const collected = new FinalizationRegistry<{ fd: number; claim: number }>(({ fd, claim }) => {
  native.closeOwned(fd, claim);
});

/** Marks the constructor call that takes over a descriptor. */
export const ADOPT = Symbol('adopt');

export abstract class DescriptorOwner {
  readonly #kind: string;
  #fd: number;
  /** What makes the descriptor this object's: see `native.own`. */
  #claim = 0;

  /** @param fd a descriptor that is this object's from now on; less than 0: the object is closed from the start */
  constructor(kind: string, fd: number) {
    this.#kind = kind;
    this.#fd = fd;
    if (fd < 0) return;
    this.#claim = native.own(fd);
    collected.register(this, { fd, claim: this.#claim }, this);
  }

  /** Closes the descriptor. Closing again does nothing. */
  close(): void {
    const fd = this.#fd;
    this.#fd = -1;
    if (fd < 0) return;
    collected.unregister(this);
    native.closeOwned(fd, this.#claim);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Whether the object was closed. */
  get closed(): boolean {
    return this.#fd < 0;
  }

  /** The descriptor of the object itself. @throws ValueError if it is closed */
  fileno(): number {
    if (this.#fd < 0) throw new ValueError(`I/O operation on closed ${this.#kind} object`);
    return this.#fd;
  }
}
