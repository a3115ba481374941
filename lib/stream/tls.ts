/** A stream over a TLS socket. The handshake is driven by the loop; bytes go once it is done. */
import { X509Certificate } from 'node:crypto';
import { type Endpoint, TlsEndpoint } from '../event/endpoint.js';
import type { socket } from '../socket/socket.js';
import { bufferOf, type Connection } from '../ssl/connection.js';
import { CERT_NONE } from '../ssl/constants.js';
import type { SSLContext } from '../ssl/context.js';
import type { SSLSession } from '../ssl/session.js';
import type { SSLSocket } from '../ssl/socket.js';
import type { Again } from '../wait/call.js';
import { SocketDuplex } from './duplex.js';
import { nodeError, tlsError } from './errors.js';
import type { SocketOptions } from './surface.js';

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
  #agreed: Agreed | null = null;

  /** @throws TypeError with Node's `code` for what a stream of bytes cannot be */
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

  /** @internal Bytes can go after the handshake alone. */
  override _openConnected(): void {}

  /** @internal The connection below is there. */
  override _established(): void {
    this._reached();
    this.#handshake();
  }

  /** @internal As new: what was agreed upon is not any more. */
  override _renew(): void {
    super._renew();
    this.secureConnecting = true;
    this.authorized = false;
    this.authorizationError = null;
    this.alpnProtocol = null;
    this.servername = null;
    this.#agreed = null;
  }

  #handshake(): void {
    let again: Again | undefined;
    try {
      again = (this.#tlsSocket as SSLSocket)._tryHandshake();
      if (again === undefined) this.#agree();
    } catch (error) {
      this.destroy(tlsError(error));
      return;
    }
    this._active();
    if (again === undefined) this.#secured();
    else this._await(again.direction, () => this.#handshake());
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
    const { serverSide } = this.#connection;
    this._open();
    try {
      this.emit('secure');
      if (!this.destroyed && !serverSide) this.emit('secureConnect');
    } finally {
      // As in node:tls: what was written before goes now, though a listener may have thrown.
      if (!this.destroyed) super._established();
    }
  }

  /** @internal */
  override _endpoint(): Endpoint {
    const sock = this.#tlsSocket as SSLSocket;
    return new TlsEndpoint(sock.fileno(), this.#connection, sock.suppress_ragged_eofs);
  }

  /** @internal */
  override _emitted(error: Error): Error {
    return tlsError(error);
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

function cipherOf(connection: Connection): Cipher | undefined {
  const summary = connection.cipher();
  return summary === null ? undefined : { name: summary[0], standardName: summary[0], version: summary[1] };
}
