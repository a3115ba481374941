/**
 * A program over node:net and over berkeley/stream, which must see the same events with the same arguments:
 *
 *     same('a server closes', async (api, log) => { log.watch('server', api.createServer({})) … });
 *     sameScene('a stream ends', ({ one, two }) => { one.end('x'); two.resume(); });
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as net from 'node:net';
import * as tls from 'node:tls';
import type { ExecutionContext } from 'ava';
import * as stream from '../../lib/stream/index.js';
import { testUnless } from './peers.js';
import { cert, clientContext, serverContext } from './tls.js';

export type Stream = net.Socket;
export type Server = net.Server;
/** What node:net and berkeley/stream have in common. */
export interface Api {
  createServer(options: object, handler?: (s: Stream) => void): Server;
  connect(...args: unknown[]): Stream;
}
export const node = net as unknown as Api;
export const ours = stream as unknown as Api;

const pem = readFileSync(cert('server.pem'));
const ca = readFileSync(cert('root.crt.pem'));
/** Over TLS: `connect` takes an object. */
const nodeTls = {
  createServer: (options: object, handler?: (s: tls.TLSSocket) => void) =>
    tls.createServer({ cert: pem, key: pem, ...options }, handler),
  connect: (options: object, listener?: () => void) =>
    tls.connect({ ca, servername: 'localhost', ...options }, listener),
} as unknown as Api;
const oursTls = {
  createServer: (options: object, handler?: (s: stream.SocketDuplex) => void) =>
    stream.createServer({ ssl: serverContext(), ...options }, handler),
  connect: (options: object, listener?: () => void) =>
    stream.connect({ ssl: clientContext(), servername: 'localhost', ...options }, listener),
} as unknown as Api;
/** What is compared with what. */
const PAIRS = { plain: [node, ours], TLS: [nodeTls, oursTls] } as const;
export type Layer = keyof typeof PAIRS;

/** A scenario's log of what has happened, in order. */
export class Log {
  readonly lines: string[] = [];

  add(...parts: unknown[]): void {
    this.lines.push(parts.map(text).join(' '));
  }

  /** Logs the events of a stream or server, but joins the data: how it is divided is the kernel's affair. */
  watch<E extends NodeJS.EventEmitter>(
    name: string,
    emitter: E,
    events = 'lookup connect ready end finish close error timeout drain',
  ): E {
    for (const event of events.split(' ')) emitter.on(event, (...args) => this.add(name, event, ...args));
    return emitter;
  }
}

function text(value: unknown): string {
  if (value instanceof Error) {
    const { code, syscall, address } = value as NodeJS.ErrnoException & { address?: string };
    return [code, syscall, address].filter((each) => each !== undefined).join('/');
  }
  return Buffer.isBuffer(value) || typeof value === 'string' ? String(value) : JSON.stringify(value);
}

export async function listening(server: Server, ...args: unknown[]): Promise<net.AddressInfo> {
  (server.listen as (...args: unknown[]) => void).apply(server, args.length === 0 ? [0, '127.0.0.1'] : args);
  await once(server, 'listening');
  return server.address() as net.AddressInfo;
}

/** Its end, whether with an error or without. */
export function closed(emitter: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => emitter.once('close', () => resolve()));
}

/** Declares a test: the scenario over both must leave the same log. `lacking`: why it cannot be here. */
export function same(
  title: string,
  scenario: (api: Api, log: Log, t: ExecutionContext) => Promise<void>,
  lacking: string | false = false,
): void {
  testUnless(lacking)(title, async (t) => {
    const [expected, found] = [new Log(), new Log()];
    await scenario(node, expected, t);
    await scenario(ours, found, t);
    t.true(expected.lines.length > 0);
    t.deepEqual(found.lines, expected.lines);
  });
}

/** Declares a test over both layers. `api.connect` takes an object. */
export function sameOver(
  layers: readonly Layer[],
  title: string,
  scenario: (api: Api, log: Log, t: ExecutionContext, layer: Layer) => Promise<void>,
  lacking: string | false = false,
): void {
  for (const layer of layers) {
    testUnless(lacking)(`${title} (${layer})`, async (t) => {
      const [expected, found] = [new Log(), new Log()];
      const [theirs, mine] = PAIRS[layer];
      await scenario(theirs, expected, t, layer);
      await scenario(mine, found, t, layer);
      t.true(expected.lines.length > 0);
      t.deepEqual(found.lines, expected.lines);
    });
  }
}

/** Two streams that are connected with each other. */
export interface Scene {
  /** Who acts; it may be the client or the server's side. */
  readonly one: Stream;
  readonly two: Stream;
  /** The log of each: what happens at one end is in order, and at both ends together it is not. */
  readonly first: Log;
  readonly second: Log;
  readonly layer: Layer;
  readonly server: Server;
}

export interface SceneOptions {
  readonly layers?: readonly Layer[];
  /** Options of the two streams. */
  readonly one?: object;
  readonly two?: object;
  /** Why this system cannot show it over a layer. */
  readonly lacking?: (layer: Layer) => string | false;
}

const EVENTS = 'ready end finish error timeout close';

async function play(
  api: Api,
  layer: Layer,
  actor: 'client' | 'server',
  { one = {}, two = {} }: SceneOptions,
  script: (scene: Scene) => unknown,
): Promise<string[]> {
  const [ofClient, ofServer] = actor === 'client' ? [one, two] : [two, one];
  let accepted: (s: Stream) => void = () => {};
  const arrives = new Promise<Stream>((resolve) => (accepted = resolve));
  const server = api.createServer(ofServer, (s) => accepted(s));
  const { port } = await listening(server);
  const client = api.connect({ port, host: '127.0.0.1', ...ofClient });
  const established = once(client, layer === 'TLS' ? 'secureConnect' : 'ready');
  const serving = await arrives;
  await established;
  if (layer === 'TLS') await afterTickets(client, serving);
  const [first, second] = [new Log(), new Log()];
  const ends = actor === 'client' ? ([client, serving] as const) : ([serving, client] as const);
  const ended = ends.map((each, i) => closed([first, second][i].watch(i === 0 ? 'one' : 'two', each, EVENTS)));
  await script({ one: ends[0], two: ends[1], first, second, layer, server });
  await Promise.all(ended);
  server.close();
  await closed(server);
  for (const [i, each] of ends.entries()) [first, second][i].add(stateOf(each));
  return [...first.lines, '--', ...second.lines];
}

/** The server of TLS 1.3 sends tickets behind the handshake: a client that closes without having read them sends a reset. */
async function afterTickets(client: Stream, serving: Stream): Promise<void> {
  const came = once(client, 'readable');
  serving.write('.');
  await came;
  client.read();
}

/** What a stream says of itself when it is closed. */
function stateOf(s: Stream): object {
  const { destroyed, readable, writable, readableEnded, writableEnded, writableFinished, readyState } = s;
  const { bytesRead, bytesWritten, connecting, pending, readableAborted, errored, closed: isClosed } = s;
  const flags = { destroyed, readable, writable, readableEnded, writableEnded, writableFinished, connecting, pending };
  const error = (errored as NodeJS.ErrnoException | null)?.code ?? errored?.name;
  return { ...flags, readyState, bytesRead, bytesWritten, readableAborted, isClosed, error };
}

/**
 * Declares tests: the script runs over plain streams and over TLS, with the client as the one who acts and with the server's
 * side, and each end must see what it sees over node:net and node:tls. The script has both streams close.
 */
export function sameScene(title: string, script: (scene: Scene) => unknown, options: SceneOptions = {}): void {
  for (const layer of options.layers ?? (['plain', 'TLS'] as const)) {
    for (const actor of ['client', 'server'] as const) {
      testUnless(options.lacking?.(layer) ?? false)(`${title} (${layer}, the ${actor} acts)`, async (t) => {
        const [theirs, mine] = PAIRS[layer];
        const expected = await play(theirs, layer, actor, options, script);
        t.deepEqual(await play(mine, layer, actor, options, script), expected);
      });
    }
  }
}
