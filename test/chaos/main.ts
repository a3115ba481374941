/**
 * Chaos: threads that share descriptors, close each other's, reuse their numbers, and are terminated at random.
 *
 *     node dist/test/chaos/main.js [--seconds 60] [--seed N] [--life 150]
 *
 * --life: how many ms a worker lives at most.
 *
 * Every byte says which connection it belongs to, and where. It ends with 1 if one is in a wrong place, if a call fails as
 * no call may, if a descriptor is open at the end that nobody has, or if a thread does not end.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import * as socket from '../../lib/socket/index.js';
import { Random } from '../helpers/random.js';
import { AWAKE, Board, CLOSED, closingBy, DOOMED, isClosing, type Start, WORKERS } from './ends.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(process.pid) },
    life: { type: 'string', default: '150' },
  },
});
const seed = Number(values.seed);
const random = new Random(seed);
/** A thread that has not ended after so long hangs. */
const END_MS = 20_000;

const board = new Board();
let generation = 0;
let terminated = 0;
/** How many threads have ended in the midst of taking over a number, of which nothing but the number was there. */
let mayBeLost = 0;
let failure: string | null = null;

const { AF_UNIX, SOCK_DGRAM } = socket;
const mailboxes = Array.from({ length: WORKERS }, () => socket.socketpair(AF_UNIX, SOCK_DGRAM));
const listeners = [
  socket.create_server(['127.0.0.1', 0], { backlog: 64 }),
  // A name of the abstract namespace.
  socket.create_server(`\0berkeley-chaos-${process.pid}`, { family: AF_UNIX, backlog: 64 }),
];
for (const each of listeners) each.setblocking(false);

/** The sockets that this process has open. */
function sockets(): string[] {
  const found: string[] = [];
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      if (!target.startsWith('/')) found.push(`${fd} -> ${target}`);
    } catch {
      // The directory's own descriptor is gone by now.
    }
  }
  return found;
}

function startWorker(slot: number): Worker {
  Atomics.store(board.asleep, slot, AWAKE);
  board.taking[slot] = 0;
  const data: Start = {
    slot,
    seed: Math.imul(seed + ++generation, 2654435761) >>> 0,
    board: board.memory,
    inbox: mailboxes[slot][1].fileno(),
    outboxes: mailboxes.map(([out]) => out.fileno()),
    listeners: listeners.map((each) => [each.fileno(), each.family] as const),
  };
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: data });
  worker.on('message', (message: { failed: string }) => fail(`worker ${slot}: ${message.failed}`));
  worker.on('error', (error) => fail(`worker ${slot}: ${error.stack ?? error}`));
  return worker;
}

function fail(text: string): void {
  failure ??= text;
}

/** Nobody may be about to close what the thread has, for its number may be a stranger's once the thread is gone. */
async function doom(slot: number): Promise<void> {
  for (;;) {
    const found = Atomics.load(board.asleep, slot);
    if (isClosing(found)) await new Promise((resolve) => setTimeout(resolve, 1));
    else if (Atomics.compareExchange(board.asleep, slot, found, DOOMED) === found) return;
  }
}

/** What each thread of the process is doing: its name, its state, and the system call it is in. */
function threadStates(): string {
  const lines = readdirSync('/proc/self/task').map((id) => {
    const [name, state, call] = ['comm', 'stat', 'syscall'].map((file) => {
      try {
        return readFileSync(`/proc/self/task/${id}/${file}`, 'latin1').trim();
      } catch (error) {
        return String(error);
      }
    });
    return `  ${id} ${name} ${state.split(') ').at(-1)?.[0]} syscall ${call}`;
  });
  return `the threads:\n${lines.join('\n')}\nthe board: ${board.asleep.join(' ')}; threads ${board.threads.join(' ')}`;
}

async function terminate(slot: number, worker: Worker): Promise<void> {
  await doom(slot);
  const ended = worker.terminate();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`worker ${slot} does not end; ${threadStates()}`)), END_MS);
  });
  await Promise.race([ended, late]);
  clearTimeout(timer);
  terminated++;
  if (board.taking[slot] === 1) mayBeLost++;
  // It may have been about to close another's descriptor.
  for (let victim = 0; victim < WORKERS; victim++) {
    Atomics.compareExchange(board.asleep, victim, closingBy(slot), CLOSED);
    Atomics.notify(board.asleep, victim);
  }
}

async function main(): Promise<void> {
  const before = sockets();
  console.log(`chaos: seed ${seed}, ${values.seconds} s, ${WORKERS} workers`);
  const end = performance.now() + 1000 * Number(values.seconds);
  let nextWord = performance.now() + 5000;
  const workers = mailboxes.map((_, slot) => startWorker(slot));
  while (performance.now() < end && failure === null) {
    await new Promise((resolve) => setTimeout(resolve, random.below(Number(values.life))));
    const slot = random.below(WORKERS);
    await terminate(slot, workers[slot]);
    workers[slot] = startWorker(slot);
    if (performance.now() < nextWord) continue;
    nextWord += 5000;
    tell();
  }
  for (const [slot, worker] of workers.entries()) await terminate(slot, worker);
  drainMailboxes();
  const after = sockets().filter((each) => !before.includes(each));
  if (after.length > mayBeLost) fail(`${after.length} descriptors are lost:\n  ${after.join('\n  ')}`);
  tell();
}

function tell(): void {
  const [steps, closed] = [board.steps, board.closed].map((each) => each.reduce((a, b) => a + b, 0));
  console.log(`chaos: ${steps} steps, ${closed} calls lost their descriptor, ${terminated} workers terminated`);
}

/** What nobody has taken out of the mailboxes: the kernel closes the descriptors with the messages. */
function drainMailboxes(): void {
  for (const pair of mailboxes) for (const each of pair) each.close();
  for (const each of listeners) emptyQueue(each);
}

/** Accepts and closes what is in a listener's queue. */
function emptyQueue(listener: socket.socket): void {
  for (listener.settimeout(0); ; ) {
    try {
      listener.accept()[0].close();
    } catch {
      return;
    }
  }
}

await main();
if (failure !== null) {
  console.error(`chaos: FAILED (seed ${seed})\n${failure}`);
  process.exit(1);
}
for (const each of listeners) each.close();
console.log('chaos: every byte in its place, no descriptor lost');
