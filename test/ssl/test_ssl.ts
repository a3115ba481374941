/** The ssl module without a network: contexts, callbacks, memory BIOs, sessions, and what goes beyond Python's. */
import { spawnSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { NotImplementedError, OSError, ValueError } from '../../lib/core/exceptions.js';
import * as ssl from '../../lib/ssl/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { testUnless, tmpdir } from '../helpers/peers.js';
import { cert, certText, clientContext, memoryPair, serverContext, shake, wants } from '../helpers/tls.js';

checkLeaks(test);

const { TLSv1_2, TLSv1_3 } = ssl.TLSVersion;

/** Pulls what is on its way to the client: TLS 1.3's tickets come after the handshake. */
function settle(client: ssl.SSLObject, server: ssl.SSLObject): void {
  server.write(Buffer.from('.'));
  client.read(1);
}

// ---- SNI -----------------------------------------------------------------------------------------------------------

test('sni_callback learns the name and may change the context', (t) => {
  const server = serverContext();
  const other = serverContext({ certificate: 'other-name.pem' });
  const seen: unknown[] = [];
  server.sni_callback = (object, name, context) => {
    seen.push(object, name, context);
    object.context = other;
  };
  const pair = memoryPair({ server, host: 'other.example.test' });
  shake(pair.client, pair.server);
  t.is(seen.length, 3);
  t.is(seen[0], pair.server);
  t.is(seen[1], 'other.example.test');
  t.is(seen[2], server);
  t.is(pair.server.context, other);
  const subject = (pair.client.getpeercert() as ssl.CertificateInfo).subject;
  t.deepEqual(subject, [[['commonName', 'other.example.test']]]);
  server.sni_callback = null;
  t.is(server.sni_callback, null);
});

test('sni_callback learns that there is no name', (t) => {
  const server = serverContext();
  const seen: unknown[] = [];
  server.sni_callback = (_, name) => {
    seen.push(name);
  };
  const client = clientContext();
  const pair = memoryPair({ client, server, host: '127.0.0.1' });
  shake(pair.client, pair.server);
  t.deepEqual(seen, [null]);
});

function refusedBy(callback: ssl.ServerNameCallback): { thrown: unknown; reason: string | null } {
  const server = serverContext();
  server.sni_callback = callback;
  const pair = memoryPair({ server });
  let thrown: unknown;
  try {
    pair.client.do_handshake();
  } catch (error) {
    if (!wants(error)) throw error;
  }
  try {
    pair.server.do_handshake();
  } catch (error) {
    thrown = error;
  }
  try {
    pair.client.do_handshake();
  } catch (error) {
    return { thrown, reason: (error as ssl.SSLError).reason };
  }
  return { thrown, reason: null };
}

test('an alert that sni_callback returns is sent', (t) => {
  const { thrown, reason } = refusedBy(() => ssl.ALERT_DESCRIPTION_ACCESS_DENIED);
  t.is((thrown as ssl.SSLError).reason, 'CALLBACK_FAILED');
  t.is(reason, 'TLSV1_ALERT_ACCESS_DENIED');
});

test('what sni_callback throws, the handshake throws', (t) => {
  const mine = new Error('mine');
  const { thrown, reason } = refusedBy(() => {
    throw mine;
  });
  t.is(thrown, mine);
  t.is(reason, 'SSLV3_ALERT_HANDSHAKE_FAILURE');
});

test('a wrong answer of sni_callback is a TypeError', (t) => {
  const { thrown, reason } = refusedBy((() => 'foo') as never);
  t.true(thrown instanceof TypeError);
  t.is(reason, 'TLSV1_ALERT_INTERNAL_ERROR');
});

test('a callback must not call into the connection that called it', (t) => {
  const server = serverContext();
  server.sni_callback = (object) => object.do_handshake();
  const pair = memoryPair({ server });
  t.throws(() => shake(pair.client, pair.server), { message: /in the middle of a call/ });
});

// ---- pre-shared keys -----------------------------------------------------------------------------------------------

const KEY = Buffer.from('c0ffee00c0ffee00', 'hex');

function pskContexts(version: number) {
  const client = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  client.check_hostname = false;
  client.verify_mode = ssl.CERT_NONE;
  const server = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
  for (const context of [client, server]) {
    context.minimum_version = version;
    context.maximum_version = version;
    context.set_ciphers('PSK');
  }
  return { client, server, host: null };
}

for (const version of [TLSv1_2, TLSv1_3]) {
  test(`pre-shared keys, ${ssl.TLSVersion[version]}`, (t) => {
    const contexts = pskContexts(version);
    const seen: unknown[] = [];
    contexts.client.set_psk_client_callback((hint) => {
      seen.push(['client', hint]);
      return ['alice', KEY];
    });
    contexts.server.set_psk_server_callback((identity) => {
      seen.push(['server', identity]);
      return KEY;
    }, 'a hint');
    const { client, server } = memoryPair(contexts);
    shake(client, server);
    t.is(client.version(), version === TLSv1_2 ? 'TLSv1.2' : 'TLSv1.3');
    t.deepEqual(seen[0], ['client', version === TLSv1_2 ? 'a hint' : null]);
    t.deepEqual(seen[seen.length - 1], ['server', 'alice']);
    server.write(Buffer.from('hello'));
    t.is(client.read().toString(), 'hello');
    t.is(client.getpeercert(), null);
  });
}

test('what a PSK callback throws, the handshake throws', (t) => {
  const contexts = pskContexts(TLSv1_2);
  contexts.client.set_psk_client_callback(() => {
    throw new RangeError('mine');
  });
  contexts.server.set_psk_server_callback(() => KEY);
  const { client, server } = memoryPair(contexts);
  t.throws(() => shake(client, server), { instanceOf: RangeError, message: 'mine' });
});

for (const [what, answer] of [
  ['no pair', 'x'],
  ['a key that is text', ['alice', 'key']],
  ['an identity that is a number', [1, KEY]],
  ['no answer', undefined],
] as const) {
  test(`a PSK callback's wrong answer is a TypeError: ${what}`, (t) => {
    const contexts = pskContexts(TLSv1_2);
    contexts.client.set_psk_client_callback(() => answer as never);
    contexts.server.set_psk_server_callback(() => KEY);
    const { client, server } = memoryPair(contexts);
    t.throws(() => shake(client, server), { instanceOf: TypeError });
  });
}

test('PSK identities and keys that are too long are ValueErrors', (t) => {
  for (const answer of [
    ['a'.repeat(300), KEY],
    ['a\0b', KEY],
    ['a', Buffer.alloc(1000)],
  ]) {
    const contexts = pskContexts(TLSv1_2);
    contexts.client.set_psk_client_callback(() => answer as never);
    contexts.server.set_psk_server_callback(() => KEY);
    const { client, server } = memoryPair(contexts);
    t.throws(() => shake(client, server), { instanceOf: ValueError });
  }
});

test('PSK callbacks belong to one side', (t) => {
  const client = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  const server = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
  t.throws(() => client.set_psk_server_callback(() => KEY), {
    instanceOf: ssl.SSLError,
    message: 'Cannot add PSK server callback to a PROTOCOL_TLS_CLIENT context',
  });
  t.throws(() => server.set_psk_client_callback(() => ['a', KEY]), {
    instanceOf: ssl.SSLError,
    message: 'Cannot add PSK client callback to a PROTOCOL_TLS_SERVER context',
  });
  t.throws(() => client.set_psk_client_callback(1 as never), { message: 'callback must be callable' });
  t.throws(() => server.set_psk_server_callback(() => KEY, 'x'.repeat(300)), {
    message: 'failed to set identity hint',
  });
  client.set_psk_client_callback(null);
  server.set_psk_server_callback(null);
});

// ---- messages, key log ---------------------------------------------------------------------------------------------

test('_msg_callback is told of every message', (t) => {
  const client = clientContext({ version: TLSv1_2 });
  const messages: unknown[][] = [];
  const callback: ssl.MessageCallback = (conn, ...rest) => messages.push([conn, ...rest]);
  client._msg_callback = callback;
  t.is(client._msg_callback, callback);
  const pair = memoryPair({ client });
  shake(pair.client, pair.server);
  t.true(messages.every(([conn]) => conn === pair.client));
  const { HANDSHAKE, CHANGE_CIPHER_SPEC } = ssl._TLSContentType;
  const { CLIENT_HELLO, SERVER_HELLO, FINISHED } = ssl._TLSMessageType;
  const kinds = messages.map(([, direction, , content, type]) => `${direction} ${content} ${type}`);
  for (const kind of [
    `write ${HANDSHAKE} ${CLIENT_HELLO}`,
    `read ${HANDSHAKE} ${SERVER_HELLO}`,
    `write ${CHANGE_CIPHER_SPEC} ${ssl._TLSMessageType.CHANGE_CIPHER_SPEC}`,
    `read ${HANDSHAKE} ${FINISHED}`,
  ]) {
    t.true(kinds.includes(kind), `${kind} is not in ${inspect(kinds)}`);
  }
  const finished = messages.find(([, direction, , , type]) => direction === 'read' && type === FINISHED);
  t.is(finished?.[2], TLSv1_2);
  t.true(Buffer.isBuffer(finished?.[5]));
});

test('what _msg_callback throws, the call throws that exchanged the message', (t) => {
  const client = clientContext();
  client._msg_callback = () => {
    throw new RangeError('mine');
  };
  const pair = memoryPair({ client });
  t.throws(() => pair.client.do_handshake(), { instanceOf: RangeError, message: 'mine' });
});

test('a callback that takes the memory of a buffer away that is being read into does no harm', (t) => {
  const client = clientContext();
  const pair = memoryPair({ client });
  shake(pair.client, pair.server);
  pair.server.write(Buffer.from('hello'));
  const bytes = new Uint8Array(16);
  let armed = true;
  const taking = clientContext();
  taking._msg_callback = () => {
    if (armed) structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    armed = false;
  };
  const other = memoryPair({ client: taking });
  armed = false;
  shake(other.client, other.server);
  other.server.write(Buffer.from('hello'));
  armed = true;
  t.throws(() => other.client.read(16, bytes), { instanceOf: RangeError });
  t.is(bytes.length, 0);
});

test('keylog_filename and keylog_callback get the secrets of a connection', (t) => {
  const file = join(tmpdir(t), 'keys');
  const client = clientContext();
  const lines: string[] = [];
  client.keylog_filename = file;
  t.is(client.keylog_filename, file);
  client.keylog_callback = (_, line) => lines.push(line);
  const server = serverContext();
  server.keylog_filename = file;
  const pair = memoryPair({ client, server });
  shake(pair.client, pair.server);
  const [header, ...logged] = readFileSync(file, 'utf8').trimEnd().split(/\r?\n/);
  t.true(header.startsWith('# TLS secrets log file'));
  t.is(lines.length, 5);
  t.true(
    lines.every((line) => logged.filter((other) => other === line).length === 2),
    'both sides log the same',
  );
  t.regex(lines[0], /^(SERVER|CLIENT)_\w+ [\da-f]{64} [\da-f]+$/);
  client.keylog_filename = null;
  server.keylog_filename = null;
  t.is(client.keylog_filename, null);
  t.throws(
    () => {
      client.keylog_filename = join(file, 'none');
    },
    { instanceOf: OSError, message: /Not a directory|No such file/ },
  );
});

// ---- OCSP, exported keys, bindings ---------------------------------------------------------------------------------

const RESPONSE = readFileSync(cert('ocsp.der'));

test('an OCSP response is stapled where the client asks for it', (t) => {
  const server = serverContext();
  server.ocsp_response = RESPONSE;
  const client = clientContext();
  client.request_ocsp = true;
  const asked = memoryPair({ client, server });
  shake(asked.client, asked.server);
  t.deepEqual(asked.client.ocsp_response(), RESPONSE);
  const silent = memoryPair({ server });
  shake(silent.client, silent.server);
  t.is(silent.client.ocsp_response(), null);
});

test('an OCSP response may come from a function, or not at all', (t) => {
  const client = clientContext();
  client.request_ocsp = true;
  const server = serverContext();
  const seen: unknown[] = [];
  server.ocsp_response = (object) => {
    seen.push(object);
    return null;
  };
  const none = memoryPair({ client, server });
  shake(none.client, none.server);
  t.is(seen[0], none.server);
  t.is(none.client.ocsp_response(), null);
  server.ocsp_response = () => 'text' as never;
  const wrong = memoryPair({ client, server });
  t.throws(() => shake(wrong.client, wrong.server), { instanceOf: TypeError });
});

for (const version of [TLSv1_2, TLSv1_3]) {
  test(`both ends export the same keying material, ${ssl.TLSVersion[version]}`, (t) => {
    const { client, server } = memoryPair({ client: clientContext({ version }) });
    t.throws(() => client.export_keying_material('label', 16), { message: 'handshake not done yet' });
    shake(client, server);
    const ours = client.export_keying_material('EXPERIMENTAL label', 40, Buffer.from('context'));
    t.is(ours.length, 40);
    t.deepEqual(server.export_keying_material('EXPERIMENTAL label', 40, Buffer.from('context')), ours);
    t.notDeepEqual(server.export_keying_material('EXPERIMENTAL other', 40, Buffer.from('context')), ours);
    t.notDeepEqual(server.export_keying_material('EXPERIMENTAL label', 40, Buffer.from('other')), ours);
  });

  test(`channel bindings, ${ssl.TLSVersion[version]}`, (t) => {
    const { client, server } = memoryPair({ client: clientContext({ version }) });
    t.is(client.get_channel_binding('tls-exporter'), null);
    shake(client, server);
    const exported = client.get_channel_binding('tls-exporter');
    t.is(exported?.length, 32);
    t.deepEqual(server.get_channel_binding('tls-exporter'), exported);
    // RFC 5929: the certificate is signed with ecdsa-with-SHA256.
    const der = client.getpeercert(true) as Buffer;
    const hash = createHash('sha256').update(der).digest();
    t.deepEqual(client.get_channel_binding('tls-server-end-point'), hash);
    t.deepEqual(server.get_channel_binding('tls-server-end-point'), hash);
  });
}

test('tls-server-end-point: SHA-256 stands in for a weak hash', (t) => {
  const server = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
  server.set_ciphers('ALL:@SECLEVEL=0');
  server.load_cert_chain(cert('weak-digest.pem'));
  const client = clientContext();
  client.set_ciphers('ALL:@SECLEVEL=0');
  const pair = memoryPair({ client, server });
  shake(pair.client, pair.server);
  const der = pair.client.getpeercert(true) as Buffer;
  const expected = createHash('sha256').update(der).digest();
  t.deepEqual(pair.client.get_channel_binding('tls-server-end-point'), expected, 'SHA-256 stands in for SHA-1');
});

// ---- sessions ------------------------------------------------------------------------------------------------------

for (const version of [TLSv1_2, TLSv1_3]) {
  test(`a session is resumed, and may be bytes in between, ${ssl.TLSVersion[version]}`, (t) => {
    const client = clientContext({ version });
    const server = serverContext();
    const first = memoryPair({ client, server });
    shake(first.client, first.server);
    settle(first.client, first.server);
    t.false(first.client.session_reused);
    const session = first.client.session as ssl.SSLSession;
    t.true(session.has_ticket);
    t.true(session.timeout > 0);
    t.true(session.ticket_lifetime_hint > 0);
    t.true(Math.abs(session.time - Date.now() / 1000) < 3600);
    const second = memoryPair({ client, server, session });
    shake(second.client, second.server);
    t.true(second.client.session_reused);
    t.true(second.server.session_reused);

    const bytes = session.to_bytes();
    const again = client.session_from_bytes(bytes);
    t.true(again.equals(session));
    const third = memoryPair({ client, server, session: again });
    shake(third.client, third.server);
    t.true(third.client.session_reused);
  });
}

test('bytes that are no session are an SSLError', (t) => {
  const client = clientContext();
  t.throws(() => client.session_from_bytes(Buffer.from('garbage')), { instanceOf: ssl.SSLError });
  t.throws(() => client.session_from_bytes(Buffer.alloc(0)), { instanceOf: ssl.SSLError });
  t.throws(() => client.session_from_bytes('text' as never), { instanceOf: TypeError });
  t.throws(() => new ssl.SSLSession(), { instanceOf: TypeError });
});

test('a bad server_hostname is told before a bad session, as in CPython', (t) => {
  const unchecked = clientContext();
  unchecked.check_hostname = false;
  const wrap = (server_hostname: string) => () =>
    unchecked.wrap_bio(new ssl.MemoryBIO(), new ssl.MemoryBIO(), { server_hostname, session: {} as never });
  const message = 'server_hostname cannot be an empty string or start with a leading dot.';
  t.throws(wrap(''), { instanceOf: ValueError, message });
  t.throws(wrap('x'), { instanceOf: TypeError, message: 'Value is not a SSLSession.' });
});

test('a session belongs to a client, a context, and the time before the handshake', (t) => {
  const client = clientContext({ version: TLSv1_2 });
  const pair = memoryPair({ client });
  shake(pair.client, pair.server);
  const session = pair.client.session as ssl.SSLSession;
  t.throws(
    () => clientContext().wrap_bio(new ssl.MemoryBIO(), new ssl.MemoryBIO(), { server_hostname: 'x', session }),
    {
      message: 'Session refers to a different SSLContext.',
    },
  );
  t.throws(
    () => {
      pair.client.session = session;
    },
    { message: 'Cannot set session after handshake.' },
  );
});

// ---- certificates from memory --------------------------------------------------------------------------------------

test('load_cert_chain takes certificates and keys from memory', (t) => {
  const pem = readFileSync(cert('server.pem'));
  for (const options of [{ certdata: pem }, { certdata: pem, keydata: pem }, { certdata: pem.toString() }]) {
    const server = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
    server.load_cert_chain(options);
    const pair = memoryPair({ server });
    shake(pair.client, pair.server);
    t.is(pair.client.get_unverified_chain().length, 2, 'the intermediate certificate is sent too');
  }
});

test('load_cert_chain takes DER from memory', (t) => {
  const pem = certText('self-signed.pem');
  const der = (kind: string) => Buffer.from(pem.split(`-----BEGIN ${kind}-----`)[1].split('-----')[0], 'base64');
  const server = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
  server.load_cert_chain({ certdata: der('CERTIFICATE'), keydata: der('PRIVATE KEY') });
  const client = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  client.load_verify_locations({ cadata: der('CERTIFICATE') });
  const pair = memoryPair({ client, server });
  shake(pair.client, pair.server);
  t.deepEqual(pair.client.getpeercert(true), der('CERTIFICATE'));
});

test('load_cert_chain from memory: encrypted keys, and what is wrong', (t) => {
  const server = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
  const encrypted = readFileSync(cert('server-encrypted.pem'));
  server.load_cert_chain({ certdata: encrypted, password: 'secret' });
  server.load_cert_chain({ certdata: encrypted, password: () => Buffer.from('secret') });
  t.throws(() => server.load_cert_chain({ certdata: encrypted, password: 'wrong' }), { instanceOf: ssl.SSLError });
  t.throws(() => server.load_cert_chain({ certdata: Buffer.alloc(0) }), {
    instanceOf: ssl.SSLError,
    message: /no start line/,
  });
  t.throws(() => server.load_cert_chain({ certdata: 'garbage' }), { instanceOf: ssl.SSLError });
  const other = readFileSync(cert('client.pem'));
  t.throws(() => server.load_cert_chain({ certdata: encrypted, keydata: other }), {
    instanceOf: ssl.SSLError,
    message: '[X509: KEY_VALUES_MISMATCH] key values mismatch',
  });
  t.throws(() => server.load_cert_chain({ certdata: 1 as never }), { instanceOf: TypeError });
});

test('a password function runs if the key is encrypted, and what it throws is thrown', (t) => {
  const server = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
  let calls = 0;
  const password = () => {
    calls++;
    return 'secret';
  };
  server.load_cert_chain(cert('server.pem'), null, password);
  t.is(calls, 0);
  server.load_cert_chain(cert('server-encrypted.pem'), null, password);
  t.is(calls, 1);
  const throwing = () => {
    throw new RangeError('mine');
  };
  t.throws(() => server.load_cert_chain(cert('server-encrypted.pem'), null, throwing), { message: 'mine' });
  server.load_cert_chain(cert('server-encrypted.pem'), { password });
  t.is(calls, 2);
});

test('what a password function throws is not looked at', (t) => {
  const server = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
  const look = () => t.fail();
  const thrown = new Proxy({}, { get: look, has: look });
  const throwing = () => {
    throw thrown;
  };
  let caught: unknown;
  try {
    server.load_cert_chain(cert('server-encrypted.pem'), null, throwing);
  } catch (error) {
    caught = error;
  }
  t.true(caught === thrown);
});

// ---- further ------------------------------------------------------------------------------------------------------

test('getpeercert tells of every kind of name', (t) => {
  const client = clientContext();
  client.check_hostname = false;
  const pair = memoryPair({ client, server: serverContext({ certificate: 'everything.pem' }), host: null });
  shake(pair.client, pair.server);
  const { notBefore, notAfter, serialNumber, ...info } = pair.client.getpeercert() as ssl.CertificateInfo;
  t.deepEqual(info, {
    subject: [
      [['countryName', 'XY']],
      [['organizationName', 'Berkeley tests']],
      [
        ['organizationalUnitName', 'unit'],
        ['commonName', 'everything'],
      ],
    ],
    issuer: [[['organizationName', 'Berkeley tests']], [['commonName', 'root']]],
    version: 3,
    subjectAltName: [
      ['DNS', 'allsans'],
      ['othername', '<unsupported>'],
      ['email', 'user@example.test'],
      [
        'DirName',
        [[['countryName', 'XY']], [['organizationName', 'Berkeley tests']], [['commonName', 'directory name']]],
      ],
      ['URI', 'https://example.test/'],
      ['IP Address', '127.0.0.1'],
      ['IP Address', '2001:DB8:0:0:0:0:0:1'],
      ['Registered ID', '1.2.3.4.5'],
    ],
    OCSP: ['http://example.test/ocsp'],
    caIssuers: ['http://example.test/root.cer'],
    crlDistributionPoints: ['http://example.test/root.crl'],
  });
  t.deepEqual(ssl._test_decode_cert(cert('everything.pem')), pair.client.getpeercert());
  const peer = new X509Certificate(pair.client.getpeercert(true) as Buffer);
  t.is(notAfter, peer.validTo);
  t.is(notBefore, peer.validFrom);
  t.is(serialNumber, peer.serialNumber);
});

test('Certificate', (t) => {
  const der = ssl.PEM_cert_to_DER_cert(certText('root.crt.pem'));
  const certificate = new ssl.Certificate(der);
  t.is(certificate.public_bytes(), certText('root.crt.pem'));
  t.deepEqual(certificate.public_bytes(ssl.ENCODING_DER), der);
  t.deepEqual(certificate.get_info().subject, [[['organizationName', 'Berkeley tests']], [['commonName', 'root']]]);
  t.true(certificate.equals(new ssl.Certificate(Buffer.from(der))));
  t.is(String(certificate), "<_ssl.Certificate 'CN=root,O=Berkeley tests'>");
  t.throws(() => new ssl.Certificate(Buffer.from('garbage')).get_info(), { instanceOf: ssl.SSLError });
});

test('TLS 1.3 keys are updated in either direction', (t) => {
  const { client, server } = memoryPair();
  shake(client, server);
  for (const [ours, theirs] of [
    [client, server],
    [server, client],
  ]) {
    for (const both of [false, true]) {
      ours.update_keys(both);
      ours.write(Buffer.from('over new keys'));
      t.is(theirs.read().toString(), 'over new keys');
      theirs.write(Buffer.from('and back'));
      t.is(ours.read().toString(), 'and back');
    }
  }
  const old = memoryPair({ client: clientContext({ version: TLSv1_2 }) });
  shake(old.client, old.server);
  t.throws(() => old.client.update_keys(), {
    instanceOf: ssl.SSLError,
    message: '[SSL: WRONG_SSL_VERSION] wrong ssl version',
  });
});

test("a client's certificate after the handshake", (t) => {
  const server = serverContext();
  server.load_verify_locations(cert('root.crt.pem'));
  server.verify_mode = ssl.CERT_REQUIRED;
  server.post_handshake_auth = true;
  const client = clientContext({ certificate: 'client.pem' });
  client.post_handshake_auth = true;
  const pair = memoryPair({ client, server });
  shake(pair.client, pair.server);
  t.is(pair.server.getpeercert(), null);
  pair.server.verify_client_post_handshake();
  pair.server.write(Buffer.from('who are you'));
  pair.client.read();
  pair.client.write(Buffer.from('me'));
  pair.server.read();
  const info = pair.server.getpeercert() as ssl.CertificateInfo;
  t.deepEqual(info.subject, [[['organizationName', 'Berkeley tests']], [['commonName', 'client']]]);
  t.is(pair.server.get_verified_chain().length, 3);
  t.is(pair.server.get_unverified_chain().length, 2);
});

test('a client that refuses to be asked after the handshake says so', (t) => {
  const { client, server } = memoryPair();
  shake(client, server);
  t.throws(() => client.verify_client_post_handshake(), { instanceOf: ssl.SSLError, message: /not server/ });
  t.throws(() => server.verify_client_post_handshake(), {
    instanceOf: ssl.SSLError,
    message: /extension not received/,
  });
});

test('groups, cipher suites and signature algorithms of Python 3.15', (t) => {
  const client = clientContext();
  client.set_groups('P-384:X25519');
  client.set_ciphersuites('TLS_CHACHA20_POLY1305_SHA256');
  client.set_client_sigalgs('ECDSA+SHA256');
  client.set_server_sigalgs('ECDSA+SHA256:RSA-PSS+SHA256');
  const pair = memoryPair({ client });
  shake(pair.client, pair.server);
  t.is(pair.client.cipher()?.[0], 'TLS_CHACHA20_POLY1305_SHA256');
  t.throws(() => client.set_groups('nonsense'), { instanceOf: ssl.SSLError });
  t.throws(() => client.set_ciphersuites('nonsense'), { instanceOf: ssl.SSLError });
  t.throws(() => client.set_client_sigalgs('nonsense'), { instanceOf: ssl.SSLError });
  t.throws(() => client.set_server_sigalgs('nonsense'), { instanceOf: ssl.SSLError });
  for (const call of [
    () => client.get_groups(),
    () => pair.client.group(),
    () => pair.client.client_sigalg(),
    () => pair.client.server_sigalg(),
    () => ssl.get_sigalgs(),
  ]) {
    t.throws(call, { instanceOf: NotImplementedError });
  }
});

test('a bit mask that JavaScript made negative is taken for what it means', (t) => {
  const client = clientContext();
  client.options |= ssl.OP_NO_TICKET;
  t.is(client.options, 2186412112 + ssl.OP_NO_TICKET);
  client.options &= ~ssl.OP_NO_TICKET;
  t.is(client.options, 2186412112);
});

test('other classes may be had', (t) => {
  class Mine extends ssl.SSLObject {}
  class MyContext extends ssl.SSLContext {
    override sslobject_class = Mine;
  }
  const mine = new MyContext(ssl.PROTOCOL_TLS_CLIENT).wrap_bio(new ssl.MemoryBIO(), new ssl.MemoryBIO(), {
    server_hostname: 'localhost',
  });
  t.true(mine instanceof Mine);
  const client = clientContext();
  client.sslobject_class = Mine;
  t.true(client.wrap_bio(new ssl.MemoryBIO(), new ssl.MemoryBIO(), { server_hostname: 'x' }) instanceof Mine);
});

test('deprecated things warn', async (t) => {
  const warnings: string[] = [];
  const listener = (warning: Error) => warnings.push(`${warning.name}: ${warning.message}`);
  process.on('warning', listener);
  const context = new ssl.SSLContext();
  context.minimum_version = ssl.TLSVersion.TLSv1_1;
  context.options |= ssl.OP_NO_TLSv1_3;
  t.throws(() => context.set_npn_protocols(['a']), { instanceOf: NotImplementedError });
  await new Promise(setImmediate);
  process.off('warning', listener);
  t.deepEqual(warnings, [
    'DeprecationWarning: ssl.SSLContext() without protocol argument is deprecated.',
    'DeprecationWarning: ssl.PROTOCOL_TLS is deprecated',
    'DeprecationWarning: ssl.TLSVersion.TLSv1_1 is deprecated',
    'DeprecationWarning: ssl.OP_NO_SSL*/ssl.OP_NO_TLS* options are deprecated',
    'DeprecationWarning: ssl NPN is deprecated, use ALPN instead',
  ]);
});

/** How many certificates Windows itself has. */
function systemsOwn(): number {
  const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  process.env.SSL_CERT_FILE = '/nonexistent';
  context.load_default_certs();
  process.env.SSL_CERT_FILE = cert('root.crt.pem');
  return context.cert_store_stats().x509;
}

const MAY_MOUNT = process.platform === 'linux' && spawnSync('unshare', ['--mount', 'true']).status === 0;

testUnless(!MAY_MOUNT && 'to have another /etc takes root on Linux')(
  'the certificates of a system whose OpenSSL was built elsewhere are found',
  (t) => {
    // An /etc as Fedora's, which nobody else sees.
    const FEDORA = `mount -t tmpfs none /etc && mkdir -p /etc/pki/tls/certs && cp "$1" /etc/pki/tls/certs/ca-bundle.crt && exec "$2" --input-type=module -e "$3"`;
    const program = `
      const ssl = await import(${JSON.stringify(new URL('../../lib/ssl/index.js', import.meta.url).href)});
      const { x509_ca } = ssl.create_default_context().cert_store_stats();
      console.log(ssl.get_default_verify_paths().cafile, x509_ca);`;
    const env = { ...process.env };
    for (const name of ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS']) delete env[name];
    const command = ['--mount', 'sh', '-c', FEDORA, 'sh', cert('root.crt.pem'), process.execPath, program];
    const { stdout, stderr } = spawnSync('unshare', command, { encoding: 'utf8', env });
    t.is(stdout, '/etc/pki/tls/certs/ca-bundle.crt 1\n', stderr);
  },
);

test('get_default_verify_paths heeds the environment', (t) => {
  const folder = join(tmpdir(t), 'certificates');
  mkdirSync(folder);
  const before = { ...process.env };
  t.teardown(() => {
    for (const name of ['SSL_CERT_FILE', 'SSL_CERT_DIR']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });
  process.env.SSL_CERT_FILE = cert('root.crt.pem');
  process.env.SSL_CERT_DIR = folder;
  const paths = ssl.get_default_verify_paths();
  t.is(paths.cafile, cert('root.crt.pem'));
  t.is(paths.capath, folder);
  t.is(paths.openssl_cafile_env, 'SSL_CERT_FILE');
  const [cafile, capath] = paths;
  t.deepEqual([cafile, capath], [cert('root.crt.pem'), folder]);
  // On Windows the system's own certificates come besides.
  const system = process.platform === 'win32' ? systemsOwn() : 0;
  const context = ssl.create_default_context();
  t.is(context.cert_store_stats().x509, system + 1);
  process.env.SSL_CERT_FILE = '/nonexistent';
  t.is(ssl.get_default_verify_paths().cafile, null);
});

test('SSLCertVerificationError is a ValueError too, and has a code and a text', (t) => {
  const pair = memoryPair({ host: 'wrong.example.test' });
  const error = t.throws(() => shake(pair.client, pair.server), { instanceOf: ssl.SSLCertVerificationError });
  t.true(error instanceof ValueError);
  t.true(error instanceof ssl.CertificateError);
  t.true(error instanceof OSError);
  const { verify_code, verify_message, reason, library } = error as ssl.SSLCertVerificationError;
  t.is(verify_code, 62);
  t.is(verify_message, "Hostname mismatch, certificate is not valid for 'wrong.example.test'.");
  t.is(reason, 'CERTIFICATE_VERIFY_FAILED');
  t.is(library, 'SSL');
  t.is(error?.message, `[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: ${verify_message}`);
});

// ---- a lot of objects ----------------------------------------------------------------------------------------------

async function collected(t: ExecutionContext, make: () => void, most: number): Promise<void> {
  for (let i = 0; i < 50; i++) make();
  globalThis.gc?.();
  await new Promise(setImmediate);
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 600; i++) {
    make();
    if (i % 100 === 99) {
      globalThis.gc?.();
      await new Promise(setImmediate);
    }
  }
  const grown = process.memoryUsage().rss - before;
  t.true(grown < most, `${Math.round(grown / 1024)} KiB more`);
}

test.serial('connections and contexts that are forgotten are freed', async (t) => {
  if (process.env.ASAN_OPTIONS !== undefined)
    return t.pass('a sanitizer keeps freed memory: its leak check sees to this');
  const client = clientContext();
  const server = serverContext();
  // 600 pairs hold at least 600 x 2 x 20 KiB.
  await collected(
    t,
    () => {
      const pair = memoryPair({ client, server });
      shake(pair.client, pair.server);
    },
    12 * 2 ** 20,
  );
  // 600 contexts with the system's certificates would hold some 500 MiB.
  await collected(t, () => ssl.create_default_context({ cafile: cert('root.crt.pem') }), 12 * 2 ** 20);
});

test.serial('a connection that reads and writes one and the same MemoryBIO lets go of it', async (t) => {
  if (process.env.ASAN_OPTIONS !== undefined) {
    ssl.create_default_context().wrap_bio(...twice(), { server_hostname: 'x' });
    return t.pass('a sanitizer keeps freed memory: its leak check sees to this');
  }
  const client = clientContext();
  // 600 of them would hold 50 MiB.
  await collected(t, () => client.wrap_bio(...twice(), { server_hostname: 'x' }), 24 * 2 ** 20);
});

function twice(): [ssl.MemoryBIO, ssl.MemoryBIO] {
  const bio = new ssl.MemoryBIO();
  bio.write(Buffer.alloc(64 * 1024, 1));
  return [bio, bio];
}
