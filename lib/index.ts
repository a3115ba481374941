/** The namespaces, nothing else: Python's modules, without the names that this platform lacks. */

import * as errnoModule from './constants/errno.js';
import { present } from './constants/table.js';
import type { FileDescriptorLike } from './core/fileobj.js';
import * as selectModule from './select/index.js';
import * as selectorsModule from './select/selectors.js';
import * as socketModule from './socket/index.js';
import * as sslModule from './ssl/index.js';

export * as asyncio from './asyncio/index.js';
export * as exceptions from './core/exceptions.js';
export * as stream from './stream/index.js';
export * as systemd from './systemd.js';
export const errno = present(errnoModule);
export const socket = present(socketModule);
export const select = present(selectModule);
export const selectors = present(selectorsModule);

// The same names where a type is meant, as in `let s: socket.socket`. They exist for TypeScript alone.

export namespace socket {
  export type Address = socketModule.Address;
  export type AddressInfoEntry = socketModule.AddressInfoEntry;
  export type AncillaryData = socketModule.AncillaryData;
  export type AncillaryItem = socketModule.AncillaryItem;
  export type BytesLike = socketModule.BytesLike;
  export type CreateConnectionOptions = socketModule.CreateConnectionOptions;
  export type CreateServerOptions = socketModule.CreateServerOptions;
  export type Credentials = socketModule.Credentials;
  export type DecodedAncillary = socketModule.DecodedAncillary;
  export type ExtendedError = socketModule.ExtendedError;
  export type MakefileOptions = socketModule.MakefileOptions;
  export type MessageBatch = socketModule.MessageBatch;
  export type MessageBatchOptions = socketModule.MessageBatchOptions;
  export type Reaped = socketModule.Reaped;
  export type ReturnedAddress = socketModule.ReturnedAddress;
  export type SocketIO = socketModule.SocketIO;
  export type SocketType = socketModule.SocketType;
  export type TcpInfo = socketModule.TcpInfo;
  export type error = socketModule.error;
  export type gaierror = socketModule.gaierror;
  export type herror = socketModule.herror;
  export type socket = socketModule.socket;
  export type timeout = socketModule.timeout;
}

export namespace select {
  export type epoll = selectModule.epoll;
  export type error = selectModule.error;
  export type poll = selectModule.poll;
}

export namespace selectors {
  export type BaseSelector = selectorsModule.BaseSelector;
  export type DefaultSelector = selectorsModule.DefaultSelector;
  export type EpollSelector = selectorsModule.EpollSelector;
  export type PollSelector = selectorsModule.PollSelector;
  export type SelectSelector = selectorsModule.SelectSelector;
  export type SelectorKey<F = FileDescriptorLike, D = unknown> = selectorsModule.SelectorKey<F, D>;
  export type SelectorMapping = selectorsModule.SelectorMapping;
}
export const ssl = present(sslModule);
