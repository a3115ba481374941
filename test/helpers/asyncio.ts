/** Servers and connections of asyncio, for tests. */
import type { ExecutionContext } from 'ava';
import * as asyncio from '../../lib/asyncio/index.js';
import { OSError } from '../../lib/core/exceptions.js';

export const LOCAL = '127.0.0.1';
export const bytes = (text: string) => Buffer.from(text);
export type Port = number;

export function portOf(server: asyncio.Server): Port {
  return server.sockets[0].getsockname()[1];
}

/** An echo server for the time of a test. */
export async function echoServer(
  t: ExecutionContext,
  options: asyncio.StartServerOptions = {},
): Promise<asyncio.Server> {
  const server = await asyncio.start_server(echo, LOCAL, 0, options);
  t.teardown(async () => {
    server.close();
    server.abort_clients();
    await server.wait_closed();
  });
  return server;
}

export async function echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter): Promise<void> {
  try {
    for (let data = await reader.read(65536); data.length > 0; data = await reader.read(65536)) {
      writer.write(data);
      await writer.drain();
    }
  } catch (error) {
    if (!(error instanceof OSError)) throw error;
  }
  writer.close();
}

export async function closed(...writers: asyncio.StreamWriter[]): Promise<void> {
  for (const writer of writers) writer.close();
  for (const writer of writers) await writer.wait_closed().catch(() => {});
}
