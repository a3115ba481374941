/** The same scenarios in CPython and here: results, exceptions and their texts are the same. See differential/. */
import { isDeepStrictEqual } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { checkLeaks } from '../helpers/leaks.js';
import { cleanEnv, hasCommand, pythonSync, skip, testUnless } from '../helpers/peers.js';
import {
  foreign,
  lacking,
  type Outcome,
  type Result,
  readScenarios,
  runHere,
  runThere,
  type Scenario,
} from './scenarios.js';

checkLeaks(test);

const LEAST = 250;

const missing = hasCommand('python3') ? null : 'python3 is not installed';
const version =
  missing === null ? pythonSync("import platform; print(platform.python_version(), end='')").stdout : 'none';
const noPython = missing ?? foreign(version) ?? false;
const testWithPython = testUnless(noPython);

const scenarios = readScenarios();
const able = noPython !== false ? [] : scenarios.filter((scenario) => lacking(scenario, version) === null);
/** One after the other: some scenarios name what the whole machine shares. */
const results = (async () => {
  const there = await runThere(able, cleanEnv());
  return { there, here: await runHere(able) };
})();
results.catch(() => {}); // each test that awaits it says what is wrong

const skipped: string[] = [];

function compare(t: ExecutionContext, scenario: Scenario, there: Result, here: Result): void {
  if ('lacks' in there) {
    skipped.push(scenario.title);
    skip(t, `this python3 has no ${there.lacks}`);
    return;
  }
  if (!Array.isArray(there) || !Array.isArray(here)) {
    t.fail(`CPython: ${JSON.stringify(there)}; here: ${JSON.stringify(here)}`);
    return;
  }
  const same = scenario.steps.map((_, i) => isDeepStrictEqual(here[i], there[i]));
  const wrong = [...same.keys()].filter((i) => !same[i] && scenario.steps[i].differs === undefined);
  const shown = (result: Outcome[]) => wrong.map((i) => ({ statement: scenario.steps[i].text, ...result[i] }));
  t.deepEqual(shown(here), shown(there));
  const alike = scenario.steps.filter(({ differs }, i) => same[i] && differs !== undefined);
  t.deepEqual(alike, [], 'known differences that no longer differ');
}

for (const scenario of scenarios) {
  testWithPython(scenario.title, async (t) => {
    t.timeout(10 * 60_000); // the first of these waits for all
    const reason = lacking(scenario, version);
    if (reason !== null) {
      skipped.push(scenario.title);
      return skip(t, reason);
    }
    const { there, here } = await results;
    const index = able.indexOf(scenario);
    compare(t, scenario, there[index], here[index]);
  });
}

testWithPython('there are enough scenarios, and each known difference has a reason', async (t) => {
  t.timeout(10 * 60_000);
  await results;
  const steps = scenarios.flatMap((scenario) => scenario.steps);
  const known = steps.filter(({ differs }) => differs !== undefined);
  const reasons = [...new Set(known.map(({ differs }) => differs))];
  t.log(
    `${scenarios.length} scenarios, ${steps.length} statements, beside python ${version}; ${skipped.length} skipped`,
  );
  t.log(`${known.length} known differences:`);
  for (const reason of reasons) t.log(`  ${known.filter(({ differs }) => differs === reason).length}  ${reason}`);
  t.true(scenarios.length >= LEAST);
  t.is(new Set(scenarios.map(({ title }) => title)).size, scenarios.length, 'no title twice');
  t.false(reasons.includes(''));
});
