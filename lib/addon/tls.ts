/**
 * What the binary offers for TLS: `native.tls`.
 *
 * A handle is an object of ours that the binary has put something into (`create…`); calls on any other object raise
 * TypeError. A call returns a number >= 0 or a value; WANT_READ or WANT_WRITE where it cannot go on now; RAGGED_EOF where
 * the stream ended without a goodbye; or, where it failed, a TlsError (`ssl/errors.ts` turns the last two into
 * exceptions). None of them sleeps.
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
export type CipherSummary = [name: string, protocol: string, bits: number];

/** A certificate's name: relative names, each of attributes. */
export type DistinguishedName = [name: string, value: string][][];
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

type Handle = object;

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
  decodeCertificate(der: Uint8Array): CertificateInfo | TlsError;
  certificateFromPemFile(path: Uint8Array): Uint8Array | TlsError;
  /** PEM, and the subject on one line. */
  certificateText(der: Uint8Array): [pem: string, subject: string] | TlsError;

  // contexts
  /** `protocol`: 0 any, 1 client, 2 server, 3 TLS 1.0, 4 TLS 1.1, 5 TLS 1.2. */
  createContext(handle: Handle, protocol: number): Outcome;
  loadCertificateChainFiles(
    context: Handle,
    certfile: Uint8Array,
    keyfile: Uint8Array,
    password: (() => Uint8Array) | null,
  ): Outcome;
  loadCertificateChain(
    context: Handle,
    certificates: Uint8Array,
    key: Uint8Array,
    password: (() => Uint8Array) | null,
  ): Outcome;
  loadVerifyLocations(context: Handle, file: Uint8Array | null, directory: Uint8Array | null): Outcome;
  /** How many certificates were found. */
  loadVerifyData(context: Handle, data: Uint8Array, pem: boolean): Outcome;
  setDefaultVerifyPaths(context: Handle): Outcome;
  loadDhParameters(context: Handle, path: Uint8Array): Outcome;
  getStoreStats(context: Handle): [certificates: number, crls: number, authorities: number] | TlsError;
  getAuthorities(context: Handle): Uint8Array[] | TlsError;
  getSessionStats(context: Handle): number[];
  getCiphers(context: Handle): CipherInfo[] | TlsError;
  setText(context: Handle, setting: number, value: string): Outcome;
  /** -1: there is no such curve. */
  setEcdhCurve(context: Handle, name: Uint8Array): Outcome;
  /** Each name behind a byte with its length. */
  setAlpn(context: Handle, names: Uint8Array): void;
  getNumber(context: Handle, setting: number): number;
  setNumber(context: Handle, setting: number, value: number): Outcome;
  setKeyLogFile(context: Handle, path: Uint8Array | null): Outcome;
  setEvent(context: Handle, event: number, enabled: boolean): void;
  setPskIdentityHint(context: Handle, hint: string | null): Outcome;
  requestOcsp(context: Handle, enabled: boolean): void;

  // memory BIOs
  createMemoryBio(handle: Handle): void;
  memoryPending(bio: Handle): number;
  memoryRead(bio: Handle, bytes: Uint8Array): number;
  memoryWrite(bio: Handle, bytes: Uint8Array): Outcome;
  memoryWriteEof(bio: Handle): void;

  // connections: see `Connection` in ssl/connection.ts, whose methods the binary calls back
  createConnection(
    handle: Handle,
    context: Handle,
    serverSide: boolean,
    fd: number,
    incoming: Handle | null,
    outgoing: Handle | null,
    host: string | null,
    checkHost: boolean,
    postHandshakeAuth: boolean,
  ): Outcome;
  releaseConnection(connection: Handle): void;
  handshake(connection: Handle, wait: number): Outcome;
  /** Into, and from, the first `length` bytes. */
  read(connection: Handle, bytes: Uint8Array, length: number, wait: number): Outcome;
  write(connection: Handle, bytes: Uint8Array, length: number, wait: number): Outcome;
  /** Says goodbye; with `waits`, reads the peer's too. Without, more can be read from the peer afterwards. */
  shutdown(connection: Handle, waits: boolean, wait: number): Outcome;
  sendFile(connection: Handle, file: number, offset: number, count: number, wait: number): Outcome;
  pending(connection: Handle): number;
  setContext(connection: Handle, context: Handle): void;
  verifyClientPostHandshake(connection: Handle): Outcome;
  updateKeys(connection: Handle, peerToo: boolean): Outcome;
  handshakeDone(connection: Handle): boolean;
  sessionReused(connection: Handle): boolean;
  verifiesPeer(connection: Handle): boolean;
  kernelTlsSends(connection: Handle): boolean;
  kernelTlsReceives(connection: Handle): boolean;
  version(connection: Handle): string | null;
  compression(connection: Handle): string | null;
  selectedAlpn(connection: Handle): string | null;
  cipher(connection: Handle): CipherSummary | null;
  sharedCiphers(connection: Handle): CipherSummary[] | null;
  peerCertificate(connection: Handle): Uint8Array | null;
  peerChain(connection: Handle, verified: boolean): Uint8Array[];
  ocspResponse(connection: Handle): Uint8Array | null;
  tlsUnique(connection: Handle): Uint8Array | null;
  tlsServerEndPoint(connection: Handle): Uint8Array | null | TlsError;
  exportKeyingMaterial(connection: Handle, out: Uint8Array, label: Uint8Array, context: Uint8Array | null): Outcome;

  // sessions
  /** 1: the connection's session is in `handle` now; 0: it has none. */
  getSession(connection: Handle, handle: Handle): Outcome;
  setSession(connection: Handle, session: Handle): Outcome;
  /** id, time, timeout, ticket lifetime hint (seconds), whether there is a ticket. */
  describeSession(session: Handle): [Uint8Array, number, number, number, boolean];
  sessionToBytes(session: Handle): Uint8Array | TlsError;
  sessionFromBytes(handle: Handle, der: Uint8Array): Outcome;
}
