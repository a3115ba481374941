// Checks that everything public has a docstring, and that the docstring of a call that can throw has an @throws.
//   node scripts/docstrings.mjs [tree]      prints each lack as "file:line: name: what"; exit status 1 if there is one
//
// Public is what the modules in package.json's `exports` export: functions, types, classes with their public members,
// interfaces with their methods, and constants but for numbers, texts and booleans, which are lists of Python's names.
// What is marked @internal is not in the published types. An override has the docstring of what it overrides, and
// Node's documentation if that is a method of Node's.
//
// A call can throw (or reject) if its body, outside a try that catches, throws or calls something in lib/ that can throw. A
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
  .flatMap(({ default: target }) => (target === undefined ? [] : [target.types]))
  .filter((types) => !types.endsWith('lib/index.d.ts'))
  .map((types) => join(tree, types.replace('./dist/', '').replace(/\.d\.ts$/, '.ts')));

const project = new Project({ tsConfigFilePath: join(tree, 'tsconfig.json'), skipAddingFilesFromTsConfig: true });
project.addSourceFilesAtPaths(entries);
const program = project.getProgram().compilerObject;
const checker = program.getTypeChecker();

const isOurs = (declaration) => declaration.getSourceFile().fileName.startsWith(lib);

/** The symbol that an import or a re-export stands for. */
const resolve = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);

// ---- what can throw

/** What this call, `new` or property access runs, as a declaration. */
function target(node) {
  if (ts.isPropertyAccessExpression(node)) {
    const declarations = checker.getSymbolAtLocation(node)?.declarations ?? [];
    const written = ts.isBinaryExpression(node.parent) && node.parent.left === node;
    return declarations.find(written ? ts.isSetAccessor : ts.isGetAccessor);
  }
  // A class without a constructor has no declaration of one.
  const made = ts.isNewExpression(node) ? checker.getSymbolAtLocation(node.expression)?.valueDeclaration : undefined;
  return checker.getResolvedSignature(node)?.declaration ?? made;
}

/** The code that runs when the declaration is called; of a class, its fields' initial values. */
function bodies(declaration) {
  if (ts.isClassLike(declaration)) return declaration.members.filter((each) => ts.isPropertyDeclaration(each));
  if (ts.isConstructorDeclaration(declaration)) return [declaration.body, ...bodies(declaration.parent)];
  if (declaration.body !== undefined) return [declaration.body];
  const overloads = declaration.name && checker.getSymbolAtLocation(declaration.name)?.declarations;
  return (overloads ?? []).map((each) => each.body).filter((body) => body !== undefined);
}

const saysThrows = (declaration) => ts.getJSDocTags(declaration).some((tag) => tag.tagName.text === 'throws');

const STEPS = new Map();

/** What running this declaration comes by: whether it throws itself, and which declarations of ours it runs. */
function stepsOf(declaration) {
  if (STEPS.has(declaration)) return STEPS.get(declaration);
  const code = bodies(declaration);
  const steps = { throws: code.length === 0 && saysThrows(declaration), runs: new Set() };
  STEPS.set(declaration, steps);
  for (const node of code) if (node !== undefined) addSteps(node, steps);
  return steps;
}

function addSteps(node, steps) {
  if (ts.isThrowStatement(node) || (ts.isCallExpression(node) && node.expression.getText() === 'Promise.reject')) {
    steps.throws = true;
  }
  if (ts.isTryStatement(node) && node.catchClause !== undefined) {
    addSteps(node.catchClause.block, steps);
    if (node.finallyBlock !== undefined) addSteps(node.finallyBlock, steps);
    return;
  }
  if (ts.isFunctionLike(node) && !isRunHere(node)) return;
  if (ts.isCallExpression(node) || ts.isNewExpression(node) || ts.isPropertyAccessExpression(node)) {
    const run = target(node);
    if (run !== undefined && isOurs(run)) steps.runs.add(run);
  }
  ts.forEachChild(node, (child) => addSteps(child, steps));
}

/** The shortest way from a call of this declaration to what throws, as names; null if it cannot throw. */
function wayToThrow(declaration) {
  const before = new Map([[declaration, null]]);
  for (const each of before.keys()) {
    const { throws, runs } = stepsOf(each);
    if (throws) {
      const way = [];
      for (let at = each; at !== null; at = before.get(at)) way.unshift(nameOf(at));
      return way;
    }
    for (const run of runs) if (!before.has(run)) before.set(run, each);
  }
  return null;
}

const nameOf = (declaration) => declaration.name?.getText() ?? declaration.parent.name?.getText() ?? '(a function)';

/** Whether what a function throws is thrown where it is written: it is passed to a promise, or to a call of ours. */
function isRunHere(node) {
  const call = node.parent;
  if (ts.isNewExpression(call)) return call.expression.getText() === 'Promise';
  if (!ts.isCallExpression(call) || call.expression === node) return false;
  const declaration = target(call);
  return declaration !== undefined && isOurs(declaration) && !isCaught(declaration, call.arguments.indexOf(node));
}

/** Whether a function uses one of its parameters only where it catches what that throws, and looks at no error. */
function isCaught({ parameters, body }, index) {
  const parameter = parameters[index] && checker.getSymbolAtLocation(parameters[index].name);
  if (parameter === undefined || body === undefined) return false;
  const uses = [];
  const look = (node, caught) => {
    if (ts.isIdentifier(node) && checker.getSymbolAtLocation(node) === parameter) uses.push(caught);
    const catches = ts.isTryStatement(node) && node.catchClause && !node.catchClause.variableDeclaration;
    ts.forEachChild(node, (child) => look(child, caught || (catches && child === node.tryBlock)));
  };
  look(body, false);
  return uses.length > 0 && uses.every((caught) => caught);
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

/** Check the functions that a name stands for, which has no @throws. */
function checkThrows(declarations, name) {
  const ways = declarations.map(functionOf).map((each) => each && wayToThrow(each));
  const way = ways.find((each) => each);
  if (way) report(declarations[0], name, `can throw, and has no @throws (${way.join(' → ')})`);
}

/** Check one name: a function, a method, an accessor, a field, a type. */
function checkDocumented(symbol, name) {
  const declarations = symbol.declarations.filter(isOurs);
  if (seen.has(declarations[0])) return; // an inherited member is met in each class that has it
  seen.add(declarations[0]);
  if (symbol.getDocumentationComment(checker).length === 0 && symbol.getJsDocTags(checker).length === 0) {
    report(declarations[0], name, 'no docstring');
  } else if (!hasTag(symbol, 'throws')) {
    checkThrows(declarations, name);
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
  const made = declaration.members.filter((member) => ts.isConstructorDeclaration(member));
  if (made.length === 0 || isHidden(made[0]) || made.some(saysThrows) || hasTag(symbol, 'throws')) return;
  checkThrows(made, `new ${symbol.name}`);
}

/** The class that a name stands for: its own, or the one that a constant holds (where the system has what it is for). */
function classOf(symbol) {
  if (symbol.flags & ts.SymbolFlags.Class) return symbol;
  if (!(symbol.flags & ts.SymbolFlags.Variable)) return undefined;
  const held = checker.getNonNullableType(checker.getTypeOfSymbol(symbol)).symbol;
  return held && held.flags & ts.SymbolFlags.Class && held.declarations.every(isOurs) ? held : undefined;
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
    const made = classOf(symbol);
    if (made !== undefined) checkClass(made, made.valueDeclaration);
    if (ts.isInterfaceDeclaration(declaration)) checkMembers(checker.getDeclaredTypeOfSymbol(symbol));
  }
}

for (const line of [...lacks].sort()) process.stdout.write(`${line}\n`);
process.stdout.write(lacks.size === 0 ? 'docstrings: nothing public lacks one\n' : `docstrings: ${lacks.size} lacks\n`);
process.exitCode = lacks.size === 0 ? 0 : 1;
