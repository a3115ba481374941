/** How a transport shows itself. */
import type { Descriptor } from '../event/loop.js';
import { POLLIN, POLLOUT } from '../wait/call.js';

export type TransportState = 'open' | 'closing' | 'closed';

/** Python's repr of a transport, with our name of its class: its descriptor, what it awaits, and what waits to be sent. */
export function transportText(name: string, descriptor: Descriptor, state: TransportState, unsentSize: number): string {
  const begin = `${name}${state === 'open' ? '' : ` ${state}`} fd=${descriptor.fd}`;
  if (state === 'closed') return `<${begin}>`;
  const [read, write] = [POLLIN, POLLOUT].map((side) => (descriptor.listened(side) ? 'polling' : 'idle'));
  return `<${begin} read=${read} write=<${write}, bufsize=${unsentSize}>>`;
}
