/** dist/bundle, which the package exports: what a public module loads, and what is known of its sources. */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import test from 'ava';
import { ROOT } from '../helpers/examples.js';

interface Target {
  default?: { default: string };
}
const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: Record<string, Target> };

/** The files that a bundle imports, itself among them, however far away. */
function loadedBy(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(/^(?:import|export)[^'"]*['"](\.[^'"]+)['"]/gm)) {
    loadedBy(resolve(dirname(file), path), found);
  }
  return found;
}

/** The sources of those files: their source maps name them. */
function sourcesOf(name: string): string[] {
  const file = join(ROOT, exports[name].default?.default ?? '');
  return [...loadedBy(file)].flatMap((each) => {
    const { sources, sourcesContent } = JSON.parse(readFileSync(`${each}.map`, 'utf8'));
    return sources.map((source: string, i: number) => {
      const path = resolve(dirname(each), source);
      if (readFileSync(path, 'utf8') !== sourcesContent[i]) throw new Error(`${path} is not what was bundled`);
      return path.slice(join(ROOT, 'lib/').length);
    });
  });
}

const folderOf = (source: string) => (source.includes('/') ? source.slice(0, source.indexOf('/')) : source);

/** What each public module needs of lib, by folder. */
const NEEDS: Record<string, string[]> = {
  './errno': ['addon', 'constants'],
  './exceptions': ['addon', 'constants', 'core'],
  './socket': ['addon', 'constants', 'core', 'io', 'socket', 'structs', 'wait'],
  './select': ['addon', 'constants', 'core', 'select', 'wait'],
};

for (const [name, folders] of Object.entries(NEEDS)) {
  test(`berkeley${name.slice(1)} loads nothing that it does not need`, (t) => {
    const sources = sourcesOf(name);
    t.true(sources.length > 3);
    t.deepEqual(
      [...new Set(sources.map(folderOf))].filter((folder) => !folders.includes(folder)),
      [],
    );
  });
}

test('all public modules together have each source once', (t) => {
  const files = new Set(Object.keys(exports).flatMap((name) => [...allOf(name)]));
  const sources = [...files].flatMap((file) => JSON.parse(readFileSync(`${file}.map`, 'utf8')).sources as string[]);
  t.true(sources.length > 100);
  const names = sources.map((source) => source.replace(/^(\.\.\/)+/, ''));
  t.deepEqual(
    names.filter((each, i) => names.indexOf(each) !== i),
    [],
  );
});

function allOf(name: string): Set<string> {
  const target = exports[name].default?.default;
  return target === undefined ? new Set() : loadedBy(join(ROOT, target));
}
