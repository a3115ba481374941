// Sends every datagram back, with blocking calls. Prints its port, then serves until it is killed.
import { socket } from 'berkeley';

const sock = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
sock.bind(['127.0.0.1', 0]);
process.stdout.write(`PORT ${sock.getsockname()[1]}\n`);
const room = Buffer.allocUnsafeSlow(2048);

for (;;) {
  const [n, address] = sock.recvfrom_into(room);
  sock.sendto(room.subarray(0, n), address);
}
