/**
 * Python's selectors module: one interface over select, poll and epoll.
 *
 * @see https://docs.python.org/3/library/selectors.html
 */

import { EPOLLIN, POLLIN } from '../constants/select.js';
import { where } from '../constants/table.js';
import { IS_WINDOWS } from '../core/platform.js';
import {
  AfdSelector as AfdClass,
  EpollSelector as EpollClass,
  PollSelector as PollClass,
  SelectSelector,
} from './kernel_selectors.js';

export { SelectSelector } from './kernel_selectors.js';
/** A selector over epoll. Absent where the system has no epoll. @see Python selectors.EpollSelector */
export const EpollSelector = where(EPOLLIN, EpollClass);
export type EpollSelector = EpollClass;
/** A selector over poll. Absent where the system has no poll. @see Python selectors.PollSelector */
export const PollSelector = where(POLLIN, PollClass);
export type PollSelector = PollClass;
/** A selector over the poller of Windows. Absent where the system is not Windows. Not in Python. */
export const AfdSelector = where(IS_WINDOWS ? 1 : undefined, AfdClass);
export type AfdSelector = AfdClass;
/** The best selector of this platform that its Python has. */
export const DefaultSelector = EpollSelector ?? PollSelector ?? SelectSelector;
export type DefaultSelector = EpollSelector;
export type { FileDescriptorLike, HasFileno } from '../core/fileobj.js';
export {
  BaseSelector,
  EVENT_READ,
  EVENT_WRITE,
  type Named,
  type Ready,
  SelectorKey,
  SelectorMapping,
  type Timeout,
} from './selector_base.js';
export { TlsSelector } from './tls_selector.js';
