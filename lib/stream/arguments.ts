/** The forms of the arguments of connect and listen: node:net's. */
import type { LookupFunction } from 'node:net';
import { argumentError, rangeError } from './errors.js';

/** Where to connect to, and from where. @see https://nodejs.org/api/net.html#socketconnectoptions-connectlistener */
export interface ConnectOptions {
  port?: number | string;
  /** 'localhost' if not given. */
  host?: string;
  /** A Unix socket's path; one that begins with a 0 byte is an abstract name. */
  path?: string;
  localAddress?: string;
  localPort?: number;
  /** 4 or 6: only such addresses. */
  family?: number | string;
  hints?: number;
  /** Instead of the system's resolver: as dns.lookup. */
  lookup?: LookupFunction;
  /** Milliseconds until the next address of a name is tried too. */
  autoSelectFamilyAttemptTimeout?: number;
}

type Listener = () => void;
/** The forms that the arguments of `connect` may have, as net.connect's. */
export type ConnectArguments =
  | [options: ConnectOptions, listener?: Listener]
  | [port: number | string, listener?: Listener]
  | [port: number | string, host: string, listener?: Listener]
  | [path: string, listener?: Listener];

/** The forms of connect's and listen's arguments: the options they stand for, and the listener. */
export function optionsOf<T extends ConnectOptions>(args: readonly unknown[]): [T, Listener | undefined] {
  const last = args[args.length - 1];
  const listener = typeof last === 'function' ? (last as Listener) : undefined;
  const [first, host] = args;
  if (typeof first === 'object' && first !== null) return [{ ...first } as T, listener];
  if (typeof first === 'string' && !isPort(first)) return [{ path: first } as T, listener];
  const options = first === undefined || first === null || typeof first === 'function' ? {} : { port: first };
  return [(typeof host === 'string' ? { ...options, host } : options) as T, listener];
}

function isPort(text: string): boolean {
  return text.trim() !== '' && Number(text) >= 0;
}

/** A port as a number. @throws RangeError | TypeError */
export function portOf(value: unknown): number {
  if (typeof value !== 'number' && typeof value !== 'string') {
    throw argumentError('ERR_INVALID_ARG_TYPE', 'The "options.port" property must be of type number or string');
  }
  const port = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw rangeError('ERR_SOCKET_BAD_PORT', `options.port should be >= 0 and < 65536. Received ${value}.`);
}
