/** The constants of Python's socket module that Linux has, and the enums made of them. */

import { type Enum, makeEnum, withPrefix } from '../core/enum.js';
import { constants } from './table.js';

export * from './generated/socket.js';

/** Linux has them, and CPython on Linux has not. */
export const { HCI_DATA_DIR, HCI_FILTER, HCI_TIME_STAMP } = constants.socket;

export { EAGAIN, EBADF, EWOULDBLOCK } from './errno.js';

/** Bluetooth addresses are text in Python: any adapter, and this machine itself. */
export const BDADDR_ANY = '00:00:00:00:00:00';
export const BDADDR_LOCAL = '00:00:00:FF:FF:FF';

/** The names above that begin so and have no small letter (Python leaves AF_DECnet out, too). */
type Names<Prefix extends string> = Extract<keyof typeof import('./socket.js'), `${Prefix}${string}`>;

function group<Prefix extends string>(kind: 'enum' | 'flag', title: string, prefix: Prefix) {
  const members = withPrefix(constants.socket, prefix) as [Exclude<Names<Prefix>, 'AF_DECnet'>, number][];
  return makeEnum(kind, title, members);
}

/** AF_*. @see Python socket.AddressFamily */
export const AddressFamily: Enum<Exclude<Names<'AF_'>, 'AF_DECnet'>> = group('enum', 'AddressFamily', 'AF_');
/** SOCK_*. @see Python socket.SocketKind */
export const SocketKind: Enum<Names<'SOCK_'>> = group('enum', 'SocketKind', 'SOCK_');
/** MSG_*. @see Python socket.MsgFlag */
export const MsgFlag: Enum<Names<'MSG_'>> = group('flag', 'MsgFlag', 'MSG_');
/** AI_*. @see Python socket.AddressInfo */
export const AddressInfo: Enum<Names<'AI_'>> = group('flag', 'AddressInfo', 'AI_');
