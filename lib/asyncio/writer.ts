/** StreamWriter: what is written goes out by itself; `drain` says when there is room for more. */

import { type InspectOptions, inspect } from 'node:util';
import { checkOptions, namesOf, typeName } from '../core/args.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { drop } from '../core/closing.js';
import { ConnectionAbortedError, ConnectionResetError, RuntimeError, ValueError } from '../core/exceptions.js';
import { repr } from '../core/repr.js';
import { staysWith } from '../core/stays.js';
import type { Abortable } from '../event/await.js';
import type { socket } from '../socket/socket.js';
import { SSLContext } from '../ssl/context.js';
import type { StreamReader } from './reader.js';
import { sock_do_handshake } from './sock.js';
import { timeout } from './time.js';
import { Transport, type TransportOptions } from './transport.js';

/** How a connection is made a TLS one. */
export interface TlsOptions extends TransportOptions {
  /** Whom to reach. With '', no name is sent, and a context that checks names refuses. */
  server_hostname?: string | null;
  /** Seconds that the handshake may take; 60 if not given. */
  ssl_handshake_timeout?: number;
}

const START_TLS = namesOf<TlsOptions & Abortable>({
  server_hostname: true,
  ssl_handshake_timeout: true,
  ssl_shutdown_timeout: true,
  signal: true,
});

/** TLS's options need TLS, and times above 0. @throws ValueError | TypeError */
export function checkTlsOptions(ssl: unknown, options: TlsOptions): void {
  for (const name of ['server_hostname', 'ssl_handshake_timeout', 'ssl_shutdown_timeout'] as const) {
    const value = options[name];
    if (value === undefined || value === null) continue;
    if (!ssl) throw new ValueError(`${name} is only meaningful with ssl`);
    if (name !== 'server_hostname') checkTime(name, value);
  }
}

function checkTime(name: string, value: unknown): void {
  if (typeof value !== 'number' || Number.isNaN(value)) {
    throw new TypeError(`${name} must be a number of seconds or null, not ${typeName(value)}`);
  }
  if (value <= 0) throw new ValueError(`${name} should be a positive number, got ${value}`);
}

/**
 * Shakes hands over `sock`, which is nonblocking and connected, and is given away. `unread` is what the peer has sent for it
 * and somebody has received already.
 * @throws (rejects) SSLError | OSError, ConnectionAbortedError if it takes too long
 */
export async function secured(
  sock: socket,
  context: SSLContext,
  serverSide: boolean,
  { server_hostname = null, ssl_handshake_timeout }: TlsOptions,
  { signal }: Abortable = {},
  unread: Uint8Array | null = null,
): Promise<socket> {
  const limit = ssl_handshake_timeout ?? 60;
  using deadline = timeout(limit, { signal });
  const wrapped = context.wrap_socket(sock, {
    server_side: serverSide,
    do_handshake_on_connect: false,
    server_hostname: server_hostname?.length === 0 ? null : server_hostname,
  });
  if (unread !== null && unread.length > 0) wrapped._sslobj?._tls.unread(unread);
  try {
    await sock_do_handshake(wrapped, deadline);
    return wrapped;
  } catch (error) {
    drop(wrapped);
    if (!deadline.expired()) throw error;
    const text = `SSL handshake is taking longer than ${limit} seconds: aborting the connection`;
    throw new ConnectionAbortedError(text);
  }
}

const STAYS = staysWith('a stream');

/**
 * Writes to a connection. `open_connection` and `start_server` make it.
 *
 * ```js
 * writer.write(bytes);
 * await writer.drain(); // waits while more than the high-water mark is unsent
 * ```
 * @see Python asyncio.StreamWriter
 */
export class StreamWriter {
  /** @internal See core/stays.ts. */ readonly _stays: symbol = STAYS;
  #transport: Transport;
  readonly #reader: StreamReader;
  readonly #serverSide: boolean;
  readonly #options: TransportOptions;
  /** While hands are shaken: what is written meanwhile, and how the handshake is ended. */
  #handshake: { readonly early: Buffer[]; readonly controller: AbortController } | null = null;

  /** @internal */
  constructor(transport: Transport, reader: StreamReader, serverSide: boolean, options: TransportOptions) {
    this.#transport = transport;
    this.#reader = reader;
    this.#serverSide = serverSide;
    this.#options = options;
  }

  /** The connection below. `start_tls` replaces it. */
  get transport(): Transport {
    return this.#transport;
  }

  /** Sends, at once or as soon as the kernel takes it. Errors are `drain`'s and the reader's. @throws TypeError */
  write(data: BytesLike): void {
    if (this.#handshake === null) this.#transport.write(data);
    else this.#handshake.early.push(Buffer.from(bytesOf(data)));
  }
  /** Sends several pieces in their order, as `write` sends each. @throws TypeError | RuntimeError after `write_eof` */
  writelines(data: Iterable<BytesLike>): void {
    if (this.#handshake === null) this.#transport.writelines(data);
    else for (const each of data) this.write(each);
  }

  /**
   * Waits while more is unsent than the transport's high-water mark allows.
   * @throws (rejects) the connection's error; ConnectionResetError after its end
   */
  async drain({ signal }: Abortable = {}): Promise<void> {
    const error = this.#reader.exception();
    if (error !== null) throw error;
    await this.#transport._drain(signal);
  }

  /** Closes once all is sent. @throws OSError if the system no longer polls the descriptor */
  close(): void {
    this.#handshake?.controller.abort(new ConnectionResetError('Connection lost'));
    this.#transport.close();
  }
  /** @internal Ends the connection at once: over TLS, or while hands are shaken for it. */
  _abort(): void {
    if (this.#handshake === null) this.#transport.abort();
    else this.#handshake.controller.abort(new ConnectionResetError('Connection lost'));
  }
  /** Whether `close` was called, or the connection has ended. */
  is_closing(): boolean {
    return this.#transport.is_closing();
  }

  /** Resolves when the connection has ended. @throws (rejects) what ended it */
  wait_closed({ signal }: Abortable = {}): Promise<void> {
    return this.#transport._ended(signal);
  }

  /** Ends our side alone, once all is sent: the peer reads an end, and may go on. @throws NotImplementedError over TLS */
  write_eof(): void {
    this.#transport.write_eof();
  }
  /** Whether `write_eof` works: false over TLS, which cannot end one direction alone. */
  can_write_eof(): boolean {
    return this.#transport.can_write_eof();
  }

  /** @see Transport.get_extra_info */
  get_extra_info(name: string, fallback: unknown = null): unknown {
    return this.#transport.get_extra_info(name, fallback);
  }

  /**
   * Makes the connection a TLS one: what STARTTLS is for. What the peer has sent and the reader has not given out begins it.
   * @throws (rejects) SSLError | OSError, and the connection is closed; RuntimeError | ValueError; TypeError over TLS,
   *   within which CPython begins another TLS connection
   * @see Python StreamWriter.start_tls
   */
  async start_tls(context: SSLContext, options: TlsOptions & Abortable = {}): Promise<void> {
    checkOptions('start_tls', options, START_TLS);
    checkTlsOptions(context, options);
    if (!(context instanceof SSLContext)) {
      throw new TypeError(`sslcontext is expected to be an instance of ssl.SSLContext, got ${repr(context)}`);
    }
    const before = this.#transport;
    const error = this.#reader.exception();
    if (error !== null) throw error;
    if (this.#handshake !== null || before.is_closing()) throw new RuntimeError('the connection is closing');
    // The handshake would go beside the TLS that there is, for everybody to read.
    if (!before._sock._isPlain) throw new TypeError(`transport ${inspect(before)} is not supported by start_tls()`);
    const controller = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, controller.signal]) : controller.signal;
    // What is written from now on is meant for TLS, and never goes out without it.
    const early: Buffer[] = [];
    this.#handshake = { early, controller };
    try {
      this.#transport = await this.#encrypted(before, context, { ...this.#options, ...options, signal });
    } finally {
      this.#handshake = null;
    }
    if (early.length > 0) this.#transport.writelines(early);
  }

  /** The same connection over TLS. If that fails it is at its end. */
  async #encrypted(before: Transport, context: SSLContext, options: TlsOptions & Abortable): Promise<Transport> {
    await this.drain(options);
    if (before.get_write_buffer_size() > 0) await flushed(before, options.signal);
    // Somebody has closed or aborted it meanwhile.
    if (before.is_closing()) throw new ConnectionResetError('Connection lost');
    const plain = before._give(() => this._abort());
    const unread = this.#reader._takeAll();
    try {
      const sock = await secured(plain, context, this.#serverSide, options, options, unread);
      const after = new Transport(sock, this.#reader, options);
      after._succeed(before);
      return after;
    } catch (error) {
      plain.close(); // if the context would not have it
      before._tellEnd(error as Error);
      throw error;
    }
  }

  [inspect.custom](_depth: number, options: InspectOptions): string {
    const [transport, reader] = [inspect(this.#transport, options), inspect(this.#reader, options)];
    return `<StreamWriter transport=${transport} reader=${reader}>`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.wait_closed();
  }
}

/** Waits until the kernel has everything. */
async function flushed(transport: Transport, signal?: AbortSignal): Promise<void> {
  const [low, high] = transport.get_write_buffer_limits();
  transport.set_write_buffer_limits({ high: 0, low: 0 });
  try {
    await transport._drain(signal);
  } finally {
    transport.set_write_buffer_limits({ high, low });
  }
}
