/** What CPython's own tests found wrong here, one by one: see docs/conformance.md. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { exceptions, socket, ssl } from '../../lib/index.js';
import { testTwins } from '../helpers/twin.js';
import { adaptations } from './adaptations.js';

testTwins('CMSG_LEN and CMSG_SPACE refuse what would not fit into a socklen_t', [
  ['socket.CMSG_SPACE(2147483623)', () => socket.CMSG_SPACE(2147483623)],
  ['socket.CMSG_SPACE(2147483624)', () => socket.CMSG_SPACE(2147483624)],
  ['socket.CMSG_LEN(2147483631)', () => socket.CMSG_LEN(2147483631)],
  ['socket.CMSG_LEN(2147483632)', () => socket.CMSG_LEN(2147483632)],
]);

testTwins('getaddrinfo refuses a service name that is no text', [
  ["socket.getaddrinfo('localhost', '\\ud800')", () => socket.getaddrinfo('localhost', '\ud800')],
  ["socket.getaddrinfo('localhost', '\\udc80')", () => socket.getaddrinfo('localhost', '\udc80')],
]);

/** A file in memory, which has no descriptor and says so. */
class MemoryFile {
  #left = Buffer.from('from memory');
  fileno(): number {
    throw new exceptions.UnsupportedOperation('fileno');
  }
  read(size: number): Buffer {
    const part = this.#left.subarray(0, size);
    this.#left = this.#left.subarray(part.length);
    return part;
  }
}

test('sendfile reads a file whose fileno() says that it has none', (t) => {
  const [a, b] = socket.socketpair();
  t.is(a.sendfile(new MemoryFile()), 11);
  t.is(b.recv(64).toString(), 'from memory');
  a.close();
  b.close();
});

test('sendfile refuses a descriptor that is none, as CPython does', (t) => {
  const [a, b] = socket.socketpair();
  const file = (fd: unknown) => ({ fileno: () => fd as number, read: () => Buffer.alloc(0) });
  const said = { message: "'NoneType' object cannot be interpreted as an integer" };
  t.throws(() => a.sendfile(file(null)), { instanceOf: TypeError, ...said });
  t.throws(() => a.sendfile(file(2n ** 1000n)), { instanceOf: exceptions.OverflowError });
  a.close();
  b.close();
});

// python3 -c "import ssl; print(ssl._ASN1Object.fromnid(4), ssl._ASN1Object.fromnid(33))"
test('an object identifier may have no dotted number', (t) => {
  t.deepEqual([...ssl._ASN1Object.fromnid(4)], [4, 'MD5', 'md5', '1.2.840.113549.2.5']);
  t.deepEqual([...ssl._ASN1Object.fromnid(33)], [33, 'DES-EDE3', 'des-ede3', null]);
  t.throws(() => ssl._ASN1Object.fromnid(0), { instanceOf: exceptions.ValueError, message: 'Unknown object' });
});

// python3 -c "import ssl; print(ssl.cert_time_to_seconds(cert_time='May  9 00:00:00 2007 GMT'))"
test('cert_time_to_seconds takes its argument by name', (t) => {
  t.is(ssl.cert_time_to_seconds({ cert_time: 'May  9 00:00:00 2007 GMT' }), 1178668800);
});

test('what the shims adapt is in docs/conformance.md, and nothing else is', (t) => {
  const path = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
  const page = readFileSync(path('docs/conformance.md'), 'utf8');
  const [, section] = /## What the shims adapt\n(.*?)\n## /s.exec(page) ?? [];
  const rows = [...section.matchAll(/^\| ([^|]+) \|/gm)].map(([, what]) => what);
  t.deepEqual(rows.slice(1).sort(), adaptations(path('test/conformance')).sort());
});
