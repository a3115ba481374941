// Checks that everything public has a docstring, and that the docstring of a call that can throw has an @throws.
//   node scripts/docstrings.mjs [tree]      prints each lack as "file:line: name: what"; exit status 1 if there is one
//
// Public is what the modules in package.json's `exports` export: functions, types, classes with their public members,
// interfaces with their methods, and constants but for numbers, texts and booleans, which are lists of Python's names.
// What is marked @internal is not in the published types. An override has the docstring of what it overrides, and
// Node's documentation if that is a method of Node's.
//
// A call can throw if its body, outside a try that catches, has a throw or calls something in lib/ that can throw. A
// function passed to such a call or to a promise counts with the body that passes it. Where there is no body to look
// into (an interface), the docstring's own @throws is taken as the answer. TypeScript 7 has no stable programming
// interface: ts-morph brings a compiler along.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Project, ts } from 'ts-morph';
import { root } from './toolchain.mjs';

const tree = process.argv[2] ?? root;

const manifest = JSON.parse(readFileSync(join(tree, 'package.json'), 'utf8'));
const lib = join(tree, 'lib/');

/** The source of each public module. index.ts only gives the other ones their names. */
const entries = Object.values(manifest.exports)
  .filter((target) => target.endsWith('.js') && !target.endsWith('lib/index.js'))
  .map((target) => join(tree, target.replace('./dist/', '').replace(/\.js$/, '.ts')));

const project = new Project({ tsConfigFilePath: join(tree, 'tsconfig.json'), skipAddingFilesFromTsConfig: true });
project.addSourceFilesAtPaths(entries);
const program = project.getProgram().compilerObject;
const checker = program.getTypeChecker();

const isOurs = (declaration) => declaration.getSourceFile().fileName.startsWith(lib);

/** The symbol that an import or a re-export stands for. */
const resolve = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);

// ---- what can throw

const CAN_THROW = new Map();

/** What this expression calls or reads, as a declaration with a body, if there is one. */
function target(node) {
  if (ts.isPropertyAccessExpression(node)) {
    const declarations = checker.getSymbolAtLocation(node)?.declarations ?? [];
    const written = ts.isBinaryExpression(node.parent) && node.parent.left === node;
    return declarations.find(written ? ts.isSetAccessor : ts.isGetAccessor);
  }
  return checker.getResolvedSignature(node)?.declaration;
}

/** The class whose constructor `new` runs: its own, or the nearest one above. */
function constructorOf(node) {
  const found = target(node);
  if (found !== undefined) return found;
  return checker.getSymbolAtLocation(node.expression)?.valueDeclaration;
}

function canThrow(declaration) {
  if (!isOurs(declaration)) return false;
  const known = CAN_THROW.get(declaration);
  if (known !== undefined) return known;
  CAN_THROW.set(declaration, false); // a recursion throws what the rest of the body throws
  const answer = bodies(declaration).some(hasThrow) || (bodies(declaration).length === 0 && saysThrows(declaration));
  CAN_THROW.set(declaration, answer);
  return answer;
}

/** The statements that run when the declaration is called; of a class, its fields' initial values. */
function bodies(declaration) {
  if (ts.isClassLike(declaration))
    return declaration.members.filter(ts.isPropertyDeclaration).filter((m) => m.initializer);
  if (ts.isConstructorDeclaration(declaration))
    return [declaration.body, ...bodies(declaration.parent)].filter(Boolean);
  if (declaration.body !== undefined) return [declaration.body];
  const implementation = checker.getSymbolAtLocation(declaration.name ?? declaration)?.declarations ?? [];
  return implementation.map((each) => each.body).filter(Boolean);
}

const saysThrows = (declaration) => ts.getJSDocTags(declaration).some((tag) => tag.tagName.text === 'throws');

/** Whether running this node can throw. */
function hasThrow(node) {
  if (ts.isThrowStatement(node)) return true;
  if (ts.isTryStatement(node) && node.catchClause !== undefined) {
    return [node.catchClause.block, node.finallyBlock].some((block) => block !== undefined && hasThrow(block));
  }
  if (ts.isFunctionLike(node)) return isRunHere(node) && hasThrow(node.body);
  if (ts.isCallExpression(node) && target(node) !== undefined && canThrow(target(node))) return true;
  if (ts.isNewExpression(node)) {
    const found = constructorOf(node);
    if (found !== undefined && canThrow(found)) return true;
  }
  if (ts.isPropertyAccessExpression(node) && target(node) !== undefined && canThrow(target(node))) return true;
  return ts.forEachChild(node, hasThrow) ?? false;
}

/** Whether a function is passed to a call of ours or to a promise, whose caller hears what it throws. */
function isRunHere(node) {
  const call = node.parent;
  if (ts.isNewExpression(call)) return call.expression.getText() === 'Promise';
  if (!ts.isCallExpression(call) || call.expression === node) return false;
  const declaration = target(call);
  return declaration !== undefined && isOurs(declaration);
}

// ---- what is public

const lacks = new Set();
const seen = new Set();

function report(declaration, name, lack) {
  const file = declaration.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(declaration.getStart());
  lacks.add(`${relative(tree, file.fileName)}:${line + 1}: ${name}: ${lack}`);
}

const hasTag = (symbol, name) => symbol.getJsDocTags(checker).some((tag) => tag.name === name);

/** Whether a name starts what TypeScript keeps out of the published types. */
function isHidden(declaration) {
  const flags = ts.getCombinedModifierFlags(declaration);
  if (flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) return true;
  if (ts.getJSDocTags(declaration).some((tag) => tag.tagName.text === 'internal')) return true;
  return declaration.name !== undefined && !ts.isIdentifier(declaration.name) && !ts.isStringLiteral(declaration.name);
}

/** What a call of this name runs, if it is a function, or a constant that holds one. */
function functionOf(declaration) {
  const value = ts.isVariableDeclaration(declaration) ? declaration.initializer : declaration;
  return value !== undefined && ts.isFunctionLike(value) ? value : undefined;
}

/** Check one name: a function, a method, an accessor, a field, a type. */
function checkDocumented(symbol, name) {
  const declarations = symbol.declarations.filter(isOurs);
  if (seen.has(declarations[0])) return; // an inherited member is met in each class that has it
  seen.add(declarations[0]);
  if (symbol.getDocumentationComment(checker).length === 0 && symbol.getJsDocTags(checker).length === 0) {
    report(declarations[0], name, 'no docstring');
  } else if (declarations.map(functionOf).some((each) => each && canThrow(each)) && !hasTag(symbol, 'throws')) {
    report(declarations[0], name, 'can throw, and has no @throws');
  }
}

/** Whether a method or a getter stands for one that Node's own class has. */
function isNodes(declaration) {
  if (!(ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Override)) return false;
  const above = checker.getTypeAtLocation(declaration.parent).getBaseTypes() ?? [];
  const replaced = above.map((type) => type.getProperty(declaration.name.text)).filter(Boolean);
  return replaced.some((symbol) => symbol.declarations.some((each) => !isOurs(each)));
}

function checkMembers(type) {
  for (const member of checker.getPropertiesOfType(type)) {
    const declaration = member.declarations?.find(isOurs);
    if (declaration === undefined || isHidden(declaration) || ts.isPropertySignature(declaration)) continue;
    if (!ts.isTypeElement(declaration) && !ts.isClassElement(declaration) && !ts.isParameter(declaration)) continue;
    const { parent } = ts.isParameter(declaration) ? declaration.parent : declaration;
    if (!isNodes(declaration)) checkDocumented(member, `${parent.name?.text ?? '(a class)'}.${member.name}`);
  }
}

function checkClass(symbol, declaration) {
  checkMembers(checker.getDeclaredTypeOfSymbol(symbol));
  checkMembers(checker.getTypeOfSymbol(symbol));
  const made = declaration.members.find((member) => ts.isConstructorDeclaration(member) && member.body !== undefined);
  if (made === undefined || isHidden(made) || !canThrow(made)) return;
  if (!saysThrows(made) && !hasTag(symbol, 'throws')) {
    report(made, `new ${symbol.name}`, 'can throw, and has no @throws');
  }
}

const PLAIN = ts.TypeFlags.NumberLike | ts.TypeFlags.StringLike | ts.TypeFlags.BooleanLike;

/** Whether a constant is a number, a text or a boolean (or undefined, where the system lacks it). */
function isPlain(symbol) {
  if (!(symbol.flags & ts.SymbolFlags.Variable)) return false;
  const type = checker.getNonNullableType(checker.getTypeOfSymbol(symbol));
  return (type.isUnion() ? type.types : [type]).every(({ flags }) => flags & PLAIN);
}

for (const entry of entries) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry));
  for (const symbol of checker.getExportsOfModule(module).map(resolve)) {
    const declaration = symbol.declarations?.find(isOurs);
    if (declaration === undefined || isHidden(declaration) || isPlain(symbol)) continue;
    checkDocumented(symbol, symbol.name);
    if (ts.isClassDeclaration(declaration)) checkClass(symbol, declaration);
    if (ts.isInterfaceDeclaration(declaration)) checkMembers(checker.getDeclaredTypeOfSymbol(symbol));
  }
}

for (const line of [...lacks].sort()) process.stdout.write(`${line}\n`);
process.stdout.write(lacks.size === 0 ? 'docstrings: nothing public lacks one\n' : `docstrings: ${lacks.size} lacks\n`);
process.exitCode = lacks.size === 0 ? 0 : 1;
