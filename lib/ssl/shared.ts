/** What SSLSocket and SSLObject do alike. */
import { size } from '../core/args.js';
import { writableBytes } from '../core/bytes.js';
import { checkSession } from './complaints.js';
import type { Connection } from './connection.js';
import type { SSLSession } from './session.js';

/** Reads into `buffer` where there is one, else into a new Buffer. `ragged`: as `suppress_ragged_eofs`. */
export function readWith(connection: Connection, length: unknown, buffer: unknown, ragged: boolean): Buffer | number {
  const want = size(length);
  if (buffer === undefined || buffer === null) return connection.read(want, ragged);
  const bytes = writableBytes(buffer, 'read');
  const room = want <= 0 || want > bytes.length ? bytes.length : want;
  return room === 0 ? 0 : connection.readInto(bytes, room, ragged);
}

/** The session setter's check. */
export function setSession(connection: Connection, session: SSLSession): void {
  if (session === null || session === undefined) throw new TypeError('Value is not a SSLSession.');
  checkSession(session, connection.context);
  connection.session = session;
}
