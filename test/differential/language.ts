/**
 * The language of the scenarios: so much of Python's expressions as a call of an API takes. CPython runs a scenario as
 * it stands; this is its interpreter here, so that no scenario is written twice.
 *
 * A statement is an expression, or an assignment `a = …`, `a, b = …`. Numbers, strings, bytes, tuples and lists (arrays
 * here), names, calls with positional and keyword arguments (the last plain object here), attributes, items, slices,
 * and these operators: == != < <= > >= in | & << + - * ** and unary minus.
 */

/** Names and their values; what a statement assigns is added. */
export type Scope = Map<string, unknown>;
type Expression = (scope: Scope) => unknown;

/** What went wrong in a scenario itself, and not in what it calls. */
export class ScenarioError extends Error {}
export class NameError extends Error {}

export interface Statement {
  /** Whether the value is what the scenario asks for; that of an assignment is not. */
  readonly shown: boolean;
  run(scope: Scope): unknown;
}

// ---- tokens --------------------------------------------------------------------------------------------------------

const TOKEN =
  /\s*(?:(?<text>b?'(?:\\.|[^'\\])*')|(?<number>0x[\da-f]+|\d+\.\d+|\d+e\d+|\d+)|(?<name>[A-Za-z_]\w*)|(?<mark>\*\*|<<|[=!<>]=|[-+*|&<>()[\]{},.:=]))/y;

interface Token {
  readonly kind: 'text' | 'number' | 'name' | 'mark' | 'end';
  readonly text: string;
}

function tokens(line: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < line.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const groups = TOKEN.exec(line)?.groups;
    if (groups === undefined) throw new ScenarioError(`not of the language: ${line.slice(at)}`);
    const [kind, text] = Object.entries(groups).find(([, value]) => value !== undefined) as [Token['kind'], string];
    found.push({ kind, text });
  }
  return [...found, { kind: 'end', text: '' }];
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", 0: '\0' };

function unescaped(text: string): string {
  return text.replace(/\\(?:x([\da-f]{2})|u([\da-f]{4})|(.))/gi, (_, x, u, char) =>
    char === undefined ? String.fromCharCode(Number.parseInt(x ?? u, 16)) : ESCAPES[char],
  );
}

function textValue(token: string): string | Buffer {
  return token.startsWith('b') ? Buffer.from(unescaped(token.slice(2, -1)), 'latin1') : unescaped(token.slice(1, -1));
}

/** A whole number is a bigint only where 53 bits are too few, as in the library. */
export function whole(value: bigint): number | bigint {
  return BigInt.asIntN(54, value) === value ? Number(value) : value;
}

// ---- operators -----------------------------------------------------------------------------------------------------

export function equal(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => equal(item, b[i]));
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (typeof a === 'boolean' || typeof b === 'boolean') return Number(a) === Number(b);
  return Object.is(a, b) || (typeof a === 'bigint' && a === b);
}

function contains(container: unknown, item: unknown): boolean {
  if (typeof container === 'string') return container.includes(item as string);
  if (container instanceof Uint8Array) return Buffer.from(container).includes(item as Buffer);
  if (typeof (container as Map<unknown, unknown>)?.has === 'function')
    return (container as Map<unknown, unknown>).has(item);
  return [...(container as Iterable<unknown>)].some((each) => equal(each, item));
}

function isWhole(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isInteger(value);
}

function arithmetic(
  ofIntegers: (a: bigint, b: bigint) => bigint,
  ofOthers: (a: never, b: never) => unknown = () => {
    throw new ScenarioError('operands of these types');
  },
) {
  return (a: unknown, b: unknown) =>
    isWhole(a) && isWhole(b) ? whole(ofIntegers(BigInt(a), BigInt(b))) : ofOthers(a as never, b as never);
}

function sum(a: unknown, b: unknown): unknown {
  if (a instanceof Uint8Array) return Buffer.concat([a, b as Uint8Array]);
  if (Array.isArray(a)) return [...a, ...(b as unknown[])];
  return (a as string) + (b as string);
}

function repeated(a: string | Uint8Array | unknown[], count: number): unknown {
  if (typeof a === 'string') return a.repeat(count);
  if (a instanceof Uint8Array) return Buffer.alloc(a.length * count, a);
  return Array.isArray(a) ? Array.from({ length: count }, () => a).flat() : a * count;
}

/** From those that bind least to those that bind most. */
const OPERATORS: readonly Readonly<Record<string, (a: never, b: never) => unknown>>[] = [
  {
    '==': equal,
    '!=': (a, b) => !equal(a, b),
    '<': (a, b) => a < b,
    '<=': (a, b) => a <= b,
    '>': (a, b) => a > b,
    '>=': (a, b) => a >= b,
    in: (a, b) => contains(b, a),
  },
  { '|': arithmetic((a, b) => a | b) },
  { '&': arithmetic((a, b) => a & b) },
  { '<<': arithmetic((a, b) => a << b) },
  { '+': arithmetic((a, b) => a + b, sum), '-': arithmetic((a, b) => a - b) },
  { '*': arithmetic((a, b) => a * b, repeated) },
  { '**': arithmetic((a, b) => a ** b) },
];

/** An attribute. One that Python has to find by that name, and says so if it does not. */
function attribute(object: unknown, name: string): unknown {
  const value = (object as Record<string, unknown>)[name];
  if (value === undefined) throw new ScenarioError(`no attribute ${name}`);
  return value;
}

function call(receiver: unknown, callee: unknown, args: unknown[]): unknown {
  if (typeof callee !== 'function') throw new ScenarioError('not to be called');
  const isClass = /^class\b/.test(Function.prototype.toString.call(callee));
  return isClass ? Reflect.construct(callee, args) : Reflect.apply(callee, receiver, args);
}

function item(object: unknown, index: unknown): unknown {
  if (object instanceof Map) return object.get(index);
  const items = object as ArrayLike<unknown>;
  if (typeof index !== 'number' || typeof items?.length !== 'number') return (object as never)[index as never];
  return items[index < 0 ? items.length + index : index];
}

// ---- the parser: from a line to what runs it -----------------------------------------------------------------------

class Parser {
  readonly #tokens: Token[];
  #at = 0;

  constructor(line: string) {
    this.#tokens = tokens(line);
  }

  #peek(text: string): boolean {
    const token = this.#tokens[this.#at];
    return token.text === text && token.kind !== 'text';
  }

  #skip(text: string): boolean {
    if (!this.#peek(text)) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#skip(text)) throw new ScenarioError(`expected ${text} before ${this.#tokens[this.#at].text}`);
  }

  /** What stands between here and `end`, with commas between. `comma`: whether one was seen. */
  #list<T>(end: string, one: () => T): { items: T[]; comma: boolean } {
    const items: T[] = [];
    let comma = false;
    while (!this.#skip(end)) {
      if (items.length > 0) this.#expect(',');
      if (this.#skip(end)) return { items, comma: true };
      items.push(one());
      comma ||= this.#peek(',');
    }
    return { items, comma };
  }

  statement(): Statement {
    const targets = this.#targets();
    const value = this.#expression();
    if (this.#tokens[this.#at].kind !== 'end') throw new ScenarioError(`too much: ${this.#tokens[this.#at].text}`);
    if (targets.length === 0) return { shown: true, run: value };
    const run = (scope: Scope) => {
      const values = targets.length === 1 ? [value(scope)] : (value(scope) as unknown[]);
      if (values.length !== targets.length) throw new ScenarioError(`${values.length} values to unpack`);
      for (const [i, name] of targets.entries()) scope.set(name, values[i]);
    };
    return { shown: false, run };
  }

  /** The names before '='. */
  #targets(): string[] {
    const names: string[] = [];
    for (let i = 0; this.#tokens[i].kind === 'name'; i += 2) {
      names.push(this.#tokens[i].text);
      if (this.#tokens[i + 1].text === '=') {
        this.#at = i + 2;
        return names;
      }
      if (this.#tokens[i + 1].text !== ',') break;
    }
    return [];
  }

  #expression(level = 0): Expression {
    if (level === OPERATORS.length) return this.#unary();
    let left = this.#expression(level + 1);
    for (;;) {
      const operate = OPERATORS[level][this.#tokens[this.#at].text] as
        | ((a: unknown, b: unknown) => unknown)
        | undefined;
      if (operate === undefined || this.#tokens[this.#at].kind === 'text') return left;
      this.#at++;
      const [first, second] = [left, this.#expression(level + 1)];
      left = (scope) => operate(first(scope), second(scope));
    }
  }

  #unary(): Expression {
    if (!this.#skip('-')) return this.#postfix();
    const operand = this.#expression(OPERATORS.length - 1);
    return (scope) => -(operand(scope) as number);
  }

  #postfix(): Expression {
    let object = this.#atom();
    for (;;) {
      const of = object;
      if (this.#skip('.')) {
        const name = this.#tokens[this.#at++].text;
        object = this.#skip('(')
          ? this.#call((scope) => {
              const receiver = of(scope);
              return [receiver, attribute(receiver, name)];
            })
          : (scope) => attribute(of(scope), name);
      } else if (this.#skip('(')) {
        object = this.#call((scope) => [undefined, of(scope)]);
      } else if (this.#skip('[')) {
        object = this.#item(of);
      } else return object;
    }
  }

  /** The arguments of a call, of which `target` gives the receiver and the function. */
  #call(target: (scope: Scope) => [unknown, unknown]): Expression {
    const names: (string | null)[] = [];
    const { items } = this.#list(')', () => {
      const isKeyword = this.#tokens[this.#at + 1].text === '=' && this.#tokens[this.#at + 1].kind === 'mark';
      names.push(isKeyword ? this.#tokens[this.#at].text : null);
      if (isKeyword) this.#at += 2;
      return this.#expression();
    });
    return (scope) => {
      const [receiver, callee] = target(scope);
      const values = items.map((each) => each(scope));
      const args = values.filter((_, i) => names[i] === null);
      if (args.length < values.length) {
        args.push(Object.fromEntries(values.flatMap((value, i) => (names[i] === null ? [] : [[names[i], value]]))));
      }
      return call(receiver, callee, args);
    };
  }

  #item(object: Expression): Expression {
    const nothing: Expression = () => undefined;
    const from = this.#peek(':') ? nothing : this.#expression();
    if (this.#skip(']')) return (scope) => item(object(scope), from(scope));
    this.#expect(':');
    const to = this.#peek(']') ? nothing : this.#expression();
    this.#expect(']');
    return (scope) => (object(scope) as Buffer).slice(from(scope) as number, to(scope) as number);
  }

  #atom(): Expression {
    const { kind, text } = this.#tokens[this.#at++];
    if (kind === 'text') {
      const value = textValue(text);
      return () => value;
    }
    if (kind === 'number') {
      const value = /^\d+[.e]/.test(text) ? Number(text) : whole(BigInt(text));
      return () => value;
    }
    if (kind === 'name') return (scope) => this.#named(scope, text);
    if (text === '(' || text === '[') return this.#sequence(text);
    throw new ScenarioError(`unexpected ${text === '' ? 'end' : text}`);
  }

  #named(scope: Scope, name: string): unknown {
    if (!scope.has(name)) throw new NameError(`name '${name}' is not defined`);
    return scope.get(name);
  }

  #sequence(open: string): Expression {
    const { items, comma } = this.#list(open === '(' ? ')' : ']', () => this.#expression());
    if (open === '(' && items.length === 1 && !comma) return items[0];
    return (scope) => items.map((each) => each(scope));
  }
}

/** Makes a line runnable. @throws ScenarioError */
export function parse(line: string): Statement {
  return new Parser(line).statement();
}
