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
