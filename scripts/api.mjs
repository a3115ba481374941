// `npm run api`: how many of Python's public names are here, per module, and why the other ones are not.
//
// python-api.json lists the names of Python's modules: `only` and `not` name platforms (as sys.platform does), `since`
// and `until` the Python version that brought a name or had it last. Exits with 1 if a name is missing for no reason.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const library = await import(pathToFileURL(join(root, 'dist', 'lib', 'index.js')));
const api = JSON.parse(readFileSync(join(root, 'scripts', 'python-api.json'), 'utf8'));

/** The Python that this library follows. */
const TARGET = '3.14';

/** Python's protocols that have another name in JavaScript. */
const OTHER_NAMES = { __enter__: Symbol.dispose, __exit__: Symbol.dispose, __iter__: Symbol.iterator };

/** Names that cannot be here, whatever CPython has. */
const REASONS = {
  'socket.CAPI': 'a PyCapsule of C pointers, of use to C extensions of CPython alone',
  'ssl.PROTOCOL_SSLv2': 'OpenSSL has SSLv2 no more',
  'ssl.PROTOCOL_SSLv3': 'this OpenSSL is built without SSLv3',
};

/** Classes whose instances have fields of their own, and one instance each. */
const SAMPLES = {
  'selectors.SelectorKey': ({ SelectorKey }) => new SelectorKey(0, 0, 1, null),
  'ssl.SSLError': ({ SSLError }) => new SSLError(1, 'text'),
  'ssl.SSLCertVerificationError': ({ SSLCertVerificationError }) => new SSLCertVerificationError(1, 'text'),
  'ssl.SSLSocket': ({ SSLContext, PROTOCOL_TLS_SERVER }) => {
    const context = new SSLContext(PROTOCOL_TLS_SERVER);
    const wrapped = context.wrap_socket(new library.socket.socket(), { server_side: true });
    wrapped.close();
    return wrapped;
  },
  'ssl.DefaultVerifyPaths': ({ get_default_verify_paths }) => get_default_verify_paths(),
};

const isHere = ({ only, not }) => (only?.includes(process.platform) ?? true) && !not?.includes(process.platform);
const versionNumber = (text) => text.split('.').reduce((number, part) => number * 1000 + Number(part), 0);

/** The module's classes that descend from `owner`. */
function heirs(namespace, owner) {
  return Object.values(namespace).filter((value) => value?.prototype instanceof owner);
}

/** Whether a class or its instances have this member. An abstract method, which TypeScript alone knows: if heirs do. */
function hasMember(namespace, moduleName, className, member) {
  const owner = namespace[className];
  if (owner === undefined) return false;
  const key = OTHER_NAMES[member] ?? member;
  const has = (target) => key in target || (target.prototype !== undefined && key in target.prototype);
  if (has(owner)) return true;
  const sample = SAMPLES[`${moduleName}.${className}`];
  if (sample !== undefined) return key in sample(namespace);
  const below = typeof owner === 'function' ? heirs(namespace, owner) : [];
  return below.length > 0 && below.every(has);
}

function isPresent(namespace, moduleName, name) {
  const [first, member] = name.split('.');
  if (member !== undefined) return hasMember(namespace, moduleName, first, member);
  return namespace[name] !== undefined;
}

/** Which of these dotted names the python3 of this machine lacks, and its version; null without a python3. */
function askPython(names) {
  const script = `
import importlib, json, sys
def has(path):
    module, *rest = path.split(".")
    try:
        value = importlib.import_module(module)
        for name in rest:
            value = getattr(value, name)
    except (AttributeError, ImportError):
        return False
    return True
lacking = [path for path in json.load(sys.stdin) if not has(path)]
print(json.dumps({"version": "%d.%d" % sys.version_info[:2], "lacking": lacking}))`;
  const { stdout, status } = spawnSync('python3', ['-c', script], { input: JSON.stringify(names), encoding: 'utf8' });
  return status === 0 ? JSON.parse(stdout) : null;
}

/** Why a name that the list has for this platform is not here; undefined if there is no reason. */
function reasonFor(path, { since, until }, python) {
  if (REASONS[path] !== undefined) return REASONS[path];
  if (until !== undefined && versionNumber(until) < versionNumber(TARGET)) return `removed from Python after ${until}`;
  // A Python that is older than the name does not tell.
  if (python === null || (since !== undefined && versionNumber(since) > versionNumber(python.version)))
    return undefined;
  return python.lacking.includes(path) ? `CPython ${python.version} lacks it on this platform, too` : undefined;
}

/** `count` of `total` in a column. */
function row(moduleName, text) {
  process.stdout.write(`${moduleName.padEnd(10)} ${text}\n`);
}

function report(moduleName) {
  const names = Object.entries(api[moduleName]).filter(([, entry]) => isHere(entry));
  const namespace = library[moduleName];
  if (namespace === undefined) {
    row(moduleName, `absent: not written yet (${names.length} names)`);
    return 0;
  }
  const missing = names.filter(([name]) => !isPresent(namespace, moduleName, name));
  row(moduleName, `${names.length - missing.length} / ${names.length} names for ${process.platform}`);
  const python = missing.length > 0 ? askPython(missing.map(([name]) => `${moduleName}.${name}`)) : null;
  let unexplained = 0;
  for (const [name, entry] of missing) {
    const reason = reasonFor(`${moduleName}.${name}`, entry, python);
    if (reason === undefined) unexplained++;
    row('', `  ${reason === undefined ? 'MISSING' : 'not here'}: ${name}${reason === undefined ? '' : `: ${reason}`}`);
  }
  return unexplained;
}

let unexplained = 0;
for (const moduleName of Object.keys(api)) unexplained += report(moduleName);
if (unexplained > 0) {
  process.stdout.write(`${unexplained} names are missing without a reason\n`);
  process.exitCode = 1;
}
