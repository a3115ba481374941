/** The page about the shims says what they adapt. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { adaptations } from './adaptations.js';

test('what the shims adapt is in docs/conformance.md, and nothing else is', (t) => {
  const path = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
  const page = readFileSync(path('docs/conformance.md'), 'utf8');
  const [, section] = /## What the shims adapt\n(.*?)\n## /s.exec(page) ?? [];
  const rows = [...section.matchAll(/^\| ([^|]+) \|/gm)].map(([, what]) => what);
  t.deepEqual(rows.slice(1).sort(), adaptations(path('test/conformance')).sort());
});
