/** StreamReader: the same scenarios in CPython's asyncio and here; and what JavaScript adds. */
import test from 'ava';
import { type IncompleteReadError, StreamReader } from '../../lib/asyncio/index.js';
import { EOFError, RuntimeError, ValueError } from '../../lib/core/exceptions.js';
import { python } from '../helpers/peers.js';
import { testWithPython } from '../helpers/twin.js';

type Step = readonly [method: string, argument?: string | number];
interface Scenario {
  limit?: number;
  steps: readonly Step[];
}

const DRIVER = `
import asyncio, json, sys
def shown(value):
    return ['bytes', value.decode('latin1')] if isinstance(value, bytes) else ['value', value]
async def run(scenario):
    try:
        reader = asyncio.StreamReader(limit=scenario.get('limit', 65536))
    except Exception as error:
        return [[type(error).__name__, str(error)]]
    results = []
    for method, *arguments in scenario['steps']:
        arguments = [a.encode('latin1') if isinstance(a, str) else a for a in arguments]
        if method == 'set_exception':
            arguments = [ConnectionResetError('gone')]
        try:
            result = getattr(reader, method)(*arguments)
            if asyncio.iscoroutine(result):
                result = await asyncio.wait_for(result, 5)
            results.append(shown(result))
        except asyncio.IncompleteReadError as error:
            results.append(['IncompleteReadError', str(error), error.partial.decode('latin1'), error.expected])
        except asyncio.LimitOverrunError as error:
            results.append(['LimitOverrunError', str(error), error.consumed])
        except Exception as error:
            results.append([type(error).__name__, str(error)])
    return results
async def main():
    print(json.dumps([await run(scenario) for scenario in json.load(sys.stdin)]))
asyncio.run(main())
`;

const scenarios: Scenario[] = [
  { limit: 0, steps: [] },
  { limit: -5, steps: [] },
  {
    steps: [
      ['at_eof'],
      ['feed_data', 'abc'],
      ['at_eof'],
      ['feed_eof'],
      ['at_eof'],
      ['read', 2],
      ['at_eof'],
      ['read', 2],
    ],
  },
  { steps: [['feed_data', 'abc'], ['read', 0], ['read', 100], ['feed_eof'], ['read', 1], ['read', -1], ['at_eof']] },
  {
    steps: [
      ['feed_data', 'ab'],
      ['feed_data', 'cd'],
      ['read', 3],
      ['read', 3],
    ],
  },
  { steps: [['feed_data', 'ab'], ['feed_data', 'cd'], ['feed_eof'], ['read', -1]] },
  { steps: [['feed_data', 'ab'], ['feed_eof'], ['read']] },
  { steps: [['feed_data', ''], ['feed_eof'], ['read', 5]] },
  { steps: [['feed_data', 'one\ntwo\nthree'], ['readline'], ['readline'], ['feed_eof'], ['readline'], ['readline']] },
  {
    steps: [
      ['feed_data', 'on'],
      ['feed_data', 'e\nt'],
      ['readline'],
      ['feed_data', 'wo\n\n'],
      ['readline'],
      ['readline'],
    ],
  },
  { limit: 3, steps: [['feed_data', 'abcdef\nxy\n'], ['readline'], ['readline']] },
  { limit: 3, steps: [['feed_data', 'abcdefgh'], ['readline'], ['feed_data', 'i\n'], ['readline']] },
  { limit: 3, steps: [['feed_data', 'abc\nxy\n'], ['readline'], ['readline']] },
  { limit: 3, steps: [['feed_data', 'abcd\n'], ['readline'], ['feed_eof'], ['readline']] },
  { steps: [['feed_data', 'a--b--c'], ['readuntil', '--'], ['readuntil', '--'], ['feed_eof'], ['readuntil', '--']] },
  {
    steps: [
      ['feed_data', 'a-'],
      ['feed_data', '-b'],
      ['readuntil', '--'],
      ['read', 5],
    ],
  },
  {
    steps: [
      ['feed_data', 'abc'],
      ['readuntil', ''],
    ],
  },
  { steps: [['feed_eof'], ['readuntil', 'x']] },
  {
    limit: 4,
    steps: [
      ['feed_data', 'abcdef--x'],
      ['readuntil', '--'],
      ['read', 100],
    ],
  },
  {
    limit: 4,
    steps: [
      ['feed_data', 'abcdefghi-'],
      ['readuntil', '--'],
      ['readexactly', 3],
      ['read', 100],
    ],
  },
  {
    limit: 4,
    steps: [
      ['feed_data', 'abcd--'],
      ['readuntil', '--'],
    ],
  },
  {
    limit: 4,
    steps: [
      ['feed_data', 'abcde--'],
      ['readuntil', '--'],
      ['readuntil', 'b'],
      ['read', 9],
    ],
  },
  {
    steps: [
      ['feed_data', 'abcdef'],
      ['readexactly', 2],
      ['readexactly', 4],
      ['readexactly', 0],
    ],
  },
  { steps: [['feed_data', 'abc'], ['feed_eof'], ['readexactly', 5], ['readexactly', 1], ['read', 1]] },
  { steps: [['readexactly', -1]] },
  {
    steps: [
      ['feed_data', 'abc'],
      ['set_exception'],
      ['read', 1],
      ['readline'],
      ['readexactly', 1],
      ['readuntil', 'c'],
      ['read', 0],
    ],
  },
  { steps: [['feed_data', 'abc'], ['feed_eof'], ['readline'], ['readline'], ['at_eof'], ['read'], ['readexactly', 0]] },
];
// Every way of cutting a text in two, read in several ways.
for (let at = 0; at <= 7; at++) {
  const text = 'ab\n\ncd\n';
  const fed: Step[] = [['feed_data', text.slice(0, at)], ['feed_data', text.slice(at)], ['feed_eof']];
  for (const read of [['readline'], ['readuntil', '\n\n'], ['readexactly', 3], ['read', 4]] as Step[]) {
    scenarios.push({ steps: [...fed, read, read, read, read] });
  }
}

function shown(value: unknown): unknown[] {
  return value instanceof Uint8Array ? ['bytes', Buffer.from(value).toString('latin1')] : ['value', value ?? null];
}

function failure(error: unknown): unknown[] {
  const { name, message, partial, expected, consumed } = error as IncompleteReadError & { consumed: number };
  if (name === 'IncompleteReadError') return [name, message, partial.toString('latin1'), expected];
  return consumed === undefined ? [name, message] : [name, message, consumed];
}

async function run({ limit, steps }: Scenario): Promise<unknown[]> {
  let reader: StreamReader;
  try {
    reader = new StreamReader({ limit });
  } catch (error) {
    return [failure(error)];
  }
  const results: unknown[] = [];
  for (const [method, ...given] of steps) {
    const args = given.map((each) => (typeof each === 'string' ? Buffer.from(each, 'latin1') : each));
    if (method === 'set_exception') {
      args[0] = Object.assign(new Error('gone'), { name: 'ConnectionResetError' }) as never;
    }
    try {
      const call = (reader as unknown as Record<string, (...args: unknown[]) => unknown>)[method];
      results.push(shown(await call.apply(reader, args)));
    } catch (error) {
      results.push(failure(error));
    }
  }
  return results;
}

testWithPython(`${scenarios.length} scenarios, as in CPython`, async (t) => {
  const { stdout, stderr, code } = await python(DRIVER, [], { input: JSON.stringify(scenarios) });
  t.is(code, 0, stderr);
  const theirs = JSON.parse(stdout) as unknown[];
  t.is(theirs.length, scenarios.length);
  for (const [i, scenario] of scenarios.entries()) {
    t.deepEqual(await run(scenario), theirs[i] as unknown[], JSON.stringify(scenario));
  }
});

const bytes = (text: string) => Buffer.from(text);

test('what was fed is a copy, and nothing can be fed after the end', async (t) => {
  const reader = new StreamReader();
  const memory = bytes('first');
  reader.feed_data(memory);
  memory.fill('x');
  reader.feed_data(memory);
  t.is(`${await reader.readexactly(5)}`, 'first');
  reader.feed_eof();
  // The text is CPython's.
  t.throws(() => reader.feed_data(memory), { name: 'AssertionError', message: 'feed_data after feed_eof' });
  t.is(`${await reader.read()}`, 'xxxxx');
});

test('pieces in, other pieces out: what was given out stays as it was', async (t) => {
  const reader = new StreamReader({ limit: 2 ** 30 });
  const all = Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 251));
  const got: Buffer[] = [];
  let [fed, taken] = [0, 0];
  for (let i = 1; taken < all.length; i++) {
    const size = (i * i) % 97;
    reader.feed_data(all.subarray(fed, fed + 2 * size));
    fed = Math.min(fed + 2 * size, all.length);
    const part = await reader.readexactly(Math.min(size, fed - taken));
    taken += part.length;
    got.push(part);
  }
  t.true(Buffer.concat(got).equals(all));
});

test('what waits gets what comes', async (t) => {
  const reader = new StreamReader();
  const waiting = reader.readline();
  reader.feed_data(bytes('a li'));
  reader.feed_data(bytes('ne\nmore'));
  t.is(`${await waiting}`, 'a line\n');
  const exactly = reader.readexactly(6);
  reader.feed_data(bytes('!?'));
  t.is(`${await exactly}`, 'more!?');
  const rest = reader.read();
  reader.feed_data(bytes('the '));
  reader.feed_data(bytes('end'));
  reader.feed_eof();
  t.is(`${await rest}`, 'the end');
});

test('one call at a time may wait', async (t) => {
  const reader = new StreamReader();
  const waiting = reader.read(1);
  await t.throwsAsync(reader.readline(), {
    instanceOf: RuntimeError,
    message: 'readuntil() called while another coroutine is already waiting for incoming data',
  });
  reader.feed_data(bytes('x'));
  t.is(`${await waiting}`, 'x');
});

test('a call that is aborted has taken nothing', async (t) => {
  const reader = new StreamReader();
  for (const method of ['read', 'readexactly'] as const) {
    const controller = new AbortController();
    const waiting = reader[method](method === 'read' ? -1 : 10, controller);
    reader.feed_data(bytes('abc'));
    await Promise.resolve();
    controller.abort(new Error('enough'));
    await t.throwsAsync(waiting, { message: 'enough' });
    t.is(`${await reader.readexactly(3)}`, 'abc');
  }
  await t.throwsAsync(reader.read(1, { signal: AbortSignal.abort(new Error('before')) }), { message: 'before' });
});

test('an incomplete read is an EOFError, as in Python', async (t) => {
  const reader = new StreamReader();
  reader.feed_data(bytes('abc'));
  reader.feed_eof();
  await t.throwsAsync(reader.readexactly(4), { instanceOf: EOFError });
});

test('an exception wakes what waits', async (t) => {
  const reader = new StreamReader();
  const waiting = reader.read(1);
  reader.set_exception(new ValueError('broken'));
  await t.throwsAsync(waiting, { instanceOf: ValueError, message: 'broken' });
  t.is(reader.exception()?.message, 'broken');
});

test('the first of several separators', async (t) => {
  const reader = new StreamReader();
  reader.feed_data(bytes('a\r\nb\nc\r'));
  const ends = [bytes('\r\n'), bytes('\n'), bytes('\r')];
  const got = [await reader.readuntil(ends), await reader.readuntil(ends), await reader.readuntil(ends)];
  // As in Python 3.13: the match that is complete first.
  t.deepEqual(got.map(String), ['a\r', '\n', 'b\n']);
  await t.throwsAsync(reader.readuntil([]), {
    instanceOf: ValueError,
    message: 'Separator should contain at least one element',
  });
});

test('lines by iteration', async (t) => {
  const reader = new StreamReader();
  reader.feed_data(bytes('one\ntwo\nlast'));
  reader.feed_eof();
  const lines: string[] = [];
  for await (const line of reader) lines.push(`${line}`);
  t.deepEqual(lines, ['one\n', 'two\n', 'last']);
});

test('arguments of the wrong kind', async (t) => {
  const reader = new StreamReader();
  await t.throwsAsync(reader.read(1.5), { instanceOf: TypeError });
  await t.throwsAsync(reader.readexactly('4' as never), { instanceOf: TypeError });
  t.throws(() => reader.feed_data('text' as never), { instanceOf: TypeError });
});
