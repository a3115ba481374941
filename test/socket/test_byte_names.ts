/** Names of hosts, interfaces and this machine that are bytes and not UTF-8. Beside CPython. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { checkLeaks } from '../helpers/leaks.js';
import { cleanEnv, hasCommand, skip, testUnless, tmpdir } from '../helpers/peers.js';

checkLeaks(test);

/** Names as the system's files and the kernel may have them: bytes that are not UTF-8. */
const HOSTS = '127.0.0.9 caf\xe9\n127.0.0.8 plain caf\xe9.alias\n127.0.0.7 na\xc3\xafve\n';
/** This machine's name, and the loopback interface's: struct ifreq, SIOCSIFNAME. */
const RENAME = `
import fcntl, socket
socket.sethostname(b'na\\xefme')
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8923, b'lo'.ljust(16, b'\\0') + b'l\\xf6'.ljust(16, b'\\0'))
`;
const BYTE_NAMES = `[
  ['gethostname'],
  ['if_nameindex'],
  ['if_indextoname', 1],
  ['if_nametoindex', 'l\\udcf6'],
  ['gethostbyname', 'na\\xefve'],
  ['gethostbyaddr', '127.0.0.7'],
  ['gethostbyaddr', '127.0.0.8'],
  ['gethostbyaddr', '127.0.0.9'],
  ['getfqdn', '127.0.0.9'],
  ['getnameinfo', ['127.0.0.9', 80], 0],
]`;
const ASK_PYTHON = `
import json, socket
def ask(name, *args):
    try:
        return getattr(socket, name)(*[tuple(each) if isinstance(each, list) else each for each in args])
    except UnicodeDecodeError as error:
        return [type(error).__name__, str(error), error.encoding, error.object.hex(), error.start, error.end]
    except OSError as error:
        return [type(error).__name__, str(error)]
print(json.dumps([ask(*each) for each in ${BYTE_NAMES}]))
`;
const ASK_HERE = `
import { socket } from '${new URL('../../lib/index.js', import.meta.url).href}';
function ask(name, ...args) {
  try {
    return socket[name](...args);
  } catch (error) {
    const about = [error.name, error.message];
    if (!('encoding' in error)) return about;
    return [...about, error.encoding, error.object.toString('hex'), error.start, error.end];
  }
}
console.log(JSON.stringify(${BYTE_NAMES}.map((each) => ask(...each))));
`;
/** In namespaces of its own: a hosts file and names that this machine does not get to see. */
const APART = 'mount --bind "$1" /etc/hosts && python3 -c "$2" && shift 2 && exec env "$@"';

testUnless(!hasCommand('unshare') ? 'unshare is not installed' : !hasCommand('python3') && 'python3 is not installed')(
  'names that are not UTF-8 are what they are in CPython',
  (t) => {
    const hosts = join(tmpdir(t), 'hosts');
    writeFileSync(hosts, HOSTS, 'latin1');
    const apart = (...command: string[]) => {
      const args = ['--mount', '--uts', '--net', 'sh', '-c', APART, 'sh', hosts, RENAME, ...command];
      return spawnSync('unshare', args, { encoding: 'utf8', env: cleanEnv() });
    };
    const python = apart('python3', '-c', ASK_PYTHON);
    if (python.status !== 0 && /unshare|mount:/.test(python.stderr))
      return skip(t, `no namespaces here: ${python.stderr}`);
    const ours = Object.entries(process.env).filter(([name]) => !(name in cleanEnv()));
    const variables = ours.map(([name, value]) => `${name}=${value}`);
    const here = apart(...variables, process.execPath, '--input-type=module', '-e', ASK_HERE);
    t.is(here.stderr, '');
    t.deepEqual(JSON.parse(here.stdout), JSON.parse(python.stdout));
  },
);
