/**
 * A stream over a TLS socket. The handshake is driven by the loop; bytes go once it is done.
 *
 * OpenSSL keeps what it has read and not given out yet, and no poller knows of it: `_receive` takes all that there is, and
 * notes where it could not. Any call may have to wait for either direction: it says so in `_readWaits`, `_writeWaits`.
 */
import { X509Certificate } from 'node:crypto';
import { native } from '../addon/binary.js';
import { type Outcome, WANT_READ, WANT_WRITE } from '../addon/tls.js';
import type { socket } from '../socket/socket.js';
import { bufferOf, type Connection } from '../ssl/connection.js';
import { CERT_NONE } from '../ssl/constants.js';
import type { SSLContext } from '../ssl/context.js';
import { SSLEOFError, SSLZeroReturnError } from '../ssl/errors.js';
import type { SSLSession } from '../ssl/session.js';
import type { SSLSocket } from '../ssl/socket.js';
import { ONCE, POLLIN, POLLOUT } from '../wait/call.js';
import { NOTHING_YET } from './bytes.js';
import { SocketDuplex } from './duplex.js';
import { nodeError, tlsError } from './errors.js';
import type { SocketOptions } from './surface.js';

const SCRATCH_SIZE = native.scratch.length;
/** Small writes that come together leave in records of this size at most: one that is full. */
const RECORD = 16 * 1024;

/** What a connection that has ended still tells: as tls.TLSSocket does, what it was. */
interface Agreed {
  protocol: string | null;
  cipher: Cipher | undefined;
  certificate: Buffer | null;
}

/** A cipher suite, as tls.TLSSocket's `getCipher` describes it. */
export interface Cipher {
  name: string;
  /** IANA's name, where it is the same. */
  standardName: string;
  version: string;
}

/** What TLSDuplex takes besides a stream's options: the SSLContext, and whom it connects to. */
export interface TLSClientOptions extends SocketOptions {
  ssl: SSLContext;
  /** Whom we mean to reach: the name that the certificate must have. `host` if it is not given, or empty. */
  servername?: string;
  /** A session of an earlier connection, to be resumed: `getSession`, or SSLSocket's. */
  session?: SSLSession | Uint8Array;
}

/**
 * A SocketDuplex over an SSLSocket, with the further methods, properties and events of tls.TLSSocket: 'secureConnect'
 * (clients) or 'secure' (both) says that the handshake is done.
 * @see https://nodejs.org/api/tls.html#class-tlstlssocket
 */
export class TLSDuplex extends SocketDuplex {
  /** Always true: for programs that ask which kind of socket they have. */
  readonly encrypted = true;
  /** The handshake is not done yet. */
  secureConnecting = true;
  /** Whether the peer's certificate was verified. */
  authorized = false;
  /** Why it was not; null if it was. */
  authorizationError: string | null = null;
  /** The application protocol that was agreed upon; false if none was. */
  alpnProtocol: string | false | null = null;
  /** The server's name as the client says it. */
  servername: string | false | null = null;
  readonly #client: TLSClientOptions | null;
  #readError: unknown = null;
  #agreed: Agreed | null = null;

  constructor(options: SocketOptions = {}, client: TLSClientOptions | null = null) {
    super(options);
    this.#client = client;
  }

  /** @internal One that makes a TLS socket of its own when it is connected. */
  static _client(options: TLSClientOptions): TLSDuplex {
    return new TLSDuplex(options, options);
  }

  get #tlsSocket(): SSLSocket | null {
    return this._sock as SSLSocket | null;
  }

  /** There is one as long as the socket is open: nobody else has it. */
  get #connection(): Connection {
    const connection = this.#tlsSocket?._sslobj;
    if (!connection) throw nodeError('ERR_SOCKET_CLOSED');
    return connection;
  }

  // ---- the handshake -----------------------------------------------------------------------------------------------

  /** @internal */
  override _adopted(sock: socket): void {
    super._adopted(this.#client === null ? sock : wrapped(sock, this.#client));
  }

  /** @internal The connection below is there. */
  override _established(): void {
    this._reached();
    this.#handshake();
  }

  #handshake(): void {
    let result: number;
    try {
      const connection = this.#connection;
      result = connection.outcome(connection._tls.handshake(ONCE));
      if (result === 0) this.#agree();
    } catch (error) {
      this.destroy(tlsError(error));
      return;
    }
    this._active();
    if (result === 0) this.#secured();
    else this._await(result === WANT_READ ? POLLIN : POLLOUT, () => this.#handshake());
  }

  /** What the handshake has come to. */
  #agree(): void {
    const connection = this.#connection;
    const der = connection._tls.peerCertificate();
    const verified = this.#tlsSocket?.context.verify_mode !== CERT_NONE;
    this.#agreed = { protocol: connection.version, cipher: cipherOf(connection), certificate: der && bufferOf(der) };
    this.authorized = der !== null && verified;
    if (der === null) this.authorizationError = 'the peer has shown no certificate';
    else if (!verified) this.authorizationError = 'the certificate was not verified: verify_mode is CERT_NONE';
    this.alpnProtocol = connection.alpn ?? false;
    this.servername = connection.serverHostname ?? this.servername ?? false;
  }

  #secured(): void {
    this.secureConnecting = false;
    // Bytes may have come with the end of the handshake.
    this._leftBehind = true;
    const { serverSide } = this.#connection;
    super._established();
    if (!this.destroyed) this.emit('secure');
    if (!this.destroyed && !serverSide) this.emit('secureConnect');
  }

  // ---- bytes -------------------------------------------------------------------------------------------------------

  /** @internal Several records at once, if they are there. */
  override _receive(): number {
    let count = 0;
    this._leftBehind = false;
    try {
      while (count < SCRATCH_SIZE) {
        const result = this.#read(count);
        if (result === WANT_READ || result === WANT_WRITE) {
          this._readWaits = result === WANT_READ ? POLLIN : POLLOUT;
          return count > 0 ? count : NOTHING_YET;
        }
        if (result === 0) break;
        count += result;
      }
    } catch (error) {
      this.#readError = error;
    }
    if (count === 0 && this.#readError !== null) throw tlsError(this.#readError);
    this._leftBehind = count > 0;
    return count;
  }

  #read(at: number): number {
    if (this.#readError !== null) throw this.#readError;
    const connection = this.#connection;
    try {
      return connection.outcome(connection._tls.read(scratchFrom(at), SCRATCH_SIZE - at, ONCE));
    } catch (error) {
      // The peer has said goodbye after us; or has gone without one, which by default counts as an end.
      if (error instanceof SSLZeroReturnError || this.#isRaggedEnd(error)) return 0;
      throw error;
    }
  }

  #isRaggedEnd(error: unknown): boolean {
    return error instanceof SSLEOFError && this.#tlsSocket?.suppress_ragged_eofs === true;
  }

  /** @internal OpenSSL takes all or nothing, and wants to be asked again with the same bytes. */
  override _send(chunk: Uint8Array): number {
    if (chunk.length === 0) return 0;
    return this.#took(this.#connection._tls.write(chunk, chunk.length, ONCE));
  }

  #took(outcome: Outcome): number {
    let result: number;
    try {
      result = this.#connection.outcome(outcome);
    } catch (error) {
      throw tlsError(error);
    }
    if (result >= 0) return result;
    this._writeWaits = result === WANT_READ ? POLLIN : POLLOUT;
    return 0;
  }

  /** @internal Small parts share a record. The same parts are always joined in the same way: see `_send`. */
  override _sendParts(parts: Uint8Array[]): number {
    let sent = 0;
    for (let first = 0; first < parts.length; ) {
      const end = togetherUntil(parts, first);
      const bytes = end - first === 1 ? parts[first] : Buffer.concat(parts.slice(first, end));
      const count = this._send(bytes);
      sent += count;
      if (count < bytes.length) break;
      first = end;
    }
    return sent;
  }

  /** @internal Our goodbye, and the end of our side of the connection below. The peer's may come later. */
  override _goodbye(): boolean {
    try {
      this.#took(this.#connection._tls.shutdown(false, ONCE));
    } catch {
      // OpenSSL says none where the peer has ended in the midst of its session tickets, or the connection is broken.
    }
    return this._writeWaits === 0 && super._goodbye();
  }

  // ---- what was agreed upon ----------------------------------------------------------------------------------------

  /**
   * The peer's certificate in Node's form; {} if there is none. With `detailed`, each has its `issuerCertificate`.
   * @throws Error with Node's code ERR_SOCKET_CLOSED before the connection is made
   */
  getPeerCertificate(detailed = false): Record<string, unknown> {
    const leaf = this.getPeerX509Certificate();
    if (leaf === undefined) return {};
    const certificate = leaf.toLegacyObject() as unknown as Record<string, unknown>;
    if (!detailed || this.destroyed) return certificate;
    let below = certificate;
    for (const der of this.#connection.chain(false)) {
      const each = new X509Certificate(der);
      if (each.fingerprint256 === below.fingerprint256) continue;
      const above = each.toLegacyObject() as unknown as Record<string, unknown>;
      below.issuerCertificate = above;
      below = above;
    }
    return certificate;
  }

  /** The peer's certificate; undefined if there is none. */
  getPeerX509Certificate(): X509Certificate | undefined {
    const der = this.#agreed?.certificate ?? null;
    return der === null ? undefined : new X509Certificate(der);
  }

  /** 'TLSv1.3' and so on; null before the handshake. */
  getProtocol(): string | null {
    return this.#agreed?.protocol ?? null;
  }

  /** The cipher in use; undefined before the handshake. */
  getCipher(): Cipher | undefined {
    return this.#agreed?.cipher;
  }

  /**
   * The session, to be resumed by another connection of the same SSLContext; undefined if there is none (yet).
   * @throws SSLError if OpenSSL cannot write the session
   */
  getSession(): Buffer | undefined {
    return this.#tlsSocket?.session?.to_bytes();
  }

  /** Whether an earlier session was resumed. */
  isSessionReused(): boolean {
    return this.#tlsSocket?.session_reused ?? false;
  }

  /**
   * `length` bytes that only the two ends know.
   * @throws ValueError before the handshake; SSLError; Error with Node's code ERR_SOCKET_CLOSED
   * @see RFC 5705
   */
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer {
    return this.#connection.exportKeyingMaterial(label, length, context ?? null);
  }

  /** Here for programs that call it: this library never renegotiates. */
  disableRenegotiation(): void {}
}

function wrapped(sock: socket, { ssl, servername, session }: TLSClientOptions): SSLSocket {
  return ssl.wrap_socket(sock, {
    server_hostname: servername ?? null,
    do_handshake_on_connect: false,
    session: session instanceof Uint8Array ? ssl.session_from_bytes(session) : (session ?? null),
  });
}

/** The shared area from `at` on. Messages of one size, one after the other, ask for the same part time and again. */
function scratchFrom(at: number): Uint8Array {
  if (at === 0) return native.scratch;
  if (latestPart.byteOffset - native.scratch.byteOffset !== at) latestPart = native.scratch.subarray(at);
  return latestPart;
}
let latestPart = native.scratch;

function cipherOf(connection: Connection): Cipher | undefined {
  const summary = connection.cipher();
  return summary === null ? undefined : { name: summary[0], standardName: summary[0], version: summary[1] };
}

/** Up to which of the parts, from `first` on, fit into one record. */
function togetherUntil(parts: readonly Uint8Array[], first: number): number {
  let end = first + 1;
  let size = parts[first].length;
  while (end < parts.length && size + parts[end].length <= RECORD) size += parts[end++].length;
  return end;
}
