/**
 * Python's selectors module: one interface over select, poll and epoll.
 *
 * @see https://docs.python.org/3/library/selectors.html
 */

export { DefaultSelector, EpollSelector, PollSelector, SelectSelector } from './kernel_selectors.js';
export { BaseSelector, EVENT_READ, EVENT_WRITE, SelectorKey, SelectorMapping } from './selector_base.js';
export { TlsSelector } from './tls_selector.js';
