/** Sessions that a later connection can resume. */
import { inspect } from 'node:util';
import { tls } from '../addon/binary.js';
import type { TlsConnection, TlsSession } from '../addon/tls.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { ValueError } from '../core/exceptions.js';
import { objectRepr } from '../core/repr.js';
import { stays } from '../core/stays.js';
import { isFailure, succeeded } from './errors.js';

/** Marks the constructor calls of this library: for everyone else a session comes from a connection. */
const INTERNAL = Symbol('internal');

const STAYS = stays('a session', 'send to_bytes(), and call session_from_bytes of a context there');

/**
 * What a client keeps of a connection in order to resume it: `context.wrap_socket(sock, { session })`. In TLS 1.3 it
 * comes with the first data after the handshake, so ask for it after a read.
 * @see Python ssl.SSLSession
 */
export class SSLSession {
  /** @internal See core/stays.ts. */ readonly _stays: symbol = STAYS;
  /** @internal */
  readonly _tls: TlsSession;
  /** @internal Which SSLContext's connections it may be used with. */
  readonly _context: object;

  /** @throws TypeError always: connections make sessions */
  constructor(...args: unknown[]) {
    if (args[0] !== INTERNAL) throw new TypeError("cannot create 'ssl.SSLSession' instances");
    this._tls = args[1] as TlsSession;
    this._context = args[2] as object;
  }

  /** @internal */
  static _create(tlsSession: TlsSession, context: object): SSLSession {
    return new SSLSession(INTERNAL, tlsSession, context);
  }

  /** The session's id; of a TLS 1.3 session, which has none on the wire, one of OpenSSL's making. */
  get id(): Buffer {
    return Buffer.from(this._tls.describe()[0]);
  }
  /** When it was made, in seconds since 1970. */
  get time(): number {
    return this._tls.describe()[1];
  }
  /** How long it is good for, in seconds. */
  get timeout(): number {
    return this._tls.describe()[2];
  }
  /** How long the server says that the ticket is good for, in seconds; 0: it does not say. */
  get ticket_lifetime_hint(): number {
    return this._tls.describe()[3];
  }
  /** Whether the server gave a ticket, and so need not keep the session itself. */
  get has_ticket(): boolean {
    return this._tls.describe()[4];
  }

  /**
   * The whole session, to be kept elsewhere: `SSLContext.session_from_bytes` makes it a session again. It holds the
   * connection's secrets.
   * @throws SSLError if OpenSSL cannot write the session
   * @see i2d_SSL_SESSION(3)
   */
  to_bytes(): Buffer {
    return Buffer.from(succeeded(this._tls.toBytes()));
  }

  /** Whether both are the same session. Python's `==`. */
  equals(other: unknown): boolean {
    return other instanceof SSLSession && this.id.equals(other.id);
  }

  [inspect.custom](): string {
    return objectRepr('_ssl', this);
  }
}

/** A connection's session; null if it has none. @throws ValueError in the middle of a handshake */
export function sessionOf(connection: TlsConnection, context: object): SSLSession | null {
  const session = connection.getSession();
  if (isFailure(session)) throw new ValueError(session.text);
  return session === null ? null : SSLSession._create(session, context);
}

/** The session that `to_bytes` has written. @throws SSLError */
export function sessionFromBytes(context: object, bytes: BytesLike): SSLSession {
  return SSLSession._create(succeeded(tls.Session.fromBytes(bytesOf(bytes))), context);
}

/** Checks a session that a connection of `context` is given. */
export function checkSession(session: unknown, context: object): asserts session is SSLSession {
  if (!(session instanceof SSLSession)) throw new TypeError('Value is not a SSLSession.');
  if (session._context !== context) throw new ValueError('Session refers to a different SSLContext.');
}
