/** TLS 1.3 over an event loop: handshakes, full and resumed, and echoes: server processor time of each. */
import { interleaved, type LoadResult, load, serverReport } from '../measure.js';
import { tlsEcho } from '../peers/index.js';
import type { Bounds, Report, Trial } from '../report.js';

const HANDSHAKES = 2000;
const CONNECTIONS = 10;

type Promises = readonly [c: number, node: number | undefined];

async function measured(one: (port: number, scale: number) => Promise<LoadResult>, bounds: Bounds, promises: Promises) {
  const { c, ours, again, python, node } = tlsEcho;
  const results = await interleaved([c, ours, again, python, node], one, bounds);
  const [toC, toNode] = promises;
  return serverReport(results, [ours, again], c, [
    [ours, c, toC],
    ...(toNode === undefined ? [] : ([[ours, node, toNode]] as const)),
    [ours, python, 1],
  ]);
}

function handshakes(resume: boolean, promises: Promises) {
  return (bounds: Bounds): Promise<Report> => {
    const one = (port: number, scale: number) =>
      load('tls_load', 'handshake', port, HANDSHAKES * scale, resume ? 1 : 0);
    return measured(one, bounds, promises);
  };
}

function echoes(bytes: number, count: number, promises: Promises) {
  return (bounds: Bounds): Promise<Report> => {
    const one = (port: number, scale: number) => load('tls_load', 'echo', port, CONNECTIONS, bytes, count * scale);
    return measured(one, bounds, promises);
  };
}

export const tlsTrials: readonly Trial[] = [
  { name: 'tls-handshake', title: 'TLS 1.3 full handshakes, P-256', run: handshakes(false, [1.12, 0.65]) },
  { name: 'tls-resumed', title: 'TLS 1.3 resumed handshakes', run: handshakes(true, [1.2, undefined]) },
  { name: 'tls-bulk', title: 'TLS 1.3 echo of 16 KiB', run: echoes(16384, 10_000, [1.1, 0.8]) },
  { name: 'tls-echo', title: 'TLS 1.3 echo of 1 KiB', run: echoes(1024, 30_000, [1.2, 0.8]) },
];
