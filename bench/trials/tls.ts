/** TLS 1.3 over an event loop: handshakes, full and resumed, and echoes: server processor time of each. */
import { tlsEcho } from '../peers/index.js';
import { load } from '../processes.js';
import { served, type Trial } from '../trial.js';

const HANDSHAKES = 2000;
const CONNECTIONS = 10;

const common = { cases: [''], arms: Object.values(tlsEcho), ours: tlsEcho.ours, yardstick: tlsEcho.c };

function handshakes(resume: boolean) {
  return served((port, _which, scale) =>
    load('tls_load', 'handshake', port, Math.ceil(HANDSHAKES * scale), resume ? 1 : 0),
  );
}

function echoes(bytes: number, count: number) {
  return served((port, _which, scale) => load('tls_load', 'echo', port, CONNECTIONS, bytes, Math.ceil(count * scale)));
}

export const tlsTrials: readonly Trial[] = [
  { ...handshakes(false), ...common, name: 'tls-handshake', title: 'TLS 1.3 full handshakes, P-256' },
  { ...handshakes(true), ...common, name: 'tls-resumed', title: 'TLS 1.3 resumed handshakes' },
  { ...echoes(16384, 10_000), ...common, name: 'tls-bulk', title: 'TLS 1.3 echo of 16 KiB' },
  { ...echoes(1024, 30_000), ...common, name: 'tls-echo', title: 'TLS 1.3 echo of 1 KiB' },
];
