/** Programs of examples/ as peers. */
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Peer, spawnPeer } from './peers.js';

/** The root of this clone. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Start an example, with the sanitizers if we run under them. */
export function example(name: string, ...args: string[]): Peer {
  return spawnPeer(process.execPath, [join(ROOT, 'examples', name), ...args], process.env);
}

/** Run an example to its end: its status and the lines that it printed. */
export async function finished(peer: Peer): Promise<{ code: number | null; lines: string[]; errors: string }> {
  const errors = peer.child.stderr === null ? '' : text(peer.child.stderr);
  const lines: string[] = [];
  const collect = async () => {
    for (;;) lines.push(await peer.line());
  };
  await collect().catch(() => {});
  return { code: await peer.exit, lines, errors: await errors };
}

/** The port in the line with which an example says where it listens. */
export function portIn(line: string): number {
  const match = /:(\d+)\b/.exec(line);
  if (match === null) throw new Error(`no port in ${line}`);
  return Number(match[1]);
}
