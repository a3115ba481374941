/** Which poller Node's loop is told by: the system's own, or the one that BERKELEY_POLLER asks for. */

import { closeSync, openSync } from 'node:fs';
import test from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as asyncio from '../../lib/asyncio/index.js';
import * as errno from '../../lib/constants/errno.js';
import { unixPair } from '../helpers/descriptors.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NOT_OPEN, spawnPeer } from '../helpers/peers.js';

checkLeaks(test);

const LIBRARY = new URL('../../lib/addon/binary.js', import.meta.url).href;

test('BERKELEY_POLLER chooses the backend', async (t) => {
  const source = `import { native } from ${JSON.stringify(LIBRARY)}; console.log(native.loopBackend());`;
  const named = async (env: NodeJS.ProcessEnv) => {
    const peer = spawnPeer(process.execPath, ['--input-type=module', '-e', source], { ...process.env, ...env });
    const name = await peer.line();
    t.is(await peer.exit, 0, peer.errors());
    return name;
  };
  const own = process.platform === 'win32' ? 'afd' : 'EPOLLIN' in native.constants.select ? 'epoll' : 'kqueue';
  const forced = own === 'afd' ? own : 'poll';
  t.is(await named({ BERKELEY_POLLER: 'poll' }), forced);
  t.is(await named({ BERKELEY_POLLER: '' }), own);
  const asked = process.env.BERKELEY_POLLER === 'poll' ? forced : own;
  t.is(native.loopBackend(), asked);
});

test('the contract: what is registered twice, or not at all, or cannot be waited for', async (t) => {
  const [one, other] = unixPair(t);
  // Something has to start the poller.
  const waits = asyncio.sock_recv(one, 1);
  const fd = one.fileno();
  const { POLLIN, POLLOUT } = native.constants.poll;
  t.is(native.loopAdd(fd, POLLIN), -errno.EEXIST);
  t.is(native.loopModify(fd, POLLIN), 0);
  t.is(native.loopModify(other.fileno(), POLLOUT), -errno.ENOENT);
  t.is(native.loopRemove(other.fileno()), -errno.ENOENT);
  t.is(native.loopAdd(-1, POLLIN), -NOT_OPEN.errno);
  const file = openSync(process.execPath, 'r');
  // On Windows the numbers of files are no handles.
  if (process.platform !== 'win32') t.is(native.loopAdd(file, POLLIN), -errno.EPERM);
  closeSync(file);
  t.is(native.loopAdd(other.fileno(), POLLOUT), 0);
  t.is(native.loopRemove(other.fileno()), 0);
  other.send(Buffer.from('x'));
  t.is(`${await waits}`, 'x');
});
