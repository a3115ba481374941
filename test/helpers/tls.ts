/** TLS in tests: the certificates of test/certs, contexts, and two ends in one process. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as socket from '../../lib/socket/index.js';
import * as ssl from '../../lib/ssl/index.js';

const CERTS = fileURLToPath(new URL('../../../test/certs/', import.meta.url));

/** The path of a file in test/certs: `cert('server.pem')`. */
export function cert(name: string): string {
  return CERTS + name;
}
export function certText(name: string): string {
  return readFileSync(cert(name), 'utf8');
}

/** A certificate with so much behind it that it does not fit into small buffers. */
export function heavy(name: string): string {
  return certText(name) + certText('intermediate.crt.pem').repeat(60);
}

export interface ContextOptions {
  /** The only TLS version: TLSVersion. */
  version?: number;
  /** The name of a file in test/certs. */
  certificate?: string;
  /** Verify the client's certificate too. */
  mutual?: boolean;
}

function versioned(context: ssl.SSLContext, version: number | undefined): ssl.SSLContext {
  if (version === undefined) return context;
  context.minimum_version = version;
  context.maximum_version = version;
  return context;
}

/** A server's context with a certificate for localhost. */
export function serverContext({ version, certificate = 'server.pem', mutual = false }: ContextOptions = {}) {
  const context = versioned(new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), version);
  context.load_cert_chain(cert(certificate));
  if (mutual) {
    context.load_verify_locations(cert('root.crt.pem'));
    context.verify_mode = ssl.CERT_REQUIRED;
  }
  return context;
}

/** A client's context that trusts test/certs' root. */
export function clientContext({ version, certificate }: ContextOptions = {}) {
  const context = versioned(new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), version);
  context.load_verify_locations(cert('root.crt.pem'));
  if (certificate !== undefined) context.load_cert_chain(cert(certificate));
  return context;
}

export function wants(error: unknown): boolean {
  return error instanceof ssl.SSLWantReadError || error instanceof ssl.SSLWantWriteError;
}

interface Side {
  do_handshake(): void;
}

/** Two ends take turns until both have shaken hands. What either raises is raised. */
export function shake(client: Side, server: Side): void {
  for (let turn = 0; turn < 20; turn++) {
    let waiting = 0;
    for (const side of [client, server]) {
      try {
        side.do_handshake();
      } catch (error) {
        if (!wants(error)) throw error;
        waiting++;
      }
    }
    if (waiting === 0) return;
  }
  throw new Error('the handshake does not end');
}

export interface PairOptions {
  client?: ssl.SSLContext;
  server?: ssl.SSLContext;
  host?: string | null;
  session?: ssl.SSLSession | null;
}

/** Two ends over memory BIOs, before the handshake. */
export function memoryPair({
  client = clientContext(),
  server = serverContext(),
  host = 'localhost',
  session = null,
}: PairOptions = {}) {
  const toClient = new ssl.MemoryBIO();
  const toServer = new ssl.MemoryBIO();
  return {
    toClient,
    toServer,
    client: client.wrap_bio(toClient, toServer, { server_hostname: host, session }),
    server: server.wrap_bio(toServer, toClient, { server_side: true }),
  };
}

/** Two connected sockets that have shaken hands. Nonblocking. */
export function socketPair(options: PairOptions = {}): { client: ssl.SSLSocket; server: ssl.SSLSocket } {
  const pair = plainPair(options);
  shake(pair.client, pair.server);
  return pair;
}

/** TCP holds back what is small, and has room for megabytes, where a Unix-domain socket does neither. */
function asUnixSocket(end: socket.socket): void {
  end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1);
  for (const room of [socket.SO_SNDBUF, socket.SO_RCVBUF]) end.setsockopt(socket.SOL_SOCKET, room, 100_000);
}

/** The same before the handshake. */
export function plainPair({
  client = clientContext(),
  server = serverContext(),
  host = 'localhost',
  session = null,
}: PairOptions = {}): { client: ssl.SSLSocket; server: ssl.SSLSocket } {
  const [a, b] = socket.socketpair();
  for (const end of [a, b]) {
    end.setblocking(false);
    if (end.family !== socket.AF_UNIX) asUnixSocket(end);
  }
  const later = { do_handshake_on_connect: false };
  return {
    client: client.wrap_socket(a, { ...later, server_hostname: host, session }),
    server: server.wrap_socket(b, { ...later, server_side: true }),
  };
}
