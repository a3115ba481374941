/** The forms of the arguments of connect and listen: node:net's. */
import { ADDRCONFIG, ALL, V4MAPPED } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { SSLContext } from '../ssl/context.js';
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
  /** Whether all addresses of a name are tried, or one. As `net.getDefaultAutoSelectFamily()` says if it is not given. */
  autoSelectFamily?: boolean;
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

const FAMILIES: readonly unknown[] = [undefined, null, 0, 4, 6, 'IPv4', 'IPv6'];
const HINTS = ADDRCONFIG | ALL | V4MAPPED;

/** Checks what connect's options are, as node:net does. @throws TypeError | RangeError with Node's `code` */
export function checkConnect(options: ConnectOptions): void {
  if (options.port === undefined && (options.path === undefined || options.path === null)) {
    throw argumentError('ERR_MISSING_ARGS', 'The "options" or "port" or "path" argument must be specified');
  }
  if (options.path) mustBe('path', options.path, 'string');
  else checkInternet(options);
}

function checkInternet(options: ConnectOptions): void {
  const { localAddress, localPort, port, host, lookup, autoSelectFamily, autoSelectFamilyAttemptTimeout } = options;
  if (localAddress && isIP(localAddress) === 0) {
    throw argumentError('ERR_INVALID_IP_ADDRESS', `Invalid IP address: ${localAddress}`);
  }
  if (localPort) mustBe('localPort', localPort, 'number');
  if (port !== undefined) portOf(port);
  if (isGiven(autoSelectFamily)) mustBe('autoSelectFamily', autoSelectFamily, 'boolean');
  if (isGiven(autoSelectFamilyAttemptTimeout)) checkAttemptTimeout(autoSelectFamilyAttemptTimeout);
  if (isIP(host || 'localhost') !== 0) return;
  if (isGiven(lookup)) mustBe('lookup', lookup, 'function');
  else checkQuestion(options);
}

export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function checkAttemptTimeout(value: unknown): void {
  mustBe('autoSelectFamilyAttemptTimeout', value, 'number');
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 0x7fffffff) return;
  const range = 'It must be >= 1 and <= 2147483647';
  throw rangeError(
    'ERR_OUT_OF_RANGE',
    `The value of "options.autoSelectFamilyAttemptTimeout" is out of range. ${range}`,
  );
}

/** What the system's resolver is asked, as dns.lookup checks it. */
function checkQuestion({ host, family, hints }: ConnectOptions): void {
  if (host) mustBe('host', host, 'string');
  if (isGiven(hints)) mustBe('hints', hints, 'number');
  if (((hints ?? 0) & ~HINTS) !== 0) {
    throw argumentError('ERR_INVALID_ARG_VALUE', `The argument 'hints' is invalid. Received ${hints}`);
  }
  if (FAMILIES.includes(family)) return;
  throw argumentError('ERR_INVALID_ARG_VALUE', `The property 'options.family' must be 0, 4 or 6. Received ${family}`);
}

/** @throws TypeError with Node's `code` */
export function mustBe(name: string, value: unknown, type: 'string' | 'number' | 'boolean' | 'function'): void {
  if (typeof value === type) return;
  throw argumentError('ERR_INVALID_ARG_TYPE', `The "options.${name}" property must be of type ${type}`);
}

/** TLS is by a context of this library's ssl module, or not at all. @throws TypeError with Node's `code` */
export function checkContext(context: unknown): void {
  if (context === undefined || context instanceof SSLContext) return;
  throw argumentError('ERR_INVALID_ARG_TYPE', 'The "options.ssl" property must be an SSLContext of ssl');
}

/** The forms of connect's and listen's arguments: the options they stand for, and the listener. */
export function optionsOf<T extends ConnectOptions>(args: readonly unknown[]): [T, Listener | undefined] {
  const last = args[args.length - 1];
  const listener = typeof last === 'function' ? (last as Listener) : undefined;
  const [first, host] = args;
  if (typeof first === 'object' && first !== null) return [{ ...first } as T, listener];
  if (typeof first === 'string' && !isPort(first)) return [{ path: first } as T, listener];
  const options = first === undefined ? {} : { port: first };
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
