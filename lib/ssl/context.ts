/**
 * SSLContext: settings, and the connections that are made with them.
 *
 * A connection has a context, and a context makes connections. So that no file imports the one that imports it, the files
 * of SSLSocket and SSLObject know the settings alone, and `context` is added to both classes here.
 */
import { argName, parameters } from '../core/args.js';
import type { BytesLike } from '../core/bytes.js';
import { ValueError } from '../core/exceptions.js';
import { repr } from '../core/repr.js';
import type { socket } from '../socket/socket.js';
import { checkCallback } from './complaints.js';
import * as k from './constants.js';
import { MemoryBIO } from './memory.js';
import { SSLObject } from './object.js';
import type { SSLSession } from './session.js';
import { type AcceptedOptions, ContextSettings } from './settings.js';
import { SSLSocket } from './socket.js';

/** What sni_callback is called with: the SSLSocket or SSLObject, the name, and the context. */
export type ServerNameCallback = (
  sslobj: SSLSocket | SSLObject,
  server_name: string | null,
  context: SSLContext,
) => number | null | undefined | void;

/**
 * Called for each message: the connection; 'read' or 'write'; the TLS version; the content type (_TLSContentType); the
 * message type (_TLSMessageType, for an alert _TLSAlertType, for a header _TLSContentType); the message, decrypted.
 */
export type MessageCallback = (
  conn: SSLSocket | SSLObject,
  direction: 'read' | 'write',
  version: number,
  content_type: number,
  msg_type: number,
  data: Buffer,
) => void;

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
export type WrapBioOptions = Pick<WrapSocketOptions, 'server_side' | 'server_hostname' | 'session'>;

/**
 * Settings, certificates and keys that connections share. Prefer `create_default_context`.
 * @see Python ssl.SSLContext
 */
export class SSLContext extends ContextSettings {
  /** The classes of what wrap_socket and wrap_bio return; . */
  declare sslsocket_class: typeof SSLSocket;
  declare sslobject_class: typeof SSLObject;
  static get sslsocket_class(): typeof SSLSocket {
    return SSLContext.prototype.sslsocket_class;
  }
  static set sslsocket_class(target: typeof SSLSocket) {
    SSLContext.prototype.sslsocket_class = target;
  }
  static get sslobject_class(): typeof SSLObject {
    return SSLContext.prototype.sslobject_class;
  }
  static set sslobject_class(target: typeof SSLObject) {
    SSLContext.prototype.sslobject_class = target;
  }
  #messageCallback: MessageCallback | null = null;

  // ---- connections -------------------------------------------------------------------------------------------------

  /**
   * A TLS connection over `sock`, which is detached: the new object owns its descriptor.
   * @param options names, as Python's: server_side, do_handshake_on_connect (true), suppress_ragged_eofs (true),
   *   server_hostname, session
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

  /** @internal */
  override _wrapAccepted(plain: socket, options: AcceptedOptions): SSLSocket {
    return this.wrap_socket(plain, { ...options, server_side: true });
  }

  // ---- callbacks that are told of the connection: each runs on this thread, inside the call that needs it; what it throws,
  // that call throws

  /**
   * Called when a client says which server it wants; it may set `sslobj.context`. Returns null to go on, or an alert.
   * @see Python SSLContext.sni_callback; RFC 6066 section 3
   */
  get sni_callback(): ServerNameCallback | null {
    return this._hooks.serverName as ServerNameCallback | null;
  }
  set sni_callback(callback: ServerNameCallback | null) {
    if (this.protocol === k.PROTOCOL_TLS_CLIENT) {
      throw new ValueError('sni_callback cannot be set on TLS_CLIENT context');
    }
    this._hook('serverName', callback, 'not a callable object');
  }

  /** As `sni_callback`, the old way. */
  set_servername_callback(callback: ServerNameCallback | null): void {
    this.sni_callback = callback;
  }

  /** Called for every message of the protocol but application data. @see Python SSLContext._msg_callback */
  get _msg_callback(): MessageCallback | null {
    return this.#messageCallback;
  }
  set _msg_callback(callback: MessageCallback | null) {
    checkCallback(callback, `${typeof callback === 'function' ? '' : repr(callback)} is not callable.`);
    this.#messageCallback = callback ?? null;
    // Python turns the numbers into enum members; here those are numbers anyway.
    this._hook('message', callback, '');
  }

  /** Called with each line that `keylog_filename` would get: `(sslobj, line)`. Not in Python. */
  get keylog_callback(): ((sslobj: SSLSocket | SSLObject, line: string) => void) | null {
    return this._hooks.keyLog as never;
  }
  set keylog_callback(callback: ((sslobj: SSLSocket | SSLObject, line: string) => void) | null) {
    this._hook('keyLog', callback, 'not a callable object');
  }
}

SSLContext.sslsocket_class = SSLSocket;
SSLContext.sslobject_class = SSLObject;

declare module './object.js' {
  interface SSLObject {
    /** The context in use. An `sni_callback` may change it during the handshake. @throws TypeError */
    get context(): SSLContext;
    set context(context: SSLContext);
  }
}

declare module './socket.js' {
  interface SSLSocket {
    /** The context in use. An `sni_callback` may change it during the handshake. @throws TypeError */
    get context(): SSLContext;
    set context(context: SSLContext);
  }
}

function checkContext(context: unknown): void {
  if (!(context instanceof SSLContext)) throw new TypeError('The value must be a SSLContext');
}

Object.defineProperty(SSLObject.prototype, 'context', {
  configurable: true,
  get(this: SSLObject) {
    return this._sslobj.context;
  },
  set(this: SSLObject, context: SSLContext) {
    checkContext(context);
    this._sslobj.context = context;
  },
});

Object.defineProperty(SSLSocket.prototype, 'context', {
  configurable: true,
  get(this: SSLSocket) {
    return this._context;
  },
  set(this: SSLSocket, context: SSLContext) {
    checkContext(context);
    this._context = context;
    this._connection('context').context = context;
  },
});
