/**
 * Python's select module: waiting until descriptors are ready.
 *
 * A descriptor is a number, an object with `fileno()`, or one of Node's objects that have one. Every wait blocks the
 * JavaScript thread, goes through the one loop of `wait/call.ts` and never ends early; with timeout 0 nothing waits.
 *
 * @see https://docs.python.org/3/library/select.html
 */

import { EPOLLIN, KQ_FILTER_READ, POLLIN } from '../constants/select.js';
import { where } from '../constants/table.js';
import { IS_WINDOWS } from '../core/platform.js';
import { afd as afdClass } from './afd.js';
import { epoll as epollClass } from './epoll.js';
import { kevent as keventClass, kqueue as kqueueClass } from './kqueue.js';
import { poll as pollClass } from './poll.js';

export * from '../constants/select.js';
/** Python's name for OSError here. */
export { OSError as error } from '../core/exceptions.js';
export type { FileDescriptorLike } from '../core/fileobj.js';
export { select } from './select.js';
/** Waiting with epoll(7). Absent where the system has no epoll. @see Python select.epoll */
export const epoll = where(EPOLLIN, epollClass);
export type epoll = epollClass;
/** An event of a kqueue object. Absent where the system has no kqueue. @see Python select.kevent */
export const kevent = where(KQ_FILTER_READ, keventClass);
export type kevent = keventClass;
/** Waiting with kqueue(2). Absent where the system has no kqueue. @see Python select.kqueue */
export const kqueue = where(KQ_FILTER_READ, kqueueClass);
export type kqueue = kqueueClass;
/** Waiting with poll(2). Absent where the system has no poll. @see Python select.poll */
export const poll = where(POLLIN, pollClass);
export type poll = pollClass;
/** Waiting with the poller of Windows. Absent where the system is not Windows. Not in Python. */
export const afd = where(IS_WINDOWS ? 1 : undefined, afdClass);
export type afd = afdClass;
