/** The certificates that Windows keeps for all programs. */
import { native } from '../addon/binary.js';
import { where } from '../constants/table.js';
import { str } from '../core/args.js';
import { FileNotFoundError, PermissionError, raise } from '../core/exceptions.js';
import { IS_WINDOWS } from '../core/platform.js';

/** A certificate of a store: `trust` is true if it is trusted for everything, or names what for, as dotted numbers. */
export type StoredCertificate = [certificate: Buffer, encoding: string | null, trust: Set<string> | true];
/** A list of revoked certificates of a store. */
export type StoredRevocations = [list: Buffer, encoding: string | null];

function certificatesIn(store_name: string): StoredCertificate[] {
  const found = native.enumCertificates(str(store_name, 'enum_certificates', 1));
  if (typeof found === 'number') raise(found, 'CertOpenStore');
  return found.map(([bytes, encoding, trust]) => [
    Buffer.from(bytes),
    encoding,
    trust === true ? true : new Set(trust),
  ]);
}

function revocationsIn(store_name: string): StoredRevocations[] {
  const found = native.enumCrls(str(store_name, 'enum_crls', 1));
  if (typeof found === 'number') raise(found, 'CertOpenStore');
  return found.map(([bytes, encoding]) => [Buffer.from(bytes), encoding]);
}

const ON_WINDOWS = IS_WINDOWS ? 1 : undefined;

/**
 * The certificates in one of the system's stores: 'CA', 'ROOT', 'MY' … Encodings are 'x509_asn' and 'pkcs_7_asn'. Absent where
 * the system is not Windows.
 * @throws OSError where there is no such store; TypeError
 * @see Python ssl.enum_certificates
 */
export const enum_certificates = where(ON_WINDOWS, certificatesIn);

/**
 * The lists of revoked certificates in one of the system's stores. Absent where the system is not Windows.
 * @throws OSError where there is no such store; TypeError
 * @see Python ssl.enum_crls
 */
export const enum_crls = where(ON_WINDOWS, revocationsIn);

/** What the system's stores trust for a purpose, as DER, one behind the other. */
export function trustedByStores(purpose: string): Buffer {
  const trusted = ['CA', 'ROOT'].flatMap((store) => {
    try {
      return certificatesIn(store);
    } catch (error) {
      if (error instanceof FileNotFoundError) return [];
      // As CPython: what may not be opened is told of, and left out.
      if (!(error instanceof PermissionError)) throw error;
      process.emitWarning('unable to enumerate Windows certificate store');
      return [];
    }
  });
  const usable = trusted.filter(([, encoding, trust]) => {
    return encoding === 'x509_asn' && (trust === true || trust.has(purpose));
  });
  return Buffer.concat(usable.map(([certificate]) => certificate));
}
