/**
 * What the classes of socket/ and ssl/ tell to whoever awaits their descriptors on Node's loop.
 *
 * event/loop.ts and proactor/ stand above them and are told once they are loaded. In a program that awaits nothing they are
 * not loaded, and the calls below do nothing.
 */
import { uncaught } from '../core/uncaught.js';

/** Who awaits descriptors. */
export interface Awaiting {
  /** The descriptor is about to be closed or given away. */
  released(fd: number): void;
  /** A call on a TLS socket has changed what the other side of the connection may await. */
  stirred(fd: number): void;
}

const all: Awaiting[] = [];

/** From now on `listener` is told: event/loop.ts, and proactor/ once it is loaded. */
export function tellAwaiting(listener: Awaiting): void {
  all.push(listener);
}

/** To be called before a descriptor is closed or given away: nothing waits for the next owner's events. */
export function released(fd: number): void {
  for (const each of all) each.released(fd);
}

/**
 * To be called for a descriptor that is new to the process: what awaits its number here awaited one that another thread,
 * or a stranger, has closed. Returns the descriptor.
 */
export function renewed(fd: number): number {
  try {
    released(fd);
  } catch (error) {
    uncaught(error);
  }
  return fd;
}

/** To be called when a TLS call has left decrypted bytes behind, or has ended a handshake that somebody awaits. */
export function stirred(fd: number): void {
  for (const each of all) each.stirred(fd);
}
