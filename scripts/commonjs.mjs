// Writes the CommonJS face of each public module: beside its bundle a `.cjs` file that requires the ES module, and beside
// its declarations those of CommonJS. Node's require() takes ES modules since 20.19; but TypeScript's module setting node16 still refuses
// them in CommonJS, unless package.json's `exports` names a CommonJS file for "require".
//   node scripts/commonjs.mjs      after scripts/bundle.mjs
//
// There is one module and one set of classes: the declarations refer to those of the ES module. What a module exports as a
// value is `typeof` the module; of what it exports as a type there must be a list, here as in lib/index.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Project, ts } from 'ts-morph';
import { root } from './toolchain.mjs';

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const modules = Object.values(exports).flatMap(({ require, default: esm }) => (require ? [{ require, esm }] : []));

const project = new Project({ compilerOptions: { module: ts.ModuleKind.NodeNext, skipLibCheck: true } });
project.addSourceFilesAtPaths(modules.map(({ esm }) => join(root, esm.types)));
const program = project.getProgram().compilerObject;
const checker = program.getTypeChecker();

const resolved = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
const exportsOf = (symbol) => checker.getExportsOfModule(symbol).toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** `type X<T> = esm.X<T>`, or for a namespace of types all of its own; nothing for what is no type. */
function aliases(symbol, path) {
  const {
    flags,
    declarations: [declaration],
  } = resolved(symbol);
  const { name } = symbol;
  if (flags & ts.SymbolFlags.Type) {
    const parameters = declaration.typeParameters ?? [];
    const all = parameters.length > 0 ? `<${parameters.map((each) => each.getText()).join(', ')}>` : '';
    const names = parameters.length > 0 ? `<${parameters.map((each) => each.name.text).join(', ')}>` : '';
    return [`type ${name}${all} = ${path}.${name}${names};`];
  }
  if (!(flags & (ts.SymbolFlags.Namespace | ts.SymbolFlags.ValueModule))) return [];
  const inner = exportsOf(resolved(symbol)).flatMap((each) => aliases(each, `${path}.${name}`));
  return inner.length > 0 ? [`namespace ${name} {`, ...inner.map((line) => `  ${line}`), '}'] : [];
}

for (const { require, esm } of modules) {
  const file = basename(esm.default);
  const symbol = checker.getSymbolAtLocation(program.getSourceFile(join(root, esm.types)));
  const types = exportsOf(symbol).flatMap((each) => aliases(each, 'esm'));
  writeFileSync(join(root, require.default), `module.exports = require('./${file}');\n`);
  const text = [
    `import type * as esm from './${file}' with { 'resolution-mode': 'import' };`,
    'declare const exported: typeof esm;',
    ...(types.length > 0 ? ['declare namespace exported {', ...types.map((line) => `  ${line}`), '}'] : []),
    'export = exported;',
    '',
  ];
  writeFileSync(join(root, require.types), text.join('\n'));
}
