/** The process of those who mean ill: each kind goes on until the process is ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import * as asyncio from '../../lib/asyncio/index.js';
import { OSError } from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import * as ssl from '../../lib/ssl/index.js';
import { clientContext } from '../helpers/tls.js';
import type { Places } from './health.js';

const HOST = '127.0.0.1';
const { SOL_SOCKET, SO_LINGER, SO_RCVBUF } = socket;
/** l_onoff, l_linger: closing resets. */
const RESETS = Buffer.from(Int32Array.of(1, 0).buffer);
const context = clientContext();
const random = (end: number) => Math.floor(Math.random() * end);
let places: Places;

const tcp = () => Object.keys(places.tcp).filter((name) => name !== 'blocking');
const secure = () => tcp().filter((name) => name.endsWith('TLS'));
const pick = <T>(items: T[]): T => items[random(items.length)];

async function connection(service: string): Promise<socket.socket> {
  const sock = new socket.socket();
  try {
    sock.setblocking(false);
    sock.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096);
    await asyncio.sock_connect(sock, [HOST, places.tcp[service]]);
    return sock;
  } catch (error) {
    sock.close();
    throw error;
  }
}

function reset(sock: socket.socket): void {
  if (sock.fileno() < 0) return;
  sock.setsockopt(SOL_SOCKET, SO_LINGER, RESETS);
  sock.close();
}

/** A TLS connection of ours. */
async function encrypted(): Promise<[asyncio.StreamReader, asyncio.StreamWriter]> {
  const port = places.tcp[pick(secure())];
  return asyncio.open_connection(HOST, port, { ssl: context, server_hostname: 'localhost' });
}

const KINDS: Record<string, () => Promise<void>> = {
  /** Each byte a record of its own, a hundred at a time. */
  'one-byte records': async () => {
    const [, writer] = await encrypted();
    try {
      for (let i = 0; i < 2000; i++) {
        writer.write(Buffer.of(i));
        if (i % 100 === 0) await writer.drain();
      }
      await sleep(500);
    } finally {
      writer.transport.abort();
    }
  },
  /** A head that never ends. */
  slowloris: async () => {
    const sock = await connection(pick(tcp()));
    try {
      for (const byte of Buffer.from('POST / HTTP/1.1\r\nX: ')) {
        await asyncio.sock_sendall(sock, Buffer.of(byte));
        await sleep(500);
      }
    } finally {
      reset(sock);
    }
  },
  /** A reset behind so many bytes of what a client says first. */
  'resets at each step': async () => {
    const service = pick(tcp());
    const sock = await connection(service);
    const hello = service.endsWith('TLS') ? clientHello() : Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    try {
      await asyncio.sock_sendall(sock, hello.subarray(0, random(hello.length + 1)));
      await sleep(random(5));
    } finally {
      reset(sock);
    }
  },
  'a reset amid TLS': async () => {
    const [, writer] = await encrypted();
    const sock = writer.get_extra_info('socket') as socket.socket;
    writer.write(Buffer.alloc(random(200_000)));
    sock.setsockopt(SOL_SOCKET, SO_LINGER, RESETS);
    writer.transport.abort();
  },
  /** Descriptors with every byte. */
  'descriptor floods': async () => {
    const sock = new socket.socket(socket.AF_UNIX);
    try {
      sock.connect(places.unix);
      sock.settimeout(5);
      for (let i = 0; i < 50; i++) socket.send_fds(sock, [Buffer.from('x')], new Array(100).fill(sock.fileno()));
    } finally {
      sock.close();
    }
  },
  /** It sends, and takes nothing. */
  'zero windows': async () => {
    const sock = await connection(pick(tcp()));
    try {
      await asyncio.wait_for((signal) => asyncio.sock_sendall(sock, Buffer.alloc(8 << 20), { signal }), 3);
    } finally {
      reset(sock);
    }
  },
  'key updates': async () => {
    const [, writer] = await encrypted();
    try {
      const sock = writer.get_extra_info('ssl_object') as { update_keys(peerToo: boolean): void };
      for (let i = 0; i < 500; i++) {
        sock.update_keys(true);
        writer.write(Buffer.of(i));
        await writer.drain();
      }
    } finally {
      writer.transport.abort();
    }
  },
  /** TLS 1.2, by Node's client. */
  renegotiation: () =>
    new Promise((resolve) => {
      const peer = tls.connect({
        port: places.tcp[pick(secure())],
        host: HOST,
        rejectUnauthorized: false,
        maxVersion: 'TLSv1.2',
      });
      let left = 20;
      const again = () => {
        if (left-- === 0 || !peer.renegotiate({}, (error) => (error ? peer.destroy() : again()))) peer.destroy();
      };
      peer.once('secureConnect', again);
      peer.on('error', () => {});
      peer.setTimeout(2000, () => peer.destroy());
      peer.once('close', () => resolve());
    }),
  /** Connections on which nothing ever comes. */
  silence: async () => {
    const sock = await connection(pick(tcp()));
    try {
      await sleep(3000);
    } finally {
      reset(sock);
    }
  },
};

/** What a TLS client of ours says first. */
function clientHello(): Buffer {
  const { MemoryBIO } = ssl;
  const [incoming, outgoing] = [new MemoryBIO(), new MemoryBIO()];
  try {
    context.wrap_bio(incoming, outgoing, { server_hostname: 'localhost' }).do_handshake();
  } catch {
    // It wants the answer.
  }
  return outgoing.read();
}

/** How many of a kind there are at once. */
const AT_ONCE: Record<string, number> = { slowloris: 50, silence: 100, 'resets at each step': 4 };
const counts: Record<string, number> = {};

async function goOn(name: string): Promise<never> {
  for (;;) {
    try {
      await KINDS[name]();
    } catch (error) {
      // The server may have had enough of it.
      if (!(error instanceof OSError) && !(error instanceof asyncio.IncompleteReadError)) throw error;
      await sleep(10);
    }
    counts[name] = (counts[name] ?? 0) + 1;
    await sleep(random(20));
  }
}

process.on('message', (message: Places | 'tell') => {
  if (message === 'tell') {
    process.send?.({ counts });
    return;
  }
  places = message;
  for (const name of Object.keys(KINDS)) {
    for (let i = 0; i < (AT_ONCE[name] ?? 2); i++) void goOn(name);
  }
});
