/** The errno module, compared with CPython's. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import test from 'ava';
import * as module from '../../lib/constants/errno.js';
import { errno } from '../../lib/index.js';
import { hasCommand, onWindows, pythonSync, testUnless } from '../helpers/peers.js';

const testWithPython = testUnless(!hasCommand('python3') && 'python3 is not installed');

interface Constants {
  errno: Record<string, number>;
  errorcode: Record<string, string>;
}

function python(): Constants {
  const script = readFileSync(new URL('../../../test/helpers/constants_peer.py', import.meta.url), 'utf8');
  return JSON.parse(pythonSync(script).stdout) as Constants;
}

const { errorcode, ...numbers } = errno;

testWithPython('every number is CPython’s', (t) => {
  const there = python().errno;
  const here = numbers as Record<string, number>;
  t.true(Object.keys(there).length > 100);
  for (const [name, value] of Object.entries(there)) t.is(here[name], value, name);
  // Newer than python3 may be: EHWPOISON came with 3.14.
  const newer = Object.keys(here).filter((name) => !(name in there));
  t.deepEqual(newer, 'EHWPOISON' in there ? [] : ['EHWPOISON']);
});

testWithPython('errorcode has CPython’s choice where two names have one number', (t) => {
  const { errno: there, errorcode: names } = python();
  const here = { ...errorcode };
  if (!('EHWPOISON' in there)) delete here[errno.EHWPOISON];
  t.deepEqual(here, names as Record<number, string>);
  t.is(errorcode[errno.EAGAIN], 'EAGAIN');
  t.is(errorcode[errno.ECONNREFUSED], 'ECONNREFUSED');
});

test('a name that the platform lacks is not there', (t) => {
  t.false('EFOO' in errno);
  t.is('WSAEACCES' in errno, process.platform === 'win32');
  t.false('toString' in errno);
  t.is((errno as Record<string, unknown>).EFOO, undefined);
  for (const [name, value] of Object.entries(numbers)) t.true(Number.isInteger(value) && (value as number) > 0, name);
});

testUnless(onWindows('Node has the numbers of C for what sockets say'))(
  'the numbers are those that Node knows',
  (t) => {
    for (const [name, value] of Object.entries(os.constants.errno)) {
      t.is((numbers as Record<string, number>)[name], value, name);
    }
  },
);

test('single names can be imported, and nothing can be changed', (t) => {
  t.is(module.ECONNREFUSED, errno.ECONNREFUSED);
  t.true(Object.isFrozen(errno));
  t.true(Object.isFrozen(errorcode));
});
