/** Connecting to a host by name, awaited. */
import { getaddrinfo } from './_asyncio_names.js';
import { sock_connect } from './_asyncio_sock.js';
import { timeout } from './_asyncio_time.js';
import type { Abortable } from './_await.js';
import { constants } from './_constants.js';
import { socket } from './_socket.js';
import { OSError } from './exceptions.js';

const { SOCK_STREAM } = constants.socket;

export interface ConnectOptions extends Abortable {
  family?: number;
  proto?: number;
  flags?: number;
  /** The local address to connect from. */
  local_addr?: readonly [host: string | null, port: number | string | null] | null;
  /** Seconds after which the next address is tried too, while the one before has not answered; null: only when it has failed. */
  happy_eyeballs_delay?: number | null;
  /** How many addresses of the first family come before the families take turns; 0: as the resolver has them. */
  interleave?: number;
  /** Reject with an ExceptionGroup of what went wrong with each address. */
  all_errors?: boolean;
  /** Seconds for everything together, name resolution too; null: no limit. */
  timeout?: number | null;
}

/** A nonblocking TCP socket that is connected to a host. */
export async function connectTo(
  host: string | null,
  port: number | string | null,
  options: ConnectOptions = {},
): Promise<socket> {
  using deadline = timeout(options.timeout ?? null, options);
  const { signal } = deadline;
  const { family, proto, flags } = options;
  let last: unknown = new OSError('getaddrinfo() returned empty list');
  for (const info of await getaddrinfo(host, port, { family, type: SOCK_STREAM, proto, flags, signal })) {
    const sock = new socket(info[0], info[1], info[2]);
    try {
      sock.setblocking(false);
      await sock_connect(sock, info[4], { signal });
      return sock;
    } catch (error) {
      sock.close();
      signal.throwIfAborted();
      last = error;
    }
  }
  throw last;
}
