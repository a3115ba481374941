/**
 * One TLS connection: what SSLSocket and SSLObject have in common. CPython's `_ssl._SSLSocket`.
 *
 * The binary calls a Connection's `on…` methods while one of our calls runs. What the caller's function throws there is
 * kept, and thrown by that call.
 *
 * Waiting. A native call that cannot go on says which direction it wants: the peer's bytes, or room for ours. Any call
 * may want either: a read may have to answer the peer first, a write to hear from it. We wait for just that direction
 * under the socket's deadline, or raise SSLWantReadError or SSLWantWriteError. What each kind of call wanted last is kept
 * apart (`wants`), so that a reader and a writer who take turns do not wait for each other's.
 */

import { isAscii } from 'node:buffer';
import { native, tls } from '../addon/binary.js';
import {
  ALERT_CLOSE_NOTIFY,
  type CertificateInfo,
  type CipherSummary,
  NEVER,
  type Outcome,
  type TlsConnection,
  type TlsContext,
  type TlsMemoryBio,
  WANT_READ,
  WANT_WRITE,
} from '../addon/tls.js';
import { argName, size, typeName } from '../core/args.js';
import { fromScratch, writableBytes } from '../core/bytes.js';
import { channels, tellHandshake } from '../core/channels.js';
import { checked, NotImplementedError, raise, TimeoutError, ValueError } from '../core/exceptions.js';
import { BAD_FD } from '../core/platform.js';
import {
  AGAIN_READ,
  AGAIN_WRITE,
  Again,
  ATTEMPT,
  deadlineIn,
  interrupted,
  limited,
  monotonicMs,
  POLLIN,
  POLLOUT,
  type Waiter,
  waitReady,
} from '../wait/call.js';
import { TELLS, told } from '../wait/told.js';
import { decoded } from './certificates.js';
import {
  fromConnection,
  fromContext,
  isRaggedEof,
  SSLError,
  SSLWantReadError,
  SSLWantWriteError,
  succeeded,
  wanting,
} from './errors.js';
import { checkSession, type SSLSession, sessionOf } from './session.js';

const { ALERT_DESCRIPTION_HANDSHAKE_FAILURE, ALERT_DESCRIPTION_INTERNAL_ERROR } = native.constants.ssl;
/** What `native.sleepEnded` says of a sleep that the binary has not ended. */
const SLEPT = -1;
const PSK_CLIENT_ANSWER =
  'the PSK client callback must return a pair of an identity (a string or null) and a key (bytes)';

/**
 * The public classes, by their names, for the types of what lies below them: SSLContext makes SSLSockets, and
 * SSLSocket.context is an SSLContext. context.ts, which knows all three, fills the interface in; imports both ways would
 * be a circle.
 */
// biome-ignore lint/suspicious/noEmptyInterface: context.ts fills it in.
export interface Classes {}

/**
 * Called for each message: the connection; 'read' or 'write'; the TLS version; the content type (_TLSContentType); the
 * message type (_TLSMessageType, for an alert _TLSAlertType, for a header _TLSContentType); the message, decrypted.
 */
export type MessageCallback = (
  conn: Classes['SSLSocket'] | Classes['SSLObject'],
  direction: 'read' | 'write',
  version: number,
  content_type: number,
  msg_type: number,
  data: Buffer,
) => void;

/** What a connection needs to know of its SSLContext. */
export interface ConnectionContext {
  /** @internal */ readonly _tls: TlsContext;
  /** @internal */ readonly _postHandshakeAuth: boolean;
  readonly check_hostname: boolean;
  /** @internal The caller's functions; null: none. */
  readonly _hooks: {
    serverName: ((owner: unknown, name: string | null, context: unknown) => unknown) | null;
    pskClient: ((hint: string | null) => unknown) | null;
    pskServer: ((identity: string | null) => unknown) | null;
    message: ((owner: unknown, ...rest: unknown[]) => unknown) | null;
    keyLog: ((owner: unknown, line: string) => unknown) | null;
    ocspResponse: ((owner: unknown) => unknown) | null;
  };
}

/** What a connection needs to know of its socket. */
export interface ConnectionSocket extends Waiter {
  /** Is told when what the connection waits for may have changed. */
  _changed(): void;
}

export interface ConnectionOptions {
  serverSide: boolean;
  /** The socket, or null: then the two memory BIOs. */
  socket: ConnectionSocket | null;
  incoming: TlsMemoryBio | null;
  outgoing: TlsMemoryBio | null;
  serverHostname: string | null;
  session: SSLSession | null;
  /** The object that callbacks are told of. */
  owner: unknown;
}

/** The kinds of call, by the name that a timeout gives them, with what each wanted last: POLLIN, POLLOUT, or 0. */
type Wants = { handshake: number; read: number; write: number };

export class Connection {
  /** For who waits by himself: see `outcome`. */
  readonly _tls: TlsConnection;
  readonly wants: Wants = { handshake: 0, read: 0, write: 0 };
  readonly serverSide: boolean;
  readonly serverHostname: string | null;
  readonly owner: unknown;
  readonly #socket: ConnectionSocket | null;
  #context: ConnectionContext;
  /**
   * Whether nothing that was decrypted is left, which a read tells by giving less than it was asked for. Only another
   * read decrypts more, but a handshake and a goodbye may read on their own: after those OpenSSL has to be asked.
   */
  #drained = false;
  /** What the latest write was given, if it could not be sent; and what nobody but us will repeat. */
  #unwritten: Uint8Array | null = null;
  #abandoned: Uint8Array | null = null;
  /** What a callback has thrown, for the call that caused it to throw. */
  #thrown: { readonly error: unknown } | null = null;

  constructor(context: ConnectionContext, options: ConnectionOptions) {
    const { serverSide, socket, incoming, outgoing, serverHostname } = options;
    checkHostname(serverHostname);
    this.serverSide = serverSide;
    this.serverHostname = serverHostname;
    this.owner = options.owner;
    this.#socket = socket;
    this.#context = context;
    this._tls = succeeded(
      tls.Connection.create(
        context._tls,
        serverSide,
        socket === null ? -1 : socket._fd,
        incoming,
        outgoing,
        serverHostname,
        context.check_hostname,
        context._postHandshakeAuth,
        this,
      ),
    );
    if (options.session !== null && options.session !== undefined) this.session = options.session;
  }

  /**
   * Frees OpenSSL's object now, not when this one is collected. Nothing else may be called afterwards. In the middle of a
   * call, whose callback this is, the connection only loses its descriptor, and the call fails.
   */
  release(): void {
    this._tls.release();
  }

  // ---- calls that wait ---------------------------------------------------------------------------------------------

  /** Shakes hands. With ATTEMPT, and so each call that may wait: once, and an Again where it would wait. */
  handshake(deadline = this.#begin()): Again | undefined {
    if (!channels.handshake.hasSubscribers) return this.#handshake(deadline);
    let again: Again | undefined;
    try {
      again = this.#handshake(deadline);
    } catch (error) {
      const wants = error instanceof SSLWantReadError || error instanceof SSLWantWriteError;
      if (!wants) tellHandshake(this.owner, error);
      throw error;
    }
    if (again === undefined) tellHandshake(this.owner, null);
    return again;
  }

  #handshake(deadline: number): Again | undefined {
    this.#drained = false;
    this.#checkOpen();
    let result = this._tls.handshake(this.#sleeper(deadline));
    if (result !== 0 || this.#thrown !== null) {
      result = this.#goOn(result, deadline, 'handshake', (sleeper) => this._tls.handshake(sleeper));
    }
    return this.#concluded(result, 'handshake');
  }

  /**
   * Reads into `bytes`, and returns how many came; 0: the peer has said goodbye, or with `ragged`, has ended without.
   */
  readInto(bytes: Uint8Array, length: number, ragged: boolean, deadline = this.#begin()): number | Again {
    this.#checkOpen();
    let result = this._tls.read(bytes, length, this.#sleeper(deadline));
    this.#drained = result !== length;
    if (typeof result !== 'number' || result < 0 || this.#thrown !== null) {
      result = this.#goOn(result, deadline, 'read', (sleeper) => this._tls.read(bytes, length, sleeper));
      this.#drained = result !== length;
    }
    if (ragged && isRaggedEof(result)) return 0;
    const again = this.#concluded(result, 'read');
    if (again !== undefined) return again;
    // A buffer that was filled may have left bytes behind.
    if (result === length && this.#socket !== null) this.#socket._changed();
    return result as number;
  }

  /** Reads up to `size` bytes. A TLS record holds 16 KiB, and one read takes from one record. */
  #read(size: number, ragged: boolean, deadline: number | undefined): Buffer | Again {
    if (size < 0) throw new ValueError('size should not be negative');
    if (size === 0) return Buffer.alloc(0);
    const count = this.readInto(native.scratch, Math.min(size, native.scratch.length), ragged, deadline);
    return count instanceof Again ? count : fromScratch(count);
  }

  /** Reads up to `length` bytes into `buffer`, and returns their number; without one, into a new Buffer. */
  readWith(length: unknown, buffer: unknown, ragged: boolean, deadline?: number): Buffer | number | Again {
    const want = size(length);
    if (buffer === undefined || buffer === null) return this.#read(want, ragged, deadline);
    const bytes = writableBytes(buffer, 'read');
    const room = want <= 0 || want > bytes.length ? bytes.length : want;
    return room === 0 ? 0 : this.readInto(bytes, room, ragged, deadline);
  }

  /** Writes all the bytes, and returns their number. */
  write(bytes: Uint8Array, deadline?: number): number | Again {
    return this.#finishAbandoned(deadline) ?? this.#write(bytes, deadline);
  }

  #write(bytes: Uint8Array, deadline = this.#begin()): number | Again {
    this.#checkOpen();
    let result = this._tls.write(bytes, bytes.length, this.#sleeper(deadline));
    if (typeof result !== 'number' || result < 0 || this.#thrown !== null) {
      this.#unwritten = bytes;
      result = this.#goOn(result, deadline, 'write', (sleeper) => this._tls.write(bytes, bytes.length, sleeper));
    }
    const again = this.#concluded(result, 'write');
    if (again !== undefined) return again;
    this.#unwritten = null;
    return result as number;
  }

  /**
   * The latest write, if it is not done, will not be repeated by who began it. A part of its record may be on its way, and
   * OpenSSL would take the next write, whatever its bytes, for the repetition.
   */
  abandonWrite(): void {
    if (this.wants.write === POLLOUT) this.#abandoned = this.#unwritten;
  }

  #finishAbandoned(deadline: number | undefined): Again | undefined {
    if (this.#abandoned === null) return undefined;
    const result = this.#write(this.#abandoned, deadline);
    if (result instanceof Again) return result;
    this.#abandoned = null;
    return undefined;
  }

  /** Up to `count` bytes of a file, encrypted by the kernel. Only where `kernelTlsSends`. */
  sendFile(file: number, offset: number, count: number): number {
    const deadline = this.#begin();
    this.#checkOpen();
    const attempt = (sleeper: number) => this._tls.sendFile(file, offset, count, sleeper);
    const result = this.#goOn(attempt(this.#sleeper(deadline)), deadline, 'write', attempt);
    this.#concluded(result, 'write');
    return result as number;
  }

  /** Says goodbye and waits for the peer's. */
  shutdown(deadline = this.#begin()): Again | undefined {
    this.#drained = false;
    const again = this.#finishAbandoned(deadline);
    if (again !== undefined) return again;
    this.#checkOpen();
    const attempt = (sleeper: number) => this._tls.shutdown(true, sleeper);
    const result = this.#goOn(attempt(this.#sleeper(deadline)), deadline, 'shutdown', attempt);
    return this.#concluded(result, 'read');
  }

  /** For who waits by himself: the result of a native call on this connection, WANT_READ and WANT_WRITE among them. */
  outcome(result: Outcome): number {
    this.#throwThrown();
    if (typeof result === 'number' && !isRaggedEof(result)) return result;
    throw fromConnection(result, this.serverHostname);
  }

  #checkOpen(): void {
    if (this.#socket !== null && this.#socket._fd < 0) throw new SSLError('Underlying socket has been closed.');
  }

  /**
   * Repeats a call as long as it says which direction it wants, having waited for that under the deadline; then its result.
   * An ATTEMPT does not wait: what it wants is its result.
   */
  #goOn(
    first: Outcome,
    deadline: number,
    kind: keyof Wants | 'shutdown',
    attempt: (sleeper: number) => Outcome,
  ): Outcome {
    if (!TELLS || this.#socket === null) return this.#goOnUntold(first, deadline, kind, attempt);
    return told(`TLS ${kind}(${this.#socket._fd})`, () => this.#goOnUntold(first, deadline, kind, attempt));
  }

  #goOnUntold(
    first: Outcome,
    deadline: number,
    kind: keyof Wants | 'shutdown',
    attempt: (sleeper: number) => Outcome,
  ): Outcome {
    let result = first;
    for (let until = deadline; ; result = attempt(this.#sleeper(until))) {
      this.#throwThrown();
      if (result !== WANT_READ && result !== WANT_WRITE) return result;
      const events = result === WANT_READ ? POLLIN : POLLOUT;
      // A goodbye reads and writes.
      const name = kind !== 'shutdown' ? kind : events === POLLIN ? 'read' : 'write';
      this.#wanted(name, events);
      if (deadline === ATTEMPT) return result;
      if (this.#socket === null || deadline === 0) throw wanting(result);
      until = this.#waited(this.#socket, result, until, name);
    }
  }

  /** Waits for what is wanted, and returns the deadline to go on with. */
  #waited(socket: ConnectionSocket, want: number, deadline: number, kind: keyof Wants): number {
    const events = want === WANT_READ ? POLLIN : POLLOUT;
    const until = limited(socket._fd, events, deadline);
    if (deadline === Number.POSITIVE_INFINITY) {
      const ended = native.sleepEnded();
      if (ended >= 0) {
        interrupted();
        if (!native.owns(socket._fd, socket._claim)) raise(BAD_FD, kind);
        return until;
      }
      // The kernel's own limit has ended the sleep.
      if (until !== deadline && ended === SLEPT && !this._tls.kernelTlsReceives()) throw wanting(want);
    }
    // A peer that keeps the descriptor ready, byte by byte, does not put the deadline off.
    const late = until === deadline && monotonicMs() >= until;
    if (late || checked(waitReady(socket._fd, events, until, socket._busyMs), 'poll') === 0) {
      throw socket._timeout === null ? wanting(want) : new TimeoutError(`The ${kind} operation timed out`);
    }
    return until;
  }

  /** Raises if a call has failed. If it would wait, what for; else it is done, and its kind wants nothing any more. */
  #concluded(result: Outcome, kind: keyof Wants): Again | undefined {
    if (result === WANT_READ) return AGAIN_READ;
    if (result === WANT_WRITE) return AGAIN_WRITE;
    if (typeof result !== 'number' || result < 0) throw fromConnection(result, this.serverHostname);
    if (this.wants[kind] !== 0) this.#wanted(kind, 0);
    return undefined;
  }

  /** The deadline of a call that begins now: 0 if it does not wait, Infinity if it may sleep in the kernel. */
  #begin(): number {
    const socket = this.#socket;
    if (socket === null || socket._timeout === 0) return 0;
    return deadlineIn(socket._timeout);
  }

  /**
   * Under which claim the next native call sleeps; NEVER: it does not. One that asks for a while before it sleeps, waits by
   * poll(2).
   */
  #sleeper(deadline: number): number {
    const socket = this.#socket;
    return deadline === Number.POSITIVE_INFINITY && socket?._busyMs === 0 ? socket._claim : NEVER;
  }

  /** Notes what the latest call of a kind wants; 0: nothing, it is done. */
  #wanted(kind: keyof Wants, events: number): void {
    if (this.wants[kind] === events) return;
    this.wants[kind] = events;
    this.#socket?._changed();
  }

  #throwThrown(): void {
    if (this.#thrown === null) return;
    const { error } = this.#thrown;
    this.#thrown = null;
    throw error;
  }

  // ---- what was agreed upon ----------------------------------------------------------------------------------------

  get context(): ConnectionContext {
    return this.#context;
  }
  set context(context: ConnectionContext) {
    this._tls.setContext(context._tls);
    this.#context = context;
  }

  get session(): SSLSession | null {
    return sessionOf(this._tls, this.#context);
  }
  set session(session: SSLSession) {
    checkSession(session, this.#context);
    if (this.serverSide) throw new ValueError('Cannot set session for server-side SSLSocket.');
    if (this._tls.handshakeDone()) throw new ValueError('Cannot set session after handshake.');
    succeeded(this._tls.setSession(session._tls));
  }

  get sessionReused(): boolean {
    return this._tls.sessionReused();
  }

  getpeercert(binary: unknown): CertificateInfo | Record<string, never> | Buffer | null {
    if (!this._tls.handshakeDone()) throw new ValueError('handshake not done yet');
    const der = this._tls.peerCertificate();
    if (der === null) return null;
    if (binary) return bufferOf(der);
    return this._tls.verifiesPeer() ? decoded(der) : {};
  }

  chain(verified: boolean): Buffer[] {
    return this._tls.peerChain(verified).map(bufferOf);
  }

  cipher(): CipherSummary | null {
    return this._tls.cipher();
  }

  sharedCiphers(): CipherSummary[] | null {
    return this._tls.sharedCiphers();
  }

  /** The group of the key agreement, which the linked OpenSSL cannot tell; the text is Python's. */
  group(): never {
    throw new NotImplementedError('Getting selected group requires OpenSSL 3.2 or later.');
  }

  /** The algorithm of either side's signature, likewise. */
  signatureAlgorithm(): never {
    throw new NotImplementedError('Getting signature algorithms requires OpenSSL 3.5 or later.');
  }

  get alpn(): string | null {
    return this._tls.selectedAlpn();
  }

  get compression(): string | null {
    return this._tls.compression();
  }

  get version(): string | null {
    return this._tls.version();
  }

  get pending(): number {
    return this.#drained ? 0 : this._tls.pending();
  }

  /** Whether the kernel encrypts what is sent, and decrypts what is received. */
  get kernelTls(): { send: boolean; receive: boolean } {
    return { send: this._tls.kernelTlsSends(), receive: this._tls.kernelTlsReceives() };
  }

  channelBinding(type: unknown): Buffer | null {
    switch (type) {
      case 'tls-unique':
        return bufferOrNull(this._tls.tlsUnique());
      case 'tls-server-end-point':
        return this._tls.handshakeDone() ? bufferOrNull(succeeded(this._tls.tlsServerEndPoint())) : null;
      case 'tls-exporter':
        // RFC 9266, section 4.2.
        return this._tls.handshakeDone()
          ? this.exportKeyingMaterial('EXPORTER-Channel-Binding', 32, Buffer.alloc(0))
          : null;
      default:
        if (typeof type === 'string') throw new ValueError(`'${type}' channel binding type not implemented`);
        throw new TypeError(`get_channel_binding() argument 'cb_type' must be str, not ${argName(type)}`);
    }
  }

  exportKeyingMaterial(label: string, length: number, context: Uint8Array | null): Buffer {
    if (!this._tls.handshakeDone()) throw new ValueError('handshake not done yet');
    const out = Buffer.alloc(length);
    succeeded(this._tls.exportKeyingMaterial(out, Buffer.from(label), context));
    return out;
  }

  ocspResponse(): Buffer | null {
    return bufferOrNull(this._tls.ocspResponse());
  }

  verifyClientPostHandshake(): void {
    succeeded(this._tls.verifyClientPostHandshake());
  }

  updateKeys(peerToo: boolean): void {
    const result = this._tls.updateKeys(peerToo);
    if (typeof result !== 'number') throw fromContext(result);
  }

  /** Whether reading and writing may call functions of the caller's: the other hooks are for handshakes. */
  get callsBack(): boolean {
    const { message, keyLog } = this.#context._hooks;
    return message !== null || keyLog !== null;
  }

  // ---- what the binary calls ---------------------------------------------------------------------------------------

  /** Calls the caller's function; what it throws is kept for the call that caused it. */
  #ask<T>(question: () => T, otherwise: T): T {
    try {
      return question();
    } catch (error) {
      this.#thrown ??= { error };
      return otherwise;
    }
  }

  /** The alert to send; 0: go on. As CPython, refuses a name that is not ASCII, and asks nobody. */
  onServerName(name: string | null): number {
    const { serverName } = this.#context._hooks;
    if (serverName === null) return 0;
    if (name !== null && !isAscii(Buffer.from(name))) return ALERT_DESCRIPTION_INTERNAL_ERROR;
    const context = this.#context;
    const refusal = ALERT_DESCRIPTION_HANDSHAKE_FAILURE;
    const answer = this.#ask<unknown>(() => serverName(this.owner, name, context), refusal);
    if (answer === null || answer === undefined) return 0;
    if (answer === 0) return ALERT_CLOSE_NOTIFY;
    if (typeof answer === 'number' && Number.isInteger(answer)) return answer;
    const complaint = `servername callback must return None or an integer, not '${typeName(answer)}'`;
    this.#thrown ??= { error: new TypeError(complaint) };
    return ALERT_DESCRIPTION_INTERNAL_ERROR;
  }

  /** `[identity, key]`; null: there is none. */
  onPskClient(hint: string | null, mostIdentity: number, mostKey: number): [Uint8Array, Uint8Array] | null {
    const { pskClient } = this.#context._hooks;
    if (pskClient === null) return null;
    return this.#ask(() => {
      const answer = pskClient(hint);
      if (!Array.isArray(answer) || answer.length !== 2) throw new TypeError(PSK_CLIENT_ANSWER);
      const [identity, key] = answer as unknown[];
      if (identity !== null && typeof identity !== 'string') throw new TypeError(PSK_CLIENT_ANSWER);
      const name = Buffer.from(identity ?? '');
      if (name.length >= mostIdentity)
        throw new ValueError(`the PSK identity is longer than ${mostIdentity - 1} bytes`);
      if (name.includes(0)) throw new ValueError('embedded null character');
      return [name, pskKey(key, mostKey)];
    }, null);
  }

  onPskServer(identity: string | null, mostKey: number): Uint8Array | null {
    const { pskServer } = this.#context._hooks;
    if (pskServer === null) return null;
    return this.#ask(() => pskKey(pskServer(identity), mostKey), null);
  }

  onMessage(written: boolean, version: number, contentType: number, messageType: number, data: Uint8Array): void {
    const { message } = this.#context._hooks;
    if (message === null) return;
    const direction = written ? 'write' : 'read';
    this.#ask(() => message(this.owner, direction, version, contentType, messageType, bufferOf(data)), undefined);
  }

  onKeyLog(line: string): void {
    const { keyLog } = this.#context._hooks;
    if (keyLog !== null) this.#ask(() => keyLog(this.owner, line), undefined);
  }

  /** The response to send, DER; null: none. */
  onOcspResponse(): Uint8Array | null {
    const { ocspResponse } = this.#context._hooks;
    if (ocspResponse === null) return null;
    return this.#ask(() => {
      const response = ocspResponse(this.owner);
      if (response === null || response === undefined || response instanceof Uint8Array) return response ?? null;
      throw new TypeError(`the OCSP response must be bytes or null, not '${typeName(response)}'`);
    }, null);
  }
}

function pskKey(key: unknown, most: number): Uint8Array {
  if (!(key instanceof Uint8Array)) throw new TypeError(`a PSK must be bytes, not '${typeName(key)}'`);
  if (key.length > most) throw new ValueError(`the PSK is longer than ${most} bytes`);
  return key;
}

function checkHostname(name: string | null): void {
  if (name === null) return;
  if (name === '' || name.startsWith('.')) {
    throw new ValueError('server_hostname cannot be an empty string or start with a leading dot.');
  }
  if (name.includes('\0')) throw new TypeError('argument must be encoded string without null bytes, not str');
}

/** The binary's bytes, which nobody else has, as a Buffer. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

function bufferOrNull(bytes: Uint8Array | null): Buffer | null {
  return bytes === null ? null : bufferOf(bytes);
}
