/** Node's HTTP server under wrk, which Debian has. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Arm, http } from '../peers/index.js';
import { Cannot, LOAD_CPU, type Result, startServer } from '../processes.js';
import { served, type Trial } from '../trial.js';

const CONNECTIONS = 50;
const SECONDS = 3;
const NS: Readonly<Record<string, number>> = { us: 1e3, ms: 1e6, s: 1e9, m: 60e9 };

function ns(text: string, pattern: RegExp): number {
  const [, value, unit] = pattern.exec(text) ?? [];
  return Number(value) * NS[unit];
}

/** What wrk prints, read. */
export function parseWrk(text: string): Result {
  const [, count, time] = /^\s*(\d+) requests in (\S+),/m.exec(text) ?? [];
  return {
    count: Number(count),
    wall_ns: ns(time, /^([\d.]+)(us|ms|s|m)$/),
    p50_ns: ns(text, /^\s*50%\s+([\d.]+)(us|ms|s|m)$/m),
    p99_ns: ns(text, /^\s*99%\s+([\d.]+)(us|ms|s|m)$/m),
  };
}

async function wrk(port: string, seconds: number): Promise<Result> {
  const load = ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', `http://127.0.0.1:${port}/`];
  const { stdout } = await promisify(execFile)('taskset', ['-c', String(LOAD_CPU), ...load]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk reports errors: ${stdout}`);
  return parseWrk(stdout);
}

async function start(arm: Arm) {
  await promisify(execFile)('wrk', ['-v']).catch(({ code }) => {
    if (code === 'ENOENT') throw new Cannot('wrk is not installed (apt-get install wrk)');
  });
  return startServer(arm);
}

export const httpTrial: Trial = {
  ...served((port, _which, scale) => wrk(port, Math.ceil(SECONDS * scale))),
  columns: { cpuUs: 'server CPU µs', perSecond: 'requests/s', p50Us: 'p50 µs', p99Us: 'p99 µs' },
  name: 'http',
  title: `Node's HTTP server, ${CONNECTIONS} connections`,
  cases: [''],
  arms: Object.values(http),
  ours: http.ours,
  start,
};
