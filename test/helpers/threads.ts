/** What the threads of this process do in the kernel, as proc(5) tells: to know that a call blocks, not to guess it. */
import { readdirSync, readFileSync } from 'node:fs';
import { arch } from 'node:os';
import { until } from './peers.js';

/**
 * The system calls that our calls sleep in, by architecture: poll or ppoll, recvfrom, recvmsg, recvmmsg, sendto, sendmsg,
 * sendmmsg, sendfile, accept4, connect.
 */
const WAITING_CALLS: Readonly<Record<string, readonly number[]>> = {
  x64: [7, 271, 45, 47, 299, 44, 46, 307, 40, 288, 42],
  arm64: [73, 207, 212, 243, 206, 211, 269, 71, 242, 203],
};
const calls = WAITING_CALLS[arch()];

/** How many threads sleep in such a call now; undefined where that cannot be known. */
export function waitingThreads(): number | undefined {
  if (calls === undefined) return undefined;
  try {
    return readdirSync('/proc/self/task').filter((id) => calls.includes(currentCall(id))).length;
  } catch {
    return undefined;
  }
}

/** The number of the system call that a thread is in; NaN if it runs, or has ended just now. */
function currentCall(id: string): number {
  try {
    return Number.parseInt(readFileSync(`/proc/self/task/${id}/syscall`, 'latin1'), 10);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return Number.NaN;
    throw error;
  }
}

/** Waits until `count` more threads wait than `before` did. Where that cannot be known, the caller's word must do. */
export async function untilWaiting(before: number | undefined, count = 1): Promise<void> {
  if (before === undefined) return;
  await until(() => (waitingThreads() as number) >= before + count);
}

/**
 * Waits until a sleeping thread has been woken and has gone to sleep again, twice. `thread`: what /proc/thread-self links to
 * in it. A thread that waits in a call of the library's is woken five to ten times a second.
 */
export async function untilSleptAgain(thread: string): Promise<void> {
  const sleeps = () =>
    Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${thread}/status`, 'latin1'))?.[1]);
  const before = sleeps();
  await until(() => sleeps() >= before + 2);
}
