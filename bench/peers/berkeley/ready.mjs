// Asks which of many descriptors is ready: ready.mjs select|poll|epoll [--into]
// The case is how many sockets are idle; one besides can be read. --into: poll_into, which allocates nothing.
import { select, socket } from 'berkeley';
import { keepOpen, serveTasks } from '../tasks.mjs';

const MOST_IDLE = 10_000;
const [kind, into] = process.argv.slice(2);

const [readable, writer] = socket.socketpair();
writer.send(Buffer.of(0));
keepOpen(writer);
const idle = [];
while (idle.length < MOST_IDLE) idle.push(...socket.socketpair());

function asker(socks) {
  if (kind === 'select') return () => select.select(socks, [], [], 0)[0].length;
  const poller = kind === 'poll' ? new select.poll() : new select.epoll();
  for (const sock of socks) poller.register(sock, select.POLLIN);
  const events = new Int32Array(2 * 1024);
  return into ? () => poller.poll_into(events, 0) : () => poller.poll(0).length;
}

serveTasks((idleCount) => {
  const ask = asker([...idle.slice(0, Number(idleCount)), readable]);
  return () => {
    if (ask() !== 1) throw new Error('exactly one is ready');
  };
});
