/** Node's http over both ends: agents, upgrades, CONNECT, aborted requests: beside node:net and node:tls. */
import { once } from 'node:events';
import * as http from 'node:http';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { type Api, closed, type Layer, type Log, listening, type Stream, sameOver } from '../helpers/beside_net.js';
import { checkLeaks } from '../helpers/leaks.js';

checkLeaks(test);

const HOST = '127.0.0.1';
const LAYERS = ['plain', 'TLS'] as const;
const EVENTS = 'end finish close error timeout';

interface Site {
  readonly web: http.Server;
  readonly agent: http.Agent;
  /** The connections of the server. */
  readonly accepted: Stream[];
  /** What the client asks with. */
  readonly to: http.RequestOptions;
  stop(): Promise<void>;
}

/** Node's HTTP server and agent, over streams of that kind. */
async function site(api: Api, handler: http.RequestListener = () => {}, keepAlive = false): Promise<Site> {
  const web = http.createServer({ keepAliveTimeout: 60_000 }, handler);
  const accepted: Stream[] = [];
  const server = api.createServer({ allowHalfOpen: true }, (s) => {
    accepted.push(s);
    web.emit('connection', s);
  });
  const { port } = await listening(server);
  const agent = new http.Agent({ keepAlive, maxSockets: 1 });
  agent.createConnection = (options) => api.connect({ port: Number(options.port), host: HOST });
  const stop = async () => {
    agent.destroy();
    for (const each of accepted) each.destroy();
    server.close();
    await closed(server);
    web.close();
  };
  return { web, agent, accepted, to: { port, host: HOST, agent }, stop };
}

function scene(title: string, scenario: (api: Api, log: Log, layer: Layer) => Promise<void>): void {
  sameOver(LAYERS, title, (api, log, _, layer) => scenario(api, log, layer));
}

async function asked(log: Log, options: http.RequestOptions, body?: string): Promise<void> {
  const request = http.request(options).end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  log.add(response.statusCode, await text(response), request.reusedSocket);
}

scene('a request with a body, and its answer', async (api, log) => {
  const { to, stop } = await site(api, async (request, response) => response.end(`got ${await text(request)}`));
  await asked(log, { ...to, method: 'POST' }, 'a body');
  await stop();
});

scene('an agent that keeps its connection', async (api, log) => {
  const { to, stop, accepted } = await site(api, (request, response) => response.end(request.url), true);
  for (const path of ['/1', '/2', '/3']) await asked(log, { ...to, path });
  log.add(accepted.length);
  await stop();
});

scene('an agent that does not', async (api, log) => {
  const { to, stop, accepted } = await site(api, (request, response) => response.end(request.url));
  for (const path of ['/1', '/2']) await asked(log, { ...to, path });
  log.add(accepted.length);
  await stop();
});

scene('a kept connection that the server ends between two requests', async (api, log) => {
  const { to, stop, accepted } = await site(api, (request, response) => response.end(request.url), true);
  await asked(log, { ...to, path: '/1' });
  const gone = closed(accepted[0]);
  accepted[0].end();
  await gone;
  await asked(log, { ...to, path: '/2' });
  log.add(accepted.length);
  await stop();
});

scene('an upgrade: bytes go both ways afterwards', async (api, log) => {
  const { web, to, stop } = await site(api);
  web.on('upgrade', (request, s: Stream, head: Buffer) => {
    log.add('upgrade', request.headers.upgrade, head);
    s.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
    s.pipe(s);
  });
  const request = http.request({ ...to, headers: { Connection: 'Upgrade', Upgrade: 'echo' } }).end();
  const [response, s] = (await once(request, 'upgrade')) as [http.IncomingMessage, Stream];
  log.add(response.statusCode);
  log.watch('client', s, EVENTS);
  const gone = closed(s);
  s.end('hello');
  log.add(await text(s));
  await gone;
  await stop();
});

scene('CONNECT: a tunnel', async (api, log) => {
  const { web, to, stop } = await site(api);
  web.on('connect', (request, s: Stream, head: Buffer) => {
    log.add('connect', request.url, head);
    s.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    s.on('data', (bytes) => s.end(`through ${bytes}`));
  });
  const request = http.request({ ...to, method: 'CONNECT', path: 'example.org:443' }).end();
  const [response, s] = (await once(request, 'connect')) as [http.IncomingMessage, Stream];
  log.add(response.statusCode);
  s.write('x');
  log.add(await text(s));
  s.destroy();
  await stop();
});

scene('an upgrade that nobody listens for', async (api, log) => {
  const { to, stop } = await site(api, (_, response) => response.end('no'));
  await asked(log, { ...to, headers: { Connection: 'Upgrade', Upgrade: 'echo' } });
  await stop();
});

scene('what is no HTTP', async (api, log) => {
  const { web, to, stop } = await site(api);
  web.on('clientError', (error: NodeJS.ErrnoException, s: Stream) => {
    log.add('clientError', error.code, s.writable);
    s.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  const client = api.connect({ port: to.port, host: HOST });
  client.write('nonsense\r\n\r\n');
  log.add(await text(client));
  await stop();
});

scene('a client that goes while the server answers', async (api, log) => {
  let tell: () => void = () => {};
  const told = new Promise<void>((resolve) => (tell = resolve));
  const { to, stop } = await site(api, (request, response) => {
    response.on('close', () => log.add('response close', response.writableFinished));
    request.on('close', () => {
      log.add('request close');
      tell();
    });
    response.write('a part');
  });
  const request = http.request(to).end();
  request.on('error', () => {});
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.on('error', (error: NodeJS.ErrnoException) => log.add('error', error.code));
  await once(response, 'data');
  response.destroy();
  await told;
  await stop();
});

scene('a server that goes before it answers', async (api, log) => {
  const { to, stop } = await site(api, (request) => request.socket.destroy());
  const request = http.request(to).end();
  const [error] = (await new Promise((resolve) => request.once('error', (e) => resolve([e])))) as [Error];
  log.add('error', (error as NodeJS.ErrnoException).code, error.message);
  await stop();
});

scene('the timeout of a request', async (api, log) => {
  const { to, stop } = await site(api, (request, response) => request.url === '/1' && response.end(), true);
  await asked(log, { ...to, path: '/1' });
  const request = http.request({ ...to, path: '/2', timeout: 30 }).end();
  request.on('error', (error: NodeJS.ErrnoException) => log.add('error', error.code));
  await once(request, 'timeout');
  log.add('timeout', request.destroyed);
  request.destroy();
  await closed(request);
  await stop();
});

scene('pipelined requests', async (api, log) => {
  const { to, stop } = await site(api, (request, response) => response.end(request.url));
  const client = api.connect({ port: to.port, host: HOST });
  const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
  client.write(get('/1') + get('/2') + get('/3', 'Connection: close\r\n'));
  const answer = await text(client);
  log.add(answer.match(/\/\d/g), answer.match(/200 OK/g)?.length);
  await stop();
});

scene('Expect: 100-continue', async (api, log) => {
  const { to, stop } = await site(api, async (request, response) => response.end(await text(request)));
  const request = http.request({ ...to, method: 'PUT', headers: { Expect: '100-continue' } });
  request.flushHeaders();
  await once(request, 'continue');
  log.add('continue');
  request.end('the body');
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  log.add(await text(response));
  await stop();
});
