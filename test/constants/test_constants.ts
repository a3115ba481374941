/** The constants and enums of socket and select, compared with CPython's name by name. */
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import test from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as beyondConstants from '../../lib/constants/beyond.js';
import * as selectConstants from '../../lib/constants/select.js';
import * as socketConstants from '../../lib/constants/socket.js';
import { present } from '../../lib/constants/table.js';
import { makeEnum } from '../../lib/core/enum.js';
import { errno, select, selectors, socket, ssl } from '../../lib/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { hasCommand, pythonSync, skip, testUnless } from '../helpers/peers.js';

checkLeaks(test);

const testWithPython = testUnless(!hasCommand('python3') && 'python3 is not installed');

const { AddressFamily, SocketKind, MsgFlag, AddressInfo, ...numbers } = socketConstants;
const enums: Record<string, Iterable<readonly [string, number]>> = { AddressFamily, SocketKind, MsgFlag, AddressInfo };

const modules = { errno, socket, select, selectors, ssl };
type Module = keyof typeof modules;

interface Constants {
  version: string;
  /** The major version of the OpenSSL that this Python has. */
  openssl: number;
  /** Numbers and truth values of each module, whatever the spelling of their names. */
  all: Record<Module, Record<string, number>>;
  socket: Record<string, number | null>;
  select: Record<string, number>;
  enums: Record<string, { repr: string; members: [name: string, value: number, canonical: string][] }>;
}

let cached: Constants | undefined;

function python(): Constants {
  const script = readFileSync(new URL('../../../test/helpers/constants_peer.py', import.meta.url), 'utf8');
  cached ??= JSON.parse(pythonSync(script).stdout) as Constants;
  return cached;
}

testWithPython('every number of socket is CPython’s', (t) => {
  const there = Object.entries(python().socket).filter(([, value]) => value !== null);
  t.true(there.length > 250);
  for (const [name, value] of there) t.is((socket as Record<string, unknown>)[name], value, name);
});

testWithPython('every number of select is CPython’s', (t) => {
  for (const [name, value] of Object.entries(python().select)) {
    t.is((select as Record<string, unknown>)[name], value, name);
  }
});

/** A module's numbers and truth values. */
function numbersOf(module: object): [string, number][] {
  return Object.entries(module)
    .filter(([, value]) => ['number', 'bigint', 'boolean'].includes(typeof value))
    .map(([name, value]) => [name, Number(value)]);
}

/** What depends on how an OpenSSL was built: this library links another one than Python. */
const OF_ITS_OWN = /^(OPENSSL_VERSION_NUMBER$|HAS_)/;

for (const [name, module] of Object.entries(modules) as [Module, object][]) {
  testWithPython(`every constant of ${name} has CPython’s value`, (t) => {
    const openssl = ssl.OPENSSL_VERSION_INFO[0];
    if (name === 'ssl' && python().openssl !== openssl) {
      return skip(t, `this python3 has OpenSSL ${python().openssl}, and this library ${openssl}`);
    }
    const there = Object.entries(python().all[name]);
    const here = new Map(numbersOf(module));
    const wrong = there.filter(([each, value]) => here.has(each) && here.get(each) !== value && !OF_ITS_OWN.test(each));
    t.deepEqual(wrong, [], 'what CPython has for those that differ');
    const named = there.filter(([each]) => each in (apiNames[name] ?? {}));
    const lost = named.filter(([each]) => !here.has(each));
    t.deepEqual(lost, [], 'what is missing here');
    t.log(`${there.filter(([each]) => here.has(each)).length} names of python ${python().version} compared`);
  });
}

/** Every public name of Python, with the version that brought it. */
const apiNames = JSON.parse(
  readFileSync(new URL('../../../scripts/python-api.json', import.meta.url), 'utf8'),
) as Record<string, Record<string, { since?: string }>>;

/** Names that a Python may lack although it is new enough, and why. */
const DEPENDS_ON_BUILD: readonly [names: RegExp, reason: string][] = [
  [/^(AF_BLUETOOTH|BDADDR_|BTPROTO_|BT_|HCI_|L2CAP_|SOL_(HCI|L2CAP|SCO|BLUETOOTH))/, "Bluetooth's headers"],
  [/^RDS_/, "RDS's header"],
  [/^(IPX_TYPE|SOL_(ATALK|AX25|IPX|NETROM|ROSE))/, 'the headers of old network families'],
  [/^CAN_RAW_ERR_FILTER/, 'a newer CAN header'],
  [/^(TCP|UDP|IP|IPV6|SO|MSG|EPOLL|CAN|J1939|SCM|VMADDR|TIPC|E[A-Z0-9]+)_?/, "newer headers of the kernel's"],
];

/** Why this Python lacks a name; undefined: for no reason that we know. */
function whyLacking(module: Module, name: string, version: string): string | undefined {
  if (module === 'socket' && name in native.constants.beyond) return 'no Python: docs/beyond-python.md';
  const known = apiNames[module]?.[name];
  if (known === undefined) return undefined;
  const [, minor] = version.split('.').map(Number);
  if (known.since !== undefined && Number(known.since.split('.')[1]) > minor) return `came with Python ${known.since}`;
  const found = DEPENDS_ON_BUILD.find(([names]) => module === 'socket' && names.test(name));
  return found === undefined ? undefined : `needs ${found[1]} when Python is built`;
}

testWithPython('what CPython lacks of our constants is newer, or not in its build', (t) => {
  const { all, version } = python();
  const reasons = new Map<string, number>();
  for (const [module, namespace] of Object.entries(modules) as [Module, object][]) {
    for (const [name] of numbersOf(namespace).filter(([each]) => !(each in all[module]))) {
      const reason = whyLacking(module, name, version);
      t.truthy(reason, `${module}.${name}`);
      reasons.set(`${module}: ${reason}`, (reasons.get(`${module}: ${reason}`) ?? 0) + 1);
    }
  }
  for (const [reason, count] of reasons) t.log(`${count} names of ${reason}`);
});

testWithPython('enums have CPython’s members', (t) => {
  for (const [title, { repr, members }] of Object.entries(python().enums)) {
    const here = enums[title] as Iterable<[string, number]> & Record<string | number, unknown>;
    t.is(inspect(here), repr);
    for (const [name, value, canonical] of members) {
      t.is(here[name], value, name);
      t.is(here[value], canonical, name);
    }
    // Newer members may lie between those that this Python has.
    const known = new Set(members.map(([name]) => name));
    const expected = members.filter(([name, , canonical]) => name === canonical).map(([name, value]) => [name, value]);
    t.deepEqual(
      [...here].filter(([name]) => known.has(name)),
      expected,
    );
  }
});

test('what the binary has is exported, and nothing else', (t) => {
  const { EAGAIN, EBADF, EWOULDBLOCK, BDADDR_ANY, BDADDR_LOCAL, ...own } = numbers;
  // A name that this system lacks is exported as undefined.
  const names = (module: object) => Object.keys(present(module)).sort();
  t.deepEqual(names(own), Object.keys(native.constants.socket).sort());
  t.deepEqual(names(beyondConstants), Object.keys(native.constants.beyond).sort());
  t.deepEqual(names(selectConstants), Object.keys(native.constants.select).sort());
  for (const value of Object.values(present(own))) t.is(typeof value, 'number');
  t.deepEqual([EAGAIN, EBADF, EWOULDBLOCK].map(Number.isInteger), [true, true, true]);
  // Texts in CPython, too.
  t.deepEqual([BDADDR_ANY, BDADDR_LOCAL], ['00:00:00:00:00:00', '00:00:00:FF:FF:FF']);
});

test('members are plain numbers, the same as the module’s', (t) => {
  t.is(AddressFamily.AF_INET, socket.AF_INET);
  t.is(AddressFamily[socket.AF_INET], 'AF_INET');
  t.is(SocketKind.SOCK_STREAM, 1);
  t.is(MsgFlag[MsgFlag.MSG_PEEK], 'MSG_PEEK');
  t.is(MsgFlag[MsgFlag.MSG_PEEK | MsgFlag.MSG_OOB], undefined);
  t.false('AF_DECnet' in AddressFamily);
  t.throws(() => Object.assign(AddressFamily, { AF_INET: 1 }), { instanceOf: TypeError });
});

test('an alias is found by its name alone', (t) => {
  const colours = makeEnum('flag', 'Colour', [
    ['RED', 1],
    ['CRIMSON', 1],
    ['BLUE', 2],
  ]);
  t.is(colours.CRIMSON, 1);
  t.is(colours[1], 'RED');
  t.deepEqual(
    [...colours],
    [
      ['RED', 1],
      ['BLUE', 2],
    ],
  );
  t.is(inspect(colours), "<flag 'Colour'>");
});

test('a name that the platform lacks is not there', (t) => {
  t.false('LOCAL_PEERCRED' in socket);
  t.false('KQ_EV_ADD' in select);
  t.false('kqueue' in select);
});
