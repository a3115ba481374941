/** What SSLContext sets, and connections have in common: certificates, ciphers, versions, callbacks. */
import { inspect } from 'node:util';
import { tls } from '../addon/binary.js';
import {
  type CertificateInfo,
  type CipherInfo,
  EVENTS,
  NUMBER_SETTINGS,
  TEXT_SETTINGS,
  type TlsContext,
} from '../addon/tls.js';
import { absent, cInt, integer, parameters, typeName, undefinedArgument } from '../core/args.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { NotImplementedError, OSError, OverflowError, ValueError } from '../core/exceptions.js';
import { encodeIdna } from '../core/idna.js';
import { IS_WINDOWS } from '../core/platform.js';
import { objectRepr, repr } from '../core/repr.js';
import { staysWith } from '../core/stays.js';
import {
  asciiText,
  type CertChainOptions,
  checkCallback,
  lengthAndName,
  mask,
  oneStr,
  type Password,
  type PathLike,
  passwordSource,
  path,
  pemBytes,
  type VerifyLocations,
} from './arguments.js';
import { bundleOfSystem, checkPurpose, decoded, get_default_verify_paths, Purpose } from './certificates.js';
import { type Classes, Connection, type ConnectionContext, type MessageCallback } from './connection.js';
import * as k from './constants.js';
import { deprecated, fromContext, isFailure, SSLError, succeeded } from './errors.js';
import { type SSLSession, sessionFromBytes } from './session.js';
import { trustedByStores } from './stores.js';

type SSLContext = Classes['SSLContext'];
type SSLObject = Classes['SSLObject'];
type SSLSocket = Classes['SSLSocket'];

/** What sni_callback is called with: the SSLSocket or SSLObject, the name, and the context. */
export type ServerNameCallback = (
  sslobj: SSLSocket | SSLObject,
  server_name: string | null,
  context: SSLContext,
) => number | null | undefined | void;
/** What a client's pre-shared key is, for the server's hint: `[identity, key]`. */
export type PskClientCallback = (hint: string | null) => [identity: string | null, psk: Uint8Array];
/** What a server's pre-shared key is, for the client's identity. */
export type PskServerCallback = (identity: string | null) => Uint8Array;

const PROTOCOLS = new Map([
  [k.PROTOCOL_TLS, 0],
  [k.PROTOCOL_TLS_CLIENT, 1],
  [k.PROTOCOL_TLS_SERVER, 2],
  [k.PROTOCOL_TLSv1, 3],
  [k.PROTOCOL_TLSv1_1, 4],
  [k.PROTOCOL_TLSv1_2, 5],
]);
const OLD_VERSIONS = new Map([
  [k.PROTO_SSLv3, 'SSLv3'],
  [k.PROTO_TLSv1, 'TLSv1'],
  [k.PROTO_TLSv1_1, 'TLSv1_1'],
]);
const VERSIONS = [k.PROTO_SSLv3, k.PROTO_TLSv1, k.PROTO_TLSv1_1, k.PROTO_TLSv1_2, k.PROTO_TLSv1_3];
/** What a version may not be forbidden by any more: minimum_version and maximum_version do that. */
const DEPRECATED_OPTIONS = k.OP_NO_SSLv3 + k.OP_NO_TLSv1 + k.OP_NO_TLSv1_1 + k.OP_NO_TLSv1_2 + k.OP_NO_TLSv1_3;
const SESSION_STATS = [
  'number',
  'connect',
  'connect_good',
  'connect_renegotiate',
  'accept',
  'accept_good',
  'accept_renegotiate',
  'hits',
  'misses',
  'timeouts',
  'cache_full',
] as const;

const STAYS = staysWith('an SSLContext');

/** What an SSLContext is without its ways to make sockets and objects. CPython's `_ssl._SSLContext`. */
export class Settings implements ConnectionContext {
  /** @internal See core/stays.ts. */ readonly _stays: symbol = STAYS;
  readonly #protocol: number;
  /** @internal */ readonly _tls: TlsContext;
  /** @internal */ readonly _hooks: ConnectionContext['_hooks'] = {
    serverName: null,
    pskClient: null,
    pskServer: null,
    message: null,
    keyLog: null,
    ocspResponse: null,
  };
  #checkHostname = false;
  #keyLogFilename: PathLike | null = null;
  #ocsp: BytesLike | ((owner: unknown) => BytesLike | null) | null = null;
  #requestsOcsp = false;
  /** @internal */ _postHandshakeAuth = false;

  constructor(protocol?: number | null) {
    if (protocol === undefined) protocol = absent<number | null>(arguments.length, 1, 'protocol', null);
    if (protocol === null) {
      deprecated('ssl.SSLContext() without protocol argument is deprecated.');
      protocol = k.PROTOCOL_TLS;
    }
    this.#protocol = cInt(protocol);
    const kind = PROTOCOLS.get(this.#protocol);
    if (kind === undefined) throw new ValueError(`invalid or unsupported protocol version ${this.#protocol}`);
    const name = k._SSLMethod[this.#protocol];
    if (kind !== 1 && kind !== 2) deprecated(`ssl.${name} is deprecated`);
    this._tls = succeeded(tls.Context.create(kind));
    if (kind === 1) this.#checkHostname = true;
  }

  // ---- connections -------------------------------------------------------------------------------------------------

  /** @internal A connection, and what is wrong with asking this context for it. */
  _connect(options: ConstructorParameters<typeof Connection>[1]): Connection {
    if (options.serverSide && this.#protocol === k.PROTOCOL_TLS_CLIENT) {
      throw new SSLError(0, 'Cannot create a server socket with a PROTOCOL_TLS_CLIENT context');
    }
    if (!options.serverSide && this.#protocol === k.PROTOCOL_TLS_SERVER) {
      throw new SSLError(0, 'Cannot create a client socket with a PROTOCOL_TLS_SERVER context');
    }
    return new Connection(this, options);
  }

  /** @internal A host name as it goes over the wire. */
  _encode_hostname(hostname: string | Uint8Array | null): string | null {
    if (hostname === null || hostname === undefined) return null;
    return typeof hostname === 'string' ? Buffer.from(encodeIdna(hostname)).toString('latin1') : asciiText(hostname);
  }

  /** A session that `SSLSession.to_bytes` has written, for this context's connections. @throws SSLError */
  session_from_bytes(bytes: BytesLike): SSLSession {
    return sessionFromBytes(this, bytes);
  }

  // ---- certificates ------------------------------------------------------------------------------------------------

  /**
   * The certificate (and those above it) that connections show, and its private key, from PEM files.
   * Besides Python's: `certdata` and `keydata` take them from memory, as PEM or DER, instead of files.
   * @param password of an encrypted key: text, bytes, or a function that is asked for it if it is needed
   * @throws SSLError | FileNotFoundError | OSError
   * @see Python SSLContext.load_cert_chain
   */
  load_cert_chain(certfile: PathLike, keyfile?: PathLike | null, password?: Password | null): void;
  load_cert_chain(certfile: PathLike, options: CertChainOptions): void;
  load_cert_chain(options: CertChainOptions): void;
  load_cert_chain(...args: unknown[]): void {
    const names = ['certfile', 'keyfile', 'password', 'certdata', 'keydata'];
    const [certfile, keyfile, password, certdata, keydata] = parameters('load_cert_chain', names, args);
    const source = passwordSource(password);
    if (certdata !== undefined && certdata !== null) {
      const certificates = pemBytes(certdata);
      const key = keydata === undefined || keydata === null ? certificates : pemBytes(keydata);
      succeeded(this._tls.loadCertificateChain(certificates, key, source));
      return;
    }
    if (certfile === undefined) {
      throw new TypeError("load_cert_chain() missing required argument 'certfile' (pos 1)");
    }
    const certificate = path(certfile, 'certfile should be a valid filesystem path');
    const missing = keyfile === undefined || keyfile === null;
    const key = missing ? certificate : path(keyfile, 'keyfile should be a valid filesystem path');
    succeeded(this._tls.loadCertificateChainFiles(certificate, key, source));
  }

  /**
   * Certificates to trust: a PEM file, a folder of them (named by hash), or data: PEM as text, DER as bytes.
   * @throws OSError for a file that cannot be read; SSLError for what is no certificate; TypeError
   * @see Python SSLContext.load_verify_locations
   */
  load_verify_locations(cafile?: PathLike | null, capath?: PathLike | null, cadata?: string | BytesLike | null): void;
  load_verify_locations(options: VerifyLocations): void;
  load_verify_locations(...args: unknown[]): void {
    const [cafile, capath, cadata] = parameters('load_verify_locations', ['cafile', 'capath', 'cadata'], args).map(
      (value) => value ?? null,
    );
    if (cafile === null && capath === null && cadata === null) {
      throw new TypeError('cafile, capath and cadata cannot be all omitted');
    }
    const file = cafile === null ? null : path(cafile, 'cafile should be a valid filesystem path');
    const folder = capath === null ? null : path(capath, 'capath should be a valid filesystem path');
    if (cadata !== null) this.#trust(cadata);
    if (file !== null || folder !== null) succeeded(this._tls.loadVerifyLocations(file, folder));
  }

  #trust(data: unknown): void {
    const pem = typeof data === 'string';
    let bytes: Uint8Array | undefined;
    if (!pem) {
      const isBytes = ArrayBuffer.isView(data) || data instanceof ArrayBuffer || data instanceof SharedArrayBuffer;
      if (isBytes) bytes = bytesOf(data);
    } else if (!/[^\0-\x7f]/.test(data)) {
      bytes = Buffer.from(data, 'latin1');
    }
    if (bytes === undefined) throw new TypeError('cadata should be an ASCII string or a bytes-like object');
    if (bytes.length === 0) throw new ValueError('Empty certificate data');
    if (succeeded(this._tls.loadVerifyData(bytes, pem)) !== 0) return;
    const why = pem ? 'no start line' : 'not enough data';
    throw new SSLError(0, `${why}: cadata does not contain a certificate`);
  }

  /** The system's trusted certificates. @throws TypeError | SSLError @see Python SSLContext.load_default_certs */
  load_default_certs(purpose: Purpose = absent(arguments.length, 1, 'purpose', Purpose.SERVER_AUTH)): void {
    checkPurpose(purpose);
    if (IS_WINDOWS) this.#loadStores(purpose);
    this.set_default_verify_paths();
  }

  #loadStores(purpose: Purpose): void {
    const certificates = trustedByStores(purpose.oid ?? '');
    if (certificates.length > 0) this.load_verify_locations({ cadata: certificates });
  }

  /** Trusted certificates from where OpenSSL looks for them; none there is no error. @throws SSLError */
  set_default_verify_paths(): void {
    succeeded(this._tls.setDefaultVerifyPaths());
    if (IS_WINDOWS || bundleOfSystem() !== null) this.#loadNamed();
  }

  /**
   * What OpenSSL does not find itself: a binary that was built for many systems does not know where each has its certificates.
   * And Windows' C library has an environment of its own, as it was when the process began: what it names, OpenSSL has loaded.
   */
  #loadNamed(): void {
    const { cafile, capath } = get_default_verify_paths();
    if (cafile === null && capath === null) return;
    try {
      this.load_verify_locations({ cafile, capath });
    } catch (error) {
      // As OpenSSL, to which a file without certificates is as good as none.
      if (!(error instanceof SSLError)) throw error;
    }
  }

  /** How many certificates, revocation lists and authorities are loaded. @throws SSLError */
  cert_store_stats(): { x509: number; crl: number; x509_ca: number } {
    const [x509, crl, x509_ca] = succeeded(this._tls.getStoreStats());
    return { x509, crl, x509_ca };
  }

  /**
   * The trusted authorities, as `getpeercert()` describes certificates, or as DER. Those in folders load when used.
   * @throws SSLError | TypeError
   */
  get_ca_certs(binary_form?: false): CertificateInfo[];
  get_ca_certs(binary_form: true): Buffer[];
  get_ca_certs(...args: unknown[]): (CertificateInfo | Buffer)[] {
    const [binary] = parameters('get_ca_certs', ['binary_form'], args);
    const ders = succeeded(this._tls.getAuthorities());
    return ders.map((der) => (binary ? Buffer.from(der) : decoded(der)));
  }

  /** How often sessions were made and resumed. @see SSL_CTX_sess_number(3) */
  session_stats(): Record<(typeof SESSION_STATS)[number], number> {
    const stats = this._tls.getSessionStats();
    return Object.fromEntries(SESSION_STATS.map((name, i) => [name, stats[i]])) as never;
  }

  /**
   * Diffie-Hellman parameters from a PEM file, for ciphers with DHE.
   * @throws OSError for a file that cannot be read; SSLError for what is none; TypeError
   * @see Python SSLContext.load_dh_params
   */
  load_dh_params(dhfile: PathLike): void {
    const file = path(dhfile);
    const result = this._tls.loadDhParameters(file);
    if (!isFailure(result)) return;
    if (result.errno === 0) throw fromContext(result);
    const { errno, strerror } = fromContext(result);
    throw new OSError(errno as number, strerror as string, dhfile instanceof URL ? dhfile.pathname : dhfile);
  }

  // ---- ciphers and protocols ---------------------------------------------------------------------------------------

  /**
   * The ciphers for TLS 1.2 and below, in OpenSSL's syntax.
   * @throws SSLError if none can be selected; TypeError
   * @see ciphers(1)
   */
  set_ciphers(cipherlist: string): void {
    const result = this._tls.setText(TEXT_SETTINGS.ciphers, oneStr(cipherlist, 'set_ciphers'));
    if (isFailure(result)) throw new SSLError('No cipher can be selected.');
  }

  /**
   * The ciphers of TLS 1.3, separated by colons.
   * @throws SSLError if none can be selected; TypeError
   * @see Python 3.15 SSLContext.set_ciphersuites
   */
  set_ciphersuites(ciphersuites: string): void {
    const result = this._tls.setText(TEXT_SETTINGS.ciphersuites, oneStr(ciphersuites, 'set_ciphersuites'));
    if (isFailure(result)) throw new SSLError('No cipher suite can be selected.');
  }

  /** The ciphers that connections offer or accept, by priority. @throws SSLError */
  get_ciphers(): CipherInfo[] {
    return succeeded(this._tls.getCiphers());
  }

  /**
   * The groups for key agreement, separated by colons.
   * @throws SSLError for a group that OpenSSL does not know; TypeError
   * @see SSL_CTX_set1_groups_list(3)
   */
  set_groups(grouplist: string): void {
    const result = this._tls.setText(TEXT_SETTINGS.groups, oneStr(grouplist, 'set_groups'));
    if (isFailure(result)) throw new SSLError('unrecognized group');
  }

  /** The groups that there are. The linked OpenSSL cannot tell before 3.5. @throws NotImplementedError */
  get_groups(_options: { include_aliases?: boolean } = {}): string[] {
    throw new NotImplementedError('Getting implemented groups requires OpenSSL 3.5 or later.');
  }

  /**
   * Signature algorithms for client certificates, separated by colons.
   * @throws SSLError for an algorithm that OpenSSL does not know; TypeError
   * @see SSL_CTX_set1_client_sigalgs_list(3)
   */
  set_client_sigalgs(sigalgs: string): void {
    const result = this._tls.setText(TEXT_SETTINGS.clientSigalgs, oneStr(sigalgs, 'set_client_sigalgs'));
    if (isFailure(result)) throw new SSLError('unrecognized signature algorithm');
  }

  /**
   * Signature algorithms for server certificates, separated by colons.
   * @throws SSLError for an algorithm that OpenSSL does not know; TypeError
   * @see SSL_CTX_set1_sigalgs_list(3)
   */
  set_server_sigalgs(sigalgs: string): void {
    const result = this._tls.setText(TEXT_SETTINGS.serverSigalgs, oneStr(sigalgs, 'set_server_sigalgs'));
    if (isFailure(result)) throw new SSLError('unrecognized signature algorithm');
  }

  /** The one curve for key agreement. @throws ValueError for a name that OpenSSL does not know */
  set_ecdh_curve(name: string | BytesLike): void {
    const result = succeeded(this._tls.setEcdhCurve(path(name)));
    if (result < 0) throw new ValueError(`unknown elliptic curve name ${repr(name)}`);
  }

  /**
   * The application protocols that connections offer or accept, by priority.
   * @throws SSLError for a name that is empty or longer than 255 bytes; TypeError
   * @see RFC 7301
   */
  set_alpn_protocols(alpn_protocols: Iterable<string>): void {
    if (typeof alpn_protocols?.[Symbol.iterator] !== 'function') {
      throw new TypeError(`'${typeName(alpn_protocols)}' object is not iterable`);
    }
    this._tls.setAlpn(Buffer.concat(Array.from(alpn_protocols, lengthAndName)));
  }

  /** NPN is gone from all TLS libraries; ALPN has taken its place. @throws NotImplementedError */
  set_npn_protocols(_npn_protocols: Iterable<string>): void {
    deprecated('ssl NPN is deprecated, use ALPN instead');
    throw new NotImplementedError('The NPN extension requires OpenSSL 1.0.1 or later.');
  }

  // ---- settings ----------------------------------------------------------------------------------------------------

  /** PROTOCOL_*, as given to the constructor. */
  get protocol(): number {
    return this.#protocol;
  }

  /**
   * Bits OP_*. JavaScript's own bit operators make negative numbers of large masks: those are taken for what they mean.
   * @throws TypeError | OverflowError when it is set
   */
  get options(): number {
    return this._tls.getNumber(NUMBER_SETTINGS.options);
  }
  set options(value: number) {
    const wanted = mask(value);
    const added = BigInt(wanted) & ~BigInt(this.options) & BigInt(DEPRECATED_OPTIONS);
    if (added !== 0n) deprecated('ssl.OP_NO_SSL*/ssl.OP_NO_TLS* options are deprecated');
    succeeded(this._tls.setNumber(NUMBER_SETTINGS.options, wanted));
  }

  /**
   * The oldest version to speak: TLSVersion.
   * @throws ValueError for another version, and where the protocol has one alone; TypeError | OverflowError when it
   * is set
   */
  get minimum_version(): number {
    return this._tls.getNumber(NUMBER_SETTINGS.minimumVersion) || k.PROTO_MINIMUM_SUPPORTED;
  }
  set minimum_version(value: number) {
    if (value === k.PROTO_SSLv3) this.options = this.options - (this.options & k.OP_NO_SSLv3);
    const version = this.#version(value);
    const none = version === k.PROTO_MINIMUM_SUPPORTED;
    this.#setVersion(
      NUMBER_SETTINGS.minimumVersion,
      none ? 0 : version === k.PROTO_MAXIMUM_SUPPORTED ? k.PROTO_TLSv1_3 : version,
    );
  }

  /**
   * The newest version to speak: TLSVersion.
   * @throws ValueError for another version, and where the protocol has one alone; TypeError | OverflowError when it
   * is set
   */
  get maximum_version(): number {
    return this._tls.getNumber(NUMBER_SETTINGS.maximumVersion) || k.PROTO_MAXIMUM_SUPPORTED;
  }
  set maximum_version(value: number) {
    const version = this.#version(value);
    const none = version === k.PROTO_MAXIMUM_SUPPORTED;
    this.#setVersion(
      NUMBER_SETTINGS.maximumVersion,
      none ? 0 : version === k.PROTO_MINIMUM_SUPPORTED ? k.PROTO_TLSv1 : version,
    );
  }

  #version(value: unknown): number {
    const n = integer(value);
    if (n > 0x7fffffff || n < -0x80000000) throw new OverflowError('Option is too long');
    const version = Number(n);
    if (![k.PROTOCOL_TLS, k.PROTOCOL_TLS_CLIENT, k.PROTOCOL_TLS_SERVER].includes(this.#protocol)) {
      throw new ValueError("The context's protocol doesn't support modification of highest and lowest version.");
    }
    const old = OLD_VERSIONS.get(version);
    if (old !== undefined) deprecated(`ssl.TLSVersion.${old} is deprecated`);
    const known =
      VERSIONS.includes(version) || version === k.PROTO_MINIMUM_SUPPORTED || version === k.PROTO_MAXIMUM_SUPPORTED;
    if (!known) throw unsupported(version);
    return version;
  }

  #setVersion(setting: number, version: number): void {
    if (isFailure(this._tls.setNumber(setting, version))) throw unsupported(version);
  }

  /**
   * CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED: whether the peer's certificate is asked for and must be good.
   * @throws ValueError for another mode, and for CERT_NONE while `check_hostname` is set; TypeError
   */
  get verify_mode(): number {
    return this._tls.getNumber(NUMBER_SETTINGS.verifyMode);
  }
  set verify_mode(value: number) {
    const mode = cInt(value);
    if (mode < k.CERT_NONE || mode > k.CERT_REQUIRED) throw new ValueError('invalid value for verify_mode');
    if (mode === k.CERT_NONE && this.#checkHostname) {
      throw new ValueError('Cannot set verify_mode to CERT_NONE when check_hostname is enabled.');
    }
    succeeded(this._tls.setNumber(NUMBER_SETTINGS.verifyMode, mode));
  }

  /** Bits VERIFY_*: how certificates are verified. @throws SSLError | TypeError | OverflowError when it is set */
  get verify_flags(): number {
    return this._tls.getNumber(NUMBER_SETTINGS.verifyFlags);
  }
  set verify_flags(value: number) {
    succeeded(this._tls.setNumber(NUMBER_SETTINGS.verifyFlags, mask(value)));
  }

  /**
   * Whether a client's peer must have the name `server_hostname`. Setting it asks for a certificate.
   * @throws SSLError
   */
  get check_hostname(): boolean {
    return this.#checkHostname;
  }
  set check_hostname(value: boolean) {
    if (value === undefined) throw undefinedArgument('check_hostname');
    if (value && this.verify_mode === k.CERT_NONE) this.verify_mode = k.CERT_REQUIRED;
    this.#checkHostname = Boolean(value);
  }

  /** Whether the subject's common name counts where a certificate has no subjectAltName. @throws SSLError */
  get hostname_checks_common_name(): boolean {
    return (this._host_flags & k.HOSTFLAG_NEVER_CHECK_SUBJECT) === 0;
  }
  set hostname_checks_common_name(value: boolean) {
    const others = this._host_flags & ~k.HOSTFLAG_NEVER_CHECK_SUBJECT;
    this._host_flags = value ? others : others | k.HOSTFLAG_NEVER_CHECK_SUBJECT;
  }

  /** @internal Bits HOSTFLAG_*. */
  get _host_flags(): number {
    return this._tls.getNumber(NUMBER_SETTINGS.hostFlags);
  }
  set _host_flags(value: number) {
    succeeded(this._tls.setNumber(NUMBER_SETTINGS.hostFlags, mask(value)));
  }

  /**
   * How many tickets a TLS 1.3 server sends.
   * @throws ValueError below 0, and for what is no server's context; TypeError
   */
  get num_tickets(): number {
    return this._tls.getNumber(NUMBER_SETTINGS.tickets);
  }
  set num_tickets(value: number) {
    const count = cInt(value);
    if (count < 0) throw new ValueError('value must be non-negative');
    if (this.#protocol !== k.PROTOCOL_TLS_SERVER) throw new ValueError('SSLContext is not a server context.');
    succeeded(this._tls.setNumber(NUMBER_SETTINGS.tickets, count));
  }

  /** OpenSSL's level of strictness about keys and ciphers. Part of the cipher list: `@SECLEVEL=1`. */
  get security_level(): number {
    return this._tls.getNumber(NUMBER_SETTINGS.securityLevel);
  }

  /** TLS 1.3: a server may ask for the client's certificate after the handshake. */
  get post_handshake_auth(): boolean {
    return this._postHandshakeAuth;
  }
  set post_handshake_auth(value: boolean) {
    this._postHandshakeAuth = Boolean(value);
  }

  // ---- callbacks: each runs on this thread, inside the call that needs it; what it throws, that call throws ---------

  /**
   * Called when a client says which server it wants; it may set `sslobj.context`. Returns null to go on, or an alert.
   * @throws ValueError on a client's context; TypeError for what is no function
   * @see Python SSLContext.sni_callback; RFC 6066 section 3
   */
  get sni_callback(): ServerNameCallback | null {
    return this._hooks.serverName as ServerNameCallback | null;
  }
  set sni_callback(callback: ServerNameCallback | null) {
    if (this.#protocol === k.PROTOCOL_TLS_CLIENT) {
      throw new ValueError('sni_callback cannot be set on TLS_CLIENT context');
    }
    this.#hook('serverName', callback, 'not a callable object');
  }

  /** As `sni_callback`, the old way. @throws ValueError on a client's context; TypeError for what is no function */
  set_servername_callback(callback: ServerNameCallback | null): void {
    this.sni_callback = callback;
  }

  /**
   * Called on a client that may use a pre-shared key, with the server's hint: returns `[identity, key]`.
   * @throws SSLError on a server's context; TypeError for what is no function
   */
  set_psk_client_callback(callback: PskClientCallback | null): void {
    if (this.#protocol === k.PROTOCOL_TLS_SERVER) {
      throw new SSLError(0, 'Cannot add PSK client callback to a PROTOCOL_TLS_SERVER context');
    }
    this.#hook('pskClient', callback, 'callback must be callable');
  }

  /**
   * Called on a server, with the client's identity: returns the key. `identity_hint` is sent by TLS 1.2 alone.
   * @throws SSLError on a client's context; TypeError for what is no function
   */
  set_psk_server_callback(callback: PskServerCallback | null, identity_hint?: string | null): void;
  set_psk_server_callback(callback: PskServerCallback | null, options: { identity_hint?: string | null }): void;
  set_psk_server_callback(...args: unknown[]): void {
    const [callback, hint = null] = parameters('set_psk_server_callback', ['callback', 'identity_hint'], args);
    if (this.#protocol === k.PROTOCOL_TLS_CLIENT) {
      throw new SSLError(0, 'Cannot add PSK server callback to a PROTOCOL_TLS_CLIENT context');
    }
    if (hint !== null && typeof hint !== 'string') {
      const text = `set_psk_server_callback() argument 'identity_hint' must be str or None, not ${typeName(hint)}`;
      throw new TypeError(text);
    }
    checkCallback(callback, 'callback must be callable');
    if (isFailure(this._tls.setPskIdentityHint(callback === null ? null : hint))) {
      throw new ValueError('failed to set identity hint');
    }
    this.#hook('pskServer', callback, 'callback must be callable');
  }

  /**
   * Called for every message of the protocol but application data.
   * @throws TypeError for what is no function
   * @see Python SSLContext._msg_callback
   */
  get _msg_callback(): MessageCallback | null {
    return this._hooks.message as MessageCallback | null;
  }
  set _msg_callback(callback: MessageCallback | null) {
    this.#hook('message', callback, `${repr(callback)} is not callable.`);
  }

  /**
   * The file to which all connections' secrets are appended, for Wireshark and the like; null: none.
   * @throws OSError for a file that cannot be written; TypeError
   * @see Python SSLContext.keylog_filename
   */
  get keylog_filename(): PathLike | null {
    return this.#keyLogFilename;
  }
  set keylog_filename(value: PathLike | null) {
    this.#keyLogFilename = null;
    const file = value === null || value === undefined ? null : path(value);
    const result = this._tls.setKeyLogFile(file);
    if (isFailure(result)) {
      const error = fromContext(result);
      if (result.errno === 0 || error.errno === null) throw error;
      throw new OSError(error.errno, error.strerror as string, value instanceof URL ? value.pathname : value);
    }
    this.#keyLogFilename = value ?? null;
  }

  /**
   * Called with each line that `keylog_filename` would get: `(sslobj, line)`. Not in Python.
   * @throws TypeError for what is no function
   */
  get keylog_callback(): ((sslobj: SSLSocket | SSLObject, line: string) => void) | null {
    return this._hooks.keyLog as never;
  }
  set keylog_callback(callback: ((sslobj: SSLSocket | SSLObject, line: string) => void) | null) {
    this.#hook('keyLog', callback, 'not a callable object');
  }

  /** Whether clients ask for the certificate's OCSP response: see `SSLSocket.ocsp_response`. Not in Python. */
  get request_ocsp(): boolean {
    return this.#requestsOcsp;
  }
  set request_ocsp(value: boolean) {
    this.#requestsOcsp = Boolean(value);
    this._tls.requestOcsp(this.#requestsOcsp);
  }

  /**
   * The OCSP response (DER) that a server staples to its certificate, or a function that is asked for it with the
   * connection. Not in Python.
   * @throws TypeError for what is neither bytes nor a function
   * @see RFC 6066 section 8; RFC 6960
   */
  get ocsp_response(): BytesLike | ((sslobj: unknown) => BytesLike | null) | null {
    return this.#ocsp;
  }
  set ocsp_response(value: BytesLike | ((sslobj: unknown) => BytesLike | null) | null) {
    this.#ocsp = value ?? null;
    if (value === null || value === undefined || typeof value === 'function') {
      this.#hook('ocspResponse', value, '');
      return;
    }
    const bytes = bytesOf(value);
    this.#hook('ocspResponse', () => bytes, '');
  }

  #hook(name: keyof ConnectionContext['_hooks'], callback: unknown, complaint: string): void {
    checkCallback(callback, complaint);
    this._hooks[name] = (callback ?? null) as never;
    this._tls.setEvent(EVENTS[name], this._hooks[name] !== null);
  }

  [inspect.custom](): string {
    return objectRepr('ssl', this);
  }
}

function unsupported(version: number): ValueError {
  return new ValueError(`Unsupported TLS/SSL version 0x${(version >>> 0).toString(16)}`);
}

/** Checks what an object's or a socket's `context` is set to. */
export function checkContext(context: unknown): asserts context is SSLContext {
  if (!(context instanceof Settings)) throw new TypeError('The value must be a SSLContext');
}
