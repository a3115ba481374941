/**
 * What the binary offers for TLS: `native.tls`.
 *
 * Its classes are of handles: each has one object of OpenSSL's inside, which the class's own functions put there (`new`
 * makes an empty one). A call returns a number >= 0 or a value; WANT_READ or WANT_WRITE where it cannot go on now;
 * RAGGED_EOF where the stream ended without a goodbye; or, where it failed, a TlsError (`ssl/errors.ts` turns the last
 * two into exceptions). None of them sleeps.
 */
/** Results of calls on connections, besides numbers >= 0: native/tls/tls.h. */
export const WANT_READ = -40001;
export const WANT_WRITE = -40002;
export const RAGGED_EOF = -40003;

/** Why a call failed: the system (`errno`), OpenSSL's error queue (`fromQueue`), or what `text` says. */
export interface TlsError {
  /** SSL_get_error's result; 0 where no connection was involved. */
  readonly sslError: number;
  readonly errno: number;
  readonly fromQueue: boolean;
  readonly reasonCode: number;
  readonly library: string | null;
  readonly reason: string | null;
  readonly text: string;
  readonly verifyFailed: boolean;
  readonly verifyCode: number;
  readonly verifyText: string;
}
export type Outcome = number | TlsError;

/** nid, short name, long name, dotted number. */
export type ObjectId = [nid: number, shortname: string | null, longname: string | null, oid: string | null];
/** What `cipher()` says of a connection's cipher: its name, the protocol that defines it, the secret's bits. */
export type CipherSummary = [name: string, protocol: string, bits: number];

/**
 * A certificate's name: relative names, each of attributes. The value is text; of a BIT STRING (x500UniqueIdentifier),
 * bytes, or null if it is empty.
 */
export type DistinguishedName = [name: string, value: string | Buffer | null][][];
/** What `getpeercert` says of a certificate. A key that it has nothing for is absent. */
export interface CertificateInfo {
  subject: DistinguishedName;
  issuer: DistinguishedName;
  version: number;
  serialNumber: string;
  notBefore: string;
  notAfter: string;
  subjectAltName?: [kind: string, value: string | DistinguishedName][];
  OCSP?: string[];
  caIssuers?: string[];
  crlDistributionPoints?: string[];
}
/** One of `SSLContext.get_ciphers`. */
export interface CipherInfo {
  id: number;
  name: string;
  protocol: string;
  description: string;
  strength_bits: number;
  alg_bits: number;
  aead: boolean;
  symmetric: string | null;
  digest: string | null;
  kea: string | null;
  auth: string | null;
}

/** Which settings setText, getNumber, setNumber and setEvent mean: the order of the enums in native/tls/tls.h. */
export const TEXT_SETTINGS = { ciphers: 0, ciphersuites: 1, groups: 2, clientSigalgs: 3, serverSigalgs: 4 } as const;
export const NUMBER_SETTINGS = {
  options: 0,
  minimumVersion: 1,
  maximumVersion: 2,
  verifyMode: 3,
  verifyFlags: 4,
  hostFlags: 5,
  tickets: 6,
  securityLevel: 7,
} as const;
export const EVENTS = { serverName: 0, pskClient: 1, pskServer: 2, message: 3, keyLog: 4, ocspResponse: 5 } as const;
/** What stands for the alert close_notify, whose number is 0, where 0 means no alert. */
export const ALERT_CLOSE_NOTIFY = 256;

/** A context. */
export interface TlsContext {
  loadCertificateChainFiles(certfile: Uint8Array, keyfile: Uint8Array, password: (() => Uint8Array) | null): Outcome;
  loadCertificateChain(certificates: Uint8Array, key: Uint8Array, password: (() => Uint8Array) | null): Outcome;
  loadVerifyLocations(file: Uint8Array | null, directory: Uint8Array | null): Outcome;
  /** How many certificates were found. */
  loadVerifyData(data: Uint8Array, pem: boolean): Outcome;
  setDefaultVerifyPaths(): Outcome;
  loadDhParameters(path: Uint8Array): Outcome;
  getStoreStats(): [certificates: number, crls: number, authorities: number] | TlsError;
  getAuthorities(): Uint8Array[] | TlsError;
  getSessionStats(): number[];
  getCiphers(): CipherInfo[] | TlsError;
  setText(setting: number, value: string): Outcome;
  /** -1: there is no such curve. */
  setEcdhCurve(name: Uint8Array): Outcome;
  /** Each name behind a byte with its length. */
  setAlpn(names: Uint8Array): void;
  getNumber(setting: number): number;
  setNumber(setting: number, value: number): Outcome;
  setKeyLogFile(path: Uint8Array | null): Outcome;
  setEvent(event: number, enabled: boolean): void;
  setPskIdentityHint(hint: string | null): Outcome;
  requestOcsp(enabled: boolean): void;
}

/** No claim: the call does not sleep. */
export const NEVER = 0;

/** A connection: see `Connection` in ssl/connection.ts. */
export interface TlsConnection {
  /**
   * Frees what is inside now, not when the handle is collected. In the middle of a call, whose callback this is, the
   * connection only loses its descriptor, and the call fails.
   */
  release(): void;
  /** `sleeper`: the claim (see `native.own`) under which the call may sleep in the kernel; NEVER: it does not. */
  handshake(sleeper: number): Outcome;
  /** Into, and from, the first `length` bytes. */
  read(bytes: Uint8Array, length: number, sleeper: number): Outcome;
  write(bytes: Uint8Array, length: number, sleeper: number): Outcome;
  /** Says goodbye; with `waits`, reads the peer's too. Without, more can be read from the peer afterwards. */
  shutdown(waits: boolean, sleeper: number): Outcome;
  sendFile(file: number, offset: number, count: number, sleeper: number): Outcome;
  pending(): number;
  setContext(context: TlsContext): void;
  verifyClientPostHandshake(): Outcome;
  updateKeys(peerToo: boolean): Outcome;
  /** Bytes of the peer that were received before there was a connection: they are read first. Copied. */
  unread(bytes: Uint8Array): void;
  handshakeDone(): boolean;
  sessionReused(): boolean;
  verifiesPeer(): boolean;
  kernelTlsSends(): boolean;
  kernelTlsReceives(): boolean;
  version(): string | null;
  compression(): string | null;
  selectedAlpn(): string | null;
  cipher(): CipherSummary | null;
  sharedCiphers(): CipherSummary[] | null;
  peerCertificate(): Uint8Array | null;
  peerChain(verified: boolean): Uint8Array[];
  ocspResponse(): Uint8Array | null;
  tlsUnique(): Uint8Array | null;
  tlsServerEndPoint(): Uint8Array | null | TlsError;
  exportKeyingMaterial(out: Uint8Array, label: Uint8Array, context: Uint8Array | null): Outcome;
  getSession(): TlsSession | null | TlsError;
  setSession(session: TlsSession): Outcome;
}

export interface TlsSession {
  /** id, time, timeout, ticket lifetime hint (seconds), whether there is a ticket. */
  describe(): [Uint8Array, number, number, number, boolean];
  toBytes(): Uint8Array | TlsError;
}

export interface TlsMemoryBio {
  pending(): number;
  read(bytes: Uint8Array): number;
  write(bytes: Uint8Array): Outcome;
  writeEof(): void;
}

export interface NativeTls {
  readonly library: {
    readonly version: string;
    readonly number: number;
    /** Of the headers that the binary was compiled with. */
    readonly compiledNumber: number;
    readonly cafileEnv: string;
    readonly cafile: string;
    readonly capathEnv: string;
    readonly capath: string;
    /** Whether the library was built with kernel TLS. */
    readonly kernelTls: boolean;
  };
  randomBytes(bytes: Uint8Array): Outcome;
  randomAdd(bytes: Uint8Array, entropy: number): void;
  randomReady(): boolean;
  findObject(text: string, byName: boolean): ObjectId | null;
  findObjectByNumber(nid: number): ObjectId | null;

  // certificates, as DER
  /** Text that is not UTF-8 has lone surrogates (see core/paths.ts), and bits are in a Uint8Array. */
  decodeCertificate(der: Uint8Array): CertificateInfo | TlsError;
  certificateFromPemFile(path: Uint8Array): Uint8Array | TlsError;
  /** PEM, and the subject on one line. */
  certificateText(der: Uint8Array): [pem: string, subject: string] | TlsError;

  readonly Context: {
    /** `protocol`: 0 any, 1 client, 2 server, 3 TLS 1.0, 4 TLS 1.1, 5 TLS 1.2. */
    create(protocol: number): TlsContext | TlsError;
  };
  readonly Connection: {
    /** Over a descriptor, or over two memory BIOs. While a call runs, `on…` methods of `callbacks` are called. */
    create(
      context: TlsContext,
      serverSide: boolean,
      fd: number,
      incoming: TlsMemoryBio | null,
      outgoing: TlsMemoryBio | null,
      host: string | null,
      checkHost: boolean,
      postHandshakeAuth: boolean,
      callbacks: object,
    ): TlsConnection | TlsError;
  };
  readonly Session: {
    fromBytes(der: Uint8Array): TlsSession | TlsError;
  };
  readonly MemoryBio: {
    create(): TlsMemoryBio;
  };
}
