/**
 * Where the bytes of a connection come from and go to: its socket, or the TLS connection over it.
 *
 * No call here waits. One that cannot go on says so, and `wants` which direction it waits for. What fails is raised.
 */
import { native } from '../addon/binary.js';
import { NEVER, type Outcome, WANT_READ } from '../addon/tls.js';
import { constants } from '../constants/table.js';
import { IOV_MAX } from '../core/bytes.js';
import { raise } from '../core/exceptions.js';
import type { Connection } from '../ssl/connection.js';
import { SSLEOFError, SSLZeroReturnError } from '../ssl/errors.js';
import { ONCE, POLLIN, POLLOUT } from '../wait/call.js';

const { EINTR, ENOTCONN, EWOULDBLOCK } = constants.errno;
const { SHUT_WR } = constants.socket;
const SCRATCH_SIZE = native.scratch.length;
/** Up to this many bytes, putting parts together costs less than handing each over. */
const JOINED_MAX = 4096;
/** Small writes that come together leave in TLS records of this size at most: one that is full. */
const RECORD = 16 * 1024;
/** How many records one turn of the loop takes of a connection. */
const RECORDS = 64;
const NO_CONTROL = new Uint8Array(0);

/** `read`: nothing is there now. */
export const NOTHING_YET = -1;

export abstract class Endpoint {
  /** The direction that the latest call waits for which could not go on: POLLIN or POLLOUT. */
  wants = POLLIN;
  /** Whether `read` has left something behind that no poller knows of. */
  leftBehind = false;

  /** Receives into `native.scratch`: how many bytes, 0 at the end, or NOTHING_YET. */
  abstract read(): number;
  /** Sends as much of `chunk` as can be sent now: how many bytes. */
  abstract send(chunk: Uint8Array): number;
  /** The same of several, which go together. What is left over is repeated before anything else is sent. */
  abstract sendParts(parts: readonly Uint8Array[]): number;
  /** Ends our side. False: not yet. */
  abstract end(): boolean;
}

/** A descriptor's own bytes. `reading` and `writing`: what the calls are named in errors. */
export class PlainEndpoint extends Endpoint {
  constructor(
    readonly fd: number,
    readonly reading: string,
    readonly writing: string,
  ) {
    super();
  }

  read(): number {
    return this.came(native.recvScratch(this.fd, SCRATCH_SIZE, 0, ONCE));
  }

  send(chunk: Uint8Array): number {
    return this.took(native.send(this.fd, chunk, 0, chunk.length, 0, ONCE));
  }

  sendParts(parts: readonly Uint8Array[]): number {
    if (parts.length === 1) return this.send(parts[0]);
    const size = sizeOf(parts);
    if (size <= JOINED_MAX) return this.took(native.send(this.fd, joined(parts), 0, size, 0, ONCE));
    if (parts.length <= IOV_MAX) return this.took(native.sendmsg(this.fd, parts, NO_CONTROL, 0, null, 0, ONCE));
    let sent = 0;
    for (let first = 0; first < parts.length; first += IOV_MAX) {
      const some = parts.slice(first, first + IOV_MAX);
      const count = this.sendParts(some);
      sent += count;
      if (count < sizeOf(some)) break;
    }
    return sent;
  }

  end(): boolean {
    const code = native.shutdown(this.fd, SHUT_WR);
    return code >= 0 || code === -ENOTCONN || raise(code, 'shutdown');
  }

  /** What a receive has come to. */
  protected came(count: number): number {
    if (count >= 0) return count;
    if (!isAgain(count)) raise(count, this.reading);
    this.wants = POLLIN;
    return NOTHING_YET;
  }

  /** What a send has come to. */
  protected took(count: number): number {
    this.wants = POLLOUT;
    if (count >= 0) return count;
    return isAgain(count) ? 0 : raise(count, this.writing);
  }
}

/**
 * The bytes of a TLS connection whose handshake is done.
 *
 * OpenSSL keeps what it has read and not given out yet, and no poller knows of it: `read` takes all that there is, and
 * notes where it could not. Any call may have to wait for either direction.
 */
export class TlsEndpoint extends Endpoint {
  readonly #connection: Connection;
  readonly #fd: number;
  /** Whether an end without a goodbye is taken for an end. */
  readonly #ragged: boolean;
  /** What ended the bytes, for the read after those that came before. */
  #readError: unknown = null;
  /** Of how many parts the record consists that OpenSSL wants to be asked again with; 0: there is none. */
  #unfinished = 0;

  constructor(fd: number, connection: Connection, suppressRaggedEofs: boolean) {
    super();
    this.#fd = fd;
    this.#connection = connection;
    this.#ragged = suppressRaggedEofs;
    // Bytes may have come with the end of the handshake.
    this.leftBehind = true;
  }

  /** Several records at once, if they are there; not so many that the loop would have to wait for a peer's tiny ones. */
  read(): number {
    let count = 0;
    let records = 0;
    this.leftBehind = false;
    this.wants = POLLIN;
    try {
      while (count < SCRATCH_SIZE && records++ < RECORDS) {
        const result = this.#readAt(count);
        if (result < 0) {
          this.wants = result === WANT_READ ? POLLIN : POLLOUT;
          return count > 0 ? count : NOTHING_YET;
        }
        if (result === 0) break;
        count += result;
        // The next record may call a function of the caller's, and that may receive into the same memory.
        if (this.#connection.callsBack) break;
      }
    } catch (error) {
      this.#readError = error;
    }
    if (count === 0 && this.#readError !== null) throw this.#readError;
    this.leftBehind = count > 0;
    return count;
  }

  #readAt(at: number): number {
    if (this.#readError !== null) throw this.#readError;
    const connection = this.#connection;
    try {
      return connection.outcome(connection._tls.read(scratchFrom(at), SCRATCH_SIZE - at, NEVER));
    } catch (error) {
      // The peer has said goodbye after us; or has gone without one, which by default counts as an end.
      if (error instanceof SSLZeroReturnError || (error instanceof SSLEOFError && this.#ragged)) return 0;
      throw error;
    }
  }

  /** OpenSSL takes all or nothing. */
  send(chunk: Uint8Array): number {
    if (chunk.length === 0) return 0;
    const took = this.#took(this.#connection._tls.write(chunk, chunk.length, NEVER));
    this.#unfinished = took ? 0 : 1;
    return took ? chunk.length : 0;
  }

  /** Small parts share a record. */
  sendParts(parts: readonly Uint8Array[]): number {
    let sent = 0;
    for (let first = 0; first < parts.length; ) {
      const together = this.#unfinished || partsTogether(parts, first);
      const bytes = concatenated(parts, first, together);
      const count = this.send(bytes);
      sent += count;
      if (count < bytes.length) {
        this.#unfinished = together;
        break;
      }
      first += together;
    }
    return sent;
  }

  /** Whether a call is done; false: it has to wait, and be repeated. */
  #took(outcome: Outcome): boolean {
    const result = this.#connection.outcome(outcome);
    if (result < 0) this.wants = result === WANT_READ ? POLLIN : POLLOUT;
    return result >= 0;
  }

  /** Our goodbye, and the end of our side of the connection below. The peer's may come later. */
  end(): boolean {
    try {
      if (!this.#took(this.#connection._tls.shutdown(false, NEVER))) return false;
    } catch {
      // OpenSSL says none where the peer has ended in the midst of its session tickets, or the connection is broken.
    }
    const code = native.shutdown(this.#fd, SHUT_WR);
    return code >= 0 || code === -ENOTCONN || raise(code, 'shutdown');
  }
}

function isAgain(code: number): boolean {
  return code === -EWOULDBLOCK || code === -EINTR;
}

/** How many bytes there are. */
export function sizeOf(parts: readonly Uint8Array[]): number {
  let size = 0;
  for (const part of parts) size += part.length;
  return size;
}

/** The parts, one after the other, in the area that all share. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  let at = 0;
  for (const part of parts) {
    native.scratch.set(part, at);
    at += part.length;
  }
  return native.scratch;
}

/** The shared area from `at` on. Messages of one size, one after the other, ask for the same part time and again. */
function scratchFrom(at: number): Uint8Array {
  if (at === 0) return native.scratch;
  if (latestPart.byteOffset - native.scratch.byteOffset !== at) latestPart = native.scratch.subarray(at);
  return latestPart;
}
let latestPart = native.scratch;

/** How many of the parts, from `first` on, fit into one record; one at least. */
function partsTogether(parts: readonly Uint8Array[], first: number): number {
  let end = first + 1;
  let size = parts[first].length;
  while (end < parts.length && size + parts[end].length <= RECORD) size += parts[end++].length;
  return end - first;
}

function concatenated(parts: readonly Uint8Array[], first: number, count: number): Uint8Array {
  return count === 1 ? parts[first] : Buffer.concat(parts.slice(first, first + count));
}
