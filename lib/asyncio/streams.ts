/** Connections as a reader and a writer. */

import { constants } from '../constants/table.js';
import { absent, checkOptions, namesOf } from '../core/args.js';
import { drop } from '../core/closing.js';
import { BlockingIOError, ValueError } from '../core/exceptions.js';
import type { Abortable } from '../event/await.js';
import { socket } from '../socket/socket.js';
import { SSLContext } from '../ssl/context.js';
import { create_default_context } from '../ssl/defaults.js';
import { type ConnectOptions, connectTo } from './connect.js';
import { DEFAULT_LIMIT, StreamReader } from './reader.js';
import { sock_connect } from './sock.js';
import { Transport } from './transport.js';
import { checkTlsOptions, StreamWriter, secured, type TlsOptions } from './writer.js';

const { AF_UNIX, SOCK_STREAM } = constants.socket;

/** How long a full Unix listener is left alone before it is tried again. */
const RETRY_MS = 10;

/** How `open_connection`, `open_unix_connection` and the servers make the streams of a connection. */
export interface StreamOptions extends TlsOptions, Abortable {
  /** TLS: a context, or true for `create_default_context()`. */
  ssl?: SSLContext | boolean | null;
  /** The reader's limit in bytes; 64 KiB if not given. */
  limit?: number;
  /** A socket that is connected already, instead of an address. The connection owns it. */
  sock?: socket | null;
}

/** What `open_connection` takes besides host and port. @see Python asyncio.open_connection */
export interface OpenConnectionOptions extends StreamOptions, ConnectOptions {}

const STREAM = namesOf<StreamOptions>({
  ssl: true,
  server_hostname: true,
  ssl_handshake_timeout: true,
  ssl_shutdown_timeout: true,
  limit: true,
  sock: true,
  signal: true,
});
const CONNECT = namesOf<ConnectOptions>({
  family: true,
  proto: true,
  flags: true,
  local_addr: true,
  happy_eyeballs_delay: true,
  interleave: true,
  all_errors: true,
  timeout: true,
  signal: true,
});
const OPEN_CONNECTION = [...STREAM, ...CONNECT];

/**
 * Connects to a host, by all of its addresses (RFC 8305), and if asked for over TLS: `[reader, writer]`.
 * @throws (rejects) OSError | gaierror | SSLError | TimeoutError | ValueError
 * @see Python asyncio.open_connection
 */
export async function open_connection(
  host: string | null = absent(arguments.length, 1, 'host', null),
  port: number | string | null = absent(arguments.length, 2, 'port', null),
  options: OpenConnectionOptions = {},
): Promise<[StreamReader, StreamWriter]> {
  checkOptions('open_connection', options, OPEN_CONNECTION);
  const { sock } = options;
  if (sock && (host !== null || port !== null)) {
    throw new ValueError('host/port and sock can not be specified at the same time');
  }
  if (!sock && host === null && port === null)
    throw new ValueError('host and port was not specified and no sock specified');
  checkTls(options, host === null);
  const connected = sock ?? (await connectTo(host, port, options));
  return streams(connected, { ...options, server_hostname: options.server_hostname ?? host });
}

/**
 * As `open_connection`, to a Unix socket's path.
 * @throws (rejects) OSError | SSLError | TimeoutError | ValueError
 * @see Python asyncio.open_unix_connection
 */
export async function open_unix_connection(
  path: string | Uint8Array | null = absent(arguments.length, 1, 'path', null),
  options: StreamOptions = {},
): Promise<[StreamReader, StreamWriter]> {
  checkOptions('open_unix_connection', options, STREAM);
  const { sock } = options;
  if (path !== null && sock) throw new ValueError('path and sock can not be specified at the same time');
  if (path === null && !sock) throw new ValueError('no path and sock were specified');
  checkTls(options, true);
  return streams(sock ?? (await connectToPath(path, options)), options);
}

function checkTls(options: StreamOptions, nameless: boolean): void {
  const { ssl, server_hostname } = options;
  checkTlsOptions(ssl, options);
  if (ssl && ssl !== true && !(ssl instanceof SSLContext)) {
    throw new TypeError('ssl argument must be an SSLContext, True or None');
  }
  if (ssl && nameless && (server_hostname === undefined || server_hostname === null)) {
    throw new ValueError('You must set server_hostname when using ssl without a host');
  }
}

/** Waits while the listener's queue is full, as a blocking socket does. No poller tells when it has room again. */
async function connectToPath(path: string | Uint8Array | null, { signal }: Abortable): Promise<socket> {
  const sock = new socket(AF_UNIX, SOCK_STREAM);
  try {
    sock.setblocking(false);
    while (!(await connects(sock, path, signal))) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    return sock;
  } catch (error) {
    drop(sock);
    throw error;
  }
}

async function connects(sock: socket, path: string | Uint8Array | null, signal?: AbortSignal): Promise<boolean> {
  try {
    await sock_connect(sock, path, { signal });
    return true;
  } catch (error) {
    if (error instanceof BlockingIOError) return false;
    throw error;
  }
}

async function streams(plain: socket, options: StreamOptions): Promise<[StreamReader, StreamWriter]> {
  const { ssl, limit = DEFAULT_LIMIT } = options;
  let sock = plain;
  try {
    const reader = new StreamReader({ limit });
    plain.setblocking(false);
    if (ssl) sock = await secured(plain, ssl === true ? create_default_context() : ssl, false, options, options);
    const transport = new Transport(sock, reader, options);
    return [reader, new StreamWriter(transport, reader, false, options)];
  } catch (error) {
    drop(sock);
    throw error;
  }
}
