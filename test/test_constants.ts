/** The constants and enums of socket and select, compared with CPython's name by name. */
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import test from 'ava';
import * as selectConstants from '../lib/_constants_select.js';
import * as socketConstants from '../lib/_constants_socket.js';
import { makeEnum } from '../lib/_enum.js';
import { native } from '../lib/_native.js';
import { select, socket } from '../lib/index.js';
import { hasCommand, pythonSync, testUnless } from './helpers/peers.js';

const testWithPython = testUnless(!hasCommand('python3') && 'python3 is not installed');

const { AddressFamily, SocketKind, MsgFlag, AddressInfo, ...numbers } = socketConstants;
const enums: Record<string, Iterable<readonly [string, number]>> = { AddressFamily, SocketKind, MsgFlag, AddressInfo };

interface Constants {
  socket: Record<string, number | null>;
  select: Record<string, number>;
  enums: Record<string, { repr: string; members: [name: string, value: number, canonical: string][] }>;
}

function python(): Constants {
  const script = readFileSync(new URL('../../test/helpers/constants_peer.py', import.meta.url), 'utf8');
  return JSON.parse(pythonSync(script).stdout) as Constants;
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
  t.deepEqual(Object.keys(own).sort(), Object.keys(native.constants.socket).sort());
  t.deepEqual(Object.keys(selectConstants).sort(), Object.keys(native.constants.select).sort());
  for (const value of Object.values(own)) t.is(typeof value, 'number');
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
  t.false('AF_LINK' in socket);
  t.false('KQ_EV_ADD' in select);
  t.false('kqueue' in select);
});
