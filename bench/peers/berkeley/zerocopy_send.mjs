// Sends datagrams of 60 KB, cut into 8 KB by the kernel, from more memory than any cache holds, and prints the processor
// time of a send in µs. To be run where the network copies nothing, as loopback does: see --network.
//   --zerocopy   send_zerocopy and reap_zerocopy; else send
//   --count N    how many, after as many to warm up
//   --network    prints the shell command that makes such a network, for `unshare -rn sh -c "… && exec …"`
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { socket } from 'berkeley';

const { values } = parseArgs({
  options: { zerocopy: { type: 'boolean' }, count: { type: 'string', default: '20000' }, network: { type: 'boolean' } },
});
// An ifb device drops what it is given. It has a queue and takes fragments, as real ones do.
const NETWORK =
  'ip link set lo up && ip link add sink type ifb && ip link set sink up mtu 9000 && ip addr add 10.99.0.1/24 dev sink';
const [SIZE, SEGMENT, BUFFERS, BATCH] = [60_000, 8_000, 4_000, 64];

function round(sock, buffers, count) {
  for (let i = 0; i < count; i++) {
    const bytes = buffers[i % BUFFERS];
    if (!values.zerocopy) sock.send(bytes);
    else if (sock.send_zerocopy(bytes) > 0 && i % BATCH === 0) sock.reap_zerocopy();
  }
}

const processorUs = () =>
  Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ')[0]) / 1000;

function run() {
  const sock = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  sock.setsockopt(socket.SOL_UDP, socket.UDP_SEGMENT, SEGMENT);
  sock.connect(['10.99.0.2', 9]);
  const memory = Buffer.alloc(SIZE * BUFFERS, 1);
  const buffers = Array.from({ length: BUFFERS }, (_, i) => memory.subarray(i * SIZE, (i + 1) * SIZE));
  const count = Number(values.count);
  round(sock, buffers, count);
  const before = processorUs();
  round(sock, buffers, count);
  process.stdout.write(`${((processorUs() - before) / count).toFixed(2)}\n`);
}

if (values.network) process.stdout.write(`${NETWORK}\n`);
else run();
