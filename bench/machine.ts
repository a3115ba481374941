/** What a run was made on: figures mean nothing without it. */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release } from 'node:os';

function firstLine(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8' }).split('\n')[0].trim();
}

export interface Machine {
  readonly processors: string;
  readonly kernel: string;
  readonly node: string;
  readonly openssl: string;
  readonly python: string;
  readonly compiler: string;
  /** How much else the machine did at the start: processes that wanted to run, over the last minute. */
  readonly load: number;
}

export function machine(): Machine {
  return {
    processors: `${cpus().length} × ${cpus()[0]?.model.trim() || 'unknown processor'}`,
    kernel: `Linux ${release()}`,
    node: `node ${process.version} (its own OpenSSL: ${process.versions.openssl})`,
    openssl: firstLine('openssl', 'version'),
    python: firstLine(
      'python3',
      '-c',
      'import sys, ssl; print("CPython", sys.version.split()[0], "with", ssl.OPENSSL_VERSION)',
    ),
    compiler: firstLine('cc', '--version'),
    load: loadavg()[0],
  };
}

export function describe(machine: Machine): string {
  const { load, ...versions } = machine;
  return `${Object.values(versions).join('; ')}; load at the start ${load.toFixed(1)}`;
}
