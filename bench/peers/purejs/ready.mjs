// Asks which of many connections is ready, with select() of the pure-JavaScript design.
// The case is how many are idle; one besides can be read.
import { serveTasks } from '../tasks.mjs';
import { create_connection, create_server, select } from './sockets.mjs';

const listener = create_server(['127.0.0.1', 0]);

function pair() {
  const client = create_connection(listener.getsockname());
  return [client, listener.accept()];
}

const [readable, writer] = pair();
writer.send(Buffer.of(0));
select([readable], []);
const idle = [];

serveTasks((idleCount) => {
  while (idle.length < Number(idleCount)) idle.push(...pair());
  const socks = [...idle.slice(0, Number(idleCount)), readable];
  return () => {
    if (select(socks, [], 0)[0].length !== 1) throw new Error('exactly one is ready');
  };
});
