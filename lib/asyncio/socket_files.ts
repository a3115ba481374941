/** The files that Unix sockets have while they are bound to a path, and leave behind. */
import { lstatSync, statSync, unlinkSync } from 'node:fs';
import { isAbstract } from '../core/paths.js';

function nameOf(path: string | Uint8Array): string | Buffer {
  return typeof path === 'string' ? path : Buffer.from(path);
}

/** Removes what an earlier socket has left behind. Whatever else is in the way, bind will say it. */
export function removeStale(path: string | Uint8Array): void {
  if (isAbstract(path)) return;
  const name = nameOf(path);
  try {
    if (statSync(name).isSocket()) unlinkSync(name);
  } catch {
    // There is none, or it is not ours.
  }
}

/** How to remove the file of a socket that is bound to `path`, unless another socket has replaced it by then. */
export function removalOf(path: string | Uint8Array): (() => void) | undefined {
  if (isAbstract(path)) return undefined;
  const name = nameOf(path);
  const ours = lstatSync(name, { throwIfNoEntry: false });
  return () => {
    const now = lstatSync(name, { throwIfNoEntry: false });
    if (now !== undefined && now.ino === ours?.ino && now.dev === ours.dev) unlinkSync(name);
  };
}
