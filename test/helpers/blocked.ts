/** What has to hold of every call that waits while it does: a worker can be terminated, and signals do what they do. */
import { readFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { NO_PASSING, type Peer, spawnPeer, startWorker, testUnless, until } from './peers.js';

/** It bounds a failure: a call that cannot be got out of its wait. */
const PATIENCE_MS = 120_000;
const LIBRARY = new URL('../../lib/index.js', import.meta.url).href;

/** A call that waits until `fd`, a variable in both texts, can be read. */
export interface WaitingCall {
  name: string;
  /** Statements that set it up; `select`, `selectors` and `socket` are there. */
  prepare?: string;
  /** An expression: a function of the timeout in seconds, or null. */
  wait: string;
  /** What it returns, in JSON, once descriptor 0 can be read. */
  ready: string;
  /** What it returns, in JSON, at the timeout. */
  timedOut: string;
  /** What comes of a signal with a listener: an exception's name, or what is returned, in JSON. */
  interrupted: string;
}

const FRAME = (call: WaitingCall, body: string) => `
  import { spawn } from 'node:child_process';
  import { writeSync } from 'node:fs';
  import { select, selectors, socket } from ${JSON.stringify(LIBRARY)};
  const say = (text) => writeSync(1, text + '\\n');
  const fd = 0;
  ${call.prepare ?? ''}
  const wait = ${call.wait};
  const outcome = (timeout) => {
    try {
      return JSON.stringify(wait(timeout));
    } catch (error) {
      return error.name;
    }
  };
  ${body}
`;

/** Our own program in a process of its own, which has the sanitizers that this one has. */
function startProgram(call: WaitingCall, body: string): Peer {
  return spawnPeer(process.execPath, ['--input-type=module', '-e', FRAME(call, body)], process.env);
}

/** Waits until the process's main thread sleeps in the kernel ('S') or has been stopped ('T'). */
async function untilState(peer: Peer, state: 'S' | 'T'): Promise<void> {
  const path = `/proc/${peer.child.pid}/stat`;
  await until(() => readFileSync(path, 'utf8').split(') ')[1].startsWith(state));
}

async function untilWaiting(t: ExecutionContext, peer: Peer): Promise<void> {
  t.is(await peer.line(), 'waiting');
  await untilState(peer, 'S');
}

async function terminatedWorker(t: ExecutionContext, call: WaitingCall): Promise<void> {
  const worker = startWorker(`
    const { select, selectors, socket } = berkeley;
    const [sock, peer] = socket.socketpair();
    const fd = sock.fileno();
    ${call.prepare ?? ''}
    const wait = ${call.wait};
    send('waiting');
    send([wait(null), peer.fileno()]);
  `);
  t.is(await worker.next(), 'waiting');
  t.is(await worker.stop(), 1);
}

async function signalWithoutListener(t: ExecutionContext, call: WaitingCall): Promise<void> {
  const peer = startProgram(call, `say('waiting'); say(outcome(null));`);
  await untilWaiting(t, peer);
  peer.child.kill('SIGINT');
  t.is(await peer.exit, null);
  t.is(peer.child.signalCode, 'SIGINT');
}

async function signalWithListener(t: ExecutionContext, call: WaitingCall): Promise<void> {
  const peer = startProgram(
    call,
    `
    const alive = setTimeout(() => {}, 60_000);
    process.on('SIGINT', () => {
      say('listener');
      clearTimeout(alive);
    });
    say('waiting');
    say(outcome(null));
  `,
  );
  await untilWaiting(t, peer);
  peer.child.kill('SIGINT');
  t.is(await peer.line(), call.interrupted);
  t.is(await peer.line(), 'listener');
  t.is(await peer.exit, 0);
}

/** PEP 475. libuv's own handler of SIGCHLD is there because of the spawn; SIGCONT interrupts some calls by itself. */
async function otherSignals(t: ExecutionContext, call: WaitingCall): Promise<void> {
  const peer = startProgram(
    call,
    `
    spawn('true');
    say('waiting');
    say(outcome(null));
  `,
  );
  await untilWaiting(t, peer);
  for (const signal of ['SIGCHLD', 'SIGWINCH', 'SIGCHLD'] as const) {
    peer.child.kill(signal);
    await untilState(peer, 'S');
  }
  peer.child.kill('SIGSTOP');
  await untilState(peer, 'T');
  peer.child.kill('SIGCONT');
  await untilState(peer, 'S');
  peer.child.stdin?.write('x');
  t.is(await peer.line(), call.ready);
  t.is(await peer.exit, 0);
}

async function deadlineUnderSignals(t: ExecutionContext, call: WaitingCall): Promise<void> {
  const peer = startProgram(
    call,
    `
    spawn('sh', ['-c', 'for i in 1 2 3 4 5 6 7 8; do kill -CHLD $PPID; sleep 0.03; done']);
    const before = performance.now();
    const found = outcome(0.4);
    const elapsedMs = performance.now() - before;
    say(found + ' ' + (elapsedMs >= 400 ? 'not early' : 'after ' + elapsedMs + ' ms'));
  `,
  );
  t.is(await peer.line(), `${call.timedOut} not early`);
  t.is(await peer.exit, 0);
}

/** Declares the tests of a call that waits; `missing` says why this system has none. */
export function testBlocked(call: WaitingCall, missing: string | false = false): void {
  const declare = (
    title: string,
    body: (t: ExecutionContext, call: WaitingCall) => Promise<void>,
    reason: string | false = NO_PASSING,
  ) =>
    testUnless(missing || reason)(`${call.name}: ${title}`, (t) => {
      t.timeout(PATIENCE_MS);
      return body(t, call);
    });
  declare('a worker that waits can be terminated', terminatedWorker, false);
  declare('SIGINT without a listener ends the process that waits', signalWithoutListener);
  declare('SIGINT with a listener ends the wait, and the listener runs', signalWithListener);
  declare('signals without a listener do not end the wait', otherSignals);
  declare('signals do not end a timed wait early', deadlineUnderSignals);
}
