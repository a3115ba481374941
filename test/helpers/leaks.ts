/**
 * The fd-leak check: what a test file opened must be closed when it is over.
 *
 *     import test from 'ava';
 *     import { checkLeaks } from './helpers/leaks.js';
 *     checkLeaks(test);
 */
import { fstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { TestFn } from 'ava';
import { native } from '../../lib/addon/binary.js';
import { add_reader } from '../../lib/asyncio/index.js';
import { socketpair } from '../../lib/socket/index.js';

/** How long handles that are being closed may take, in milliseconds. A leak costs this much; a clean file nothing. */
const PATIENCE_MS = 5_000;

/** Handles that are looked at on Windows: each is a multiple of 4, and the lowest that is free. */
const HIGHEST_HANDLE = 16_384;

/** The process's sockets on Windows, where nobody lists them: handle → what the socket is. */
function openSockets(): Map<number, string> {
  const found = new Map<number, string>();
  for (let handle = 4; handle < HIGHEST_HANDLE; handle += 4) {
    if (native.describe(handle) >= 0) found.set(handle, `socket ${native.info.slice(0, 3).join()}`);
  }
  return found;
}

const HAS_PROC = process.platform === 'linux';
/** Where the process's open descriptors stand. FreeBSD has all of them there once fdescfs(5) is mounted. */
const FOLDER = HAS_PROC ? '/proc/self/fd' : '/dev/fd';

function described(name: string): string {
  if (HAS_PROC) return readlinkSync(join(FOLDER, name));
  const { mode, dev, ino } = fstatSync(Number(name));
  return `${mode.toString(8)} ${dev}:${ino}`;
}

/** The process's open descriptors: number → what it is ("socket:[12345]", "/dev/null"). */
export function openDescriptors(): Map<number, string> {
  if (process.platform === 'win32') return openSockets();
  const found = new Map<number, string>();
  for (const name of readdirSync(FOLDER)) {
    try {
      found.set(Number(name), described(name));
    } catch {
      // The descriptor that readdir itself used is gone by now.
    }
  }
  return found;
}

/** What is open now and was not before, or is another thing than before, as "fd 21: socket:[12345]". */
function openedSince(before: Map<number, string>): string[] {
  const opened = [...openDescriptors()].filter(([fd, target]) => before.get(fd) !== target);
  return opened.map(([fd, target]) => `fd ${fd}: ${target}`);
}

/** Node opens some descriptors at their first use and keeps them: have it done before the first count. */
export function warmUp(): void {
  const listener = () => {};
  const signal = process.platform === 'win32' ? 'SIGINT' : 'SIGUSR2';
  process.on(signal, listener); // libuv's signal pipe, which child processes use too
  process.removeListener(signal, listener);
  const [one, other] = socketpair();
  add_reader(one, listener); // the poller of this environment's loop
  one.close();
  other.close();
}

/**
 * Register hooks that compare the open descriptors before and after the tests of a file. A socket that nobody closed, and
 * that the garbage collector did, is a leak too, unless the file `forgets` some on purpose.
 */
export function checkLeaks(test: TestFn, { forgets = false } = {}): void {
  let before = new Map<number, string>();
  const collected: string[] = [];

  test.before('count the descriptors', () => {
    warmUp();
    before = openDescriptors();
    process.on('warning', ({ name, message }) => {
      if (name === 'ResourceWarning') collected.push(message);
    });
  });

  test.after.always('no descriptor is left open', async (t) => {
    const deadline = performance.now() + PATIENCE_MS;
    let leaked = openedSince(before);
    while (leaked.length > 0 && performance.now() < deadline) {
      globalThis.gc?.(); // collects what owns a descriptor and was forgotten on purpose
      await setImmediate();
      leaked = openedSince(before);
    }
    t.deepEqual(leaked, []);
    globalThis.gc?.();
    await setImmediate();
    if (!forgets) t.deepEqual(collected, []);
  });
}
