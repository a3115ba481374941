/** The constants of Python's ssl module, and the enums made of them. */
import { constants, elsewhere } from '../constants/table.js';
import { type Enum, makeEnum, withPrefix } from '../core/enum.js';

const values = constants.ssl;

// biome-ignore format: a list, to be read row by row
export const {
  ALERT_DESCRIPTION_ACCESS_DENIED, ALERT_DESCRIPTION_BAD_CERTIFICATE, ALERT_DESCRIPTION_BAD_CERTIFICATE_HASH_VALUE,
  ALERT_DESCRIPTION_BAD_CERTIFICATE_STATUS_RESPONSE, ALERT_DESCRIPTION_BAD_RECORD_MAC,
  ALERT_DESCRIPTION_CERTIFICATE_EXPIRED, ALERT_DESCRIPTION_CERTIFICATE_REVOKED, ALERT_DESCRIPTION_CERTIFICATE_UNKNOWN,
  ALERT_DESCRIPTION_CERTIFICATE_UNOBTAINABLE, ALERT_DESCRIPTION_CLOSE_NOTIFY, ALERT_DESCRIPTION_DECODE_ERROR,
  ALERT_DESCRIPTION_DECOMPRESSION_FAILURE, ALERT_DESCRIPTION_DECRYPT_ERROR, ALERT_DESCRIPTION_HANDSHAKE_FAILURE,
  ALERT_DESCRIPTION_ILLEGAL_PARAMETER, ALERT_DESCRIPTION_INSUFFICIENT_SECURITY, ALERT_DESCRIPTION_INTERNAL_ERROR,
  ALERT_DESCRIPTION_NO_RENEGOTIATION, ALERT_DESCRIPTION_PROTOCOL_VERSION, ALERT_DESCRIPTION_RECORD_OVERFLOW,
  ALERT_DESCRIPTION_UNEXPECTED_MESSAGE, ALERT_DESCRIPTION_UNKNOWN_CA, ALERT_DESCRIPTION_UNKNOWN_PSK_IDENTITY,
  ALERT_DESCRIPTION_UNRECOGNIZED_NAME, ALERT_DESCRIPTION_UNSUPPORTED_CERTIFICATE,
  ALERT_DESCRIPTION_UNSUPPORTED_EXTENSION, ALERT_DESCRIPTION_USER_CANCELLED,
  CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED,
  ENCODING_DER, ENCODING_PEM,
  HOSTFLAG_ALWAYS_CHECK_SUBJECT, HOSTFLAG_MULTI_LABEL_WILDCARDS, HOSTFLAG_NEVER_CHECK_SUBJECT,
  HOSTFLAG_NO_PARTIAL_WILDCARDS, HOSTFLAG_NO_WILDCARDS, HOSTFLAG_SINGLE_LABEL_SUBDOMAINS,
  OP_ALL, OP_CIPHER_SERVER_PREFERENCE, OP_ENABLE_MIDDLEBOX_COMPAT, OP_IGNORE_UNEXPECTED_EOF, OP_LEGACY_SERVER_CONNECT,
  OP_NO_COMPRESSION, OP_NO_RENEGOTIATION, OP_NO_SSLv2, OP_NO_SSLv3, OP_NO_TICKET, OP_NO_TLSv1, OP_NO_TLSv1_1,
  OP_NO_TLSv1_2, OP_NO_TLSv1_3, OP_SINGLE_DH_USE, OP_SINGLE_ECDH_USE,
  PROTO_MAXIMUM_SUPPORTED, PROTO_MINIMUM_SUPPORTED, PROTO_SSLv3, PROTO_TLSv1, PROTO_TLSv1_1, PROTO_TLSv1_2,
  PROTO_TLSv1_3,
  PROTOCOL_SSLv23, PROTOCOL_TLS, PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER, PROTOCOL_TLSv1, PROTOCOL_TLSv1_1,
  PROTOCOL_TLSv1_2,
  SSL_ERROR_EOF, SSL_ERROR_INVALID_ERROR_CODE, SSL_ERROR_SSL, SSL_ERROR_SYSCALL, SSL_ERROR_WANT_CONNECT,
  SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE, SSL_ERROR_WANT_X509_LOOKUP, SSL_ERROR_ZERO_RETURN,
  VERIFY_ALLOW_PROXY_CERTS, VERIFY_CRL_CHECK_CHAIN, VERIFY_CRL_CHECK_LEAF, VERIFY_DEFAULT, VERIFY_X509_PARTIAL_CHAIN,
  VERIFY_X509_STRICT, VERIFY_X509_TRUSTED_FIRST,
} = values;
/** Only where OpenSSL knows kernel TLS. */
export const { OP_ENABLE_KTLS } = elsewhere(values);

/** HAS_*: what the linked OpenSSL can do. SSL 2 and 3 are gone from all that we support, and so is NPN. */
export const HAS_SNI = true;
export const HAS_ECDH = true;
export const HAS_NPN = false;
export const HAS_ALPN = true;
export const HAS_SSLv2 = false;
export const HAS_SSLv3 = false;
export const HAS_TLSv1 = true;
export const HAS_TLSv1_1 = true;
export const HAS_TLSv1_2 = true;
export const HAS_TLSv1_3 = true;
export const HAS_TLS_UNIQUE = true;
export const HAS_NEVER_CHECK_COMMON_NAME = true;
export const HAS_PSK = true;
export const HAS_PSK_TLS13 = true;
export const HAS_PHA = true;

function enumOf(kind: 'enum' | 'flag', title: string, prefix: string): Enum<string> {
  return makeEnum(kind, title, withPrefix(values, prefix));
}

/** @see Python ssl.PROTOCOL_TLS_CLIENT and others */
export const _SSLMethod = makeEnum(
  'enum',
  '_SSLMethod',
  (['TLS', 'TLSv1', 'TLSv1_1', 'TLSv1_2', 'TLS_CLIENT', 'TLS_SERVER', 'SSLv23'] as const).map(
    (name) => [`PROTOCOL_${name}`, values[`PROTOCOL_${name}`]] as const,
  ),
);
/** Bits of `SSLContext.options`. @see SSL_CTX_set_options(3) */
export const Options = makeEnum('flag', 'Options', optionRows());
/** @see RFC 8446 section 6 */
export const AlertDescription = enumOf('enum', 'AlertDescription', 'ALERT_DESCRIPTION_');
/** `errno` of the errors that connections raise. @see SSL_get_error(3) */
export const SSLErrorNumber = enumOf('enum', 'SSLErrorNumber', 'SSL_ERROR_');
/** Bits of `SSLContext.verify_flags`. @see X509_VERIFY_PARAM_set_flags(3) */
export const VerifyFlags = enumOf('flag', 'VerifyFlags', 'VERIFY_');
/** `SSLContext.verify_mode`. */
export const VerifyMode = enumOf('enum', 'VerifyMode', 'CERT_');
/** `SSLContext.minimum_version` and `maximum_version`: numbers on the wire, and two of Python's own. */
export const TLSVersion = makeEnum('enum', 'TLSVersion', [
  ['MINIMUM_SUPPORTED', PROTO_MINIMUM_SUPPORTED],
  ['SSLv3', PROTO_SSLv3],
  ['TLSv1', PROTO_TLSv1],
  ['TLSv1_1', PROTO_TLSv1_1],
  ['TLSv1_2', PROTO_TLSv1_2],
  ['TLSv1_3', PROTO_TLSv1_3],
  ['MAXIMUM_SUPPORTED', PROTO_MAXIMUM_SUPPORTED],
]);

/** Names like OP_NO_TLSv1_2 have small letters: prefix alone decides here. */
function optionRows(): [string, number][] {
  return Object.entries(values)
    .filter(([name]) => name.startsWith('OP_'))
    .sort(([nameA, a], [nameB, b]) => a - b || (nameA < nameB ? -1 : 1));
}

// ---- what a message callback is told -------------------------------------------------------------------------------

/** Content types of records: RFC 8446, section B.1; the last two are OpenSSL's own. */
export const _TLSContentType = makeEnum('enum', '_TLSContentType', [
  ['CHANGE_CIPHER_SPEC', 20],
  ['ALERT', 21],
  ['HANDSHAKE', 22],
  ['APPLICATION_DATA', 23],
  ['HEADER', 0x100],
  ['INNER_CONTENT_TYPE', 0x101],
]);
/** Alerts: RFC 8446, section B.2. */
export const _TLSAlertType = makeEnum('enum', '_TLSAlertType', [
  ['CLOSE_NOTIFY', 0],
  ['UNEXPECTED_MESSAGE', 10],
  ['BAD_RECORD_MAC', 20],
  ['DECRYPTION_FAILED', 21],
  ['RECORD_OVERFLOW', 22],
  ['DECOMPRESSION_FAILURE', 30],
  ['HANDSHAKE_FAILURE', 40],
  ['NO_CERTIFICATE', 41],
  ['BAD_CERTIFICATE', 42],
  ['UNSUPPORTED_CERTIFICATE', 43],
  ['CERTIFICATE_REVOKED', 44],
  ['CERTIFICATE_EXPIRED', 45],
  ['CERTIFICATE_UNKNOWN', 46],
  ['ILLEGAL_PARAMETER', 47],
  ['UNKNOWN_CA', 48],
  ['ACCESS_DENIED', 49],
  ['DECODE_ERROR', 50],
  ['DECRYPT_ERROR', 51],
  ['EXPORT_RESTRICTION', 60],
  ['PROTOCOL_VERSION', 70],
  ['INSUFFICIENT_SECURITY', 71],
  ['INTERNAL_ERROR', 80],
  ['INAPPROPRIATE_FALLBACK', 86],
  ['USER_CANCELED', 90],
  ['NO_RENEGOTIATION', 100],
  ['MISSING_EXTENSION', 109],
  ['UNSUPPORTED_EXTENSION', 110],
  ['CERTIFICATE_UNOBTAINABLE', 111],
  ['UNRECOGNIZED_NAME', 112],
  ['BAD_CERTIFICATE_STATUS_RESPONSE', 113],
  ['BAD_CERTIFICATE_HASH_VALUE', 114],
  ['UNKNOWN_PSK_IDENTITY', 115],
  ['CERTIFICATE_REQUIRED', 116],
  ['NO_APPLICATION_PROTOCOL', 120],
]);
/** Handshake messages: RFC 8446, section B.3. */
export const _TLSMessageType = makeEnum('enum', '_TLSMessageType', [
  ['HELLO_REQUEST', 0],
  ['CLIENT_HELLO', 1],
  ['SERVER_HELLO', 2],
  ['HELLO_VERIFY_REQUEST', 3],
  ['NEWSESSION_TICKET', 4],
  ['END_OF_EARLY_DATA', 5],
  ['HELLO_RETRY_REQUEST', 6],
  ['ENCRYPTED_EXTENSIONS', 8],
  ['CERTIFICATE', 11],
  ['SERVER_KEY_EXCHANGE', 12],
  ['CERTIFICATE_REQUEST', 13],
  ['SERVER_DONE', 14],
  ['CERTIFICATE_VERIFY', 15],
  ['CLIENT_KEY_EXCHANGE', 16],
  ['FINISHED', 20],
  ['CERTIFICATE_URL', 21],
  ['CERTIFICATE_STATUS', 22],
  ['SUPPLEMENTAL_DATA', 23],
  ['KEY_UPDATE', 24],
  ['NEXT_PROTO', 67],
  ['MESSAGE_HASH', 254],
  ['CHANGE_CIPHER_SPEC', 0x0101],
]);
