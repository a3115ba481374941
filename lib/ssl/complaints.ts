/** Warnings and refusals that several files of this folder share. */
import { NotImplementedError, ValueError } from '../core/exceptions.js';
import { SSLSession } from './session.js';

/** A deprecation, as Python's DeprecationWarning. */
export function deprecated(text: string): void {
  process.emitWarning(text, 'DeprecationWarning');
}

export function unsupported(version: number): ValueError {
  return new ValueError(`Unsupported TLS/SSL version 0x${(version >>> 0).toString(16)}`);
}

/** Checks a session that a connection is given. */
export function checkSession(session: unknown, context: object): void {
  if (session === null || session === undefined) return;
  if (!(session instanceof SSLSession)) throw new TypeError('Value is not a SSLSession.');
  if (session._context !== context) throw new ValueError('Session refers to a different SSLContext.');
}

export function checkCallback(callback: unknown, complaint: string): void {
  if (callback !== null && callback !== undefined && typeof callback !== 'function') throw new TypeError(complaint);
}

/** What the linked OpenSSL cannot tell; Python's texts. */
export function groupUnknown(): never {
  throw new NotImplementedError('Getting selected group requires OpenSSL 3.2 or later.');
}
export function signatureUnknown(): never {
  throw new NotImplementedError('Getting signature algorithms requires OpenSSL 3.5 or later.');
}
