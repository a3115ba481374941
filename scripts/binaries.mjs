// What a shared library says of itself: what it is for, and the names that it wants and gives.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

function output(command, args) {
  const { stdout, status, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (error || status !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
  return stdout;
}

const ELF_MACHINES = { 62: 'x86_64', 183: 'aarch64' };

function elf(path, file) {
  // Number, value, size, type, binding, visibility, section, name and version.
  const rows = output('readelf', ['-W', '--dyn-syms', path]).matchAll(/^ +\d+: \w+ +\w+ +\w+ +\w+ +\w+ +(\w+) (\S+)/gm);
  const names = [...rows].map(([, section, name]) => ({ section, name: name.replace(/@.*/, ''), version: name }));
  const versions = names.flatMap(({ version }) => /@GLIBC_([\d.]+)/.exec(version)?.[1] ?? []);
  versions.sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
  return {
    architecture: `elf ${ELF_MACHINES[file.readUInt16LE(18)]}`,
    imports: names.filter(({ section }) => section === 'UND').map(({ name }) => name),
    exports: names.filter(({ section }) => section !== 'UND').map(({ name }) => name),
    glibc: versions.at(-1) ?? null,
  };
}

const MACH_MACHINES = { 16777223: 'x86_64', 16777228: 'aarch64' };

/** mach-o/loader.h, mach-o/nlist.h: the table of symbols, and of each whether it is defined, and seen outside. */
function machO(file) {
  const [imports, exports] = [[], []];
  const [LC_SYMTAB, HEADER, ENTRY, N_TYPE, N_EXT, N_PEXT] = [2, 32, 16, 0x0e, 0x01, 0x10];
  for (let i = 0, at = HEADER; i < file.readUInt32LE(16); i++, at += file.readUInt32LE(at + 4)) {
    if (file.readUInt32LE(at) !== LC_SYMTAB) continue;
    const [symbols, count, texts] = [8, 12, 16].map((offset) => file.readUInt32LE(at + offset));
    for (let symbol = symbols; symbol < symbols + count * ENTRY; symbol += ENTRY) {
      const text = texts + file.readUInt32LE(symbol);
      const name = file.toString('latin1', text, file.indexOf(0, text));
      const type = file[symbol + 4];
      if ((type & N_TYPE) === 0) imports.push(name);
      else if ((type & (N_EXT | N_PEXT)) === N_EXT) exports.push(name);
    }
  }
  return { architecture: `mach-o ${MACH_MACHINES[file.readUInt32LE(4)]}`, imports, exports, glibc: null };
}

const PE_MACHINES = { 34404: 'x86_64', 43620: 'aarch64' };

function pe(path, file) {
  const header = file.readUInt32LE(0x3c);
  const text = output('x86_64-w64-mingw32-objdump', ['-p', path]);
  const [before, exported = ''] = text.split('[Ordinal/Name Pointer] Table');
  return {
    architecture: `pe ${PE_MACHINES[file.readUInt16LE(header + 4)]}`,
    imports: [...before.matchAll(/^\t[0-9a-f]+\s+\d+\s+(\w+)$/gm)].map(([, name]) => name),
    exports: [...exported.matchAll(/^\t\[ *\d+\](?: \+base\[ *\d+\])? +(?:[0-9a-f]+ +)?(\w+)$/gm)].map(
      ([, name]) => name,
    ),
    glibc: null,
  };
}

/** `{ architecture, imports, exports, glibc }`; glibc: the newest version of it that is needed, or null. */
export function describe(path) {
  const file = readFileSync(path);
  const magic = file.readUInt32BE(0);
  if (magic === 0x7f454c46) return elf(path, file);
  if (magic === 0xcffaedfe) return machO(file);
  if (file.toString('latin1', 0, 2) === 'MZ') return pe(path, file);
  throw new Error(`${path} is no shared library`);
}
