// Sends every datagram back, on node:dgram. Prints its port, then serves until it is killed.
import { createSocket } from 'node:dgram';

const sock = createSocket('udp4', (data, { port, address }) => sock.send(data, port, address));
sock.bind(0, '127.0.0.1', () => console.log(`PORT ${sock.address().port}`));
