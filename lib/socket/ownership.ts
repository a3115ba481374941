/** Whose a descriptor is, and what becomes of that of a socket object that was collected as garbage. */
import { native } from '../addon/binary.js';
import { repr } from '../core/repr.js';
import { unpack } from '../structs/address.js';
import { released } from '../wait/awaited.js';
import { retire, type ZerocopyQueue } from './zerocopy.js';

/** For `native.owns`. */
const ANY_CLAIM = 0;

/** What kind of socket it is: one object for a listener and all the connections that it accepts. */
export interface Kind {
  readonly Class: { readonly name: string; readonly prototype: { readonly _moduleName: string } };
  readonly family: number;
  readonly type: number;
  readonly proto: number;
}

/** What is left of a socket object when it is gone: enough to close its descriptor and to say which it was. */
export interface Remains {
  fd: number;
  /** What makes the descriptor this object's: see `native.own`. */
  readonly claim: number;
  readonly kind: Kind;
  /** What was sent without a copy: it outlives the object. */
  zerocopy: ZerocopyQueue | null;
}

const REMEDY =
  'Nothing refers to this object any more. Close it when it is done with; whoever only has its number, in another thread ' +
  'or program, needs one that this object does not close: sock.detach(), or sock.dup().detach().';

export const collected = new FinalizationRegistry<Remains>((remains) => {
  const { fd, claim } = remains;
  if (!native.owns(fd, claim)) return;
  const text = described(remains, false);
  remains.fd = -1;
  process.emitWarning(`unclosed ${text}`, { type: 'ResourceWarning', detail: REMEDY });
  released(fd);
  if (remains.zerocopy === null || !retire(fd, remains.zerocopy)) native.closeOwned(fd, claim);
});

/** The descriptor was closed by another thread, and its number is another object's of this thread by now. */
export function isReused({ claim }: Remains, fd: number): boolean {
  return !native.owns(fd, claim) && native.owns(fd, ANY_CLAIM);
}

/** A socket's text: its addresses are asked for while it is open. */
export function described({ fd, kind }: Remains, closed: boolean): string {
  const { Class, family, type, proto } = kind;
  const name = `${Class.prototype._moduleName}.${Class.name}${closed ? ' [closed]' : ''}`;
  const about = `fd=${fd}, family=${family}, type=${type}, proto=${proto}`;
  return `<${name} ${about}${closed ? '' : addressTexts(fd, proto)}>`;
}

function addressTexts(fd: number, proto: number): string {
  let text = '';
  for (const [label, call] of [
    ['laddr', native.getsockname],
    ['raddr', native.getpeername],
  ] as const) {
    if (call(fd) < 0) continue;
    const address = unpack(native.info[0], proto);
    // As Python's str() has it: a path stands there without quotes.
    const shown = typeof address === 'string' ? address : repr(address);
    if (address !== null && shown !== '') text += `, ${label}=${shown}`;
  }
  return text;
}
