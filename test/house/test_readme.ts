/** The README and the pages of docs/ hold what they say: their programs run, their links lead somewhere. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir as systemTmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import * as berkeley from '../../lib/index.js';
import { ROOT } from '../helpers/examples.js';
import { checkLeaks } from '../helpers/leaks.js';
import { pack } from '../helpers/package.js';
import { cleanEnv, spawnPeer, testUnless, tmpdir, underSanitizers } from '../helpers/peers.js';

checkLeaks(test);

const { socket } = berkeley;

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

const place = mkdtempSync(join(systemTmpdir(), 'berkeley-docs-'));
/** What an empty project has installed: what `npm pack` makes, the binary that is built here, what the package needs. */
const installed = join(place, 'node_modules');
test.after.always(() => rmSync(place, { recursive: true, force: true }));

test.before(async () => {
  mkdirSync(installed);
  const { file } = await pack(place);
  execFileSync('tar', ['-xzf', file, '-C', installed], { env: cleanEnv() });
  renameSync(join(installed, 'package'), join(installed, 'berkeley'));
  symlinkSync(join(ROOT, 'build'), join(installed, 'berkeley', 'build'));
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
  for (const name of Object.keys(dependencies)) symlinkSync(join(ROOT, 'node_modules', name), join(installed, name));
});

/** What a program leaves open is collected at its end, and warned of. */
const STRICT = `
  import { setImmediate } from 'node:timers/promises';
  process.once('beforeExit', async () => {
    for (let i = 0; i < 3; i++) {
      gc();
      await setImmediate();
    }
  });
`;

/** Start a program in an empty project of its own, with the sanitizers if we run under them. */
function startInProject(t: ExecutionContext, source: string) {
  const folder = tmpdir(t);
  symlinkSync(installed, join(folder, 'node_modules'));
  writeFileSync(join(folder, 'program.mjs'), source);
  writeFileSync(join(folder, 'strict.mjs'), STRICT);
  const args = ['--expose-gc', '--import', './strict.mjs', 'program.mjs'];
  return spawnPeer(process.execPath, args, process.env, [], folder);
}

for (const page of pages) {
  for (const [i, { source, output }] of programs(page).entries()) {
    const foreign = underSanitizers && /'(python3|openssl)'/.test(source);
    testUnless(foreign && 'it starts a program that no sanitizer may be preloaded into')(
      `${page}, program ${i + 1} prints what the page shows`,
      async (t) => {
        if (output === undefined) return t.fail('no ```text block follows it');
        const peer = startInProject(t, source);
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

test('the demo of the installed package says in a sentence that it needs a clone', async (t) => {
  const peer = spawnPeer(process.execPath, [join(installed, 'berkeley', 'examples', 'demo.mjs')], cleanEnv());
  await t.throwsAsync(peer.line());
  t.is(await peer.exit, 1);
  t.regex(peer.errors(), /^demo: it needs the certificates in test\/certs\/ of a clone of the repository .*\n$/);
});

test('the README has six programs', (t) => {
  t.is(programs('README.md').length, 6);
});

interface Link {
  /** A path from the repository's root. */
  target: string;
  /** The heading that it leads to, as a page's address has it. */
  anchor: string | undefined;
  /** Whether it is written as a path, and so works in the package, too. */
  relative: boolean;
}

/** A page without what is code in it. */
const prose = (page: string) =>
  read(page)
    .replace(/^```.*?^```$/gms, '')
    .replace(/`[^`\n]*`/g, '`');

/** The links of a page that lead into the repository. */
function linked(page: string): Link[] {
  const found = [...prose(page).matchAll(/\]\(([^)#\s]*)(?:#([^)\s]+))?[^)]*\)/g)];
  return found.flatMap(([, target, anchor]): Link[] => {
    if (target.startsWith(REPOSITORY)) return [{ target: target.slice(REPOSITORY.length), anchor, relative: false }];
    if (/^\w+:/.test(target)) return [];
    return [{ target: target === '' ? page : join(dirname(page), target), anchor, relative: true }];
  });
}

/** The anchors of a page, as GitHub makes them of its headings: the second of two alike has "-1" behind it. */
function anchors(page: string): Set<string> {
  const seen = new Map<string, number>();
  const headings = [
    ...read(page)
      .replace(/^```.*?^```$/gms, '')
      .matchAll(/^#{1,6} (.*)$/gm),
  ];
  const slugs = headings.map(([, heading]) => {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
  return new Set(slugs);
}

test('every link inside the repository leads somewhere, and its anchor to a heading', (t) => {
  for (const page of pages) {
    for (const { target, anchor } of linked(page)) {
      t.true(existsSync(join(ROOT, target)), `${page}: ${target}`);
      if (anchor !== undefined && target.endsWith('.md')) {
        t.true(anchors(target).has(anchor), `${page}: ${target}#${anchor}`);
      }
    }
  }
});

test('the README links every page of docs/, and every page is linked from another page of docs/', (t) => {
  const documents = pages.filter((page) => page.startsWith('docs/'));
  const targets = (page: string) => linked(page).map(({ target }) => target);
  const others = (page: string) => documents.filter((each) => each !== page).flatMap(targets);
  t.deepEqual(
    documents.filter((page) => !targets('README.md').includes(page)),
    [],
    'not in README',
  );
  t.deepEqual(
    documents.filter((page) => !others(page).includes(page)),
    [],
    'in no other page',
  );
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

test('docs/mapping.md names nothing on the side of this library that does not exist', async (t) => {
  const listener = berkeley.socket.create_server(['127.0.0.1', 0]);
  const [reader, writer] = await berkeley.asyncio.open_connection(...listener.getsockname());
  const [transport] = await berkeley.asyncio.create_datagram_endpoint(() => ({}), { local_addr: ['127.0.0.1', 0] });
  const sock = new socket.socket();
  const context = new berkeley.ssl.SSLContext(berkeley.ssl.PROTOCOL_TLS_CLIENT);
  const known: Record<string, object> = { ...berkeley, reader, writer, transport, sock, context };
  const rows = [...read('docs/mapping.md').matchAll(/^\|.*\|(.*)\|$/gm)].map(([, here]) => here);
  const code = rows.flatMap((here) => [...here.matchAll(/`([^`]+)`/g)].map(([, text]) => text));
  // "stream.socket" is the socket of a stream: an instance's, while `stream` else is the module.
  const names = code
    .flatMap((text) => [...text.matchAll(/(?<![\w.])(\w+)\.(\w+)/g)])
    .filter(([name]) => name !== 'stream.socket');
  const ours = names.filter(([, owner]) => owner in known);
  t.true(ours.length > 100);
  t.deepEqual(
    ours.filter(([, owner, name]) => !(name in known[owner])).map(([name]) => name),
    [],
  );
  writer.close();
  transport.close();
  for (const each of [listener, sock]) each.close();
  await writer.wait_closed();
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
