/** The ssl module beside CPython's: results, exceptions and their texts are the same. See differential_ssl/. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { checkLeaks } from '../helpers/leaks.js';
import { cleanEnv, hasCommand, pythonSync, testUnless } from '../helpers/peers.js';

checkLeaks(test);

interface Step {
  readonly text: string;
  /** Why the outcomes differ and cannot but differ. */
  readonly differs?: string;
  /** The least minor version of Python that has it as we do. */
  readonly since: number;
}
interface Scenario {
  readonly title: string;
  readonly steps: readonly Step[];
}
type Outcome = Readonly<Record<string, unknown>>;

const FOLDER = fileURLToPath(new URL('../../../test/differential_ssl/', import.meta.url));
const CERTS = fileURLToPath(new URL('../../../test/certs', import.meta.url));

function parseStep(line: string): Step {
  const [, text, since = '0', differs] = /^(.*?)(?:\s*\[python >= 3\.(\d+)\])?(?:\s+#! (.*))?$/.exec(line) as string[];
  return { text, since: Number(since), ...(differs === undefined ? {} : { differs }) };
}

function readScenarios(): Scenario[] {
  const blocks = readFileSync(`${FOLDER}scenarios.py`, 'utf8').split(/^## /m).slice(1);
  return blocks.map((block) => {
    const [title, ...lines] = block.split('\n');
    return { title, steps: lines.filter((line) => line.trim() !== '' && !line.startsWith('#')).map(parseStep) };
  });
}

async function run(command: readonly string[], env: NodeJS.ProcessEnv, scenarios: readonly Scenario[]) {
  const child = spawn(command[0], command.slice(1), { env, stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stdin.end(
    JSON.stringify({ certs: CERTS, scenarios: scenarios.map(({ steps }) => steps.map(({ text }) => text)) }),
  );
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}`);
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Outcome[]);
}

const noPython = !hasCommand('python3') && 'python3 is not installed';
const testWithPython = testUnless(noPython);
const linked = (script: string) => pythonSync(script).stdout.trim();
const minor = noPython ? 0 : Number(linked('import sys; print(sys.version_info[1])'));

const scenarios = readScenarios();
const results = noPython
  ? Promise.resolve({ there: [], here: [] })
  : (async () => ({
      there: await run(['python3', `${FOLDER}runner.py`], cleanEnv(), scenarios),
      here: await run(
        [process.execPath, fileURLToPath(new URL('./runner.js', import.meta.url))],
        process.env,
        scenarios,
      ),
    }))();
results.catch(() => {}); // each test that awaits it says what is wrong

for (const [index, { title, steps }] of scenarios.entries()) {
  testWithPython(title, async (t) => {
    const { there, here } = await results;
    const comparable = [...steps.keys()].filter((i) => steps[i].since <= minor);
    const same = steps.map((_, i) => isDeepStrictEqual(here[index][i], there[index][i]));
    const wrong = comparable.filter((i) => !same[i] && steps[i].differs === undefined);
    const shown = (outcomes: Outcome[]) => wrong.map((i) => ({ statement: steps[i].text, ...outcomes[i] }));
    t.deepEqual(shown(here[index]), shown(there[index]));
    const alike = comparable.filter((i) => same[i] && steps[i].differs !== undefined).map((i) => steps[i].text);
    t.deepEqual(alike, [], 'known differences that no longer differ');
  });
}
