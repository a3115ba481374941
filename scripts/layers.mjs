// Checks the rules of the house (docs/architecture.md) that Biome cannot: who may include whom in native/, who loads the
// binary, what the public modules consist of. Which folder of lib/ may import from which: biome.jsonc.
//   node scripts/layers.mjs [tree]      prints each breach as "file: rule"; exit status 1 if there is one
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { root } from './toolchain.mjs';

const tree = process.argv[2] ?? root;
const breaches = [];

function breach(file, rule) {
  breaches.push(`${file}: ${rule}`);
}

/** The files below `folder` whose name ends so: `[path relative to the tree, text]` pairs. */
function read(folder, ending) {
  if (!existsSync(join(tree, folder))) return [];
  const entries = readdirSync(join(tree, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && ending.test(entry.name));
  const paths = files.map((entry) => relative(tree, join(entry.parentPath, entry.name))).sort();
  return paths.map((path) => [path, readFileSync(join(tree, path), 'utf8')]);
}

// ---- native/

const NODE_API = /^(node_api|js_native_api|node_api_types|js_native_api_types|napi|napi-inl|node|v8|uv)(\.h|\/)/;
const OPENSSL = /^openssl\//;

/** What a C++ file includes: system headers as written, our own as paths relative to the tree. */
function includes(path, text) {
  const found = [...text.matchAll(/^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]/gm)];
  return found.map(([, mark, name]) => {
    // binding.gyp makes native/ an include folder: a name is relative to the file, or to native/.
    const beside = normalize(join(dirname(path), name));
    if (mark === '"' && existsSync(join(tree, beside))) return beside;
    const below = join('native', name);
    return existsSync(join(tree, below)) ? below : name;
  });
}

/** Folder → what its files may not include, and the rule in words. */
const NATIVE_RULES = {
  os: [
    [NODE_API, 'native/os knows no Node-API'],
    [OPENSSL, 'native/os knows no OpenSSL'],
    [/^native\/(tls|napi)\//, 'native/os knows neither tls nor napi'],
  ],
  tls: [
    [NODE_API, 'native/tls knows no Node-API'],
    [/^native\/(os|napi)\//, 'native/tls knows neither os nor napi'],
  ],
  constants: [
    [NODE_API, 'only native/napi includes Node-API'],
    [/^native\/(os|tls|napi)\//, 'native/constants includes system headers only'],
  ],
  system: [
    [NODE_API, 'only native/napi includes Node-API'],
    [/^native\/(?!system\/)/, 'native/system includes system headers only'],
  ],
  napi: [
    [OPENSSL, 'native/napi sees OpenSSL through tls/ only'],
    [/^native\/os\/.*\//, 'native/napi sees the contracts of os/ only'],
  ],
};

/** What runs at each recv, poll or getsockopt counts instructions. */
const HOT = /^native\/napi\/(args|batch|data|waiting|zerocopy)\.(cc|h)$/;

/** Folder of native/os → the folders beside it whose files its own may include; each may include os/ itself. */
const PORTS = {
  common: ['common'],
  posix: ['posix', 'common'],
  linux: ['linux', 'posix', 'common'],
  bsd: ['bsd', 'posix', 'common'],
  win: ['win', 'common'],
};

/** What is wrong with a file of native/os that includes another one of native/os, if anything. */
function portBreach(path, name) {
  const [, folder] = /^native\/os\/(?:(\w+)\/)?/.exec(path);
  const [, wanted] = /^native\/os\/(?:(\w+)\/)?/.exec(name) ?? [];
  if (wanted === undefined) return undefined;
  if (folder === undefined) return 'the contracts of native/os name no port';
  if (PORTS[folder] === undefined) return `native/os has the folders ${Object.keys(PORTS).join(', ')} only`;
  return PORTS[folder].includes(wanted) ? undefined : `native/os/${folder} knows no ${wanted}/`;
}

function checkNative() {
  for (const [path, text] of read('native', /\.(h|hh|hpp|inc|c|cc|cpp)$/)) {
    const folder = path.split('/')[1];
    const rules = NATIVE_RULES[folder];
    if (rules === undefined) breach(path, 'native/ has the folders os, tls, napi, constants and system only');
    if (HOT.test(path) && /\bNapi::/.test(text)) breach(path, 'hot calls use the C Node-API');
    for (const name of includes(path, text)) {
      for (const [forbidden, rule] of rules ?? []) if (forbidden.test(name)) breach(path, `${rule} (${name})`);
      const rule = folder === 'os' ? portBreach(path, name) : undefined;
      if (rule !== undefined) breach(path, `${rule} (${name})`);
    }
  }
}

// ---- lib/

/** TypeScript without its comments. Strings stay; a "//" inside one is told apart by what stands before it. */
function withoutComments(text) {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
}

/** What lib/index.ts may consist of: a name that the platform lacks is absent, which plain re-exports cannot say. */
const INDEX_STATEMENTS = [
  /\bimport\s+(type\s+)?(\*\s+as\s+\w+|\{[^}]*\})\s+from\s*'[^']+'\s*;/g,
  /\bexport\s+(type\s+)?(\*(\s+as\s+\w+)?|\{[^}]*\})\s*from\s*'[^']+'\s*;/g,
  /\bexport\s+const\s+(\w+)\s*=\s*present\(\1Module\)\s*;/g,
  /\bexport\s+namespace\s+\w+\s*\{(\s*export\s+type\s+\w+(<[^;{}]*>)?\s*=\s*\w+Module\.\w+(<[^>]*>)?\s*;)*\s*\}/g,
];

function checkIndex(text) {
  const rest = INDEX_STATEMENTS.reduce((left, statement) => left.replace(statement, ''), text).trim();
  if (rest !== '') breach('lib/index.ts', `only re-exports (${rest.split('\n')[0]})`);
}

function checkLib() {
  for (const [path, text] of read('lib', /\.ts$/).map(([path, text]) => [path, withoutComments(text)])) {
    // Biome checks the direction of import and export statements; it does not see an import type.
    if (/\bimport\s*\(\s*["']\.\.\//.test(text)) breach(path, 'lib imports by statements only');
    // What the kernel writes has the machine's order, what goes over the wire is big-endian: neither is `true`.
    if (/\b[gs]et(Big)?(Int|Uint)(16|32|64)\([^;]*,\s*true\)/.test(text))
      breach(path, 'core/byte_order.ts knows the order');
    if (path === 'lib/index.ts') checkIndex(text);
  }
}

function checkOneLoader() {
  const loads = /node-gyp-build|process\.dlopen|require\([^)]*\.node['"]\s*\)/;
  for (const folder of ['lib', 'bench', 'examples']) {
    for (const [path, text] of read(folder, /\.(ts|mjs|js)$/)) {
      if (path !== 'lib/addon/binary.ts' && loads.test(withoutComments(text))) {
        breach(path, 'lib/addon/binary.ts alone loads the binary');
      }
    }
  }
}

function checkExports(manifest) {
  for (const [name, target] of Object.entries(manifest.exports ?? {})) {
    if (JSON.stringify(target).includes('*')) breach('package.json', `exports are listed, one by one (${name})`);
  }
}

const manifest = JSON.parse(readFileSync(join(tree, 'package.json'), 'utf8'));
checkNative();
checkLib();
checkOneLoader();
checkExports(manifest);
for (const line of breaches) process.stdout.write(`${line}\n`);
process.stdout.write(breaches.length === 0 ? 'layers: all rules hold\n' : `layers: ${breaches.length} breaches\n`);
process.exitCode = breaches.length === 0 ? 0 : 1;
