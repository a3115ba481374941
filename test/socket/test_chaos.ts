/** A few seconds of `npm run chaos`, which runs for as long as one likes. */
import { fileURLToPath } from 'node:url';
import { finished } from '../helpers/examples.js';
import { NO_UNIX, spawnPeer, testUnless, underSanitizers } from '../helpers/peers.js';

const CHAOS = fileURLToPath(new URL('../chaos/main.js', import.meta.url));

testUnless(NO_UNIX)(
  'threads that share, close and reuse descriptors, and are terminated: every byte is in its place',
  async (t) => {
    // Node.js itself leaks what its terminated workers have; all else that sanitizers find counts.
    const sanitizers = underSanitizers ? { ASAN_OPTIONS: `${process.env.ASAN_OPTIONS}:detect_leaks=0` } : {};
    const chaos = spawnPeer(process.execPath, [CHAOS, '--seconds', '5'], { ...process.env, ...sanitizers });
    const { code, lines, errors } = await finished(chaos);
    t.log(...lines);
    t.is(code, 0, errors);
  },
);
