/** Names of servers, and PEM, that are not as they should be: what CPython refuses, and how. */
import test, { type ExecutionContext } from 'ava';
import * as asyncio from '../../lib/asyncio/index.js';
import { ValueError } from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import * as ssl from '../../lib/ssl/index.js';
import * as stream from '../../lib/stream/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { cert, certText, clientContext, serverContext } from '../helpers/tls.js';
import { type Outcome, outcomeOf, outcomesInPython, type Twin, testTwins, testWithPython } from '../helpers/twin.js';

checkLeaks(test);

/** A value in both languages. */
function literal(value: unknown): string {
  if (value === null) return 'None';
  if (value instanceof Uint8Array) return `bytes.fromhex('${Buffer.from(value).toString('hex')}')`;
  if (typeof value !== 'string') return String(value);
  // JSON's escapes mean the same there, but for pairs of surrogates.
  return JSON.stringify(value).replace(/[^\0-\x7f]/gu, (character) => {
    const code = (character.codePointAt(0) as number).toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
  });
}

const label = (size: number) => 'a'.repeat(size);
const NAMES: readonly unknown[] = [
  null,
  '',
  '.',
  '.x',
  'x.',
  'x..y',
  '..',
  label(63),
  label(64),
  `${label(64)}.b`,
  `b.${label(64)}`,
  `${label(63)}.`.repeat(4),
  `${`${label(63)}.`.repeat(4)}a`,
  'ü'.repeat(63),
  `${'ü'.repeat(60)}.x`,
  `${'é.'.repeat(200)}a`,
  'könig.example',
  'KÖNIG',
  'faß.de',
  '\u2024x',
  'x\u3002y',
  '\u3002x',
  '\u00ad',
  '\u200d',
  '\u05d01',
  '\u{1d11e}',
  '\ud800',
  'x\0y',
  '\0',
  'é\0',
  'xn--',
  'xn--é',
  '-a',
  'é-',
  'a b\n',
  '\x7f',
  '*.x',
  '127.0.0.1',
  '::1',
  '[::1]',
  'fe80::1%lo',
  '\uff11.\uff12.\uff13.\uff14',
  Buffer.from('x'),
  Buffer.from(''),
  Buffer.from('.x'),
  Buffer.from('x\0y'),
  Buffer.from([0x78, 0xff]),
  5,
];

const context = (check: boolean) => {
  const made = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  made.check_hostname = check;
  return made;
};
const PRELUDE = `
import ssl
def context(check):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = check
    return made
def named_socket(check, name):
    a, b = socket.socketpair()
    with a, b, context(check).wrap_socket(a, server_hostname=name, do_handshake_on_connect=False) as s:
        return s.server_hostname
def named_object(check, name):
    if check and not name:  # as newer versions do it
        raise ValueError('check_hostname requires server_hostname')
    return context(check).wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=name).server_hostname
def outcome(call, *args):
    try:
        return call(*args)
    except ssl.SSLError as error:  # without the place in CPython's C
        raise ssl.SSLError(error.errno, error.strerror.split(' (_ssl.c')[0]) from None
`;

function namedSocket(check: boolean, name: unknown): string | null {
  const [a, b] = socket.socketpair();
  try {
    using s = context(check).wrap_socket(a, { server_hostname: name as string, do_handshake_on_connect: false });
    return s.server_hostname;
  } finally {
    a.close();
    b.close();
  }
}

const namedObject = (check: boolean, name: unknown) =>
  context(check).wrap_bio(new ssl.MemoryBIO(), new ssl.MemoryBIO(), { server_hostname: name as string })
    .server_hostname;

/** What is expected here where Python has said `theirs`. From 3.13 on, it says where a name is wrong; we do not yet. */
function expectedHere(theirs: Outcome, ours: Outcome): Outcome {
  const isNew = 'text' in theirs && theirs.text.startsWith("'idna' codec can't encode ");
  return isNew && 'text' in ours && ours.text.startsWith("encoding with 'idna' codec failed") ? ours : theirs;
}

for (const check of [true, false]) {
  testWithPython(`${NAMES.length} server_hostnames, ${check ? 'to be checked' : 'not to be checked'}`, (t) => {
    const calls = NAMES.flatMap((name): Twin[] => {
      const args = `${check ? 'True' : 'False'}, ${literal(name)}`;
      return [
        [`outcome(named_socket, ${args})`, () => namedSocket(check, name)],
        [`outcome(named_object, ${args})`, () => namedObject(check, name)],
      ];
    });
    const theirs = outcomesInPython(
      calls.map(([inPython]) => inPython),
      PRELUDE,
    );
    for (const [i, [inPython, call]] of calls.entries()) {
      const ours = outcomeOf(call);
      t.deepEqual(ours, expectedHere(theirs[i], ours), inPython);
    }
  });
}

const OPENED = `
import asyncio, ssl
async def serve(reader, writer):
    writer.write(b'hello')
    writer.close()
async def ask(name):
    servers = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    servers.load_cert_chain('${cert('server.pem')}')
    clients = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    clients.check_hostname = False
    clients.load_verify_locations('${cert('root.crt.pem')}')
    async with await asyncio.start_server(serve, '127.0.0.1', 0, ssl=servers) as server:
        host, port = server.sockets[0].getsockname()
        try:
            reader, writer = await asyncio.open_connection(host, port, ssl=clients, server_hostname=name)
        except ssl.SSLError as error:  # without the place in CPython's C
            raise ssl.SSLError(error.errno, error.strerror.split(' (_ssl.c')[0]) from None
        said = [await reader.read(), writer.get_extra_info('ssl_object').server_hostname]
        writer.close()
        return said
`;

/** A server that says hello, for the time of a test: its port. */
async function greeter(t: ExecutionContext): Promise<number> {
  const greet = async (_: unknown, writer: asyncio.StreamWriter) => {
    writer.write(Buffer.from('hello'));
    writer.close();
    await writer.wait_closed().catch(() => {});
  };
  const server = await asyncio.start_server(greet, '127.0.0.1', 0, { ssl: serverContext() });
  t.teardown(async () => {
    server.close();
    server.abort_clients();
    await server.wait_closed();
  });
  return server.sockets[0].getsockname()[1];
}

async function outcomeOfPromise(promise: Promise<unknown>): Promise<Outcome> {
  const call = await promise.then(
    (value) => () => value,
    (error) => () => {
      throw error;
    },
  );
  return outcomeOf(call);
}

async function opened(port: number, clients: ssl.SSLContext, name: unknown): Promise<unknown> {
  const options = { ssl: clients, server_hostname: name as string };
  const [reader, writer] = await asyncio.open_connection('127.0.0.1', port, options);
  const said = [await reader.read(), (writer.get_extra_info('ssl_object') as ssl.SSLSocket).server_hostname];
  writer.close();
  await writer.wait_closed().catch(() => {});
  return said;
}

async function streamed(port: number, clients: ssl.SSLContext, name: unknown): Promise<unknown> {
  const client = stream.connect({ host: '127.0.0.1', port, ssl: clients, servername: name as string });
  return [Buffer.concat(await client.toArray()), client.servername];
}

testWithPython(`${NAMES.length} server_hostnames in open_connection and in streams`, async (t) => {
  const theirs = outcomesInPython(
    NAMES.map((name) => `asyncio.run(ask(${literal(name)}))`),
    OPENED,
  );
  const port = await greeter(t);
  const clients = clientContext();
  clients.check_hostname = false;
  for (const [i, name] of NAMES.entries()) {
    const ours = await outcomeOfPromise(opened(port, clients, name));
    t.deepEqual(ours, expectedHere(theirs[i], ours), literal(name));
    // A stream's name is its host where none is given, as node:tls has it.
    if (name === null || (name as string).length === 0) continue;
    t.deepEqual(await outcomeOfPromise(streamed(port, clients, name)), ours, `stream: ${literal(name)}`);
  }
});

test('an empty server_hostname does not end the check of names', async (t) => {
  const port = await greeter(t);
  const refusal = { instanceOf: ValueError, message: 'check_hostname requires server_hostname' };
  await t.throwsAsync(opened(port, clientContext(), ''), refusal);
});

// ---- what clients say ------------------------------------------------------------------------------------------------

const SAID: readonly Buffer[] = [
  Buffer.from('plain'),
  Buffer.from([0x78, 0xff]),
  Buffer.from('könig.example'),
  Buffer.from('x\0y'),
  Buffer.from('.x'),
  Buffer.from('x..y'),
  Buffer.from('xn--knig-5qa'),
  Buffer.from('127.0.0.1'),
  Buffer.from('a b\n\x7f'),
];

/** A client's first flight with a name in it that no client of ours says. */
function hello(name: Buffer): Buffer {
  const toServer = new ssl.MemoryBIO();
  const stand = 'q'.repeat(name.length);
  const client = clientContext().wrap_bio(new ssl.MemoryBIO(), toServer, { server_hostname: stand });
  try {
    client.do_handshake();
  } catch (error) {
    if (!(error instanceof ssl.SSLWantReadError)) throw error;
  }
  const flight = Buffer.from(toServer.read());
  name.copy(flight, flight.indexOf(stand));
  return flight;
}

const ANSWERED = `
import ssl, sys
sys.unraisablehook = lambda unraisable: None
def answered(hello, asks):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain('${cert('server.pem')}')
    names = []
    if asks:
        context.sni_callback = lambda connection, name, context: names.append(name)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    to_server.write(hello)
    try:
        context.wrap_bio(to_server, to_client, server_side=True).do_handshake()
    except ssl.SSLError as error:
        said = to_client.read()
        return [names, type(error).__name__, error.strerror.split(' (_ssl.c')[0], said if said[0] == 21 else None]
`;

function answered(flight: Buffer, asks: boolean): unknown {
  const server = serverContext();
  const names: unknown[] = [];
  if (asks) {
    server.sni_callback = (_, name) => {
      names.push(name);
    };
  }
  const [toServer, toClient] = [new ssl.MemoryBIO(), new ssl.MemoryBIO()];
  toServer.write(flight);
  try {
    server.wrap_bio(toServer, toClient, { server_side: true }).do_handshake();
  } catch (error) {
    const said = toClient.read();
    const { name, strerror } = error as ssl.SSLError;
    return [names, name, strerror, said[0] === ALERT ? said : null];
  }
  return null;
}
const ALERT = 21;

testTwins(
  'names that clients say: those that are not ASCII end the handshake, if anybody is asked',
  SAID.map(hello).flatMap((flight): Twin[] => [
    [`answered(${literal(flight)}, True)`, () => answered(flight, true)],
    [`answered(${literal(flight)}, False)`, () => answered(flight, false)],
  ]),
  ANSWERED,
);

// ---- PEM -------------------------------------------------------------------------------------------------------------

const [HEADER, FOOTER] = ['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----'];
const BASE64 = [
  '',
  'A',
  'AB',
  'ABC',
  'ABCD',
  'ABCDE',
  'AB=',
  'AB==',
  'AB=C',
  'AB=C=',
  'AB=CD=',
  'ABC=',
  'ABC==',
  'A=',
  'A===',
  '=',
  '====',
  '=ABCD',
  'ABCD=',
  'ABCD====',
  'ABCD=EFGH',
  'A B\nC\tD',
  'A-B_C',
  '!A?B*C@D#',
  '+/+/',
  'AB\0CD',
  'ABCD\x7f',
  'ABCé',
  'é',
  '\u{1d11e}',
  '\ud800',
  'A'.repeat(1001),
];
const PEM = [
  ...BASE64.map((text) => `${HEADER}\n${text}\n${FOOTER}\n`),
  '',
  HEADER,
  FOOTER,
  `${HEADER}${FOOTER}`,
  '-----BEGIN CERTIFICATE-----END CERTIFICATE-----',
  ` ${HEADER}QQ==${FOOTER}`,
  ...['\x1c', '\x1f', '\x85', '\xa0', '\ufeff', '\u180e', '\u2003', '\u200b', '\v\f', 'x'].map(
    (space) => `${HEADER}QQ==${FOOTER}${space}`,
  ),
  certText('root.crt.pem'),
  certText('server.pem'),
];

testTwins(
  `${PEM.length} texts for PEM_cert_to_DER_cert`,
  PEM.map((text): Twin => [`decoded(${literal(text)})`, () => ssl.PEM_cert_to_DER_cert(text)]),
  `
import binascii, ssl
def decoded(text):
    try:
        return ssl.PEM_cert_to_DER_cert(text)
    except binascii.Error as error:  # which is a ValueError, and has no name here
        raise ValueError(*error.args) from None
`,
);

test('PEM_cert_to_DER_cert drops nothing behind a padding', (t) => {
  // As CPython 3.14.8. Earlier ones end there, without a word.
  const decoded = (text: string) => ssl.PEM_cert_to_DER_cert(`${HEADER}${text}${FOOTER}`);
  t.throws(() => decoded('AB==CDEF'), { instanceOf: ValueError, message: 'Incorrect padding' });
  t.deepEqual(decoded('ABC=D'), decoded('ABCD'));
});
