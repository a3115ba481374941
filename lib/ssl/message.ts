/** SSLContext._msg_callback: what it is told, with the names of messages. */
import type { SSLObject } from './object.js';
import type { SSLSocket } from './socket.js';

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

/** The function that connections call. Python turns the numbers into enum members; here those are numbers anyway. */
export function messageCallback(callback: MessageCallback): (owner: unknown, ...rest: unknown[]) => unknown {
  return (owner, ...rest) => (callback as (...args: unknown[]) => void)(owner, ...rest);
}
