/**
 * Python's selectors module: one interface over select, poll, epoll and kqueue.
 *
 * @see https://docs.python.org/3/library/selectors.html
 */

import { EPOLLIN, KQ_FILTER_READ, POLLIN } from '../constants/select.js';
import { where } from '../constants/table.js';
import { IS_WINDOWS } from '../core/platform.js';
import {
  AfdSelector as AfdClass,
  EpollSelector as EpollClass,
  KqueueSelector as KqueueClass,
  PollSelector as PollClass,
  SelectSelector,
} from './kernel_selectors.js';

export { SelectSelector } from './kernel_selectors.js';
/** A selector over epoll. Absent where the system has no epoll. @see Python selectors.EpollSelector */
export const EpollSelector = where(EPOLLIN, EpollClass);
export type EpollSelector = EpollClass;
/** A selector over kqueue. Absent where the system has no kqueue. @see Python selectors.KqueueSelector */
export const KqueueSelector = where(KQ_FILTER_READ, KqueueClass);
export type KqueueSelector = KqueueClass;
/** A selector over poll. Absent where the system has no poll. @see Python selectors.PollSelector */
export const PollSelector = where(POLLIN, PollClass);
export type PollSelector = PollClass;
/** A selector over the poller of Windows. Absent where the system is not Windows. Not in Python. */
export const AfdSelector = where(IS_WINDOWS ? 1 : undefined, AfdClass);
export type AfdSelector = AfdClass;
/** The best selector of this platform that its Python has. */
export const DefaultSelector = EpollSelector ?? KqueueSelector ?? PollSelector ?? SelectSelector;
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
