// Sends datagrams of 60 KB, cut into 8 KB by the kernel, from more memory than any cache holds: into a network that copies
// nothing, which trials/zerocopy.ts makes.
//   zerocopy_send.mjs send|zerocopy
import { socket } from 'berkeley';
import { serveTasks } from '../tasks.mjs';

const [SIZE, SEGMENT, BUFFERS, BATCH] = [60_000, 8_000, 4_000, 64];

const sock = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
sock.setsockopt(socket.SOL_UDP, socket.UDP_SEGMENT, SEGMENT);
sock.connect(['10.99.0.2', 9]);
const memory = Buffer.alloc(SIZE * BUFFERS, 1);
const buffers = Array.from({ length: BUFFERS }, (_, i) => memory.subarray(i * SIZE, (i + 1) * SIZE));
let sent = 0;

function send() {
  sock.send(buffers[sent++ % BUFFERS]);
}

function sendZerocopy() {
  sock.send_zerocopy(buffers[sent++ % BUFFERS]);
  if (sent % BATCH === 0) sock.reap_zerocopy();
}

serveTasks(() => (process.argv[2] === 'zerocopy' ? sendZerocopy : send));
