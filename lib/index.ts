/** The namespaces, nothing else: Python's modules, without the names that this platform lacks. */
import { present } from './_constants.js';
import * as errnoModule from './errno.js';
import * as selectModule from './select.js';
import * as selectorsModule from './selectors.js';
import * as socketModule from './socket.js';

export * as exceptions from './exceptions.js';
export const errno = present(errnoModule);
export const socket = present(socketModule);
export const select = present(selectModule);
export const selectors = present(selectorsModule);
