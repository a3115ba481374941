/**
 * Python's errno module: the system's error numbers by name, and the names by number.
 * @see Python errno; errno(3)
 */
import { constants } from './table.js';

export * from './generated/errno.js';

/** Where two names have one number, CPython's `errorcode` knows the other one. */
const ALIASES = ['EWOULDBLOCK', 'EDEADLK', 'EOPNOTSUPP'];

/**
 * The name of an error number: `errorcode[errno.ECONNREFUSED] === 'ECONNREFUSED'`.
 * @see Python errno.errorcode
 */
export const errorcode: Readonly<Record<number, string>> = nameByNumber();

function nameByNumber(): Record<number, string> {
  const names: Record<number, string> = Object.create(null);
  for (const alias of ALIASES) {
    const value = constants.errno[alias];
    if (value !== undefined) names[value] = alias;
  }
  for (const [name, value] of Object.entries(constants.errno)) {
    if (!ALIASES.includes(name)) names[value] = name;
  }
  return Object.freeze(names);
}
