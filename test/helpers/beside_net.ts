/**
 * A program over node:net and over berkeley/stream, which must see the same events with the same arguments:
 *
 *     same('a server closes', async (api, log) => { log.watch('server', api.createServer({})) … });
 */
import { once } from 'node:events';
import * as net from 'node:net';
import test, { type ExecutionContext } from 'ava';
import * as stream from '../../lib/stream/index.js';

export type Stream = net.Socket;
export type Server = net.Server;
/** What node:net and berkeley/stream have in common. */
export interface Api {
  createServer(options: object, handler?: (s: Stream) => void): Server;
  connect(...args: unknown[]): Stream;
}
export const node = net as unknown as Api;
export const ours = stream as unknown as Api;

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

/** Declares a test: the scenario over both must leave the same log. */
export function same(title: string, scenario: (api: Api, log: Log, t: ExecutionContext) => Promise<void>): void {
  test(title, async (t) => {
    const [expected, found] = [new Log(), new Log()];
    await scenario(node, expected, t);
    await scenario(ours, found, t);
    t.true(expected.lines.length > 0);
    t.deepEqual(found.lines, expected.lines);
  });
}
