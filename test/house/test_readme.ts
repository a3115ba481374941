/** The README and the pages of docs/ hold what they say: their programs run, their links lead somewhere. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { socket } from '../../lib/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { spawnPeer, testUnless, tmpdir, underSanitizers } from '../helpers/peers.js';

checkLeaks(test);

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const pages = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`),
].filter((page) => page.endsWith('.md'));
const read = (page: string) => readFileSync(join(ROOT, page), 'utf8');

const { files, homepage } = JSON.parse(read('package.json')) as { files: string[]; homepage: string };
const REPOSITORY = homepage.replace('#readme', '/blob/main/');

/** Each ```js block with the ```text block that follows it. Other languages are not for running. */
function programs(page: string): { source: string; output: string | undefined }[] {
  const blocks = [...read(page).matchAll(/^```(\w*)\n(.*?)^```$/gms)];
  return blocks.flatMap(([, language, source], i) => {
    if (language !== 'js') return [];
    const next = blocks[i + 1];
    return [{ source, output: next?.[1] === 'text' ? next[2] : undefined }];
  });
}

for (const page of pages) {
  for (const [i, { source, output }] of programs(page).entries()) {
    const foreign = underSanitizers && source.includes('python3');
    testUnless(foreign && 'it starts a program that no sanitizer may be preloaded into')(
      `${page}, program ${i + 1} prints what the page shows`,
      async (t) => {
        if (output === undefined) return t.fail('no ```text block follows it');
        const folder = tmpdir(t);
        mkdirSync(join(folder, 'node_modules'));
        symlinkSync(ROOT, join(folder, 'node_modules', 'berkeley'));
        writeFileSync(join(folder, 'program.mjs'), source);
        const peer = spawnPeer(process.execPath, [join(folder, 'program.mjs')], process.env);
        const errors = peer.child.stderr === null ? '' : text(peer.child.stderr);
        const lines: string[] = [];
        for (const _ of output.trimEnd().split('\n')) lines.push(await peer.line());
        t.is(await peer.exit, 0);
        t.is(`${lines.join('\n')}\n`, output);
        t.is(await errors, '');
      },
    );
  }
}

test('the README has six programs', (t) => {
  t.is(programs('README.md').length, 6);
});

/** What the links of a page lead to: paths from the repository's root, by which it is reached there or in the package. */
function linked(page: string): { target: string; relative: boolean }[] {
  const found = [...read(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target]) => target);
  return found.flatMap((target): { target: string; relative: boolean }[] => {
    if (target.startsWith(REPOSITORY)) return [{ target: target.slice(REPOSITORY.length), relative: false }];
    return /^\w+:/.test(target) ? [] : [{ target: join(dirname(page), target), relative: true }];
  });
}

test('every link inside the repository leads somewhere', (t) => {
  for (const page of pages) {
    for (const { target } of linked(page)) t.true(existsSync(join(ROOT, target)), `${page}: ${target}`);
  }
});

test('a page that is in the package links by path only what is there too', (t) => {
  const packed = (path: string) =>
    files.some((each) => path === each || path.startsWith(`${each}/`)) && !path.startsWith('docs/results');
  for (const page of pages.filter(packed)) {
    for (const { target, relative } of linked(page)) {
      if (relative) t.true(packed(target), `${page}: ${target}`);
    }
  }
});

test('every npm command that is named exists', (t) => {
  const { scripts } = JSON.parse(read('package.json'));
  for (const page of pages) {
    for (const [, name] of read(page).matchAll(/\bnpm (?:run )?(start|test(?!:)|(?<=run )[\w:]+)\b/g)) {
      t.true(name in scripts, `${page}: npm run ${name}`);
    }
  }
});

/** Python's names, as far as docs/socket.md is about them: what can be called. */
function callables(): string[] {
  const functions = Object.entries(socket).filter(([, value]) => typeof value === 'function');
  const methods = Object.getOwnPropertyNames(socket.socket.prototype).filter((name) => !/^(_|constructor$)/.test(name));
  return [...functions.map(([name]) => name), ...methods];
}

test('docs/socket.md has every function and every method', (t) => {
  const page = read('docs/socket.md');
  const missing = callables().filter((name) => !new RegExp(`\`(new )?(socket\\.|sock\\.)?${name}\\b`).test(page));
  t.deepEqual(missing, []);
});

test('docs/socket.md names no function that does not exist', (t) => {
  const known = new Set([...callables(), ...Object.keys(socket)]);
  const [, reference] = read('docs/socket.md').split('## Functions');
  const rows = [...reference.matchAll(/^\| (`[^|]*) \|/gm)].map(([, names]) => names);
  const named = rows.flatMap((row) =>
    [...row.matchAll(/`(?:new )?(?:socket\.|sock\.)?(\w+)\(/g)].map(([, name]) => name),
  );
  t.true(named.length > 50);
  t.deepEqual(
    named.filter((name) => !known.has(name)),
    [],
  );
});
