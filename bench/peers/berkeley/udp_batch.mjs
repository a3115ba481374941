// Sends every datagram back, as many at a time as there are, with blocking calls. Prints its port, then serves until it
// is killed.
import { socket } from 'berkeley';

const sock = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
sock.bind(['127.0.0.1', 0]);
process.stdout.write(`PORT ${sock.getsockname()[1]}\n`);
const batch = new socket.MessageBatch(64, 2048);

for (;;) sock.sendmmsg(batch, 0, sock.recvmmsg_into(batch));
