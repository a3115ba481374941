/** The namespaces, nothing else: Python's modules, without the names that this platform lacks. */

import * as errnoModule from './constants/errno.js';
import { present } from './constants/table.js';
import * as selectModule from './select/index.js';
import * as selectorsModule from './select/selectors.js';
import * as socketModule from './socket/index.js';
import * as sslModule from './ssl/index.js';

export * as asyncio from './asyncio/index.js';
export * as exceptions from './core/exceptions.js';
export * as proactor from './proactor/index.js';
export * as stream from './stream/index.js';
export * as systemd from './systemd.js';
export const errno = present(errnoModule);
export const socket = present(socketModule);
export const select = present(selectModule);
export const selectors = present(selectorsModule);
export const ssl = present(sslModule);

// The same names where a type is meant, as in `let s: socket.socket`. They exist for TypeScript alone.

export namespace socket {
  export type Address = socketModule.Address;
  export type AddressInfoEntry = socketModule.AddressInfoEntry;
  export type AlgOptions = socketModule.AlgOptions;
  export type AncillaryData = socketModule.AncillaryData;
  export type AncillaryItem = socketModule.AncillaryItem;
  export type BufferedIOBase = socketModule.BufferedIOBase;
  export type BufferedReader = socketModule.BufferedReader;
  export type BufferedRWPair = socketModule.BufferedRWPair;
  export type BufferedWriter = socketModule.BufferedWriter;
  export type BytesLike = socketModule.BytesLike;
  export type CreateConnectionOptions = socketModule.CreateConnectionOptions;
  export type CreateServerOptions = socketModule.CreateServerOptions;
  export type Credentials = socketModule.Credentials;
  export type DecodedAncillary = socketModule.DecodedAncillary;
  export type error = socketModule.error;
  export type ExtendedError = socketModule.ExtendedError;
  export type FileMode = socketModule.FileMode;
  export type FileOf<M extends FileMode, B extends number | null> = socketModule.FileOf<M, B>;
  export type gaierror = socketModule.gaierror;
  export type GetAddrInfoOptions = socketModule.GetAddrInfoOptions;
  export type herror = socketModule.herror;
  export type HostEntry = socketModule.HostEntry;
  export type MakefileOptions<B extends number | null = number | null> = socketModule.MakefileOptions<B>;
  export type Message = socketModule.Message;
  export type MessageBatch = socketModule.MessageBatch;
  export type MessageBatchOptions = socketModule.MessageBatchOptions;
  export type MessageInto = socketModule.MessageInto;
  export type RawIOBase = socketModule.RawIOBase;
  export type Reaped = socketModule.Reaped;
  export type ReturnedAddress = socketModule.ReturnedAddress;
  export type SendableFile = socketModule.SendableFile;
  export type socket = socketModule.socket;
  export type SocketIO = socketModule.SocketIO;
  export type SocketOptions = socketModule.SocketOptions;
  export type SocketType = socketModule.SocketType;
  export type TcpInfo = socketModule.TcpInfo;
  export type TextIOWrapper = socketModule.TextIOWrapper;
  export type timeout = socketModule.timeout;
}

export namespace select {
  export type afd = selectModule.afd;
  export type epoll = selectModule.epoll;
  export type error = selectModule.error;
  export type FileDescriptorLike = selectModule.FileDescriptorLike;
  export type kevent = selectModule.kevent;
  export type kqueue = selectModule.kqueue;
  export type poll = selectModule.poll;
}

export namespace selectors {
  export type AfdSelector = selectorsModule.AfdSelector;
  export type BaseSelector = selectorsModule.BaseSelector;
  export type DefaultSelector = selectorsModule.DefaultSelector;
  export type EpollSelector = selectorsModule.EpollSelector;
  export type FileDescriptorLike = selectorsModule.FileDescriptorLike;
  export type HasFileno = selectorsModule.HasFileno;
  export type KqueueSelector = selectorsModule.KqueueSelector;
  export type Named<T> = selectorsModule.Named<T>;
  export type PollSelector = selectorsModule.PollSelector;
  export type Ready = selectorsModule.Ready;
  export type SelectorKey<F = FileDescriptorLike, D = unknown> = selectorsModule.SelectorKey<F, D>;
  export type SelectorMapping = selectorsModule.SelectorMapping;
  export type SelectSelector = selectorsModule.SelectSelector;
  export type Timeout = selectorsModule.Timeout;
  export type TlsSelector = selectorsModule.TlsSelector;
}

export namespace ssl {
  export type _ASN1Object = sslModule._ASN1Object;
  export type CertChainOptions = sslModule.CertChainOptions;
  export type Certificate = sslModule.Certificate;
  export type CertificateError = sslModule.CertificateError;
  export type CertificateInfo = sslModule.CertificateInfo;
  export type CipherInfo = sslModule.CipherInfo;
  export type CipherSummary = sslModule.CipherSummary;
  export type DefaultVerifyPaths = sslModule.DefaultVerifyPaths;
  export type DistinguishedName = sslModule.DistinguishedName;
  export type MemoryBIO = sslModule.MemoryBIO;
  export type MessageCallback = sslModule.MessageCallback;
  export type ObjectId = sslModule.ObjectId;
  export type Password = sslModule.Password;
  export type PathLike = sslModule.PathLike;
  export type PskClientCallback = sslModule.PskClientCallback;
  export type PskServerCallback = sslModule.PskServerCallback;
  export type Purpose = sslModule.Purpose;
  export type ServerCertificateOptions = sslModule.ServerCertificateOptions;
  export type ServerNameCallback = sslModule.ServerNameCallback;
  export type socket_error = sslModule.socket_error;
  export type SSLCertVerificationError = sslModule.SSLCertVerificationError;
  export type SSLContext = sslModule.SSLContext;
  export type SSLEOFError = sslModule.SSLEOFError;
  export type SSLError = sslModule.SSLError;
  export type SSLObject = sslModule.SSLObject;
  export type SSLSession = sslModule.SSLSession;
  export type SSLSocket = sslModule.SSLSocket;
  export type SSLSyscallError = sslModule.SSLSyscallError;
  export type SSLWantReadError = sslModule.SSLWantReadError;
  export type SSLWantWriteError = sslModule.SSLWantWriteError;
  export type SSLZeroReturnError = sslModule.SSLZeroReturnError;
  export type StoredCertificate = sslModule.StoredCertificate;
  export type StoredRevocations = sslModule.StoredRevocations;
  export type VerifyLocations = sslModule.VerifyLocations;
  export type WrapBioOptions = sslModule.WrapBioOptions;
  export type WrapSocketOptions = sslModule.WrapSocketOptions;
}
