/** SSLContext: settings, and the connections that they make. */
import { argName, parameters } from '../core/args.js';
import type { BytesLike } from '../core/bytes.js';
import type { socket } from '../socket/socket.js';
import { MemoryBIO } from './memory.js';
import { SSLObject } from './object.js';
import type { SSLSession } from './session.js';
import { Settings } from './settings.js';
import { SSLSocket } from './socket.js';

declare module './connection.js' {
  interface Classes {
    SSLContext: SSLContext;
    SSLObject: SSLObject;
    SSLSocket: SSLSocket;
  }
}

/** What `wrap_socket` takes besides the socket. @see Python SSLContext.wrap_socket */
export interface WrapSocketOptions {
  server_side?: boolean;
  /** Shake hands at once, or in `connect`, `accept`. */
  do_handshake_on_connect?: boolean;
  /** Take an end without a goodbye for an end; else it raises SSLEOFError. */
  suppress_ragged_eofs?: boolean;
  /** Whom a client means to reach. */
  server_hostname?: string | BytesLike | null;
  /** An earlier connection's session, to be resumed. */
  session?: SSLSession | null;
}
/** What `wrap_bio` takes besides the two BIOs. @see Python SSLContext.wrap_bio */
export type WrapBioOptions = Pick<WrapSocketOptions, 'server_side' | 'server_hostname' | 'session'>;

/**
 * Settings, certificates and keys that connections share. Prefer `create_default_context`.
 * @see Python ssl.SSLContext
 */
export class SSLContext extends Settings {
  /** The classes of what wrap_socket and wrap_bio return. As in Python, another may be set, for one context or for all. */
  declare sslsocket_class: typeof SSLSocket;
  /** The class of what wrap_bio returns. */
  declare sslobject_class: typeof SSLObject;
  /** The class of what wrap_socket returns, for all contexts that have none of their own. */
  static get sslsocket_class(): typeof SSLSocket {
    return SSLContext.prototype.sslsocket_class;
  }
  static set sslsocket_class(target: typeof SSLSocket) {
    SSLContext.prototype.sslsocket_class = target;
  }
  /** The class of what wrap_bio returns, for all contexts that have none of their own. */
  static get sslobject_class(): typeof SSLObject {
    return SSLContext.prototype.sslobject_class;
  }
  static set sslobject_class(target: typeof SSLObject) {
    SSLContext.prototype.sslobject_class = target;
  }

  /**
   * A TLS connection over `sock`, which is detached: the new object owns its descriptor.
   * @param options names, as Python's: server_side, do_handshake_on_connect (true), suppress_ragged_eofs (true),
   *   server_hostname, session
   * @throws SSLError of the handshake, of an empty certificate chain and the like; ValueError | TypeError |
   * NotImplementedError | OSError
   * @see Python SSLContext.wrap_socket
   */
  wrap_socket(sock: socket, options?: WrapSocketOptions): SSLSocket;
  wrap_socket(
    sock: socket,
    server_side?: boolean,
    do_handshake_on_connect?: boolean,
    suppress_ragged_eofs?: boolean,
    server_hostname?: string | BytesLike | null,
    session?: SSLSession | null,
  ): SSLSocket;
  wrap_socket(...args: unknown[]): SSLSocket {
    const names = [
      'sock',
      'server_side',
      'do_handshake_on_connect',
      'suppress_ragged_eofs',
      'server_hostname',
      'session',
    ];
    const [sock, serverSide = false, handshake = true, suppress = true, host = null, session = null] = parameters(
      'wrap_socket',
      names,
      args,
    );
    if (sock === undefined) throw new TypeError("wrap_socket() missing 1 required positional argument: 'sock'");
    return this.sslsocket_class._create(sock as socket, this, {
      serverSide: Boolean(serverSide),
      doHandshake: Boolean(handshake),
      suppressEofs: Boolean(suppress),
      serverHostname: host as string | Uint8Array | null,
      session: session as SSLSession | null,
    });
  }

  /**
   * A TLS connection between two memory BIOs, which the caller carries to and from the peer.
   * @throws SSLError | ValueError | TypeError
   * @see Python SSLContext.wrap_bio
   */
  wrap_bio(incoming: MemoryBIO, outgoing: MemoryBIO, options?: WrapBioOptions): SSLObject;
  wrap_bio(
    incoming: MemoryBIO,
    outgoing: MemoryBIO,
    server_side?: boolean,
    server_hostname?: string | BytesLike | null,
    session?: SSLSession | null,
  ): SSLObject;
  wrap_bio(...args: unknown[]): SSLObject {
    const names = ['incoming', 'outgoing', 'server_side', 'server_hostname', 'session'];
    const [incoming, outgoing, serverSide = false, host = null, session = null] = parameters('wrap_bio', names, args);
    for (const [name, bio] of [
      ['incoming', incoming],
      ['outgoing', outgoing],
    ] as const) {
      if (bio instanceof MemoryBIO) continue;
      throw new TypeError(`_wrap_bio() argument '${name}' must be _ssl.MemoryBIO, not ${argName(bio)}`);
    }
    return this.sslobject_class._create(incoming as MemoryBIO, outgoing as MemoryBIO, this, {
      serverSide: Boolean(serverSide),
      serverHostname: this._encode_hostname(host as string | Uint8Array | null),
      session: session as SSLSession | null,
    });
  }
}
SSLContext.sslsocket_class = SSLSocket;
SSLContext.sslobject_class = SSLObject;
