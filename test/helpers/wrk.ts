/** wrk, which puts load on HTTP servers: https://github.com/wg/wrk */
import { text } from 'node:stream/consumers';
import { hasCommand, spawnPeer } from './peers.js';

/** Why wrk cannot be run, for testUnless; false if it can. */
export const noWrk = !hasCommand('wrk') && 'no wrk here (apt-get install wrk)';

export interface Load {
  requests: number;
  /** Answers with a status of 400 or more. */
  refused: number;
  /** Connections that failed, were cut off or too late. */
  socketErrors: number;
  /** All that wrk printed. */
  output: string;
}

/** Have wrk ask for `url` over this many connections for so many seconds. */
export async function wrk(url: string, { connections = 10, seconds = 1, threads = 1 } = {}): Promise<Load> {
  const args = ['-c', connections, '-t', threads, '-d', `${seconds}s`, url].map(String);
  const peer = spawnPeer('wrk', args);
  const output = await text(peer.child.stdout as NodeJS.ReadableStream);
  const code = await peer.exit;
  if (code !== 0) throw new Error(`wrk ended with ${code}: ${output}${peer.errors()}`);
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? 0);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)?.slice(1) ?? [];
  return {
    requests: number(/(\d+) requests in/),
    refused: number(/Non-2xx or 3xx responses: (\d+)/),
    socketErrors: errors.reduce((sum, each) => sum + Number(each), 0),
    output,
  };
}
