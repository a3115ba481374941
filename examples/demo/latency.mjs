/** Round trips of an echo, measured by clients that know nothing of the server. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { pythonVersion, run } from './clients.mjs';

const HOST = '127.0.0.1';
const MESSAGE = Buffer.alloc(64, 'berkeley');
/** The servers take turns, so that what else this machine does meets all of them alike. */
const ROUNDS = 20;
const TRIPS_PER_ROUND = 500;
/** On a busy machine there are fewer rounds: none begins later than this. */
const BUDGET_S = 3;

/** Nanoseconds of each of `count` round trips. */
function roundTrips(connection, count) {
  return new Promise((resolve, reject) => {
    const times = [];
    let start, left;
    const send = () => {
      left = MESSAGE.length;
      start = process.hrtime.bigint();
      connection.write(MESSAGE);
    };
    connection.removeAllListeners('data').removeAllListeners('error').on('error', reject);
    connection.on('data', ({ length }) => {
      left -= length;
      if (left > 0) return;
      times.push(Number(process.hrtime.bigint() - start));
      if (times.length < count) send();
      else resolve(times);
    });
    send();
  });
}

/** A client on node:net. `ports`: name → port. Returns name → nanoseconds of each round trip. */
export async function fromNode(ports) {
  const arms = [];
  for (const [name, port] of Object.entries(ports)) {
    const connection = connect({ host: HOST, port, noDelay: true });
    await once(connection, 'connect');
    arms.push({ name, connection, times: [] });
  }
  const end = performance.now() + BUDGET_S * 1000;
  for (let round = -1; round < ROUNDS && (round < 1 || performance.now() < end); round++) {
    for (const arm of arms) {
      const times = await roundTrips(arm.connection, TRIPS_PER_ROUND);
      // The first round warms the machine up.
      if (round >= 0) arm.times.push(...times);
    }
  }
  for (const { connection } of arms) connection.destroy();
  return Object.fromEntries(arms.map(({ name, times }) => [name, times]));
}

const PYTHON_CLIENT = `
import json, socket, sys, time
ports, rounds, trips, size, budget = json.load(sys.stdin)
arms = []
for name, port in ports.items():
    sock = socket.create_connection(('${HOST}', port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    arms.append((sock, name, []))
message, clock = bytes(size), time.perf_counter_ns
end = time.monotonic() + budget
for number in range(-1, rounds):
    if number > 0 and time.monotonic() > end: break
    for sock, name, times in arms:
        for _ in range(trips):
            start = clock()
            sock.sendall(message)
            left = size
            while left: left -= len(sock.recv(left))
            if number >= 0: times.append(clock() - start)
json.dump({name: times for sock, name, times in arms}, sys.stdout)
`;

/** The same from a blocking socket of python3. null: python3 is not installed. */
export async function fromPython(ports) {
  if (pythonVersion() === null) return null;
  const input = JSON.stringify([ports, ROUNDS, TRIPS_PER_ROUND, MESSAGE.length, BUDGET_S]);
  const { stdout } = await run('python3', ['-c', PYTHON_CLIENT], input);
  return JSON.parse(stdout);
}

/** The value below which this part of the times lies, in microseconds: the nearest rank. */
export function percentile(times, part) {
  const sorted = Float64Array.from(times).sort();
  return sorted[Math.max(Math.ceil(part * sorted.length) - 1, 0)] / 1000;
}
