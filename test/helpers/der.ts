/** Certificates byte by byte (X.690, RFC 5280), so that they may be odder than any tool makes them. They are not signed. */

/** A tag, a length, and the contents. */
export function tlv(tag: number, ...contents: Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  if (body.length < 0x80) return Buffer.concat([Uint8Array.of(tag, body.length), body]);
  const digits = body.length.toString(16);
  const length = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return Buffer.concat([Uint8Array.of(tag, 0x80 | length.length), length, body]);
}

export const sequence = (...items: Uint8Array[]) => tlv(0x30, ...items);
export const set = (...items: Uint8Array[]) => tlv(0x31, ...items);
export const octets = (...contents: Uint8Array[]) => tlv(0x04, ...contents);
export const bits = (unused: number, ...bytes: number[]) => tlv(0x03, Uint8Array.of(unused, ...bytes));
export const integer = (...bytes: number[]) => tlv(0x02, Uint8Array.from(bytes));
const text = (tag: number) => (value: string | Uint8Array) =>
  tlv(tag, typeof value === 'string' ? Buffer.from(value) : value);
export const utf8 = text(0x0c);
export const numeric = text(0x12);
export const printable = text(0x13);
export const teletex = text(0x14);
export const ia5 = text(0x16);
export const graphic = text(0x19);
export const visible = text(0x1a);
export const general = text(0x1b);
export const universal = text(0x1c);
export const bmp = text(0x1e);
export const utcTime = text(0x17);
export const generalizedTime = text(0x18);

/** An object identifier by its dotted numbers. */
export function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(BigInt);
  const arcs = [first * 40n + second, ...rest];
  const bytes = arcs.flatMap((arc) => {
    const base128 = [Number(arc & 0x7fn)];
    for (let left = arc >> 7n; left > 0n; left >>= 7n) base128.unshift(Number(left & 0x7fn) | 0x80);
    return base128;
  });
  return tlv(0x06, Uint8Array.from(bytes));
}

/** A name of relative names, each of attributes: an object identifier and its value. */
export function name(...relative: [type: string, value: Uint8Array][][]): Buffer {
  return sequence(
    ...relative.map((attributes) => set(...attributes.map(([type, value]) => sequence(oid(type), value)))),
  );
}

export function extension(type: string, value: Uint8Array): Buffer {
  return sequence(oid(type), octets(value));
}

export interface CertificateParts {
  version?: Uint8Array;
  serial?: Uint8Array;
  issuer?: Uint8Array;
  notBefore?: Uint8Array;
  notAfter?: Uint8Array;
  subject?: Uint8Array;
  extensions?: Uint8Array[];
}

const ED25519 = sequence(oid('1.3.101.112'));
const COMMON_NAME = '2.5.4.3';

/** A certificate as PEM. What is not given is of no interest. */
export function certificate({
  version = tlv(0xa0, integer(2)),
  serial = integer(1),
  issuer = name([[COMMON_NAME, utf8('issuer')]]),
  notBefore = utcTime('200101000000Z'),
  notAfter = utcTime('400101000000Z'),
  subject = name([[COMMON_NAME, utf8('subject')]]),
  extensions = [],
}: CertificateParts): string {
  const key = sequence(ED25519, tlv(0x03, Buffer.alloc(33)));
  const tail = extensions.length === 0 ? [] : [tlv(0xa3, sequence(...extensions))];
  const body = sequence(version, serial, ED25519, issuer, sequence(notBefore, notAfter), subject, key, ...tail);
  const der = sequence(body, ED25519, tlv(0x03, Buffer.alloc(65)));
  const lines = der.toString('base64').match(/.{1,64}/g) as string[];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----\n'].join('\n');
}
