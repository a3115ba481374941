// Makes of the compiled modules what the package exports: a file for each public module, and the few that they share. Of a
// hundred modules, each costs its part of an import, and none of them is of use to a user.
//   node scripts/bundle.mjs      after the TypeScript was compiled
//
// package.json's `exports` says which modules are public, and where their bundles are. Tests import the modules themselves,
// and every program by the package's name, as the examples and those of the tests do, gets the bundles.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rollup } from 'rollup';
import { root } from './toolchain.mjs';

const read = (file) => readFileSync(file, 'utf8');
const FOLDER = join(root, 'dist', 'bundle');

const { exports } = JSON.parse(read(join(root, 'package.json')));
const targets = Object.values(exports).flatMap(({ default: target }) => (target ? [target.default] : []));
const names = targets.map((file) => /^\.\/dist\/bundle\/(.+)\.js$/.exec(file)[1]);

rmSync(FOLDER, { recursive: true, force: true });
const bundle = await rollup({
  input: Object.fromEntries(names.map((name) => [name, join(root, 'dist', 'lib', `${name}.js`)])),
  external: /^node:/,
  // What TypeScript has compiled knows its source: so does the bundle then.
  plugins: [{ name: 'sources', load: (file) => ({ code: read(file), map: read(`${file}.map`) }) }],
  // What TypeScript compiles `using` to asks for `this` of the module, which is undefined.
  onwarn: (warning, warn) => warning.code === 'THIS_IS_UNDEFINED' || warn(warning),
  treeshake: false,
});
await bundle.write({
  dir: FOLDER,
  chunkFileNames: 'shared/[name].js',
  generatedCode: 'es2015',
  sourcemap: true,
});
await bundle.close();
