/** Everything public has a docstring, what can throw says so, and the script that checks it can tell when not. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { checkLeaks } from '../helpers/leaks.js';
import { cleanEnv, tmpdir } from '../helpers/peers.js';

checkLeaks(test);

const SCRIPT = fileURLToPath(new URL('../../../scripts/docstrings.mjs', import.meta.url));

/** A small library in which nothing lacks a docstring. */
const SOUND: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    type: 'module',
    exports: {
      '.': { default: { types: './dist/lib/index.d.ts' } },
      './a': { default: { types: './dist/lib/a.d.ts' } },
      './package.json': './package.json',
    },
  }),
  'tsconfig.json': JSON.stringify({
    compilerOptions: { target: 'es2022', module: 'nodenext', strict: true, types: [] },
  }),
  'lib/index.ts': "export * as a from './a.js';\n",
  'lib/b.ts': `
    export function fail(): never {
      throw new Error();
    }
    export function tryTo(work: () => void): void {
      work();
    }
    export function askFor(value: () => void): void {
      try {
        value();
      } catch {}
    }
    export interface Outside {
      /** @throws Error always */
      fail(): void;
      pass(): void;
    }
    export class Base {
      /** What every object has. */
      inherited(): void {}
    }
  `,
  'lib/a.ts': `
    import { askFor, Base, fail, type Outside, tryTo } from './b.js';
    export const { ONE, TWO } = { ONE: 1, TWO: '2' };
    export const MISSING: number | undefined = undefined;
    const secret = () => fail();
    /** @internal */
    export function hidden(): void {
      secret();
    }
    /** Catches. */
    export function careful(): void {
      try {
        fail();
      } catch {}
      setTimeout(() => fail());
      askFor(() => fail());
    }
    /**
     * Fails.
     * @throws Error always
     */
    export function careless(outside: Outside): void {
      outside.fail();
    }
    /** Does not fail. */
    export function trusting(outside: Outside): void {
      outside.pass();
      tryTo(() => {});
    }
    /** Plain data. */
    export interface Options {
      name?: string;
    }
    /** A class. */
    export class Thing extends Base {
      #private = 1;
      private own(): number {
        return this.#private;
      }
      /** @internal */
      _hidden(): number {
        return this.own();
      }
      override inherited(): void {}
    }
  `,
};

/** What stands in lib/a.ts besides, and all that the script must say of it. */
const LACKING: readonly [what: string, text: string, said: readonly string[]][] = [
  ['a function', 'export function bare(): void {}', ['bare: no docstring']],
  ['an exported list', 'const list = [1]; export { list as renamed };', ['list: no docstring']],
  ['a type', 'export type Bare = string;', ['Bare: no docstring']],
  ['a class', 'export class Bare {}', ['Bare: no docstring']],
  ['a method', '/** . */ export class Some { bare(): void {} }', ['Some.bare: no docstring']],
  ['a static method', '/** . */ export class Some { static bare(): void {} }', ['Some.bare: no docstring']],
  ['a field', '/** . */ export class Some { bare = 1; }', ['Some.bare: no docstring']],
  ['a getter', '/** . */ export class Some { get bare(): number { return 1; } }', ['Some.bare: no docstring']],
  [
    'an inherited method',
    'class Below { bare(): void {} } /** . */ export class Some extends Below {}',
    ['Below.bare: no docstring'],
  ],
  [
    'a class that a constant holds',
    'class Below { bare(): void {} } /** . */ export const Some: typeof Below | undefined = Below;',
    ['Below.bare: no docstring'],
  ],
  ['an interface', '/** . */ export interface Some { field: number; bare(): void }', ['Some.bare: no docstring']],

  ['a throw', '/** . */ export function bad(): void { throw new Error(); }', ['bad: can throw, and has no @throws']],
  ['a call in another file', '/** . */ export function bad(): void { fail(); }', ['bad: can throw']],
  [
    'a throw that catches once',
    '/** . */ export function bad(): void { try { fail(); } catch (e) { throw e; } }',
    ['bad: can throw'],
  ],
  ['a rejection', '/** . */ export async function bad(): Promise<void> { await hidden(); }', ['bad: can throw']],
  ['a promise', '/** . */ export const bad = (): Promise<void> => new Promise(() => fail());', ['bad: can throw']],
  ['a function that is passed on', '/** . */ export function bad(): void { tryTo(() => fail()); }', ['bad: can throw']],
  ['an interface that throws', '/** . */ export function bad(o: Outside): void { o.fail(); }', ['bad: can throw']],
  ['a method that throws', '/** . */ export class Some { /** . */ bad(): void { fail(); } }', ['Some.bad: can throw']],
  ['a constructor', '/** . */ export class Some { constructor() { fail(); } }', ['new Some: can throw']],
  [
    'a field that throws',
    '/** . */ export class Some { /** . */ x = fail(); } /** . */ export const bad = () => new Some();',
    ['bad: can throw'],
  ],
  ['a setter', '/** . */ export class Some { /** . */ set bad(value: number) { fail(); } }', ['Some.bad: can throw']],
  [
    'a getter that is read',
    '/** . */ export const bad = () => new Inner().x; class Inner { get x() { return fail(); } }',
    ['bad: can throw'],
  ],
];

function check(args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], {
    encoding: 'utf8',
    env: cleanEnv(),
  });
  return { status, stdout, stderr };
}

/** Lay down the sound library, with some text more in lib/a.ts. */
function build(t: ExecutionContext, more = ''): string {
  const tree = tmpdir(t);
  for (const [file, text] of Object.entries(SOUND)) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), file === 'lib/a.ts' ? text + more : text);
  }
  return tree;
}

test('nothing public of this tree lacks a docstring', (t) => {
  t.deepEqual(check([]), { status: 0, stdout: 'docstrings: nothing public lacks one\n', stderr: '' });
});

test('a sound tree passes', (t) => {
  t.deepEqual(check([build(t)]), { status: 0, stdout: 'docstrings: nothing public lacks one\n', stderr: '' });
});

test('what lacks a docstring or an @throws is reported by its name', (t) => {
  const text = LACKING.map(([, text], i) =>
    text
      .replaceAll('/** . */', '\n/** Text. */')
      .replace(/\b(bare|bad|Bare|Some|Below|list|renamed|Inner)\b/g, `$1${i}`),
  );
  const { status, stdout } = check([build(t, text.join('\n'))]);
  t.is(status, 1);
  const lines = stdout.trimEnd().split('\n');
  for (const [i, [what, , said]] of LACKING.entries()) {
    for (const each of said) {
      const wanted = each.replace(/\b(bare|bad|Bare|Some|Below|list)\b/g, `$1${i}`);
      t.is(lines.filter((line) => line.includes(`: ${wanted}`)).length, 1, `${what}: ${wanted}\n${stdout}`);
    }
  }
  t.is(lines.length - 1, LACKING.length, stdout);
});
