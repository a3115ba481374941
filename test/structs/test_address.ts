/**
 * Addresses of every family: the bytes that the kernel gets and gives, compared with CPython's for the same address
 * (also those of families that this kernel lacks), and the families that it has in use.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as socket from '../../lib/socket/index.js';
import { pack, packed, unpackBytes } from '../../lib/structs/address.js';
import { checkLeaks } from '../helpers/leaks.js';
import { cleanEnv, hasCommand, onWindows, testUnless, tmpdir } from '../helpers/peers.js';
import { outcomeOf, outcomesInPython } from '../helpers/twin.js';

checkLeaks(test);

const c = native.constants.socket;

// ---- CPython's bytes -------------------------------------------------------------------------------------------------

const testWithShim = testUnless(
  (!hasCommand('python3') && 'python3 is not installed') || (!hasCommand('cc') && 'no C compiler is installed'),
);

/** Python's side: what a bind hands to the kernel, and what a getsockname makes of bytes. Only the calls are replaced. */
const SHIM_PRELUDE = `
import ctypes
shim = ctypes.CDLL(None)
address = (ctypes.c_ubyte * 256).in_dll(shim, 'shim_address')
length = ctypes.c_uint.in_dll(shim, 'shim_length')
armed = ctypes.c_int.in_dll(shim, 'shim_armed')
real = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

def with_socket(family, proto, use):
    sock = socket.socket(family, socket.SOCK_RAW, proto, fileno=real.fileno())
    armed.value = 1
    try:
        return use(sock)
    finally:
        armed.value = 0
        sock.detach()

def pack(family, proto, value):
    with_socket(family, proto, lambda sock: sock.bind(value))
    return bytes(address[:length.value])

def unpack(family, proto, raw):
    ctypes.memmove(address, raw, len(raw))
    length.value = len(raw)
    return with_socket(family, proto, lambda sock: sock.getsockname())
`;

/** What python3 makes of the expressions when the shim is preloaded. */
function underShim(t: ExecutionContext, expressions: readonly string[]) {
  const source = fileURLToPath(new URL('../../../test/helpers/sockaddr_shim.c', import.meta.url));
  const library = join(tmpdir(t), 'shim.so');
  const built = spawnSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl'], {
    encoding: 'utf8',
    env: cleanEnv(),
  });
  t.is(built.status, 0, built.stderr);
  return outcomesInPython(expressions, SHIM_PRELUDE, { LD_PRELOAD: library });
}

/** A value as Python writes it. */
function literal(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (value instanceof Uint8Array) return `bytes.fromhex('${Buffer.from(value).toString('hex')}')`;
  if (Array.isArray(value)) return `(${value.map((each) => `${literal(each)}, `).join('')})`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

type Gap = readonly [from: number, to: number];
interface Given {
  family: string;
  proto: string | number;
  address: unknown;
}
/** `gaps` are bytes of the struct that mean nothing: CPython leaves there what it finds. */
interface Case extends Given {
  gaps: Gap[];
}

const cases: Case[] = [];
function add(family: string, proto: string | number, gaps: Gap[], ...addresses: unknown[]): void {
  for (const address of addresses) cases.push({ family, proto, address, gaps });
}

const bytes = (text: string) => Buffer.from(text, 'latin1');

add(
  'AF_INET',
  0,
  [],
  ['127.0.0.1', 80],
  ['', 0],
  ['<broadcast>', 1],
  ['255.255.255.255', 65535],
  [bytes('10.1.2.3'), 258],
  ['127.1', 1],
  ['0x7f.0.0.1', 1],
  ['localhost', 443],
);
add(
  'AF_INET6',
  0,
  [],
  ['::1', 80],
  ['::', 0],
  ['', 9],
  ['fe80::1', 80, 5],
  ['fe80::1', 80, 0xfffff, 3],
  ['2001:db8::ff', 1, 0, 2 ** 32 - 1],
  ['::ffff:1.2.3.4', 65535, 0, -1],
  ['fe80::1%lo', 1],
  [bytes('::2'), 258, 1, 2],
);
add(
  'AF_UNIX',
  0,
  [],
  'a/path',
  bytes('a/path'),
  'p'.repeat(107),
  'straße',
  'bytes \udc80\udcff',
  bytes('bytes \x80\xff'),
  '\0abstract',
  bytes('\0abstract\0with NUL'),
  bytes(`\0${'n'.repeat(107)}`),
  bytes('path\0cut'),
  '',
  bytes(''),
);
add('AF_NETLINK', 0, [[2, 4]], [0, 0], [4242, 1], [2 ** 32 - 1, 0x80000000]);
add(
  'AF_PACKET',
  0,
  [],
  ['lo', 0x0800, 4, 0xffff, bytes('\x01\x02\x03\x04\x05\x06\x07\x08')],
  ['lo', 0, 255, 1, bytes('\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8')],
);
// Without all of the hardware address, its end is not initialized there.
add('AF_PACKET', 0, [[12, 20]], ['lo', 0xffff], ['lo', 3, 1], ['lo', 3, 1, 772]);
add('AF_PACKET', 0, [[15, 20]], ['lo', 3, 1, 772, bytes('abc')]);
add('AF_VSOCK', 0, [], [2, 1234], [2 ** 32 - 1, 2 ** 32 - 1], [-1, 0]);
add('AF_QIPCRTR', 0, [[2, 4]], [1, 0x4000], [2 ** 32 - 1, 2 ** 32 - 2]);
const canGap: Gap = [2, 4];
add('AF_CAN', 'CAN_RAW', [canGap, [8, 24]], ['lo'], [''], [bytes('lo')]);
add('AF_CAN', 'CAN_BCM', [canGap, [8, 24]], ['lo']);
add('AF_CAN', 'CAN_ISOTP', [canGap, [16, 24]], ['lo', 0x123, 0x80000456], ['', 2 ** 32 - 1, 0], ['lo', 2 ** 40 + 7, 1]);
add(
  'AF_CAN',
  'CAN_J1939',
  [canGap, [21, 24]],
  ['lo', 0, 0x3ffff, 0xff],
  ['', 2 ** 40, 0x1f000, 0x20],
  ['lo', 2n ** 64n - 1n, 0x40000, 0xfe],
);
add(
  'AF_TIPC',
  0,
  [],
  ...[1, 2, 3].map((type) => [type, 0x01020304, 0x05060708, 0x090a0b0c]),
  ...[1, 2, 3].map((type) => [type, 2 ** 32 - 1, 1, 2, 3]),
);
add(
  'AF_ALG',
  0,
  [],
  ['hash', 'sha256'],
  ['skcipher', 'cbc(aes)', 1, 2],
  ['aead', 'n'.repeat(63), 0xffff, 0xffff],
  ['t'.repeat(13), ''],
);
add('AF_RDS', 0, [], ['10.0.0.1', 4000]);

const proto = (each: Given) => (typeof each.proto === 'number' ? each.proto : c[each.proto]);
const protoInPython = (each: Given) => (typeof each.proto === 'number' ? each.proto : `socket.${each.proto}`);
const labelOf = (each: Given) => `${each.family} ${each.proto} ${inspect(each.address)}`;

function packHere(family: string, protocol: number, address: unknown): Buffer {
  const length = pack(c[family], protocol, address, 'bind');
  return Buffer.from(packed.subarray(0, length));
}

/** The bytes without what lies in the gaps. */
function withoutGaps(hex: string, gaps: Gap[]): string {
  const copy = Buffer.from(hex, 'hex');
  for (const [from, to] of gaps) copy.fill(0, from, to);
  return copy.toString('hex');
}

testWithShim('every family is packed as CPython packs it', (t) => {
  const expected = underShim(
    t,
    cases.map((each) => `pack(socket.${each.family}, ${protoInPython(each)}, ${literal(each.address)})`),
  );
  const wanted = cases.map((each, i) => {
    const { value } = expected[i] as { value?: { hex: string } };
    return [labelOf(each), value === undefined ? expected[i] : withoutGaps(value.hex, each.gaps)];
  });
  const found = cases.map((each) => [labelOf(each), packHere(each.family, proto(each), each.address).toString('hex')]);
  t.deepEqual(found, wanted);
});

testWithShim('every family is unpacked as CPython unpacks it', (t) => {
  const raws = cases.map((each) => packHere(each.family, proto(each), each.address));
  const expected = underShim(
    t,
    cases.map((each, i) => `unpack(socket.${each.family}, ${protoInPython(each)}, ${literal(raws[i])})`),
  );
  t.deepEqual(
    cases.map((each, i) => [labelOf(each), outcomeOf(() => unpackBytes(raws[i], proto(each)))]),
    cases.map((each, i) => [labelOf(each), expected[i]]),
  );
});

testWithShim('what only a kernel would return is unpacked as CPython unpacks it', (t) => {
  const family = (name: string) => Buffer.from(Uint16Array.of(c[name]).buffer);
  const raws: [string, Buffer][] = [
    ['no address at all', bytes('')],
    ['an unnamed Unix socket', family('AF_UNIX')],
    ['a path with rubbish behind its end', Buffer.concat([family('AF_UNIX'), bytes('path\0rubbish')])],
    ['an abstract name of one NUL', Buffer.concat([family('AF_UNIX'), bytes('\0')])],
    [
      'an interface that is gone',
      Buffer.concat([family('AF_PACKET'), bytes('\0\x03\xff\xff\xff\x7f\x01\0\0\0'.padEnd(18, '\0'))]),
    ],
    ['a family without a shape', Buffer.concat([Buffer.from([23, 0]), bytes('ABCDEFGHIJKLMN')])],
    ['a TIPC address of an unknown kind', Buffer.concat([family('AF_TIPC'), bytes('\x09\x02'.padEnd(14, '\0'))])],
  ];
  const expected = underShim(
    t,
    raws.map(([, raw]) => `unpack(socket.AF_INET, 0, ${literal(raw)})`),
  );
  t.deepEqual(
    raws.map(([label, raw]) => [label, outcomeOf(() => unpackBytes(raw, 0))]),
    raws.map(([label], i) => [label, expected[i]]),
  );
});

const refused: Given[] = [];
function refuse(family: string, protocol: string | number, ...addresses: unknown[]): void {
  for (const address of addresses) refused.push({ family, proto: protocol, address });
}
refuse('AF_INET', 0, null, 'x', 5, [], ['1.2.3.4'], ['1.2.3.4', 1, 2], ['1.2.3.4', -1], ['1.2.3.4', 65536], ['1', 'a']);
refuse('AF_INET', 0, ['1\x002', 1], [bytes('1\x002'), 1], [5, 1], [null, 1], ['1.2.3.4', 1.5], ['1.2.3.4', 2n ** 70n]);
refuse('AF_INET6', 0, null, ['::1'], ['::1', 1, 2, 3, 4], ['::1', 70000], ['::1', 1, 0x100000], ['::1', 1, -1]);
refuse('AF_INET6', 0, ['255.255.255.255', 1], ['<broadcast>', 1], [5, 1], ['::1', '1'], ['::1', 1, '1']);
refuse('AF_UNIX', 0, 'p'.repeat(108), bytes(`\0${'n'.repeat(108)}`), 5, null, ['a'], 'lone \ud800');
refuse('AF_NETLINK', 0, null, 5, [], [1], [1, 2, 3], ['a', 1], [1, null]);
refuse('AF_PACKET', 0, null, ['lo'], ['lo', 1, 2, 3, bytes(''), 6], [5, 1], ['no such', 1], ['lo', -1], ['lo', 65536]);
refuse('AF_PACKET', 0, ['lo', 1, 2, 3, bytes('123456789')], ['lo', 1, 2, 3, 'text'], ['lo', 'a'], ['l\0o', 1]);
refuse('AF_VSOCK', 0, null, 5, [1], [1, 2, 3], ['a', 1]);
refuse('AF_QIPCRTR', 0, null, 'x', [1], [1, 2, 3], ['a', 1]);
refuse('AF_CAN', 'CAN_RAW', null, 'lo', [], ['lo', 1], [5], ['no such'], ['a name far too long'], ['l\0o']);
// None makes CPython complain of itself (SystemError) with these two.
refuse('AF_CAN', 'CAN_ISOTP', ['lo'], ['lo', 1], ['lo', 'a', 1], ['lo', 1, 'a'], ['no such', 1, 2], [5, 1, 2]);
refuse('AF_CAN', 'CAN_J1939', ['lo', 1, 2], ['lo', 'a', 2, 3], ['lo', 1, 'a', 3], ['lo', 1, 2, 'a']);
refuse('AF_CAN', 99, ['lo']);
refuse('AF_TIPC', 0, null, 5, [1, 2, 3], [1, 2, 3, 4, 5, 6], [9, 1, 2, 3], ['a', 1, 2, 3]);
refuse('AF_ALG', 0, null, 'x', ['hash'], ['hash', 'a', 1, 2, 3], [1, 'a'], ['hash', 1], ['hash', 'a', 'b']);
refuse('AF_ALG', 0, ['t'.repeat(14), 'a'], ['hash', 'n'.repeat(64)], ['ha\0sh', 'a']);

testWithShim('a wrong address is refused in the words of CPython', (t) => {
  const expected = underShim(
    t,
    refused.map((each) => `pack(socket.${each.family}, ${protoInPython(each)}, ${literal(each.address)})`),
  );
  t.deepEqual(
    refused.map((each) => [labelOf(each), outcomeOf(() => packHere(each.family, proto(each), each.address))]),
    refused.map((each, i) => [labelOf(each), expected[i]]),
  );
});

test('an unknown family is refused', (t) => {
  t.throws(() => pack(250, 0, ['a', 1], 'connect'), { name: 'OSError', message: 'connect(): bad family' });
});

// ---- Windows: no CPython for it here -----------------------------------------------------------------------------------

const testOnWindows = testUnless(process.platform !== 'win32' && 'Windows alone has these addresses');

// hvsocket.h: struct SOCKADDR_HV; guiddef.h: a GUID's first three parts are numbers, and so little-endian.
testOnWindows('Hyper-V addresses lie as Windows lays them out', (t) => {
  const address = [socket.HV_GUID_LOOPBACK, '00112233-4455-6677-8899-aabbccddeeff'];
  const raw = packHere('AF_HYPERV', c.HV_PROTOCOL_RAW, address);
  t.is(raw.toString('hex'), `22000000${'9761e1e056dd104a91955ee7a155a838'}${'33221100554477668899aabbccddeeff'}`);
  t.deepEqual(unpackBytes(raw, c.HV_PROTOCOL_RAW), address);
  const capitals = address.map((each) => `${each}`.toUpperCase());
  t.deepEqual(packHere('AF_HYPERV', c.HV_PROTOCOL_RAW, capitals), raw);
});

testOnWindows('a wrong Hyper-V address is refused in the words of CPython', (t) => {
  const zero = socket.HV_GUID_ZERO;
  const shape = 'AF_HYPERV address must be a str tuple (vm_id, service_id)';
  const refusals: [address: unknown, name: string, text: string][] = [
    [zero, 'TypeError', `bind(): ${shape}`],
    [[zero], 'TypeError', shape],
    [[zero, 5], 'TypeError', 'argument 2 must be str, not int'],
    [
      ['{00000000-0000-0000-0000-000000000000}', zero],
      'ValueError',
      'bind(): AF_HYPERV address vm_id is not a valid UUID string',
    ],
    [[zero, ''], 'ValueError', 'bind(): AF_HYPERV address service_id is not a valid UUID string'],
  ];
  for (const [address, name, message] of refusals) {
    t.throws(() => packHere('AF_HYPERV', c.HV_PROTOCOL_RAW, address), { name, message }, inspect(address));
  }
  const message = 'bind(): unsupported AF_HYPERV protocol: 0';
  t.throws(() => packHere('AF_HYPERV', 0, [zero, zero]), { name: 'OSError', message });
});

// ws2bth.h: struct SOCKADDR_BTH, packed: the address as a number, the service's class, the port.
testOnWindows('Bluetooth addresses lie as Windows lays them out', (t) => {
  const address = ['01:23:45:67:89:AB', 30];
  const raw = packHere('AF_BLUETOOTH', c.BTPROTO_RFCOMM, address);
  t.is(raw.toString('hex'), `2000ab89674523010000${'00'.repeat(16)}1e000000`);
  t.deepEqual(unpackBytes(raw, c.BTPROTO_RFCOMM), address);
  const refusal = { name: 'OSError', message: 'bind(): wrong format' };
  t.throws(() => packHere('AF_BLUETOOTH', c.BTPROTO_RFCOMM, ['01:23:45:67:89:AB']), refusal);
});

// ---- Bluetooth: CPython has it only where BlueZ's headers are ----------------------------------------------------------

// include/net/bluetooth/{l2cap,rfcomm,hci_sock,sco}.h: struct sockaddr_{l2,rc,hci,sco}; an address's last byte first.
const bluetooth: [proto: string, address: unknown, hex: string][] = [
  ['BTPROTO_L2CAP', ['01:23:45:67:89:AB', 0x1001], '1f000110ab8967452301000000000000'.slice(0, 28)],
  ['BTPROTO_L2CAP', ['01:23:45:67:89:AB', 0x1001, 0x40], '1f000110ab8967452301400000000000'.slice(0, 28)],
  ['BTPROTO_L2CAP', ['FF:FE:FD:FC:FB:FA', 1, 0, 2], '1f000100fafbfcfdfeff000002000000'.slice(0, 28)],
  ['BTPROTO_RFCOMM', ['01:23:45:67:89:AB', 30], '1f00ab89674523011e00'],
  ['BTPROTO_HCI', 1, '1f0001000000'],
  ['BTPROTO_HCI', [0xffff, 3], '1f00ffff0300'],
  ['BTPROTO_SCO', '01:23:45:67:89:AB', '1f00ab8967452301'],
];

testUnless(onWindows('addresses of Bluetooth have another form'))(
  'Bluetooth addresses lie as the kernel lays them out',
  (t) => {
    for (const [name, address, hex] of bluetooth) {
      const label = `${name} ${inspect(address)}`;
      const raw = packHere('AF_BLUETOOTH', c[name], address);
      t.is(raw.toString('hex'), hex, label);
      t.deepEqual(unpackBytes(raw, c[name]), address, label);
    }
  },
);

testUnless(onWindows('addresses of Bluetooth have another form'))(
  'Bluetooth addresses take small letters, short numbers and bytes',
  (t) => {
    const wanted = packHere('AF_BLUETOOTH', c.BTPROTO_SCO, '01:0A:0B:00:0F:FF');
    t.deepEqual(packHere('AF_BLUETOOTH', c.BTPROTO_SCO, '1:a:b:0:f:ff'), wanted);
    t.deepEqual(packHere('AF_BLUETOOTH', c.BTPROTO_SCO, bytes('01:0a:0b:00:0f:ff')), wanted);
  },
);

testUnless(onWindows('addresses of Bluetooth have another form'))(
  'a wrong Bluetooth address is refused in the words of CPython',
  (t) => {
    const refusals: [proto: string, address: unknown, text: string][] = [
      ['BTPROTO_SCO', '01:23:45:67:89', 'bad bluetooth address'],
      ['BTPROTO_SCO', '01:23:45:67:89:AB:CD', 'bad bluetooth address'],
      ['BTPROTO_SCO', '01:23:45:67:89:GG', 'bad bluetooth address'],
      ['BTPROTO_SCO', 5, 'bind(): wrong format'],
      ['BTPROTO_RFCOMM', ['01:23:45:67:89:AB'], 'bind(): wrong format'],
      ['BTPROTO_L2CAP', '01:23:45:67:89:AB', 'bind(): wrong format'],
      ['BTPROTO_HCI', 'hci0', 'bind(): wrong format'],
    ];
    for (const [name, address, message] of refusals) {
      t.throws(() => packHere('AF_BLUETOOTH', c[name], address), { name: 'OSError', message }, inspect(address));
    }
    t.throws(() => packHere('AF_BLUETOOTH', 77, 'x'), { message: 'bind(): unknown Bluetooth protocol' });
  },
);
