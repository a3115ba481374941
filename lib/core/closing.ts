/** Closing where it must not fail: close(2) may report an error, and the descriptor is gone nevertheless. */
import type { OSError } from './exceptions.js';

interface Closable {
  close(): unknown;
}

/** Closes what an error has left, or nobody wants: what close(2) says of it helps nobody. */
export function drop(one: Closable | null | undefined): void {
  failureOf(one);
}

/** Closes all of them. @throws the first OSError that came, behind the last of them */
export function closeAll(all: Iterable<Closable>): void {
  const failures = [...all].map(failureOf).filter((each) => each !== null);
  if (failures.length > 0) throw failures[0];
}

/** Closes: what close(2) failed with, or null. */
export function failureOf(one: Closable | null | undefined): OSError | null {
  try {
    one?.close();
    return null;
  } catch (error) {
    return error as OSError; // it raises nothing else
  }
}
