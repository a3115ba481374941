/**
 * How Python's integer constants become exports.
 *
 * An ES module's names are fixed before it runs, Python's are not: there, a name that the platform lacks does not
 * exist. So scripts/constants.mjs lists for each module the names that it may export, from the list that the binary's
 * headers are made from too, and their values come from the binary:
 *
 * ```ts
 * export const { EACCES, EPERM, … } = constants.errno;
 * ```
 *
 * A name that this platform lacks is `undefined` there. The namespace objects that `index.ts` exports go through
 * `present`, which leaves such names out: `'WSAEACCES' in errno` is false on Linux, as `hasattr` is in Python.
 */
import { native } from '../addon/binary.js';

/** The values of the constants that this platform has, per Python module. */
export const constants = native.constants;

/** The same values, typed for names that not every supported platform has. */
export function elsewhere(values: Readonly<Record<string, number>>): Readonly<Record<string, number | undefined>> {
  return values;
}

/** What only exists on systems that have a constant, as `select.epoll` where there is EPOLLIN; else undefined. */
export function where<T>(constant: number | undefined, value: T): T {
  return constant === undefined ? (undefined as T) : value;
}

/** A module's namespace without the names that this platform lacks. Frozen, without a prototype, as a module's is. */
export function present<Module extends object>(module: Module): Readonly<Module> {
  const names = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(module)) {
    if (value !== undefined) names[name] = value;
  }
  return Object.freeze(names) as Module;
}
