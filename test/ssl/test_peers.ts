/**
 * TLS with implementations nobody here wrote, each as client and as server, TLS 1.2 and 1.3: openssl's s_client and
 * s_server, node:tls, CPython's ssl, GnuTLS' command-line programs, curl.
 *
 * Our end runs in a worker and blocks there; the other one is a process, or runs on this thread's event loop.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as nodeTls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import * as socket from '../../lib/socket/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import {
  hasCommand,
  type Peer,
  spawnPeer,
  startWorker,
  testUnless,
  tmpdir,
  until,
  type WorkerPeer,
} from '../helpers/peers.js';
import { cert } from '../helpers/tls.js';

checkLeaks(test);

// ---- our ends ------------------------------------------------------------------------------------------------------

interface End {
  version?: 'TLSv1_2' | 'TLSv1_3';
  alpn?: string[];
  /** Verify the peer's certificate; of a client: show one. */
  mutual?: boolean;
  psk?: { identity: string; key: string };
  ciphers?: string;
  ocsp?: boolean;
  keylog?: string;
  noRenegotiation?: boolean;
  /** How many connections, one after the other; a client resumes the first one's session in the others. */
  connections?: number;
  /** A client: what is sent, and how many bytes are to come back. */
  text?: string;
  /** A client updates the keys before its second text. */
  updateKeys?: boolean;
  /** A server answers an HTTP request. */
  http?: boolean;
}

const CONTEXT = `
const { socket, ssl } = berkeley;
function makeContext(protocol, o) {
  const context = new ssl.SSLContext(protocol);
  const isServer = protocol === ssl.PROTOCOL_TLS_SERVER;
  if (o.version) context.minimum_version = context.maximum_version = ssl.TLSVersion[o.version];
  if (o.alpn) context.set_alpn_protocols(o.alpn);
  if (o.ciphers) context.set_ciphers(o.ciphers);
  if (o.psk) {
    context.set_ciphers('PSK');
    const key = Buffer.from(o.psk.key, 'hex');
    if (isServer) {
      context.set_psk_server_callback((identity) => (identity === o.psk.identity ? key : Buffer.alloc(0)));
    } else {
      context.check_hostname = false;
      context.verify_mode = ssl.CERT_NONE;
      context.set_psk_client_callback(() => [o.psk.identity, key]);
    }
  } else if (isServer) context.load_cert_chain(o.certs + 'server.pem');
  context.load_verify_locations(o.certs + 'root.crt.pem');
  if (o.mutual && isServer) context.verify_mode = ssl.CERT_REQUIRED;
  if (o.mutual && !isServer) context.load_cert_chain(o.certs + 'client.pem');
  if (o.ocsp && isServer) context.ocsp_response = o.response;
  if (o.ocsp && !isServer) context.request_ocsp = true;
  if (o.keylog) context.keylog_filename = o.keylog;
  if (o.noRenegotiation) context.options |= ssl.OP_NO_RENEGOTIATION;
  return context;
}
function described(c) {
  const peer = c.getpeercert();
  return {
    version: c.version(),
    cipher: c.cipher()[0],
    alpn: c.selected_alpn_protocol(),
    peer: peer && peer.subject ? peer.subject.flat().find(([name]) => name === 'commonName')[1] : null,
    reused: c.session_reused,
  };
}
`;

interface Described {
  version: string;
  cipher: string;
  alpn: string | null;
  peer: string | null;
  reused: boolean;
  server?: string | null;
  ocsp?: number;
  error?: string;
  reason?: string | null;
  exported?: string;
}

function endData(options: End): object {
  return {
    certs: cert(''),
    response: options.ocsp ? readFileSync(cert('ocsp.der')) : null,
    connections: 1,
    ...options,
  };
}

/** Echoes what comes, and tells of each connection when it has ended. */
function ourServer(options: End): WorkerPeer {
  return startWorker(
    `${CONTEXT}
    const context = makeContext(ssl.PROTOCOL_TLS_SERVER, data);
    let server = null;
    context.sni_callback = (_, name) => { server = name; };
    const listener = socket.create_server(['127.0.0.1', 0]);
    send(listener.getsockname());
    function serve(c) {
      if (data.http) {
        let request = '';
        while (!request.includes('\\r\\n\\r\\n')) request += c.recv(4096);
        c.sendall(Buffer.from('HTTP/1.1 200 OK\\r\\nContent-Length: 6\\r\\nConnection: close\\r\\n\\r\\nhello\\n'));
        return;
      }
      for (;;) {
        const bytes = c.recv(65536);
        if (bytes.length === 0) return;
        c.sendall(bytes);
      }
    }
    for (let i = 0; i < data.connections; i++) {
      const [plain] = listener.accept();
      plain.settimeout(60);
      let c = null;
      let about = {};
      try {
        c = context.wrap_socket(plain, { server_side: true });
        about = { ...described(c), server, exported: c.export_keying_material('EXPERIMENTAL', 20).toString('hex') };
        serve(c);
        c.unwrap();
        send(about);
      } catch (error) {
        if (!(error instanceof socket.error)) throw error;
        send({ ...about, error: error.name, reason: error.reason ?? error.code });
      }
      c?.close();
    }
    listener.close();
  `,
    endData(options),
  );
}

/** Sends the text, waits for as much, and tells of each connection. */
function ourClient(address: readonly [string, number], options: End): WorkerPeer {
  return startWorker(
    `${CONTEXT}
    const context = makeContext(ssl.PROTOCOL_TLS_CLIENT, data);
    function exchange(c, text) {
      c.sendall(Buffer.from(text));
      let answer = '';
      while (answer.length < text.length) {
        const bytes = c.recv(65536);
        if (bytes.length === 0) break;
        answer += bytes;
      }
      return answer;
    }
    let session = null;
    for (let i = 0; i < data.connections; i++) {
      const plain = socket.create_connection(data.address, { timeout: 60 });
      try {
        const c = context.wrap_socket(plain, { server_hostname: data.psk ? null : 'localhost', session });
        const about = { ...described(c), exported: c.export_keying_material('EXPERIMENTAL', 20).toString('hex') };
        about.ocsp = c.ocsp_response()?.length ?? 0;
        about.answer = exchange(c, data.text);
        if (data.updateKeys) {
          c.update_keys(true);
          about.second = exchange(c, data.text);
        }
        session = c.session;
        c.close();
        send(about);
      } catch (error) {
        if (!(error instanceof socket.error)) throw error;
        send({ error: error.name, reason: error.reason ?? error.code, message: error.message });
      }
    }
  `,
    { ...endData(options), address, text: options.text ?? 'hello\n' },
  );
}
type Answered = Described & { answer: string; second?: string };

// ---- other ends ----------------------------------------------------------------------------------------------------

const SHORT = { TLSv1_2: '-tls1_2', TLSv1_3: '-tls1_3' } as const;
const SHOWN = { TLSv1_2: 'TLSv1.2', TLSv1_3: 'TLSv1.3' } as const;
const VERSIONS = ['TLSv1_2', 'TLSv1_3'] as const;
const PSK = { identity: 'alice', key: 'c0ffee00c0ffee00c0ffee00c0ffee00' };

/** Lines of output until one matches; all of them. */
async function linesTo(peer: Peer, pattern: RegExp): Promise<string[]> {
  const lines: string[] = [];
  do lines.push(await peer.line());
  while (!pattern.test(lines[lines.length - 1]));
  return lines;
}

/** What a program writes to its standard error from now on, until it matches. */
function complaintLike(peer: Peer, pattern: RegExp): Promise<void> {
  let text = '';
  return new Promise((resolve) => {
    peer.child.stderr?.on('data', (part) => {
      text += part;
      if (pattern.test(text)) resolve();
    });
  });
}

async function opensslServer(...args: string[]): Promise<{ peer: Peer; address: [string, number] }> {
  const common = ['s_server', '-accept', '127.0.0.1:0', ...args];
  const peer = spawnPeer('openssl', common);
  const lines = await linesTo(peer, /^ACCEPT /);
  return { peer, address: ['127.0.0.1', Number(lines[lines.length - 1].split(':').pop())] };
}
const SERVER_FILES = [
  '-cert',
  cert('server.pem'),
  '-key',
  cert('server.pem'),
  '-cert_chain',
  cert('intermediate.crt.pem'),
];

function opensslClient(address: readonly [string, number], ...args: string[]): Peer {
  const trust = ['-CAfile', cert('root.crt.pem'), '-verify_return_error', '-servername', 'localhost'];
  return spawnPeer('openssl', ['s_client', '-connect', address.join(':'), ...trust, ...args]);
}

const withOpenssl = testUnless(!hasCommand('openssl') && 'openssl is not installed');
const withGnutls = testUnless(!hasCommand('gnutls-cli') && 'gnutls-cli is not installed (Debian: gnutls-bin)');
const withCurl = testUnless(!hasCommand('curl') && 'curl is not installed');
const withPython = testUnless(!hasCommand('python3') && 'python3 is not installed');

// ---- openssl -------------------------------------------------------------------------------------------------------

for (const version of VERSIONS) {
  withOpenssl(`client to openssl s_server: ${version}, ALPN, our certificate, OCSP`, async (t) => {
    const files = [...SERVER_FILES, '-CAfile', cert('root.crt.pem'), '-Verify', '3', '-verify_return_error'];
    const extras = ['-alpn', 'other,mine', '-status_file', cert('ocsp.der')];
    const { peer, address } = await opensslServer(...files, ...extras, SHORT[version], '-rev');
    const client = ourClient(address, { version, alpn: ['mine'], mutual: true, ocsp: true });
    const about = await client.next<Answered>();
    t.is(about.answer, 'olleh\n');
    t.is(about.version, SHOWN[version]);
    t.is(about.alpn, 'mine');
    t.is(about.peer, 'localhost');
    t.is(about.ocsp, readFileSync(cert('ocsp.der')).length);
    await peer.stop();
  });

  withOpenssl(
    `openssl s_client to our server: ${version}, SNI, ALPN, its certificate, OCSP, exported keys`,
    async (t) => {
      const server = ourServer({ version, alpn: ['other', 'mine'], mutual: true, ocsp: true });
      const address = await server.next<[string, number]>();
      const files = [
        '-cert',
        cert('client.pem'),
        '-key',
        cert('client.pem'),
        '-cert_chain',
        cert('intermediate.crt.pem'),
      ];
      const extras = ['-alpn', 'mine', '-status', '-keymatexport', 'EXPERIMENTAL', '-nocommands'];
      const peer = opensslClient(address, ...files, ...extras, SHORT[version]);
      peer.child.stdin?.write('hello\n');
      // s_client writes what it received without regard to what its own output has in its buffer.
      const lines = await linesTo(peer, /hello$/);
      t.true(lines.some((line) => line.includes('OCSP Response Status: successful')));
      const exported = lines
        .find((line) => line.includes('Keying material: '))
        ?.split(': ')[1]
        .toLowerCase();
      peer.child.stdin?.end();
      const about = await server.next<Described>();
      t.is(about.version, SHOWN[version]);
      t.is(about.alpn, 'mine');
      t.is(about.peer, 'client');
      t.is(about.server, 'localhost');
      t.is(about.exported, exported);
      await peer.stop();
    },
  );

  withOpenssl(`sessions with openssl, both ways: ${version}`, async (t) => {
    const { peer, address } = await opensslServer(...SERVER_FILES, SHORT[version], '-rev');
    const client = ourClient(address, { version, connections: 3 });
    const reused = [];
    for (let i = 0; i < 3; i++) reused.push((await client.next<Answered>()).reused);
    t.deepEqual(reused, [false, true, true]);
    await peer.stop();

    const server = ourServer({ version, connections: 2 });
    const ours = await server.next<[string, number]>();
    const file = join(tmpdir(t), 'session');
    for (const [i, option] of ['-sess_out', '-sess_in'].entries()) {
      const other = opensslClient(ours, SHORT[version], option, file, '-nocommands');
      other.child.stdin?.write('hello\n');
      await linesTo(other, /hello$/);
      other.child.stdin?.end();
      t.is((await server.next<Described>()).reused, i === 1);
      await other.stop();
    }
  });

  withOpenssl(`pre-shared keys with openssl, both ways: ${version}`, async (t) => {
    const args = ['-psk', PSK.key, SHORT[version]];
    const { peer, address } = await opensslServer('-nocert', '-psk_identity', PSK.identity, ...args, '-rev');
    const about = await ourClient(address, { version, psk: PSK }).next<Answered>();
    t.is(about.answer, 'olleh\n', about.reason ?? '');
    await peer.stop();

    const server = ourServer({ version, psk: PSK });
    const ours = await server.next<[string, number]>();
    const other = spawnPeer('openssl', [
      's_client',
      '-connect',
      ours.join(':'),
      '-psk_identity',
      PSK.identity,
      ...args,
      '-nocommands',
    ]);
    other.child.stdin?.write('hello\n');
    await linesTo(other, /hello$/);
    other.child.stdin?.end();
    t.is((await server.next<Described>()).error, undefined);
    await other.stop();
  });
}

withOpenssl('key updates with openssl, both ways', async (t) => {
  const { peer, address } = await opensslServer(...SERVER_FILES, '-tls1_3', '-rev');
  const about = await ourClient(address, { updateKeys: true }).next<Answered>();
  t.is(about.second, 'olleh\n');
  await peer.stop();

  const server = ourServer({});
  const other = opensslClient(await server.next<[string, number]>(), '-tls1_3');
  other.child.stdin?.write('hello\n');
  await linesTo(other, /hello$/);
  const updated = complaintLike(other, /KEYUPDATE/);
  other.child.stdin?.write('K\n'); // s_client: update the keys of both sides
  await updated;
  other.child.stdin?.write('again\n');
  await linesTo(other, /again$/);
  other.child.stdin?.end('Q\n');
  t.is((await server.next<Described>()).version, 'TLSv1.3');
});

withOpenssl('renegotiation is refused', async (t) => {
  for (const noRenegotiation of [false, true]) {
    const server = ourServer({ version: 'TLSv1_2', noRenegotiation });
    const other = opensslClient(await server.next<[string, number]>(), '-tls1_2');
    other.child.stdin?.write('hello\n');
    await linesTo(other, /hello$/);
    const refused = complaintLike(other, /no renegotiation/);
    other.child.stdin?.write('R\n');
    await refused;
    t.is(await other.exit, 1, 's_client takes the refusal for an error');
    await server.next();
  }
});

withOpenssl('a client whose certificate is missing or a stranger is refused', async (t) => {
  const server = ourServer({ mutual: true, connections: 2 });
  const address = await server.next<[string, number]>();
  const none = opensslClient(address, '-nocommands');
  t.is((await server.next<Described>()).reason, 'PEER_DID_NOT_RETURN_A_CERTIFICATE');
  await none.stop();
  const stranger = opensslClient(address, '-nocommands', '-cert', cert('untrusted.pem'), '-key', cert('untrusted.pem'));
  t.is((await server.next<Described>()).error, 'SSLCertVerificationError');
  await stranger.stop();
});

withOpenssl('a peer that is killed', async (t) => {
  const server = ourServer({});
  const other = opensslClient(await server.next<[string, number]>(), '-nocommands');
  other.child.stdin?.write('hello\n');
  await linesTo(other, /hello$/);
  await other.stop();
  const { error, reason } = await server.next<Described>();
  // An end without a goodbye reads as an end; as in CPython, OpenSSL then has no goodbye to say.
  t.true(error === 'ConnectionResetError' || reason === 'SHUTDOWN_WHILE_IN_INIT', `${error} ${reason}`);
});

// ---- node:tls ------------------------------------------------------------------------------------------------------

function nodeFiles(name: string) {
  const pem = readFileSync(cert(name));
  return { key: pem, cert: pem, ca: readFileSync(cert('root.crt.pem')) };
}

for (const version of VERSIONS) {
  const bounds = { minVersion: SHOWN[version], maxVersion: SHOWN[version] } as const;

  test(`client to node:tls: ${version}, ALPN, our certificate, resumption`, async (t) => {
    const options = { ...nodeFiles('server.pem'), ...bounds, requestCert: true, ALPNProtocols: ['other', 'mine'] };
    const server = nodeTls.createServer(options, (connection) => {
      connection.on('error', () => {}); // our client closes without waiting
      connection.pipe(connection);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    const { port } = server.address() as AddressInfo;
    const client = ourClient(['127.0.0.1', port], { version, alpn: ['mine'], mutual: true, connections: 2 });
    for (const reused of [false, true]) {
      const about = await client.next<Answered>();
      t.is(about.answer, 'hello\n', about.reason ?? '');
      t.is(about.version, SHOWN[version]);
      t.is(about.alpn, 'mine');
      t.is(about.reused, reused);
    }
  });

  test(`node:tls to our server: ${version}, SNI, ALPN, its certificate, resumption`, async (t) => {
    const server = ourServer({ version, alpn: ['other', 'mine'], mutual: true, connections: 2 });
    const [host, port] = await server.next<[string, number]>();
    let session: Buffer | undefined;
    for (const reused of [false, true]) {
      const options = { ...nodeFiles('client.pem'), ...bounds, host, port, session, ALPNProtocols: ['mine'] };
      const client = nodeTls.connect({ ...options, servername: 'localhost' });
      client.on('session', (made) => {
        session = made;
      });
      client.write('hello\n');
      const [answer] = await once(client, 'data');
      t.is(String(answer), 'hello\n');
      t.true(client.authorized);
      t.is(client.alpnProtocol, 'mine');
      client.end();
      const about = await server.next<Described>();
      t.is(about.peer, 'client');
      t.is(about.server, 'localhost');
      t.is(about.reused, reused);
      await until(() => session !== undefined);
    }
  });
}

// ---- CPython -------------------------------------------------------------------------------------------------------

const PYTHON_SERVER = `
import socket, ssl, sys
certs, version = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
context.load_cert_chain(certs + "server.pem")
context.load_verify_locations(certs + "root.crt.pem")
context.verify_mode = ssl.CERT_REQUIRED
context.set_alpn_protocols(["other", "mine"])
with socket.create_server(("127.0.0.1", 0)) as listener:
    print(listener.getsockname()[1], flush=True)
    for _ in range(2):
        with context.wrap_socket(listener.accept()[0], server_side=True) as connection:
            data = connection.recv(100)
            connection.sendall(data)
            connection.recv(100)
            print(connection.selected_alpn_protocol(), connection.session_reused, flush=True)
`;
const PYTHON_CLIENT = `
import socket, ssl, sys
certs, version, port = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
context.load_cert_chain(certs + "client.pem")
context.load_verify_locations(certs + "root.crt.pem")
context.set_alpn_protocols(["mine"])
session = None
for _ in range(2):
    with socket.create_connection(("127.0.0.1", int(port))) as plain:
        with context.wrap_socket(plain, server_hostname="localhost", session=session) as connection:
            connection.sendall(b"hello")
            print(connection.recv(100).decode(), connection.session_reused, flush=True)
            session = connection.session
            connection.unwrap()
`;

for (const version of VERSIONS) {
  withPython(`client to CPython: ${version}`, async (t) => {
    const peer = spawnPeer('python3', ['-c', PYTHON_SERVER, cert(''), version]);
    const port = Number(await peer.line());
    const client = ourClient(['127.0.0.1', port], { version, alpn: ['mine'], mutual: true, connections: 2 });
    for (const reused of [false, true]) {
      const about = await client.next<Answered>();
      t.is(about.answer, 'hello\n', about.reason ?? '');
      t.is(about.reused, reused);
      t.is(await peer.line(), `mine ${reused ? 'True' : 'False'}`);
    }
    t.is(await peer.exit, 0);
  });

  withPython(`CPython to our server: ${version}`, async (t) => {
    const server = ourServer({ version, alpn: ['mine'], mutual: true, connections: 2 });
    const [, port] = await server.next<[string, number]>();
    const peer = spawnPeer('python3', ['-c', PYTHON_CLIENT, cert(''), version, String(port)]);
    for (const reused of [false, true]) {
      t.is(await peer.line(), `hello ${reused ? 'True' : 'False'}`);
      const about = await server.next<Described>();
      t.is(about.error, undefined);
      t.is(about.peer, 'client');
      t.is(about.reused, reused);
    }
    t.is(await peer.exit, 0);
  });
}

// ---- GnuTLS --------------------------------------------------------------------------------------------------------

const PRIORITY = { TLSv1_2: 'NORMAL:-VERS-ALL:+VERS-TLS1.2', TLSv1_3: 'NORMAL:-VERS-ALL:+VERS-TLS1.3' } as const;

/** gnutls-serv cannot say which port it has chosen: give it one that was free a moment ago. */
async function gnutlsServer(
  t: ExecutionContext,
  ...args: string[]
): Promise<{ peer: Peer; address: [string, number] }> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const probe = socket.create_server(['127.0.0.1', 0]);
    const [host, port] = probe.getsockname() as [string, number];
    probe.close();
    const peer = spawnPeer('gnutls-serv', ['--echo', '-p', String(port), ...args]);
    let ended = false;
    void peer.exit.then(() => {
      ended = true;
    });
    await until(() => ended || listens([host, port]));
    if (!ended) return { peer, address: [host, port] };
  }
  t.fail('gnutls-serv did not listen');
  throw new Error('gnutls-serv did not listen');
}

function listens(address: [string, number]): boolean {
  using sock = new socket.socket();
  return sock.connect_ex(address) === 0;
}

for (const version of VERSIONS) {
  withGnutls(`client to gnutls-serv: ${version}, ALPN, our certificate, resumption`, async (t) => {
    const files = ['--x509certfile', cert('server.pem'), '--x509keyfile', cert('server.pem')];
    const trust = ['--x509cafile', cert('root.crt.pem'), '--require-client-cert', '--verify-client-cert'];
    const { peer, address } = await gnutlsServer(
      t,
      ...files,
      ...trust,
      '--alpn',
      'mine',
      '--priority',
      PRIORITY[version],
    );
    const client = ourClient(address, { version, alpn: ['mine'], mutual: true, connections: 2, text: 'hello\n' });
    for (const reused of [false, true]) {
      const about = await client.next<Answered>();
      t.is(about.answer, 'hello\n', about.reason ?? '');
      t.is(about.version, SHOWN[version]);
      t.is(about.alpn, 'mine');
      t.is(about.reused, reused);
    }
    await peer.stop();
  });

  withGnutls(`gnutls-cli to our server: ${version}, SNI, ALPN, its certificate`, async (t) => {
    const server = ourServer({ version, alpn: ['mine'], mutual: true });
    const [, port] = await server.next<[string, number]>();
    const files = ['--x509certfile', cert('client.pem'), '--x509keyfile', cert('client.pem')];
    const trust = ['--x509cafile', cert('root.crt.pem')];
    const options = ['--alpn', 'mine', '--priority', PRIORITY[version], '-p', String(port), 'localhost'];
    const peer = spawnPeer('gnutls-cli', [...files, ...trust, ...options]);
    await linesTo(peer, /Handshake was completed/);
    peer.child.stdin?.write('hello\n');
    await linesTo(peer, /hello$/);
    peer.child.stdin?.end();
    const about = await server.next<Described>();
    t.is(about.version, SHOWN[version]);
    t.is(about.alpn, 'mine');
    t.is(about.peer, 'client');
    t.is(about.server, 'localhost');
    await peer.stop();
  });
}

// ---- curl ----------------------------------------------------------------------------------------------------------

for (const version of VERSIONS) {
  withCurl(`curl to our server: ${version}`, async (t) => {
    const server = ourServer({ version, http: true });
    const [, port] = await server.next<[string, number]>();
    const bounds = version === 'TLSv1_2' ? ['--tls-max', '1.2'] : ['--tlsv1.3'];
    const trust = ['--cacert', cert('root.crt.pem'), '--resolve', `localhost:${port}:127.0.0.1`];
    const peer = spawnPeer('curl', ['-sS', '--noproxy', '*', ...bounds, ...trust, `https://localhost:${port}/`]);
    t.is(await peer.line(), 'hello');
    t.is(await peer.exit, 0);
    t.is((await server.next<Described>()).version, SHOWN[version]);
  });
}
