/**
 * The same call in CPython and here, and what became of it: results, exception class, number and text must be the same.
 *
 *     testTwins('inet_aton refuses', [
 *       ["socket.inet_aton('x')", () => socket.inet_aton('x')],
 *     ]);
 */
import { isDeepStrictEqual } from 'node:util';
import { hasCommand, pythonSync, testUnless } from './peers.js';

/** A Python expression, and the same here. */
export type Twin = readonly [python: string, here: () => unknown];

/** What became of a call: its value, or its exception. */
export type Outcome =
  | { readonly value: unknown }
  | { readonly error: string; readonly text: string; readonly errno: unknown };

/** A value as JSON has it and both sides write it: bytes are marked, numbers beyond 53 bits are text. */
function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return { int: String(value) };
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString('hex') };
  return Array.isArray(value) ? value.map(plain) : value;
}

/** What becomes of a call here. */
export function outcomeOf(call: () => unknown): Outcome {
  try {
    return { value: plain(call()) };
  } catch (error) {
    const { name, message, errno } = error as Error & { errno?: number };
    return { error: name, text: message, errno: errno ?? null };
  }
}

const RUNNER = `
import json, socket, sys

def plain(value):
    if isinstance(value, (bytes, bytearray)):
        return {'hex': value.hex()}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2 ** 53:
        return {'int': str(value)}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value

def outcome(expression, names):
    try:
        return {'value': plain(eval(expression, names))}
    except Exception as error:
        name = 'TimeoutError' if type(error) is TimeoutError else type(error).__name__
        return {'error': name, 'text': str(error), 'errno': getattr(error, 'errno', None)}

job = json.load(sys.stdin)
names = {'socket': socket}
exec(job['prelude'], names)
json.dump([outcome(each, names) for each in job['expressions']], sys.stdout)
`;

/** What becomes of Python expressions in python3, all in one process, after the statements of `prelude`. */
export function outcomesInPython(expressions: readonly string[], prelude = '', env: NodeJS.ProcessEnv = {}): Outcome[] {
  const { stdout, stderr, code } = pythonSync(RUNNER, [], { input: JSON.stringify({ prelude, expressions }), env });
  if (code !== 0) throw new Error(`python3 ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as Outcome[];
}

const noPython = !hasCommand('python3') && 'python3 is not installed';
export const testWithPython = testUnless(noPython);

/**
 * Declares a test: each pair comes to the same here as in CPython.
 * @param lacking why it cannot be compared, if it cannot
 */
export function testTwins(title: string, pairs: readonly Twin[], prelude = '', lacking: string | false = false): void {
  testUnless(lacking || noPython)(title, (t) => {
    const expected = outcomesInPython(
      pairs.map(([python]) => python),
      prelude,
    );
    const found = pairs.map(([, here]) => outcomeOf(here));
    // Only what differs is shown: lists are long.
    const differing = pairs.map((_, i) => i).filter((i) => !isDeepStrictEqual(found[i], expected[i]));
    t.deepEqual(
      differing.map((i) => [pairs[i][0], found[i]]),
      differing.map((i) => [pairs[i][0], expected[i]]),
    );
  });
}
