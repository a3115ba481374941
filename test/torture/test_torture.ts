/** The first calls of each kind fail under each scene: what `npm run torture` does with all of them. */
import { fileURLToPath } from 'node:url';
import { finished } from '../helpers/examples.js';
import { hasCommand, spawnPeer, testUnless, underSanitizers } from '../helpers/peers.js';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));
const NO_INTERPOSER =
  (process.platform !== 'linux' && 'the interposer knows the system calls of Linux') ||
  (!hasCommand('cc') && 'there is no C compiler') ||
  (underSanitizers && 'the sanitizers stand before the same functions');

testUnless(NO_INTERPOSER)('a system call that fails loses no byte, no descriptor and no server', async (t) => {
  const { code, lines, errors } = await finished(spawnPeer(process.execPath, [MAIN, '--most', '1'], process.env));
  t.log(...lines);
  t.is(code, 0, errors);
});
