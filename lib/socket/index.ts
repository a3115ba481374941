/**
 * Python's socket module, on real file descriptors.
 *
 * Addresses are arrays: `[host, port]` for AF_INET, `[host, port, flowinfo, scope_id]` for AF_INET6, a path or a Buffer
 * (abstract name) for AF_UNIX: see docs/socket.md for all families. Times are seconds. Calls that wait block the
 * JavaScript thread.
 *
 * @see https://docs.python.org/3/library/socket.html
 */

export * from '../constants/beyond.js';
export * from '../constants/socket.js';
export type { BytesLike } from '../core/bytes.js';
export { gaierror, herror, OSError as error, TimeoutError as timeout } from '../core/exceptions.js';
export type { BufferedIOBase, RawIOBase } from '../io/base.js';
export type { BufferedReader, BufferedRWPair, BufferedWriter, TextIOWrapper } from '../io/io.js';
export type { Address, ReturnedAddress } from '../structs/address.js';
export { type AncillaryData, type AncillaryItem, CMSG_LEN, CMSG_SPACE } from '../structs/ancillary.js';
export { type DecodedAncillary, decode_ancillary, type ExtendedError } from '../structs/decode.js';
export type { Credentials, TcpInfo } from '../structs/info.js';
export type { AlgOptions, SocketOptions } from './arguments.js';
export { MessageBatch, type MessageBatchOptions, pack_address, unpack_address } from './batch.js';
export { type CreateConnectionOptions, create_connection } from './create_connection.js';
export {
  type CreateServerOptions,
  close,
  create_server,
  dup,
  fromfd,
  fromshare,
  has_dualstack_ipv6,
  has_ipv6,
  recv_fds,
  send_fds,
  socketpair,
} from './functions.js';
export { type FileMode, type FileOf, type MakefileOptions, SocketIO } from './makefile.js';
export type { Message, MessageInto } from './receive.js';
export {
  type AddressInfoEntry,
  type GetAddrInfoOptions,
  getaddrinfo,
  getfqdn,
  gethostbyaddr,
  gethostbyname,
  gethostbyname_ex,
  gethostname,
  getnameinfo,
  getprotobyname,
  getservbyname,
  getservbyport,
  type HostEntry,
  htonl,
  htons,
  if_indextoname,
  if_nameindex,
  if_nametoindex,
  inet_aton,
  inet_ntoa,
  inet_ntop,
  inet_pton,
  ntohl,
  ntohs,
  sethostname,
} from './resolve.js';
export type { SendableFile } from './sendfile.js';
export { getdefaulttimeout, setdefaulttimeout, socket, socket as SocketType } from './socket.js';
export {
  errorTab,
  HV_GUID_BROADCAST,
  HV_GUID_CHILDREN,
  HV_GUID_LOOPBACK,
  HV_GUID_PARENT,
  HV_GUID_WILDCARD,
  HV_GUID_ZERO,
} from './windows.js';
export type { Reaped } from './zerocopy.js';
