/** The host addon: CPython in this process. Its contract stands at the head of native/host.cc. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Host {
  run(
    argv: readonly string[],
    start: string,
    workers: number,
    wantWorker: () => void,
    ended: (status: number) => void,
  ): void;
  join(): number;
  take(): [isCall: boolean, bytes: Buffer] | null;
  answer(bytes: Buffer): void;
  ask(bytes: Buffer, serve: (bytes: Buffer) => Buffer): Buffer;
}

/** The package's root: this file runs as dist/test/conformance/host.js. */
export const root: string = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
/** Where the sources of all this lie: the shims are used from there. */
export const folder: string = join(root, 'test', 'conformance');

export const host = createRequire(import.meta.url)(
  join(folder, 'native', 'build', 'Release', 'conformance_host.node'),
) as Host;
