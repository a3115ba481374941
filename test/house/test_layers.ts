/** The rules of the house hold, and the script that checks them can tell when one does not. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { checkLeaks } from '../helpers/leaks.js';
import { tmpdir } from '../helpers/peers.js';

checkLeaks(test);

const SCRIPT = fileURLToPath(new URL('../../../scripts/layers.mjs', import.meta.url));

/** A small house in which every rule holds. */
const SOUND: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    exports: { '.': './dist/lib/index.js', './socket': './dist/lib/socket.js' },
    dependencies: { 'node-gyp-build': '*' },
  }),
  'native/os/os.h': '#include <cstdint>\n#include "os_types.h"\n',
  'native/os/linux/epoll.cc': '#include <sys/epoll.h>\n#include "os/os.h"\n',
  'native/tls/tls.h': '#include <cstddef>\n',
  'native/tls/context.cc': '#include <openssl/ssl.h>\n#include "tls.h"\n',
  'native/napi/data.cc':
    '#include <node_api.h>\n#include "os/os.h"\n#include "tls/tls.h"\n#include "constants/errno.h"\n',
  'native/constants/errno.h': 'X(EPERM)\n',
  'lib/addon/binary.ts': "// loads\nrequire('node-gyp-build')(root);\n",
  'lib/constants/table.ts': 'export const present = <T>(names: T): T => names;\n',
  'lib/index.ts': `/** All. */
    import { present } from './constants/table.js';
    import * as socketModule from './socket/index.js';
    export * as ssl from './ssl/index.js';
    export const socket = present(socketModule);
    export namespace socket {
      export type socket<A = null> = socketModule.socket<A>;
    }
  `,
  'bench/run.ts': "import { socket } from '../../lib/index.js';\n",
};

/** One file changed each, and a part of what the script must say of it. */
const BROKEN: readonly [rule: string, file: string, text: string, complaint: string][] = [
  ['os includes Node-API', 'native/os/os.h', '#include <node_api.h>', 'native/os knows no Node-API'],
  ['os includes libuv', 'native/os/os.h', '#include <uv.h>', 'native/os knows no Node-API'],
  ['os includes OpenSSL', 'native/os/linux/epoll.cc', '# include <openssl/err.h>', 'native/os knows no OpenSSL'],
  ['os includes tls', 'native/os/os.h', '#include "../tls/tls.h"', 'native/os knows neither tls nor napi'],
  ['os names a port', 'native/os/os.h', '#include "linux/epoll.cc"', 'the contracts of native/os name no port'],
  ['a port of another', 'native/os/bsd/kqueue.cc', '#include "../linux/epoll.cc"', 'native/os/bsd knows no linux/'],
  ['common of a port', 'native/os/common/batch.cc', '#include "../linux/epoll.cc"', 'native/os/common knows no linux/'],
  ['a new port', 'native/os/plan9/a.cc', '#include "../linux/epoll.cc"', 'native/os has the folders'],
  ['tls includes os', 'native/tls/context.cc', '#include "os/os.h"', 'native/tls knows neither os nor napi'],
  ['tls includes Node-API', 'native/tls/tls.h', '#include <js_native_api.h>', 'native/tls knows no Node-API'],
  ['constants include Node-API', 'native/constants/errno.h', '#include <node_api.h>', 'only native/napi includes'],
  ['napi includes OpenSSL', 'native/napi/data.cc', '#include <openssl/ssl.h>', 'native/napi sees OpenSSL through tls/'],
  ['a hot call by way of node-addon-api', 'native/napi/data.cc', 'Napi::Object o;', 'hot calls use the C Node-API'],
  ['napi includes a port', 'native/napi/data.cc', '#include "os/linux/epoll.cc"', 'the contracts of os/ only'],
  ['a new native folder', 'native/util/util.h', '', 'native/ has the folders'],
  ['a second loader', 'lib/socket/index.ts', "require('node-gyp-build')(root);", 'lib/addon/binary.ts alone loads'],
  ['a bench that loads', 'bench/run.ts', "require('../build/Release/berkeley.node');", 'alone loads the binary'],
  ['an import type', 'lib/core/repr.ts', "type S = import('../socket/index.js').socket;", 'by statements only'],
  ['a byte order', 'lib/stream/fds.ts', 'new DataView(data.buffer).getInt32(at, true);', 'core/byte_order.ts knows'],
  ['index wraps', 'lib/index.ts', 'export const socket = wrapped(socketModule);', 'only re-exports'],
  ['index has types', 'lib/index.ts', 'export namespace a { export type b = number; }', 'only re-exports'],
  ['index has code', 'lib/index.ts', "export * from './ssl/index.js';\nexport const a = 1;", 'only re-exports'],
  [
    'a wildcard export',
    'package.json',
    JSON.stringify({ exports: { './*': './dist/lib/*.js' }, dependencies: { 'node-gyp-build': '*' } }),
    'exports are listed, one by one',
  ],
];

function check(args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** Lay down the sound house with these files in place of its own. */
function build(t: ExecutionContext, changed: Record<string, string> = {}): string {
  const tree = tmpdir(t);
  for (const [file, text] of Object.entries({ ...SOUND, ...changed })) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), text);
  }
  return tree;
}

test('this tree keeps the rules of the house', (t) => {
  t.deepEqual(check([]), { status: 0, stdout: 'layers: all rules hold\n', stderr: '' });
});

test('a sound tree passes', (t) => {
  t.deepEqual(check([build(t)]), { status: 0, stdout: 'layers: all rules hold\n', stderr: '' });
});

for (const [rule, file, text, complaint] of BROKEN) {
  test(`noticed: ${rule}`, (t) => {
    const { status, stdout } = check([build(t, { [file]: text })]);
    t.is(status, 1);
    t.true(stdout.includes(complaint), stdout);
  });
}
