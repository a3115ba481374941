// Sends datagrams to a socket that nobody reads: udp_send.mjs sendto|sendmmsg|segment
// The case is how many bytes each has. segment: the kernel makes the datagrams of one message (UDP_SEGMENT).
import { socket } from 'berkeley';
import { keepOpen, serveTasks } from '../tasks.mjs';

const GROUP = 40;
const how = process.argv[2];
const receiver = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
receiver.bind(['127.0.0.1', 0]);
const sock = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
sock.connect(receiver.getsockname());
keepOpen(receiver);

function sender(size) {
  const bytes = Buffer.alloc(size);
  if (how === 'sendto') {
    return () => {
      for (let i = 0; i < GROUP; i++) sock.send(bytes);
    };
  }
  if (how === 'sendmmsg') {
    const batch = new socket.MessageBatch(GROUP, size);
    for (let i = 0; i < GROUP; i++) batch.set(i, bytes);
    return () => sock.sendmmsg(batch);
  }
  sock.setsockopt(socket.SOL_UDP, socket.UDP_SEGMENT, size);
  const all = Buffer.alloc(size * GROUP);
  return () => sock.send(all);
}

serveTasks((size) => sender(Number(size)), GROUP);
