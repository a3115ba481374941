/**
 * Python's IntEnum and IntFlag, as far as plain numbers can go: an enum is a frozen object from name to number and, as
 * TypeScript's own enums, from number to name. Its members are numbers, so `socket.AF_INET === AddressFamily.AF_INET`.
 */
import { inspect } from 'node:util';

export type Enum<Name extends string> = {
  readonly [name in Name]: number;
} & {
  /** The name of a number; undefined where no member has it (a combination of flags). */
  readonly [value: number]: Name | undefined;
} & Iterable<readonly [name: Name, value: number]>;

/**
 * Builds an enum. As in Python, the first name of a number is its member and the other ones are aliases: an alias is
 * found by name, but neither iterated over nor given for its number.
 * @param kind what `util.inspect` calls it: Python says `<enum 'AddressFamily'>` and `<flag 'MsgFlag'>`
 */
export function makeEnum<Name extends string>(
  kind: 'enum' | 'flag',
  title: string,
  members: Iterable<readonly [Name, number]>,
): Enum<Name> {
  const result: Record<PropertyKey, unknown> = Object.create(null);
  const canonical: (readonly [Name, number])[] = [];
  for (const [name, value] of members) {
    result[name] = value;
    if (value in result) continue;
    result[value] = name;
    canonical.push([name, value]);
  }
  const hidden = (value: unknown): PropertyDescriptor => ({ value });
  Object.defineProperties(result, {
    [Symbol.iterator]: hidden(() => canonical.values()),
    [Symbol.toStringTag]: hidden(title),
    [inspect.custom]: hidden(() => `<${kind} '${title}'>`),
  });
  return Object.freeze(result) as Enum<Name>;
}

/**
 * The constants whose names begin with `prefix` and have no small letter, ordered by value, then by name: so CPython
 * turns a module's constants into an enum.
 */
export function withPrefix(values: Readonly<Record<string, number>>, prefix: string): [string, number][] {
  return Object.entries(values)
    .filter(([name]) => name.startsWith(prefix) && name === name.toUpperCase())
    .sort(([nameA, a], [nameB, b]) => a - b || (nameA < nameB ? -1 : 1));
}
