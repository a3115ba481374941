/** The lists of constants' names, and what scripts/constants.mjs makes of them. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ROOT } from '../helpers/examples.js';
import { cleanEnv, tmpdir } from '../helpers/peers.js';

/** A folder with the generator and its lists, of which one has been changed. */
function made(t: ExecutionContext, list: string, change: (text: string) => string) {
  const folder = tmpdir(t);
  mkdirSync(join(folder, 'scripts'));
  for (const name of ['constants.mjs', 'python-api.json', 'beyond-python.json']) {
    cpSync(join(ROOT, 'scripts', name), join(folder, 'scripts', name));
  }
  const path = join(folder, 'scripts', list);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
  const { status, stderr } = spawnSync(process.execPath, [join(folder, 'scripts', 'constants.mjs')], {
    env: cleanEnv(),
    encoding: 'utf8',
  });
  return { status, stderr, read: (file: string) => readFileSync(join(folder, file), 'utf8') };
}

test('a line in the list makes the header and the export', (t) => {
  const { status, stderr, read } = made(t, 'beyond-python.json', (text) => text.replace('{', '{\n  "SO_NEW": {},'));
  t.is(status, 0, stderr);
  t.regex(read('native/constants/generated/beyond.h'), /#ifdef SO_NEW\nBERKELEY_CONSTANT\(SO_NEW\)\n#endif/);
  t.regex(read('lib/constants/generated/beyond.ts'), /\bSO_NEW,/);
});

test('a name that is listed twice is reported', (t) => {
  const row = '  "SO_KEEPALIVE": {"kind": "value", "sig": "int"},';
  const { status, stderr } = made(t, 'python-api.json', (text) => {
    t.true(text.includes(row));
    return text.replace(row, `${row}\n${row}`);
  });
  t.not(status, 0);
  t.regex(stderr, /scripts\/python-api\.json: SO_KEEPALIVE is listed twice/);
});

test('a list that is no JSON is reported by its name', (t) => {
  const { status, stderr } = made(t, 'beyond-python.json', (text) => text.replace(',', ''));
  t.not(status, 0);
  t.regex(stderr, /scripts\/beyond-python\.json: /);
});
