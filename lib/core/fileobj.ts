/** File objects, as selectors and add_reader take them. */
import { inspect } from 'node:util';
import { saidFileno } from './args.js';
import { AttributeError, ValueError } from './exceptions.js';
import { repr } from './repr.js';

/** A value in a message: as Python writes it, or as Node shows it in short. */
export function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? inspect(value, { depth: -1 }) : repr(value);
}

/**
 * The descriptor of a file object, or of a number.
 * @throws ValueError if it has none, or fileno() raises what Python takes for the same
 */
export function fileobjToFd(fileobj: unknown): number {
  let fd: unknown;
  try {
    fd = saidFileno(fileobj);
  } catch (error) {
    const foreseen = error instanceof AttributeError || error instanceof TypeError || error instanceof ValueError;
    if (!foreseen) throw error;
    fd = null;
  }
  if (typeof fd === 'boolean' || typeof fd === 'bigint') fd = Number(fd);
  if (!Number.isInteger(fd)) throw new ValueError(`Invalid file object: ${shown(fileobj)}`);
  if ((fd as number) < 0) throw new ValueError(`Invalid file descriptor: ${fd}`);
  return fd as number;
}
