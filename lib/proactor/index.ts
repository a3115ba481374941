/** Completions: many operations on many sockets in one native call, for servers that want C's speed. */
export type { ReturnedAddress } from '../structs/address.js';
export {
  ACCEPT,
  BUFFER,
  CLOSE,
  CONNECT,
  FLAGS,
  KEEP_BUFFER,
  MORE,
  MULTISHOT,
  OPERATION,
  QUIET,
  RECV,
  RECVFROM,
  RESULT,
  SEND,
  SENDTO,
  SHUTDOWN,
  STRIDE,
  TIMEOUT,
  TOKEN,
  USER_DATA,
} from './layout.js';
export { type BatchCallback, Proactor, type ProactorOptions } from './proactor.js';
