/** The peers in one table: how each arm of a trial is started. */
import { fileURLToPath } from 'node:url';

/** The package's root: this file runs from dist/bench/peers. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));
const here = `${root}bench/peers`;

export interface Arm {
  /** What the tables call it. */
  readonly name: string;
  /** The command, without the path of what is compiled: see `compiled`. */
  readonly command: readonly string[];
}

/** C sources that are compiled before the first use, with what they are linked with, by the name of their binary. */
export const compiled: Readonly<Record<string, readonly [source: string, ...libraries: string[]]>> = {
  load: [`${root}bench/load/load.c`],
  c_epoll_echo: [`${here}/c/epoll_echo.c`],
  tls_load: [`${root}bench/load/tls_load.c`, '-lssl', '-lcrypto'],
  c_tls_echo: [`${here}/c/tls_echo.c`, '-lssl', '-lcrypto'],
};
export const binaries = `${root}build/bench`;

const node = process.execPath;
const python = 'python3';

/** Echo servers over one event loop: each prints `PORT n` and serves until it is killed. */
export const echo = {
  c: { name: 'C, epoll', command: [`${binaries}/c_epoll_echo`] },
  into: { name: 'berkeley, recv_into', command: [node, `${here}/berkeley/epoll_echo.mjs`, '--into'] },
  intoAgain: { name: 'berkeley, recv_into (again)', command: [node, `${here}/berkeley/epoll_echo.mjs`, '--into'] },
  recv: { name: 'berkeley, recv', command: [node, `${here}/berkeley/epoll_echo.mjs`] },
  python: { name: 'CPython, recv', command: [python, `${here}/python/epoll_echo.py`] },
  pythonInto: { name: 'CPython, recv_into', command: [python, `${here}/python/epoll_echo.py`, '--into'] },
  net: { name: 'node:net', command: [node, `${here}/node/net_echo.mjs`] },
} as const satisfies Record<string, Arm>;

/** Serves as `into`, and prints its JavaScript heap when asked. */
export const heapServer: Arm = {
  name: 'berkeley, heap',
  command: [node, '--expose-gc', `${here}/berkeley/epoll_echo.mjs`, '--into', '--heap'],
};

const certificate = `${root}test/certs/server.pem`;

/** TLS echo servers over one event loop, with a P-256 certificate. */
export const tlsEcho = {
  c: { name: 'C, OpenSSL', command: [`${binaries}/c_tls_echo`, certificate] },
  ours: { name: 'berkeley', command: [node, `${here}/berkeley/tls_echo.mjs`, certificate] },
  again: { name: 'berkeley (again)', command: [node, `${here}/berkeley/tls_echo.mjs`, certificate] },
  python: { name: 'CPython', command: [python, `${here}/python/tls_echo.py`, certificate] },
  node: { name: 'node:tls', command: [node, `${here}/node/tls_echo.mjs`, certificate] },
} as const satisfies Record<string, Arm>;
