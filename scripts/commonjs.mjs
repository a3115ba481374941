// Writes the CommonJS face of each public module into dist/lib: a `.cjs` file that requires the ES module, and the
// declarations for it. Node's require() takes ES modules since 20.19; but TypeScript's module setting node16 still refuses
// them in CommonJS, unless package.json's `exports` names a CommonJS file for "require".
//   node scripts/commonjs.mjs      after the TypeScript was compiled
//
// There is one module and one set of classes: the declarations refer to those of the ES module. What a module exports as a
// value is `typeof` the module; of what it exports as a type there must be a list, here as in lib/index.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Project, ts } from 'ts-morph';
import { root } from './toolchain.mjs';

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const modules = Object.values(exports).flatMap(({ require, default: esm }) => (require ? [[require, esm]] : []));

const project = new Project({ compilerOptions: { module: ts.ModuleKind.NodeNext, skipLibCheck: true } });
const declarations = new Map(modules.map(([, esm]) => [esm, join(root, esm.replace(/\.js$/, '.d.ts'))]));
project.addSourceFilesAtPaths([...declarations.values()]);
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

for (const [cjs, esm] of modules) {
  const file = esm.slice(esm.lastIndexOf('/') + 1);
  const symbol = checker.getSymbolAtLocation(program.getSourceFile(declarations.get(esm)));
  const types = exportsOf(symbol).flatMap((each) => aliases(each, 'esm'));
  writeFileSync(join(root, cjs), `module.exports = require('./${file}');\n`);
  const text = [
    `import type * as esm from './${file}' with { 'resolution-mode': 'import' };`,
    'declare const exported: typeof esm;',
    ...(types.length > 0 ? ['declare namespace exported {', ...types.map((line) => `  ${line}`), '}'] : []),
    'export = exported;',
    '',
  ];
  writeFileSync(join(root, cjs.replace(/\.cjs$/, '.d.cts')), text.join('\n'));
}
