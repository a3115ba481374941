/** Peers that behave: each sends random bytes to a service, and wants them back. They are Node's own net, tls and http. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { certText } from '../helpers/tls.js';
import type { Places } from './health.js';

/** A service that is alive answers sooner, whatever else is going on. */
const PATIENCE_MS = 30_000;
const ca = certText('root.crt.pem');

async function exchange(connection: Duplex, bytes: Buffer): Promise<void> {
  const got: Buffer[] = [];
  let size = 0;
  connection.write(bytes);
  for await (const part of connection) {
    got.push(part as Buffer);
    size += (part as Buffer).length;
    if (size >= bytes.length) break;
  }
  connection.destroy();
  if (!Buffer.concat(got).equals(bytes)) throw new Error(`${size} of ${bytes.length} bytes came back, or others`);
}

async function request(port: number, bytes: Buffer): Promise<void> {
  const asked = http.request({ port, host: '127.0.0.1', method: 'POST', agent: false });
  asked.end(bytes);
  const [answer] = (await once(asked, 'response')) as [http.IncomingMessage];
  const got: Buffer[] = [];
  for await (const part of answer) got.push(part as Buffer);
  if (!Buffer.concat(got).equals(bytes)) throw new Error('another body came back');
}

function connected(service: string, port: number): Duplex {
  if (!service.endsWith('TLS')) return net.connect(port, '127.0.0.1');
  return tls.connect({ port, host: '127.0.0.1', ca, servername: 'localhost' });
}

/** One visit to a service. @throws (rejects) what went wrong */
export async function visit(service: string, { tcp, unix }: Places): Promise<void> {
  const bytes = randomBytes(1 + Math.floor(Math.random() * 100_000));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), PATIENCE_MS);
  });
  try {
    if (service === 'http') await Promise.race([request(tcp.http, bytes), late]);
    else if (service === 'unix') await Promise.race([exchange(net.connect({ path: unix }), bytes), late]);
    else await Promise.race([exchange(connected(service, tcp[service]), bytes), late]);
  } finally {
    clearTimeout(timer);
  }
}
