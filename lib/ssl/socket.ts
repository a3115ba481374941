/** SSLSocket: a TLS connection that is a socket in every respect. */
import { readSync } from 'node:fs';
import { native } from '../addon/binary.js';
import type { CertificateInfo, CipherSummary } from '../addon/tls.js';
import { constants } from '../constants/table.js';
import { absent, cInt, integer, isKeywords, noAttribute, parameters } from '../core/args.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { NotImplementedError, OSError, raise, ValueError } from '../core/exceptions.js';
import { BAD_FD } from '../core/platform.js';
import { str } from '../core/repr.js';
import { stays } from '../core/stays.js';
import { descriptorToSend, sendfile, sendfileArguments, sendfileByReading } from '../socket/sendfile.js';
import { socket } from '../socket/socket.js';
import type { Address } from '../structs/address.js';
import { stirred } from '../wait/awaited.js';
import { type Again, ATTEMPT, isInProgress, POLLIN, POLLOUT } from '../wait/call.js';
import { checkNaming } from './arguments.js';
import type { Classes, Connection } from './connection.js';
import { deprecated, SSLError } from './errors.js';
import type { SSLSession } from './session.js';
import { checkContext } from './settings.js';

type SSLContext = Classes['SSLContext'];

const { SOCK_STREAM, SOL_SOCKET, SO_TYPE } = constants.socket;
const { EINVAL, ENOTCONN } = constants.errno;

/** The channel bindings that Python knows; `get_channel_binding` knows more. */
export const CHANNEL_BINDING_TYPES: readonly string[] = ['tls-unique'];
const FURTHER_BINDINGS = ['tls-exporter', 'tls-server-end-point'];
/** The calls that a TLS socket never has. */
const NEVER = ['sendmsg', 'recvmsg', 'recvmsg_into', 'send_zerocopy', 'sendmmsg', 'recvmmsg_into'];
/** What one SSL_sendfile is asked for. */
const KERNEL_BLOCK = 1 << 20;

const STAYS = stays('a TLS connection', 'give the plain socket to the other thread, and call wrap_socket there');

export interface SocketOptions {
  serverSide: boolean;
  doHandshake: boolean;
  suppressEofs: boolean;
  serverHostname: string | Uint8Array | null;
  session: SSLSession | null;
}

/**
 * A socket whose data is encrypted. It has a descriptor, timeouts, makefile, and can be waited for in select and
 * selectors, as any other; `context.wrap_socket` makes it.
 *
 * Waiting calls wait for at most `gettimeout()` seconds. A nonblocking one raises SSLWantReadError or SSLWantWriteError:
 * wait for that direction, whatever the call was, and call again.
 * @see Python ssl.SSLSocket
 */
export class SSLSocket extends socket {
  /** @internal See core/stays.ts. */ override readonly _stays: symbol = STAYS;
  /** @internal The connection; null where there is none: not connected, unwrapped, closed. */
  _sslobj: Connection | null = null;
  #context!: SSLContext;
  #session: SSLSession | null = null;
  #connected = false;
  /** Whether this is the server's side. */
  server_side = false;
  /** Whom a client means to reach, as it goes over the wire. */
  server_hostname: string | null = null;
  /** Whether `connect` and `accept` shake hands at once. */
  do_handshake_on_connect = true;
  /** Whether an end without a goodbye is taken for an end. */
  suppress_ragged_eofs = true;

  /** @throws TypeError always: `SSLContext.wrap_socket` makes it */
  constructor(...args: unknown[]) {
    // The base class' own way to adopt a descriptor begins with a symbol that nobody else has.
    if (typeof args[0] !== 'symbol') {
      const name = new.target.name;
      const text = `${name} does not have a public constructor. Instances are returned by SSLContext.wrap_socket().`;
      throw new TypeError(text);
    }
    super(...(args as []));
  }

  /** @internal */
  static _create(sock: socket, context: SSLContext, options: SocketOptions): SSLSocket {
    checkArguments(sock, context, options);
    const timeout = sock.gettimeout();
    const self = sock._passTo((fd) => this._adopt(fd, sock));
    try {
      self.#start(context, options, timeout);
    } catch (error) {
      self.#closeQuietly();
      throw error;
    }
    return self;
  }

  #start(context: SSLContext, options: SocketOptions, timeout: number | null): void {
    this.#context = context;
    this.#session = options.session;
    this.server_side = options.serverSide;
    this.server_hostname = context._encode_hostname(options.serverHostname);
    this.do_handshake_on_connect = options.doHandshake;
    this.suppress_ragged_eofs = options.suppressEofs;
    this.#connected = this.#isConnected();
    this.settimeout(timeout);
    if (!this.#connected) return;
    this.#open();
    if (!options.doHandshake) return;
    if (timeout === 0) {
      throw new ValueError('do_handshake_on_connect should not be specified for non-blocking sockets');
    }
    this.do_handshake();
  }

  /** Whether the socket is connected; raises if it is not any more and data is left, which nobody has encrypted. */
  #isConnected(): boolean {
    // Whether there is a peer; its name is not wanted.
    const code = native.getpeername(this._fd);
    if (code >= 0) return true;
    if (code !== -ENOTCONN) raise(code, 'getpeername');
    this.setblocking(false);
    let data: Buffer;
    try {
      data = super.recv(1);
    } catch (error) {
      if (isErrno(error, ENOTCONN) || isErrno(error, EINVAL)) return false;
      throw error;
    }
    if (data.length === 0) return false;
    const reason = 'Closed before TLS handshake with data in recv buffer.';
    throw Object.assign(new SSLError(ENOTCONN, reason), { reason, library: null });
  }

  #open(): void {
    this._sslobj = this.#context._connect({
      serverSide: this.server_side,
      socket: this,
      incoming: null,
      outgoing: null,
      serverHostname: this.server_hostname,
      session: this.#session,
      owner: this,
    });
    this._changed();
  }

  /** Forgets the connection, and frees what OpenSSL holds of it. */
  #drop(): void {
    const connection = this._sslobj;
    this._sslobj = null;
    connection?.release();
    this._changed();
  }

  #closeQuietly(): void {
    try {
      this.close();
    } catch (error) {
      if (!(error instanceof OSError)) throw error;
    }
  }

  /** The connection, for what Python asks of it without a check of its own. */
  #connection(method: string): Connection {
    if (this._sslobj !== null) return this._sslobj;
    throw noAttribute(null, method);
  }

  #wrapped(): Connection {
    if (this._sslobj !== null) return this._sslobj;
    throw new ValueError(`No SSL wrapper around ${this}`);
  }

  #checkConnected(): void {
    // connect may have succeeded after it had said that it would take longer: the system knows.
    if (!this.#connected) this.getpeername();
  }

  // ---- the connection's properties ---------------------------------------------------------------------------------

  /**
   * The context in use. An `sni_callback` may change it during the handshake.
   * @throws TypeError for what is no SSLContext; AttributeError without a connection
   */
  get context(): SSLContext {
    return this.#context;
  }
  set context(context: SSLContext) {
    checkContext(context);
    this.#context = context;
    this.#connection('context').context = context;
  }
  /**
   * The session, to be resumed by another connection. A client may set one before the handshake.
   * @throws ValueError for a session of another context, after the handshake, on a server; TypeError
   */
  get session(): SSLSession | null {
    return this._sslobj === null ? null : this._sslobj.session;
  }
  set session(session: SSLSession) {
    this.#session = session;
    if (this._sslobj !== null) this._sslobj.session = session;
  }
  /** Whether the handshake resumed an earlier session; null without a connection. */
  get session_reused(): boolean | null {
    return this._sslobj === null ? null : this._sslobj.sessionReused;
  }

  /**
   * The peer's certificate: what it says ({} if it was not verified), or as DER; null if there is none.
   * @throws ValueError before the handshake; OSError ENOTCONN; AttributeError without a connection; SSLError |
   * TypeError
   */
  getpeercert(binary_form?: false): CertificateInfo | Record<string, never> | null;
  getpeercert(binary_form: true): Buffer | null;
  getpeercert(...args: unknown[]): CertificateInfo | Record<string, never> | Buffer | null {
    const [binary] = parameters('getpeercert', ['binary_form'], args);
    this.#checkConnected();
    return this.#connection('getpeercert').getpeercert(binary);
  }
  /** The certificates from the peer's up to a trusted one, as DER. @throws AttributeError without a connection */
  get_verified_chain(): Buffer[] {
    return this.#connection('get_verified_chain').chain(true);
  }
  /** The certificates as the peer sent them, as DER. @throws AttributeError without a connection */
  get_unverified_chain(): Buffer[] {
    return this.#connection('get_unverified_chain').chain(false);
  }
  /** null: NPN is gone from all TLS libraries. */
  selected_npn_protocol(): null {
    deprecated('ssl NPN is deprecated, use ALPN instead');
    return null;
  }
  /** The application protocol that both sides have; null if none was chosen. */
  selected_alpn_protocol(): string | null {
    return this._sslobj === null ? null : this._sslobj.alpn;
  }
  /** `[name, protocol version, secret bits]`; null before the handshake. */
  cipher(): CipherSummary | null {
    return this._sslobj === null ? null : this._sslobj.cipher();
  }
  /** On a server: the ciphers that both sides have. */
  shared_ciphers(): CipherSummary[] | null {
    return this._sslobj === null ? null : this._sslobj.sharedCiphers();
  }
  /**
   * The group of the key agreement, by OpenSSL's name; null without a connection.
   * @throws NotImplementedError if the linked OpenSSL cannot tell
   * @see Python 3.15 SSLSocket.group
   */
  group(): string | null {
    return this._sslobj === null ? null : this._sslobj.group();
  }
  /**
   * The signature algorithm of the client's certificate; null without a connection.
   * @throws NotImplementedError if the linked OpenSSL cannot tell
   * @see Python 3.15 SSLSocket.client_sigalg
   */
  client_sigalg(): string | null {
    return this._sslobj === null ? null : this._sslobj.signatureAlgorithm();
  }
  /**
   * The signature algorithm of the server's certificate; null without a connection.
   * @throws NotImplementedError if the linked OpenSSL cannot tell
   * @see Python 3.15 SSLSocket.server_sigalg
   */
  server_sigalg(): string | null {
    return this._sslobj === null ? null : this._sslobj.signatureAlgorithm();
  }
  /** The compression method; null, for nobody compresses any more. */
  compression(): string | null {
    return this._sslobj === null ? null : this._sslobj.compression;
  }
  /** 'TLSv1.3' and so on; null before the handshake. */
  version(): string | null {
    return this._sslobj === null ? null : this._sslobj.version;
  }
  /** How many decrypted bytes can be read without waiting. `select` does not know of them. */
  pending(): number {
    return this._sslobj === null ? 0 : this._sslobj.pending;
  }
  /**
   * 'tls-unique' (TLS 1.2); besides Python's, 'tls-exporter' and 'tls-server-end-point'.
   * @throws ValueError for another type; TypeError
   */
  get_channel_binding(cb_type = absent(arguments.length, 1, 'cb_type', 'tls-unique')): Buffer | null {
    if (this._sslobj !== null) return this._sslobj.channelBinding(cb_type);
    if (!CHANNEL_BINDING_TYPES.includes(cb_type) && !FURTHER_BINDINGS.includes(cb_type)) {
      throw new ValueError(`${str(cb_type)} channel binding type not implemented`);
    }
    return null;
  }

  // ---- handshake and goodbye ---------------------------------------------------------------------------------------

  /**
   * Shakes hands. With `block`, a nonblocking socket blocks for it.
   * @throws SSLWantReadError | SSLWantWriteError | SSLCertVerificationError | SSLError | TimeoutError | OSError
   */
  do_handshake(block: boolean | { block?: boolean } = absent(arguments.length, 1, 'block', false)): void {
    const [blocks] = parameters('do_handshake', ['block'], [block]);
    const connection = this.#readyToShakeHands();
    if (this._timeout !== 0 || !blocks) {
      connection.handshake();
      return;
    }
    this.settimeout(null);
    try {
      connection.handshake();
    } finally {
      if (this._fd >= 0) this.settimeout(0);
    }
  }

  #readyToShakeHands(): Connection {
    if (this._fd < 0) raise(BAD_FD, 'do_handshake');
    this.#checkConnected();
    return this.#connection('do_handshake');
  }

  /** @internal One attempt of an awaited do_handshake. */
  _tryHandshake(): Again | undefined {
    return this.#readyToShakeHands().handshake(ATTEMPT);
  }

  /**
   * Says goodbye, waits for the peer's, and returns the socket, which is a plain one from now on.
   * @throws as `do_handshake`; ValueError where there is no connection
   */
  unwrap(): this {
    this.#wrapped().shutdown();
    this.#drop();
    return this;
  }

  /** @internal One attempt of an awaited unwrap. */
  _tryUnwrap(): Again | undefined {
    const again = this.#wrapped().shutdown(ATTEMPT);
    if (again === undefined) this.#drop();
    return again;
  }

  /**
   * Shuts down the connection below, without a goodbye.
   * @throws OSError ENOTCONN, EINVAL, EBADF; TypeError
   * @see shutdown(2)
   */
  override shutdown(how: number): void {
    this.#drop();
    super.shutdown(how);
  }

  /** @internal */
  override _realClose(): void {
    this.#drop();
    super._realClose();
  }

  /**
   * TLS 1.3: asks the client for its certificate; the answer comes with later reads.
   * @throws SSLError on a client, below TLS 1.3, without the client's consent; ValueError without a connection
   */
  verify_client_post_handshake(): void {
    this.#wrapped().verifyClientPostHandshake();
  }

  // ---- connecting --------------------------------------------------------------------------------------------------

  /** Connects, and shakes hands. */
  override connect(addr: Address): void {
    this.#connect(() => {
      super.connect(addr);
      return 0;
    });
  }

  /**
   * As `connect`, but returns the system's error number instead of raising it. The handshake raises.
   * @throws SSLError of the handshake; ValueError on a server, and if it is connected; gaierror | TypeError
   */
  override connect_ex(addr: Address): number {
    return this.#connect(() => super.connect_ex(addr));
  }

  #readyToConnect(): void {
    if (this.server_side) throw new ValueError("can't connect in server-side mode");
    if (this.#connected || this._sslobj !== null) {
      throw new ValueError('attempt to connect already-connected SSLSocket!');
    }
    this.#open();
  }

  /** @internal */
  override _connectBegun(addr: Address): number {
    this.#readyToConnect();
    return this.#noteConnected(super._connectBegun(addr));
  }

  /** @internal The handshake is still to come. */
  override _connectEnded(): number {
    return this.#noteConnected(super._connectEnded());
  }

  #noteConnected(code: number): number {
    if (code === 0) this.#connected = true;
    else if (!isInProgress(code)) this.#drop();
    return code;
  }

  #connect(attempt: () => number): number {
    this.#readyToConnect();
    try {
      const code = attempt();
      if (code === 0) {
        this.#connected = true;
        if (this.do_handshake_on_connect) this.do_handshake();
      }
      return code;
    } catch (error) {
      if (error instanceof OSError || error instanceof ValueError) this.#drop();
      throw error;
    }
  }

  /** Waits for a connection and shakes hands with it: `[SSLSocket, address]`. */
  override accept(): [SSLSocket, Address] {
    const [plain, address] = super.accept();
    return [this._wrapped(plain, this.do_handshake_on_connect), address];
  }

  /** @internal */
  override get _isPlain(): boolean {
    return false;
  }

  /** @internal */
  override _abandonWrite(): void {
    this._sslobj?.abandonWrite();
  }

  /** @internal What this listener makes of a connection that it has accepted. */
  override _wrapped(plain: socket, handshake: boolean): SSLSocket {
    return this.#context.wrap_socket(plain, {
      do_handshake_on_connect: handshake,
      suppress_ragged_eofs: this.suppress_ragged_eofs,
      server_side: true,
    });
  }

  /** Not for TLS: two objects cannot share one connection's state. @throws NotImplementedError always */
  override dup(): never {
    throw new NotImplementedError(`Can't dup() ${this.constructor.name} instances`);
  }

  // ---- data --------------------------------------------------------------------------------------------------------

  /**
   * Reads up to `len` bytes; into `buffer` if given, and then returns their number. An empty result: the peer has closed.
   * @throws SSLWantReadError | SSLWantWriteError | SSLError | TimeoutError | OSError
   */
  read(len?: number): Buffer;
  read(len: number | undefined, buffer: BytesLike): number;
  read(len?: number, buffer?: BytesLike | null): Buffer | number;
  read(...args: unknown[]): Buffer | number {
    const [length = 1024, buffer] = parameters('read', ['len', 'buffer'], args);
    return this.#read(length, buffer);
  }

  #read(length: unknown, buffer: unknown): Buffer | number {
    if (this._sslobj === null) throw new ValueError('Read on closed or unwrapped SSL socket.');
    return this._sslobj.readWith(length, buffer, this.suppress_ragged_eofs) as Buffer | number;
  }

  /**
   * Writes all of `data` and returns its size. A nonblocking write that raised must be repeated with the same data.
   * @throws TimeoutError | SSLWantReadError | SSLWantWriteError | SSLError | OSError; ValueError without a
   * connection; TypeError
   */
  write(data: BytesLike): number {
    if (this._sslobj === null) throw new ValueError('Write on closed or unwrapped SSL socket.');
    return this._sslobj.write(bytesOf(data)) as number;
  }

  /** @throws as `read`; ValueError for flags @see read */
  override recv(
    buflen = absent(arguments.length, 1, 'buflen', 1024),
    flags = absent(arguments.length, 2, 'flags', 0),
  ): Buffer {
    if (this._sslobj === null) return super.recv(buflen, flags);
    this.#noFlags(flags, 'recv');
    return this.#read(buflen, null) as Buffer;
  }

  /** @internal */
  override _tryRecv(bufsize: number): Buffer | Again {
    if (this._sslobj === null) return super._tryRecv(bufsize);
    return this._sslobj.readWith(bufsize, null, this.suppress_ragged_eofs, ATTEMPT) as Buffer | Again;
  }

  /** @internal */
  override _tryRecvInto(buffer: BytesLike): number | Again {
    if (this._sslobj === null) return super._tryRecvInto(buffer);
    const room = bytesOf(buffer).length || 1024;
    return this._sslobj.readWith(room, buffer, this.suppress_ragged_eofs, ATTEMPT) as number | Again;
  }

  /** @internal */
  override _trySend(data: Uint8Array): number | Again {
    return this._sslobj === null ? super._trySend(data) : this._sslobj.write(data, ATTEMPT);
  }

  /** @throws as `read`; ValueError for flags @see read */
  override recv_into(
    buffer: BytesLike,
    nbytes: number | null | { nbytes?: number; flags?: number } = absent(arguments.length, 2, 'nbytes', null),
    flags = absent(arguments.length, 3, 'flags', 0),
  ): number {
    if (isKeywords(nbytes)) {
      const values = parameters('recv_into', ['buffer', 'nbytes', 'flags'], [buffer, nbytes]);
      return this.recv_into(buffer, (values[1] ?? null) as number | null, (values[2] ?? 0) as number);
    }
    if (this._sslobj === null) return super.recv_into(buffer, nbytes ?? 0, flags);
    this.#noFlags(flags, 'recv_into');
    return this.#read(nbytes ?? (bytesOf(buffer).length || 1024), buffer) as number;
  }

  /** Writes all of `data`: TLS has no partial sends unless the socket does not block. */
  override send(data: BytesLike, flags = absent(arguments.length, 2, 'flags', 0)): number {
    if (this._sslobj === null) return super.send(data, flags);
    this.#noFlags(flags, 'send');
    return this._sslobj.write(bytesOf(data)) as number;
  }

  /**
   * Sends all of `data`. The timeout counts for each record; after an error there is no telling how much was sent.
   * @throws TimeoutError | SSLWantReadError | SSLWantWriteError | SSLError | OSError; ValueError for flags; TypeError
   * @see Python SSLSocket.sendall
   */
  override sendall(data: BytesLike, flags = absent(arguments.length, 2, 'flags', 0)): null {
    if (this._sslobj === null) return super.sendall(data, flags);
    this.#noFlags(flags, 'sendall');
    const bytes = bytesOf(data);
    for (let sent = 0; sent < bytes.length; ) sent += this.send(bytes.subarray(sent));
    return null;
  }

  /**
   * Sends a file, or `count` bytes of it from `offset`. Where the kernel encrypts (see `ktls`), the file does not pass
   * through this process.
   * @throws TimeoutError | SSLError | OSError; ValueError for a file of text; TypeError
   * @see Python SSLSocket.sendfile; SSL_sendfile(3)
   */
  override sendfile(...args: unknown[]): number {
    const [file, offset, count] = sendfileArguments(args);
    if (this._sslobj === null) return sendfile(this, file, offset, count);
    const fd = this._sslobj.kernelTls.send ? descriptorToSend(file) : undefined;
    if (fd !== undefined) return this.#sendFromKernel(this._sslobj, fd, offset, count);
    return sendfileByReading(this, file, offset, count);
  }

  #sendFromKernel(connection: Connection, fd: number, offset: unknown, count: unknown): number {
    const start = Number(integer(offset));
    const limit = count === null || count === undefined ? Number.POSITIVE_INFINITY : Number(integer(count));
    let sent = 0;
    // SSL_sendfile fails at the end of a file: look first.
    const probe = Buffer.alloc(1);
    while (sent < limit && readSync(fd, probe, 0, 1, start + sent) === 1) {
      sent += connection.sendFile(fd, start + sent, Math.min(limit - sent, KERNEL_BLOCK));
    }
    return sent;
  }

  #noFlags(flags: number, method: string): void {
    if (flags === 0 || cInt(flags) === 0) return;
    throw new ValueError(`non-zero flags not allowed in calls to ${method}() on ${this.#className()}`);
  }

  #className(): string {
    return `<class 'ssl.${this.constructor.name}'>`;
  }

  // ---- what makes no sense over TLS --------------------------------------------------------------------------------

  /** @internal The calls that TLS does not have at all are refused, others while there is a connection. */
  override _plain(method: string): this {
    const text = `${method} not allowed on instances of ${this.#className()}`;
    if (NEVER.includes(method)) throw new NotImplementedError(text);
    if (this._sslobj !== null) throw new ValueError(text);
    return this;
  }

  /** As the base class' without a TLS connection. @throws ValueError with one; TypeError | OSError */
  override sendto(...args: unknown[]): number {
    return (super.sendto as (...args: unknown[]) => number).apply(this._plain('sendto'), args);
  }
  /** As the base class' without a TLS connection. @throws ValueError with one; TypeError | OSError */
  override recvfrom(
    bufsize = absent(arguments.length, 1, 'bufsize', 1024),
    flags = absent(arguments.length, 2, 'flags', 0),
  ): [Buffer, Address] {
    return super.recvfrom.call(this._plain('recvfrom'), bufsize, flags);
  }
  /** As the base class' without a TLS connection. @throws ValueError with one; TypeError | OSError */
  override recvfrom_into(...args: unknown[]): [number, Address] {
    return (super.recvfrom_into as (...args: unknown[]) => [number, Address]).apply(this._plain('recvfrom_into'), args);
  }
  /** Not for TLS, which has no ancillary data. @throws NotImplementedError always */
  override sendmsg(..._args: unknown[]): never {
    return this._plain('sendmsg') as never;
  }
  /** Not for TLS, which has no ancillary data. @throws NotImplementedError always */
  override recvmsg(..._args: unknown[]): never {
    return this._plain('recvmsg') as never;
  }
  override send_zerocopy(..._args: unknown[]): never {
    return this._plain('send_zerocopy') as never;
  }
  override sendmmsg(..._args: unknown[]): never {
    return this._plain('sendmmsg') as never;
  }
  override recvmmsg_into(..._args: unknown[]): never {
    return this._plain('recvmmsg_into') as never;
  }
  /** Not for TLS, which has no ancillary data. @throws NotImplementedError always */
  override recvmsg_into(..._args: unknown[]): never {
    return this._plain('recvmsg_into') as never;
  }

  // ---- not in Python -----------------------------------------------------------------------------------------------

  /**
   * `length` bytes that only the two ends know, for `label` and `context`.
   * @throws ValueError before the handshake, and without a connection; SSLError | TypeError
   * @see RFC 5705
   */
  export_keying_material(
    label: string,
    length: number,
    context: BytesLike | null = absent(arguments.length, 3, 'context', null),
  ): Buffer {
    const bytes = context === null ? null : bytesOf(context);
    return this.#wrapped().exportKeyingMaterial(label, Number(integer(length)), bytes);
  }
  /**
   * The OCSP response that the server stapled to its certificate, DER; null if none.
   * @throws ValueError without a connection
   * @see SSLContext.request_ocsp
   */
  ocsp_response(): Buffer | null {
    return this.#wrapped().ocspResponse();
  }
  /**
   * TLS 1.3: new keys for what we send from the next write on, and if asked for, for what the peer sends.
   * @throws SSLError before the handshake, and below TLS 1.3; ValueError without a connection
   */
  update_keys(peer_too = absent(arguments.length, 1, 'peer_too', false)): void {
    this.#wrapped().updateKeys(Boolean(peer_too));
  }
  /** Whether the kernel encrypts and decrypts: OP_ENABLE_KTLS asks for it, kernel, cipher and OpenSSL allow it. */
  ktls(): { send: boolean; receive: boolean } {
    return this._sslobj === null ? { send: false, receive: false } : this._sslobj.kernelTls;
  }

  /** @internal For selectors: whether a read would find decrypted bytes, which the descriptor does not show. */
  get _readableNow(): boolean {
    return this._sslobj !== null && this._sslobj.pending > 0;
  }

  /**
   * @internal For selectors: the events of the descriptor that it takes to go on with reading, writing or both, which is
   * what the latest call of that kind wanted. Bits of selectors: 1 to read, 2 to write.
   */
  _awaited(events: number): number {
    if (this._sslobj === null) return events;
    const { handshake, read, write } = this._sslobj.wants;
    if (handshake !== 0) return handshake === POLLIN ? 1 : 2;
    const reading = read === POLLOUT ? 2 : 1;
    const writing = write === POLLIN ? 1 : 2;
    return (events & 1 ? reading : 0) | (events & 2 ? writing : 0);
  }

  /** Whom to tell when `_readableNow` or `_awaited` may have changed; null: nobody. */
  #watchers: Set<() => void> | null = null;

  /** @internal For selectors: tells `watcher` of changes from now on. */
  _watch(watcher: () => void): void {
    this.#watchers ??= new Set();
    this.#watchers.add(watcher);
  }

  /** @internal */
  _unwatch(watcher: () => void): void {
    this.#watchers?.delete(watcher);
    if (this.#watchers?.size === 0) this.#watchers = null;
  }

  /** @internal Whether a selector watches. */
  get _isWatched(): boolean {
    return this.#watchers !== null;
  }

  /** @internal The connection's calls tell of a change. */
  _changed(): void {
    stirred(this._fd);
    if (this.#watchers === null) return;
    for (const watcher of this.#watchers) watcher();
  }

  /** @internal */
  override get _moduleName(): string {
    return 'ssl';
  }
}

function isErrno(error: unknown, errno: number): boolean {
  return error instanceof OSError && error.errno === errno;
}

function checkArguments(sock: socket, context: SSLContext, options: SocketOptions): void {
  if (typeof sock?.getsockopt !== 'function') {
    throw noAttribute(sock, 'getsockopt');
  }
  if (sock.getsockopt(SOL_SOCKET, SO_TYPE) !== SOCK_STREAM) {
    throw new NotImplementedError('only stream sockets are supported');
  }
  checkNaming(options, context.check_hostname);
}
