/** The published types: complete under every way in which TypeScript and bundlers resolve the package, and without `any`. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir as systemTmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { Project, ts } from 'ts-morph';
import { cleanEnv } from '../helpers/peers.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);
const tool = (name: string) => join(ROOT, 'node_modules', '.bin', name);

const place = mkdtempSync(join(systemTmpdir(), 'berkeley-types-'));
const installed = join(place, 'node_modules', 'berkeley');
const tarball = () => join(place, readdirSync(place).find((name) => name.endsWith('.tgz')) as string);

test.before(async () => {
  const pack = ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', place];
  await run('npm', pack, { cwd: ROOT, env: cleanEnv() });
  mkdirSync(installed, { recursive: true });
  await run('tar', ['xzf', tarball(), '-C', installed, '--strip-components=1'], { env: cleanEnv() });
  for (const name of ['@types', 'undici-types']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(place, 'node_modules', name));
  }
});

test.after.always(() => rmSync(place, { recursive: true, force: true }));

// ---- how the package is resolved -----------------------------------------------------------------------------------

// The profile leaves out what TypeScript called "node10": a resolution that knows no `exports`, of Node versions older than
// those that we support. TypeScript 7 has no such resolution any more.
test('@arethetypeswrong finds nothing wrong', (t) => {
  const { stdout, status } = spawnSync(tool('attw'), [tarball(), '--profile', 'node16', '--format', 'json'], {
    env: cleanEnv(),
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const { analysis } = JSON.parse(stdout);
  const problems = (analysis.problems as { kind: string; resolutionKind?: string }[]).filter(
    ({ resolutionKind }) => resolutionKind !== 'node10',
  );
  t.deepEqual(problems, []);
  t.is(status, 0);
});

test('publint finds nothing wrong', (t) => {
  const { stdout, stderr, status } = spawnSync(tool('publint'), [tarball(), '--strict'], {
    env: cleanEnv(),
    encoding: 'utf8',
  });
  t.is(status, 0, stdout + stderr);
});

// ---- strict projects -----------------------------------------------------------------------------------------------

/** A strict program that names a class of each namespace as a type, and holds makefile to its mode and buffering. */
const PROGRAM = `
import { asyncio, errno, exceptions, select, selectors, socket, ssl, stream, systemd } from 'berkeley';
import * as parts from 'berkeley/socket';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function is<A, B>(_same: Same<A, B>): void {}

declare let sock: socket.socket;
declare let secured: ssl.SSLSocket;
declare let some: 0 | 4096;
declare let any: number;

export function classes(): void {
  const context: ssl.SSLContext = ssl.create_default_context();
  secured = context.wrap_socket(sock, { server_hostname: 'a.test' });
  sock = secured;
  const same: parts.socket = sock;
  const poller: select.epoll = new select.epoll();
  const selector: selectors.DefaultSelector = new selectors.DefaultSelector();
  const key: selectors.SelectorKey<socket.socket, string> = new selectors.SelectorKey(sock, 3, 1, 'data');
  const bio: ssl.MemoryBIO = new ssl.MemoryBIO();
  const failed: ssl.SSLError = new ssl.SSLWantReadError();
  const error: exceptions.OSError = failed;
  const reader: asyncio.StreamReader = new asyncio.StreamReader();
  const server: stream.Server = new stream.Server();
  const inherited: systemd.NamedSocket[] = [];
  const code: number = errno.EPIPE;
  void [same, poller, selector, key, bio, error, reader, server, inherited, code];
}

export function files(): void {
  is<ReturnType<typeof text>, socket.TextIOWrapper>(true);
  const read = sock.makefile('rb');
  is<typeof read, socket.BufferedReader>(true);
  const write = sock.makefile('wb', 4096);
  is<typeof write, socket.BufferedWriter>(true);
  const both = secured.makefile('rwb', null);
  is<typeof both, socket.BufferedRWPair>(true);
  const raw = sock.makefile('rb', 0);
  is<typeof raw, socket.SocketIO>(true);
  const rawByName = sock.makefile({ mode: 'wb', buffering: 0 });
  is<typeof rawByName, socket.SocketIO>(true);
  const byName = sock.makefile('br', { buffering: 1 });
  is<typeof byName, socket.BufferedReader>(true);
  const either = sock.makefile('wb', some);
  is<typeof either, socket.SocketIO | socket.BufferedWriter>(true);
  const anyOf = sock.makefile('rb', any);
  is<typeof anyOf, socket.SocketIO | socket.BufferedReader>(true);
  const lines = sock.makefile('rw', { encoding: 'latin-1', newline: null });
  is<typeof lines, socket.TextIOWrapper>(true);
  // @ts-expect-error no such mode
  sock.makefile('x');
  // @ts-expect-error a string is not bytes
  sock.send('text');
}

export function keys(selector: selectors.DefaultSelector): void {
  for (const [key, events] of selector.select()) {
    const { fileobj, data } = key as selectors.SelectorKey<socket.socket, string>;
    void [fileobj.recv(1), data.length, events];
  }
}

export function streams(): void {
  const socketStream = stream.connect(80, 'a.test');
  socketStream.on('close', (hadError) => is<typeof hadError, boolean>(true));
  socketStream.once('close', (hadError) => is<typeof hadError, boolean>(true));
  socketStream.on('data', (chunk) => is<typeof chunk, Buffer>(true)).on('timeout', () => {});
  socketStream.setEncoding('utf8').on('data', (text: string) => void text);
  socketStream.on('lookup', (error, address) => void [error?.message, address?.length]).on('mine', (a: number) => void a);
  stream.createServer().on('connection', (each) => each.setNoDelay().write('x')).on('mine', () => {});
}

function text() {
  return sock.makefile();
}
`;

/** Compiles the program in a folder of its own; its errors. */
function compile(name: string, file: string, settings: Record<string, unknown>, manifest: object = {}): string {
  const folder = join(place, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true, ...manifest }));
  writeFileSync(join(folder, file), PROGRAM);
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    skipLibCheck: false,
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    types: ['node'],
    ...settings,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
  const { stdout, stderr, status } = spawnSync(tool('tsc'), ['-p', '.'], {
    cwd: folder,
    env: cleanEnv(),
    encoding: 'utf8',
  });
  return status === 0 ? '' : stdout + stderr;
}

test('a strict project of ES modules compiles (nodenext)', (t) => {
  t.is(compile('nodenext', 'program.ts', { module: 'nodenext' }, { type: 'module' }), '');
});

test('a strict CommonJS project compiles (node16)', (t) => {
  t.is(compile('node16', 'program.ts', { module: 'node16' }), '');
});

test('a strict CommonJS project compiles (nodenext)', (t) => {
  t.is(compile('nodenext-cjs', 'program.ts', { module: 'nodenext' }), '');
});

test('a strict project for a bundler compiles', (t) => {
  t.is(compile('bundler', 'program.ts', { module: 'esnext', moduleResolution: 'bundler' }), '');
});

// ---- what the types hold -------------------------------------------------------------------------------------------

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const entries = (Object.entries(manifest.exports) as [string, { default?: { types: string } }][]).flatMap(
  ([name, target]) => (target.default === undefined ? [] : [[name, target.default.types] as const]),
);

/** A program over the published declarations. */
function published(): { program: ts.Program; checker: ts.TypeChecker; sourceOf: (target: string) => ts.SourceFile } {
  const project = new Project({
    compilerOptions: { module: ts.ModuleKind.NodeNext, strict: true, types: ['node'], lib: ['lib.esnext.d.ts'] },
  });
  const pathOf = (target: string) => join(installed, target);
  project.addSourceFilesAtPaths(entries.map(([, target]) => pathOf(target)));
  const program = project.getProgram().compilerObject;
  return {
    program,
    checker: program.getTypeChecker(),
    sourceOf: (target) => program.getSourceFile(pathOf(target)) as ts.SourceFile,
  };
}

test('each type of a module is in its namespace too', (t) => {
  const { checker, sourceOf } = published();
  const exportsOf = (target: string) => {
    const symbol = checker.getSymbolAtLocation(sourceOf(target)) as ts.Symbol;
    return checker.getExportsOfModule(symbol);
  };
  const resolved = (symbol: ts.Symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const namespaces = new Map(exportsOf('./dist/lib/index.d.ts').map((symbol) => [symbol.name, resolved(symbol)]));
  t.true(namespaces.has('ssl'));
  for (const [name, target] of entries) {
    if (name === '.') continue;
    const wanted = exportsOf(target).filter((symbol) => resolved(symbol).flags & ts.SymbolFlags.Type);
    const namespace = namespaces.get(name.slice(2)) as ts.Symbol;
    const found = checker.getExportsOfModule(namespace).map((symbol) => symbol.name);
    t.deepEqual(
      wanted.map((symbol) => symbol.name).filter((each) => !found.includes(each)),
      [],
      name,
    );
  }
});

// An address is any type in typeshed too: its shape depends on the family, which no type knows, and a program shall say
// `const [host, port] = sock.getsockname()` without a cast.
const EXCEPTION = 'ReturnedAddress';

test('no public type is `any`, but for an address that a call returns', (t) => {
  const { program, checker } = published();
  const found: string[] = [];
  let types = 0;
  const look = (node: ts.Node, source: ts.SourceFile): void => {
    const tell = (what: string) => {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${source.fileName.slice(installed.length)}:${line + 1}: ${what}`);
    };
    if (node.kind === ts.SyntaxKind.AnyKeyword && nameOf(node.parent) !== EXCEPTION) tell(node.parent.getText());
    if (ts.isTypeReferenceNode(node) || ts.isImportTypeNode(node)) {
      types++;
      // A name that cannot be resolved is `any` to the checker.
      const isAny = (checker.getTypeFromTypeNode(node).flags & ts.TypeFlags.Any) !== 0;
      if (isAny && !node.getText().endsWith(EXCEPTION)) tell(node.getText());
    }
    const isTyped = ts.isParameter(node) || ts.isPropertyDeclaration(node) || ts.isPropertySignature(node);
    const isUntyped = isTyped && node.type === undefined;
    const isInitial = isTyped && !ts.isPropertySignature(node) && node.initializer !== undefined;
    if (isUntyped && !isInitial && !ts.isPrivateIdentifier(node.name)) tell(`${node.getText()} has no type`);
    ts.forEachChild(node, (child) => look(child, source));
  };
  for (const source of program.getSourceFiles()) if (source.fileName.startsWith(installed)) look(source, source);
  t.true(types > 500, `${types} types were looked at`);
  t.deepEqual(found, []);
});

function nameOf(node: ts.Node): string | undefined {
  return ts.isTypeAliasDeclaration(node) ? node.name.text : undefined;
}
