/** The kinds of arguments of the public functions, by the names that public_table.ts has for them. */
import { socket } from '../../lib/index.js';
import type { Descriptors } from './descriptors.js';
import { HOSTS } from './harmless.js';
import { type Objects, SHORT_S } from './public_objects.js';
import { publicKinds } from './public_table.js';
import type { Random } from './random.js';
import type { Values } from './values.js';

const { AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM, SOL_SOCKET, SCM_RIGHTS } = socket;

/** Names of keyword arguments, and some that no function has. */
const NAMES = [
  'timeout',
  'source_address',
  'all_errors',
  'family',
  'backlog',
  'reuse_port',
  'dualstack_ipv6',
  'type',
  'proto',
  'nbytes',
  'flags',
  'op',
  'iv',
  'assoclen',
  'encoding',
  'errors',
  'newline',
  'server_side',
  'server_hostname',
  'do_handshake_on_connect',
  'suppress_ragged_eofs',
  'session',
  'ca_certs',
  'nonsense',
];

/** What makes arguments: `make(path)` gives those for a function. */
export class Arguments {
  readonly #random: Random;
  readonly #kinds: Readonly<Record<string, () => unknown>>;

  constructor(random: Random, values: Values, fds: Descriptors, objects: Objects) {
    this.#random = random;
    this.#kinds = kindsOf(random, values, fds, objects);
  }

  /** As many as there should be, or one more or less; as they should be, or some of them anything. */
  make(path: string): unknown[] {
    const random = this.#random;
    const { any } = this.#kinds;
    const kinds = publicKinds(path);
    if (kinds === undefined) return Array.from({ length: random.below(4) }, any);
    const args = kinds.map((kind) => this.#kinds[kind]());
    if (random.chance(0.5)) return args;
    if (random.chance(0.9) && args.length > 0) args[random.below(args.length)] = any();
    const more = random.below(10);
    if (more === 0) args.push(any());
    else if (more === 1) args.pop();
    return args;
  }
}

function kindsOf(random: Random, values: Values, fds: Descriptors, objects: Objects): Record<string, () => unknown> {
  const objectOf = (wanted: (object: object) => boolean) => objects.one(wanted) ?? values.any();
  function address(): unknown {
    const port = fds.port();
    const all = [
      ['127.0.0.1', port],
      ['127.0.0.1', port],
      ['::1', port],
      'a path',
      'x'.repeat(120),
      Buffer.from('\0name'),
    ];
    const wrong = [
      ['127.0.0.1'],
      ['127.0.0.1', port, 0],
      [null, port],
      ['127.0.0.1', values.any()],
      [host(), port],
      [],
    ];
    return random.pick([...all, ...wrong]);
  }

  const host = () => (random.chance(0.1) ? values.any() : random.pick(HOSTS));
  const waitable = () => (random.chance(0.8) ? objectOf((each) => 'fileno' in each) : fds.one());
  const buffers = () => Array.from({ length: random.below(5) }, () => values.bytes(random.below(30)));
  function options(): object {
    const names = Array.from({ length: random.below(4) }, () => random.pick(NAMES));
    return Object.fromEntries(names.map((name) => [name, random.chance(0.5) ? values.any() : values.whole()]));
  }

  return {
    any: () => (random.chance(0.1) ? objectOf(() => true) : values.any()),
    family: () => random.pick([AF_UNIX, AF_INET, AF_INET6, -1]),
    type: () => random.pick([SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, -1]),
    protocol: () => random.pick([0, 0, 6, 17, -1, 16]),
    address,
    options,
    host,
    service: () => random.pick([80, 'http', '0', null, 'no such service', 65536]),
    fd: () => fds.one(),
    fds: () => Array.from({ length: random.below(4) }, () => fds.one()),
    file: () => (random.chance(0.5) ? fds.one('file') : { read: () => values.bytes(0), seek: () => 0 }),
    socket: () => objectOf((each) => each instanceof socket.socket),
    bio: () => objectOf((each) => each.constructor.name === 'MemoryBIO'),
    waitable,
    waitables: () => Array.from({ length: random.below(5) }, waitable),
    buffers,
    ancillary: () => (random.chance(0.5) ? [] : [[SOL_SOCKET, SCM_RIGHTS, Int32Array.of(fds.one())]]),
    bytes: () => values.bytes(),
    bytesOrText: () => (random.chance(0.5) ? values.bytes() : values.text()),
    value: () => (random.chance(0.5) ? values.whole() : values.bytes(random.below(20))),
    ints: () => new Int32Array(random.below(20)),
    size: () => (random.chance(0.8) ? random.below(100) : values.whole()),
    few: () => random.below(5),
    whole: () => values.whole(),
    flags: () => (random.chance(0.7) ? 0 : 1 << random.below(31)),
    flag: () => random.chance(0.5),
    seconds: () => random.pick([0, SHORT_S, 0.0001]),
    events: () => random.pick([1, 2, 3, 4, 5]),
    level: () => random.pick([SOL_SOCKET, SOL_SOCKET, socket.IPPROTO_TCP, -1, 9999]),
    option: () => random.pick([2, 3, 4, 7, 8, 9, 15, 16, 20, 21, 30, 38, 39]),
    mode: () => random.pick(['r', 'w', 'rb', 'wb', 'rwb', 'rw', 'b', '', 'x']),
    buffering: () => random.pick([-1, 0, 1, 16, null]),
    text: () =>
      random.chance(0.5) ? values.text() : random.pick(['plain', 'lo', 'tcp', 'http', '127.0.0.1', 'tls-unique']),
    texts: () => [values.text(), 'http/1.1'],
  };
}
