/** SSLObject: a TLS connection without a socket, between two memory BIOs. */
import { inspect } from 'node:util';
import type { CertificateInfo, CipherSummary } from '../addon/tls.js';
import { absent, integer, parameters } from '../core/args.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { objectRepr } from '../core/repr.js';
import { staysWith } from '../core/stays.js';
import { checkNaming } from './arguments.js';
import type { Classes, Connection } from './connection.js';
import { deprecated } from './errors.js';
import type { MemoryBIO } from './memory.js';
import type { SSLSession } from './session.js';
import { checkContext } from './settings.js';

type SSLContext = Classes['SSLContext'];

/** Marks the constructor calls of this library: for everyone else an object comes from SSLContext.wrap_bio. */
const INTERNAL = Symbol('internal');

interface ObjectOptions {
  serverSide: boolean;
  serverHostname: string | null;
  session: SSLSession | null;
}

const STAYS = staysWith('an SSLObject');

/**
 * A TLS connection that does no input or output of its own: what the peer sent is put into the incoming MemoryBIO, what
 * is to be sent is taken out of the outgoing one. Where it needs more, a call raises SSLWantReadError.
 * @see Python ssl.SSLObject
 */
export class SSLObject {
  /** @internal See core/stays.ts. */ readonly _stays: symbol = STAYS;
  /** @internal */ readonly _sslobj!: Connection;

  /** @throws TypeError always: `SSLContext.wrap_bio` makes it */
  constructor(...args: unknown[]) {
    if (args[0] === INTERNAL) return;
    const name = new.target.name;
    throw new TypeError(`${name} does not have a public constructor. Instances are returned by SSLContext.wrap_bio().`);
  }

  /** @internal */
  static _create(incoming: MemoryBIO, outgoing: MemoryBIO, context: SSLContext, options: ObjectOptions): SSLObject {
    checkNaming(options, context.check_hostname);
    const object = new (this as new (mark: symbol) => SSLObject)(INTERNAL);
    (object as { _sslobj: Connection })._sslobj = context._connect({
      ...options,
      socket: null,
      incoming: incoming._tls,
      outgoing: outgoing._tls,
      owner: object,
    });
    return object;
  }

  /**
   * The context in use. An `sni_callback` may change it during the handshake.
   * @throws TypeError for what is no SSLContext
   */
  get context(): SSLContext {
    return this._sslobj.context as SSLContext;
  }
  set context(context: SSLContext) {
    checkContext(context);
    this._sslobj.context = context;
  }
  /**
   * The session, to be resumed by another connection. A client may set one before the handshake.
   * @throws ValueError for a session of another context, after the handshake, on a server; TypeError
   */
  get session(): SSLSession | null {
    return this._sslobj.session;
  }
  set session(session: SSLSession) {
    this._sslobj.session = session;
  }
  /** Whether an earlier session was resumed. */
  get session_reused(): boolean {
    return this._sslobj.sessionReused;
  }
  /** Whether this is the server's side. */
  get server_side(): boolean {
    return this._sslobj.serverSide;
  }
  /** Whom a client means to reach. */
  get server_hostname(): string | null {
    return this._sslobj.serverHostname;
  }

  /**
   * Reads up to `len` bytes; into `buffer` if given, and then returns their number.
   * @throws SSLWantReadError | SSLWantWriteError | SSLZeroReturnError | SSLEOFError | SSLError
   */
  read(len?: number): Buffer;
  read(len: number, buffer: BytesLike): number;
  read(len?: number, buffer?: BytesLike | null): Buffer | number;
  read(...args: unknown[]): Buffer | number {
    const [length = 1024, buffer] = parameters('read', ['len', 'buffer'], args);
    return this._sslobj.readWith(length, buffer, false) as Buffer | number;
  }

  /** Writes all of `data` and returns its size. @throws SSLWantReadError | SSLWantWriteError | SSLError | TypeError */
  write(data: BytesLike): number {
    return this._sslobj.write(bytesOf(data)) as number;
  }

  /**
   * The peer's certificate: what it says ({} if it was not verified), or as DER; null if there is none.
   * @throws ValueError before the handshake; SSLError | TypeError
   */
  getpeercert(binary_form?: false): CertificateInfo | Record<string, never> | null;
  getpeercert(binary_form: true): Buffer | null;
  getpeercert(...args: unknown[]): CertificateInfo | Record<string, never> | Buffer | null {
    return this._sslobj.getpeercert(parameters('getpeercert', ['binary_form'], args)[0]);
  }
  /** The certificates from the peer's up to a trusted one, as DER. */
  get_verified_chain(): Buffer[] {
    return this._sslobj.chain(true);
  }
  /** The certificates as the peer sent them, as DER. */
  get_unverified_chain(): Buffer[] {
    return this._sslobj.chain(false);
  }
  /** null: NPN is gone from all TLS libraries. */
  selected_npn_protocol(): null {
    deprecated('ssl NPN is deprecated, use ALPN instead');
    return null;
  }
  /** The application protocol that both sides have; null if none was chosen. */
  selected_alpn_protocol(): string | null {
    return this._sslobj.alpn;
  }
  /** `[name, protocol version, secret bits]`; null before the handshake. */
  cipher(): CipherSummary | null {
    return this._sslobj.cipher();
  }
  /** On a server: the ciphers that both sides have. */
  shared_ciphers(): CipherSummary[] | null {
    return this._sslobj.sharedCiphers();
  }
  /**
   * The group of the key agreement, by OpenSSL's name.
   * @throws NotImplementedError if the linked OpenSSL cannot tell
   * @see Python 3.15 SSLObject.group
   */
  group(): string {
    return this._sslobj.group();
  }
  /**
   * The signature algorithm of the client's certificate.
   * @throws NotImplementedError if the linked OpenSSL cannot tell
   * @see Python 3.15 SSLObject.client_sigalg
   */
  client_sigalg(): string {
    return this._sslobj.signatureAlgorithm();
  }
  /**
   * The signature algorithm of the server's certificate.
   * @throws NotImplementedError if the linked OpenSSL cannot tell
   * @see Python 3.15 SSLObject.server_sigalg
   */
  server_sigalg(): string {
    return this._sslobj.signatureAlgorithm();
  }
  /** The compression method; null, for nobody compresses any more. */
  compression(): string | null {
    return this._sslobj.compression;
  }
  /** How many decrypted bytes can be read without input. */
  pending(): number {
    return this._sslobj.pending;
  }
  /**
   * Goes on with the handshake, as far as the peer's bytes allow.
   * @throws SSLWantReadError until more has come from the peer; SSLCertVerificationError | SSLError
   * @see Python SSLObject.do_handshake
   */
  do_handshake(): void {
    this._sslobj.handshake();
  }
  /**
   * Says goodbye to the peer and waits for its own.
   * @throws SSLWantReadError until the peer's has come; SSLError | ValueError
   */
  unwrap(): null {
    this._sslobj.shutdown();
    return null;
  }
  /**
   * 'tls-unique' (TLS 1.2); besides Python's, 'tls-exporter' and 'tls-server-end-point'.
   * @throws ValueError for another type; TypeError
   */
  get_channel_binding(cb_type = absent(arguments.length, 1, 'cb_type', 'tls-unique')): Buffer | null {
    return this._sslobj.channelBinding(cb_type);
  }
  /** 'TLSv1.3' and so on; null before the handshake. */
  version(): string | null {
    return this._sslobj.version;
  }
  /**
   * TLS 1.3: asks the client for its certificate.
   * @throws SSLError on a client, below TLS 1.3, without the client's consent
   */
  verify_client_post_handshake(): void {
    this._sslobj.verifyClientPostHandshake();
  }

  /**
   * `length` bytes that only the two ends know, for `label` and `context`. Not in Python.
   * @throws ValueError before the handshake; SSLError | TypeError
   * @see RFC 5705
   */
  export_keying_material(
    label: string,
    length: number,
    context: BytesLike | null = absent(arguments.length, 3, 'context', null),
  ): Buffer {
    return this._sslobj.exportKeyingMaterial(
      label,
      Number(integer(length)),
      context === null ? null : bytesOf(context),
    );
  }
  /** The OCSP response that the server stapled to its certificate, DER; null if none. Not in Python. */
  ocsp_response(): Buffer | null {
    return this._sslobj.ocspResponse();
  }
  /**
   * TLS 1.3: new keys for what we send from the next write on, and if asked for, for what the peer sends. Not in
   * Python.
   * @throws SSLError before the handshake, and below TLS 1.3
   */
  update_keys(peer_too = absent(arguments.length, 1, 'peer_too', false)): void {
    this._sslobj.updateKeys(Boolean(peer_too));
  }

  [inspect.custom](): string {
    return objectRepr('ssl', this);
  }
}
