/** Processes that hand their sockets over lose nothing; listeners that share a port all get connections. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { example, finished, portIn } from '../helpers/examples.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_UNIX, type Peer, python, testUnless, tmpdir, until } from '../helpers/peers.js';

const test = testUnless(NO_UNIX);

checkLeaks(test);

// ---- restart

const REQUESTS = 10_000;
const CLIENTS = 20;
/** Requests on one connection: so some connections are made while a process takes over. */
const REQUESTS_PER_CONNECTION = 50;

/** The number of the process in the line with which restart begins. */
function processIn(line: string): number {
  const match = /^process (\d+) (serves|took over)/.exec(line);
  if (match === null) throw new Error(`no process in ${line}`);
  return Number(match[1]);
}

/** Sends lines, some in two pieces, each when the one before is answered: calls `answered` with each request and answer. */
async function talk(port: number, name: string, count: number, answered: (request: string, answer: string) => void) {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  const answers = createInterface({ input: socket })[Symbol.asyncIterator]();
  for (let i = 0; i < count; i++) {
    const request = `${name} ${i}`;
    if (i % 7 === 0) {
      socket.write(request.slice(0, 3));
      await new Promise(setImmediate);
      socket.write(`${request.slice(3)}\n`);
    } else {
      socket.write(`${request}\n`);
    }
    answered(request, (await answers.next()).value);
  }
  socket.end();
  await once(socket, 'close');
}

test('restart: of 10,000 requests across three restarts none is lost', async (t) => {
  t.timeout(180_000);
  const path = join(tmpdir(t), 'handover');
  const processes: Peer[] = [example('restart.mjs', 'serve', path)];
  const first = await processes[0].line();
  const numbers = [processIn(first)];
  const port = portIn(first);

  let total = 0;
  let restarting = true;
  const wrong: string[] = [];
  const answeredBy = new Set<number>();
  const check = (request: string, answer: string) => {
    total++;
    const [, number, text] = /^(\d+) (.*)$/.exec(answer) ?? [];
    answeredBy.add(Number(number));
    if (text !== request) wrong.push(`${request}: ${answer}`);
  };
  const restarts = async () => {
    for (let i = 0; i < 3; i++) {
      const next = example('restart.mjs', 'serve', path);
      processes.push(next);
      numbers.push(processIn(await next.line()));
      await until(() => answeredBy.has(numbers[numbers.length - 1]));
    }
    restarting = false;
  };
  // The clients never pause, so that requests are under way whenever a process takes over.
  const client = async (number: number) => {
    for (let i = 0; restarting || total < REQUESTS; i++) {
      await talk(port, `client ${number}, connection ${i}, request`, REQUESTS_PER_CONNECTION, check);
    }
  };
  await Promise.all([restarts(), ...Array.from({ length: CLIENTS }, (_, number) => client(number))]);

  t.deepEqual(wrong, []);
  t.true(total >= REQUESTS);
  t.log(`${total} requests`);
  t.deepEqual([...answeredBy], numbers);
  for (const old of processes.slice(0, -1)) t.is(await old.exit, 0, old.errors());
  await processes[processes.length - 1].stop();
});

const DYING_HEIR = `
import os, socket, sys
sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
sock.connect(sys.argv[1])
data, fds, flags, address = socket.recv_fds(sock, 100000, 1)
print(data.decode().strip(), len(fds))
`;

test('restart: a new process that dies before it has everything changes nothing', async (t) => {
  const path = join(tmpdir(t), 'handover');
  const server = example('restart.mjs', 'serve', path);
  const line = await server.line();
  const expected = (request: string, answer: string) => t.is(answer, `${processIn(line)} ${request}`);
  await talk(portIn(line), 'before', 2, expected);
  t.is((await python(DYING_HEIR, [path])).stdout, 'listener 1\n');
  await talk(portIn(line), 'after', 2, expected);
  await server.stop();
});

test('restart: a path that a crashed process left is no hindrance', async (t) => {
  const path = join(tmpdir(t), 'handover');
  const crashed = example('restart.mjs', 'serve', path);
  await crashed.line();
  await crashed.stop();
  const server = example('restart.mjs', 'serve', path);
  t.regex(await server.line(), /^process \d+ serves 127\.0\.0\.1:\d+$/);
  await server.stop();
});

test('restart does both: a line that was sent half before and half after is answered', async (t) => {
  const { code, lines, errors } = await finished(example('restart.mjs'));
  t.is(code, 0, errors);
  const [first, second] = [processIn(lines[0]), processIn(lines[3])];
  t.deepEqual(lines.slice(1), [
    `answered by ${first} one`,
    `answered by ${first} two`,
    `process ${second} took over 3 sockets`,
    `answered by ${second} three`,
  ]);
});

// ---- SO_REUSEPORT

const WORKERS = 4;
const CONNECTIONS = 400;

const MANY = `
import socket, sys
for i in range(int(sys.argv[2])):
    with socket.create_connection(('127.0.0.1', int(sys.argv[1]))) as sock, sock.makefile() as file:
        print(file.read().strip())
`;

test('reuse_port: each worker gets a share of the connections', async (t) => {
  const server = example('reuse_port.mjs', '--workers', String(WORKERS), '--connections', String(CONNECTIONS));
  const port = portIn(await server.line());
  const { stdout, stderr } = await python(MANY, [String(port), String(CONNECTIONS)]);
  t.is(stderr, '');
  const counts = Array<number>(WORKERS).fill(0);
  for (const line of stdout.trimEnd().split('\n')) counts[Number(/^worker (\d+)$/.exec(line)?.[1])]++;
  const { code, lines } = await finished(server);
  t.is(code, 0);
  t.deepEqual(
    lines,
    counts.map((count, number) => `worker ${number} served ${count}`),
  );
  // The kernel deals by a hash: the shares differ, but none of 400 is chance of 4 × (3/4)^400.
  t.true(
    counts.every((count) => count > 0),
    String(counts),
  );
});
