// Writes what is made of the lists of constants' names: native/constants/generated/*.h, which the binary includes, and
// lib/constants/generated/*.ts, which the modules export. Setup runs it; it writes what differs, and nothing is committed.
//
// The lists: scripts/python-api.json has every public name of Python's modules, with the platforms that have it; `npm run api`
// compares what is here with it. scripts/beyond-python.json has the names that Python has not. There, `with` names the
// macro that tells whether a system has an enumerator.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const PYTHONS = ['errno', 'select', 'socket'];
/** Of these modules, names that are no system's: others of their files have them. */
const OWN = { socket: ['EAGAIN', 'EBADF', 'EWOULDBLOCK'] };
const WIDTH = 118;

/** What a list says; each row is a line, and a name that stands there twice would be lost without a word. */
function readList(name) {
  const path = join(root, 'scripts', name);
  try {
    const text = readFileSync(path, 'utf8');
    let seen = new Set();
    for (const [, indent, key] of text.matchAll(/^( +)"([^"]+)":/gm)) {
      // A module begins.
      if (indent.length === 1) seen = new Set();
      else if (seen.has(key)) throw new Error(`${key} is listed twice`);
      else seen.add(key);
    }
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`scripts/${name}: ${error.message}`);
  }
}

/** Platforms with a port; the BSDs have what the list says of FreeBSD, which it never names. */
const PLATFORMS = ['linux', 'darwin', 'freebsd', 'win32'];

/** Whether CPython on a platform has what the entry describes. */
function isOn(platform, { only, not }) {
  return only?.includes(platform) ?? !not?.includes(platform);
}

/**
 * The rows of each module: name, the macro that tells that a system has it, whether it is exported (where it is absent, it is
 * undefined), and whether Windows may have it, whose headers have names that CPython leaves out there.
 */
function lists() {
  const python = readList('python-api.json');
  const modules = {};
  for (const module of PYTHONS) {
    modules[module] = Object.entries(python[module])
      .filter(([name, { kind, sig }]) => kind === 'value' && sig === 'int' && /^[A-Z]\w*$/.test(name))
      .filter(([name]) => !/^(BDADDR_(ANY|LOCAL)|HV_GUID_)/.test(name) && !OWN[module]?.includes(name))
      .map(([name, entry]) => {
        const exported = PLATFORMS.some((platform) => isOn(platform, entry));
        return { name, macro: name, exported, windows: isOn('win32', entry) };
      });
  }
  modules.beyond = Object.entries(readList('beyond-python.json')).map(([name, { with: macro = name }]) => {
    return { name, macro, exported: true, windows: true };
  });
  return modules;
}

function header(rows) {
  const groups = rows.map(({ name, macro, windows }) => {
    const condition = windows ? `#ifdef ${macro}` : `#if defined(${macro}) && !defined(_WIN32)`;
    return `${condition}\nBERKELEY_CONSTANT(${name})\n#endif\n`;
  });
  return `// Made by scripts/constants.mjs.\n${groups.join('')}`;
}

/** The names as a list of lines that are as long as they may be. */
function wrapped(names) {
  const lines = [''];
  for (const name of names) {
    const last = lines.length - 1;
    if (lines[last].length + name.length + 2 > WIDTH) lines.push(`${name},`);
    else lines[last] += lines[last] === '' ? `${name},` : ` ${name},`;
  }
  return lines.map((line) => `  ${line}`).join('\n');
}

function module(name, rows) {
  const names = rows.filter(({ exported }) => exported).map((row) => row.name);
  return `// Made by scripts/constants.mjs.
import { constants } from '../table.js';

export const {
${wrapped(names)}
} = constants.${name};
`;
}

function write(path, text) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  try {
    if (readFileSync(file, 'utf8') === text) return;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  writeFileSync(file, text);
}

export function writeConstants() {
  for (const [name, rows] of Object.entries(lists())) {
    write(`native/constants/generated/${name}.h`, header(rows));
    write(`lib/constants/generated/${name}.ts`, module(name, rows));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeConstants();
