/**
 * The channels of node:diagnostics_channel to which this library publishes. Nothing is made for a channel that nobody has
 * subscribed to.
 *
 * | channel              | when                        | message                                                          |
 * |----------------------|-----------------------------|------------------------------------------------------------------|
 * | `berkeley:connect`   | connect(2) was called       | `{ socket, address, errno }`; 0: connected, EINPROGRESS: under way |
 * | `berkeley:accept`    | a connection was accepted   | `{ listener, socket }`                                           |
 * | `berkeley:close`     | a descriptor is closed      | `{ socket, fd }`                                                 |
 * | `berkeley:handshake` | a TLS handshake has ended   | `{ socket, error }`; null: it has succeeded                      |
 *
 * `socket` is a socket, or for a handshake an SSLSocket or SSLObject.
 */
import { channel } from 'node:diagnostics_channel';

export const channels = {
  connect: channel('berkeley:connect'),
  accept: channel('berkeley:accept'),
  close: channel('berkeley:close'),
  handshake: channel('berkeley:handshake'),
};

// Functions, because TypeScript 7.0 takes the key `socket` within the class of that name for the class itself.

/** @param errno what connect(2) came to */
export function tellConnect(socket: object, address: unknown, errno: number): void {
  if (channels.connect.hasSubscribers) channels.connect.publish({ socket, address, errno });
}

export function tellAccept(listener: object, socket: object): void {
  if (channels.accept.hasSubscribers) channels.accept.publish({ listener, socket });
}

/** @param fd less than 0: it is closed already, and nothing is told */
export function tellClose(socket: object, fd: number): void {
  if (channels.close.hasSubscribers && fd >= 0) channels.close.publish({ socket, fd });
}

/** @param error null: the handshake has succeeded */
export function tellHandshake(socket: unknown, error: unknown): void {
  channels.handshake.publish({ socket, error });
}
