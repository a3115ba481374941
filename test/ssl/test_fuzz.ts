/** Handshakes whose bytes were changed on their way: an SSLError, a want, or a success; nothing else, ever. */
import test, { type ExecutionContext } from 'ava';
import * as ssl from '../../lib/ssl/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { certText, clientContext, memoryPair, serverContext, wants } from '../helpers/tls.js';

checkLeaks(test);

const ROUNDS = 20_000;

/** A small generator of its own, so that a failure can be repeated from its seed (mulberry32). */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

type Mutation = (bytes: Buffer, random: (below: number) => number) => Buffer;
const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => {
    bytes[random(bytes.length)] ^= 1 << random(8);
    return bytes;
  },
  (bytes, random) => {
    for (let i = 0; i < 8; i++) bytes[random(bytes.length)] = random(256);
    return bytes;
  },
  // Lengths: of the record, of the handshake message.
  (bytes, random) => {
    bytes.writeUInt16BE(random(65536), Math.min(3, bytes.length - 2));
    return bytes;
  },
  (bytes, random) => {
    if (bytes.length > 9) bytes.writeUIntBE(random(2 ** 24), 6, 3);
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, random(bytes.length)),
  (bytes, random) => Buffer.concat([bytes, bytes.subarray(random(bytes.length))]),
  (bytes, random) => Buffer.concat([bytes.subarray(random(bytes.length)), bytes]),
  (bytes, random) => Buffer.concat([bytes, Buffer.alloc(random(20_000), random(256))]),
  (bytes, random) => {
    const from = random(bytes.length);
    return bytes.fill(0, from, Math.min(from + random(64), bytes.length));
  },
];

/** One step of one side: whether it is done, and null if it has failed as it may. */
function step(side: ssl.SSLObject): boolean | null {
  try {
    side.do_handshake();
    return true;
  } catch (error) {
    if (wants(error)) return false;
    if (error instanceof ssl.SSLError) return null;
    throw error;
  }
}

/** A handshake of which one flight, in one direction, is changed. */
function broken(pair: ReturnType<typeof memoryPair>, random: (below: number) => number): 'failed' | 'done' | 'waiting' {
  const target = random(6);
  const mutate = MUTATIONS[random(MUTATIONS.length)];
  for (let turn = 0; turn < 8; turn++) {
    const [side, inbox] = turn % 2 === 0 ? [pair.client, pair.toServer] : [pair.server, pair.toClient];
    const state = step(side);
    if (state === null) return 'failed';
    if (turn !== target) continue;
    const flight = inbox.read();
    if (flight.length > 1) inbox.write(mutate(flight, random));
    if (random(4) === 0) inbox.write_eof();
  }
  for (const side of [pair.client, pair.server]) {
    try {
      side.read(100);
    } catch (error) {
      if (!(error instanceof ssl.SSLError)) throw error;
    }
  }
  return step(pair.client) === true && step(pair.server) === true ? 'done' : 'waiting';
}

/** Freed at once: thousands of connections would else wait for the garbage collector. */
function release({ client, server }: ReturnType<typeof memoryPair>): void {
  client._sslobj._tls.release();
  server._sslobj._tls.release();
}

function fuzz(t: ExecutionContext, options: () => Parameters<typeof memoryPair>[0], rounds: number): void {
  const seed = Date.now() >>> 0;
  const random = generator(seed);
  const contexts = options();
  const counts = { failed: 0, done: 0, waiting: 0 };
  for (let round = 0; round < rounds; round++) {
    const pair = memoryPair(contexts);
    try {
      counts[broken(pair, random)]++;
    } catch (error) {
      t.fail(`round ${round} with seed ${seed}: ${(error as Error).stack}`);
      return;
    }
    release(pair);
  }
  t.log(`seed ${seed}: ${JSON.stringify(counts)}`);
  t.true(counts.failed > rounds / 3, 'most changes are noticed at once');
}

test.serial(`${ROUNDS / 2} handshakes of TLS 1.3`, (t) => {
  t.timeout(20 * 60_000);
  fuzz(t, () => ({ client: clientContext(), server: serverContext() }), ROUNDS / 2);
});

test.serial(`${ROUNDS / 4} handshakes of TLS 1.2 with certificates on both sides`, (t) => {
  t.timeout(20 * 60_000);
  const version = ssl.TLSVersion.TLSv1_2;
  const make = () => ({
    client: clientContext({ version, certificate: 'client.pem' }),
    server: serverContext({ version, mutual: true }),
  });
  fuzz(t, make, ROUNDS / 4);
});

test.serial(`${ROUNDS / 4} handshakes with callbacks`, (t) => {
  t.timeout(20 * 60_000);
  const make = () => {
    const client = clientContext();
    const server = serverContext();
    server.sni_callback = () => null;
    server._msg_callback = () => {};
    client.keylog_callback = () => {};
    client.request_ocsp = true;
    server.ocsp_response = Buffer.from('no response');
    return { client, server };
  };
  fuzz(t, make, ROUNDS / 4);
});

/** What a file could hold, or a peer send, that is none of what was asked for. */
test('malformed certificates, keys, parameters and sessions are errors', (t) => {
  const random = generator(1);
  const pem = Buffer.from(certText('server.pem'));
  const der = ssl.PEM_cert_to_DER_cert(certText('root.crt.pem'));
  const client = clientContext();
  const calls: ((bytes: Buffer) => void)[] = [
    (bytes) => serverContext().load_cert_chain({ certdata: bytes, password: 'secret' }),
    (bytes) => new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations({ cadata: bytes }),
    (bytes) => new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations({ cadata: bytes.toString('latin1') }),
    (bytes) => new ssl.Certificate(bytes).get_info(),
    (bytes) => client.session_from_bytes(bytes),
  ];
  for (let round = 0; round < 2000; round++) {
    const source = Buffer.from(random(2) === 0 ? pem : der);
    const mutated = MUTATIONS[random(MUTATIONS.length)](source, random);
    for (const call of calls) {
      try {
        call(mutated);
      } catch (error) {
        if (error instanceof ssl.SSLError || error instanceof TypeError || error instanceof RangeError) continue;
        t.fail(`round ${round}: ${(error as Error).stack}`);
      }
    }
  }
  t.pass();
});
