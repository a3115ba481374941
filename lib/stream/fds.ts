/**
 * A stream over a Unix socket, over which descriptors go beside the bytes.
 *
 * The kernel ties descriptors to bytes: one read ends behind the bytes that came with descriptors, so that what is
 * received together belongs together, and what comes later belongs to later bytes.
 * @see unix(7), "SCM_RIGHTS"
 */

import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { type BytesLike, bytesOf, fromScratch } from '../core/bytes.js';
import { checked, raise, ValueError } from '../core/exceptions.js';
import { uncaught } from '../core/uncaught.js';
import { type Endpoint, NOTHING_YET, PlainEndpoint, sizeOf } from '../event/endpoint.js';
import type { socket } from '../socket/socket.js';
import { CMSG_SPACE, descriptorsIn, packAncillary, unpackAncillary } from '../structs/ancillary.js';
import { ONCE } from '../wait/call.js';
import type { UnderWay } from './bytes.js';
import { SocketDuplex } from './duplex.js';

const { EMFILE } = constants.errno;
const { MSG_CTRUNC, SCM_RIGHTS, SOL_SOCKET } = constants.socket;
/** The kernel's SCM_MAX_FD. */
const FDS_MAX = 253;
/** Credentials and labels may come besides, where somebody has asked for them. */
const control = new Uint8Array(CMSG_SPACE(4 * FDS_MAX) + 1024);
const parts = [native.scratch];

/**
 * A SocketDuplex over a Unix socket, which can send and receive descriptors.
 *
 * 'fds' is emitted with an array of numbers, before the 'data' with the bytes that they came with. They are close-on-exec,
 * and the listener's to close. While nobody listens for 'fds', the kernel closes what comes.
 */
export class UnixDuplex extends SocketDuplex {
  /** Descriptors that wait to be sent, by the bytes that they go with: duplicates, which are ours. */
  readonly #attached = new Map<Uint8Array, number[]>();

  /**
   * As `write`, with descriptors, which arrive with the first of the bytes. They are duplicated at once: the caller may
   * close his. There must be a byte for them to go with.
   * @throws ValueError | TypeError | OSError EBADF, EMFILE
   */
  writeWithFds(bytes: BytesLike, fds: Iterable<number>, callback?: (error: Error | null | undefined) => void): boolean {
    const view = bytesOf(bytes);
    const list = [...fds];
    if (view.length === 0) throw new ValueError('descriptors need at least one byte to go with');
    if (list.length > FDS_MAX) throw new ValueError(`at most ${FDS_MAX} descriptors go with one write`);
    // A view of its own tells this write from all others.
    const chunk = Buffer.from(view.buffer as ArrayBuffer, view.byteOffset, view.length);
    if (list.length > 0 && !this.destroyed) this.#attached.set(chunk, duplicates(list));
    return this.write(chunk, callback);
  }

  /** @internal */
  override _endpoint(): Endpoint {
    return new UnixEndpoint((this._sock as socket).fileno(), this, this.#attached);
  }

  /** @internal */
  override _halt(): UnderWay {
    for (const fds of this.#attached.values()) closeAll(fds);
    this.#attached.clear();
    return super._halt();
  }
}

/** A descriptor's own bytes, with the descriptors beside them. */
class UnixEndpoint extends PlainEndpoint {
  readonly #stream: UnixDuplex;
  /** Descriptors that wait to be sent, by the bytes that they go with. */
  readonly #attached: Map<Uint8Array, number[]>;

  constructor(fd: number, stream: UnixDuplex, attached: Map<Uint8Array, number[]>) {
    super(fd, 'read', 'write');
    this.#stream = stream;
    this.#attached = attached;
  }

  override read(): number {
    if (this.#stream.listenerCount('fds') === 0) return super.read();
    const count = this.came(native.recvmsg(this.fd, parts, control, 0, ONCE));
    if (count === NOTHING_YET) return count;
    const [, filled, flags] = native.info;
    if (filled > 0) this.#received(count, filled, (flags & MSG_CTRUNC) !== 0);
    return count;
  }

  #received(count: number, filled: number, truncated: boolean): void {
    const fds = unpackAncillary(control, filled).flatMap(descriptorsIn);
    if (truncated) {
      // There was no room for all of them in this process's table, and the others are lost.
      closeAll(fds);
      raise(-EMFILE, 'recvmsg');
    }
    if (fds.length === 0) return;
    // The listener may receive from other sockets, into the same memory.
    const bytes = fromScratch(count);
    try {
      this.#stream.emit('fds', fds);
    } catch (error) {
      uncaught(error);
    }
    native.scratch.set(bytes);
  }

  override send(chunk: Uint8Array): number {
    const fds = this.#attached.get(chunk);
    if (fds === undefined) return super.send(chunk);
    const rights = packAncillary([[SOL_SOCKET, SCM_RIGHTS, Int32Array.from(fds)]]);
    const count = this.took(native.sendmsg(this.fd, [chunk], rights, 0, null, 0, ONCE));
    if (count === 0) return 0;
    this.#attached.delete(chunk);
    closeAll(fds);
    return count;
  }

  /** Descriptors divide what is sent as one. */
  override sendParts(parts: readonly Uint8Array[]): number {
    if (this.#attached.size === 0) return super.sendParts(parts);
    let sent = 0;
    for (let first = 0; first < parts.length; ) {
      let end = first + 1;
      if (!this.#attached.has(parts[first])) while (end < parts.length && !this.#attached.has(parts[end])) end++;
      const together = parts.slice(first, end);
      const count = together.length === 1 ? this.send(together[0]) : super.sendParts(together);
      sent += count;
      if (count < sizeOf(together)) break;
      first = end;
    }
    return sent;
  }
}

function duplicates(fds: readonly number[]): number[] {
  const made: number[] = [];
  try {
    for (const fd of fds) made.push(checked(native.dup(fd), 'dup'));
    return made;
  } catch (error) {
    closeAll(made);
    throw error;
  }
}

function closeAll(fds: readonly number[]): void {
  for (const fd of fds) native.close(fd);
}
