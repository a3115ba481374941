/** The process in which one scene is run, again and again, each time with another call that fails: started by main.ts. */

import { warmUp } from '../helpers/leaks.js';
import { type Control, FAULTS, faultName, Control as Opened, PASSING } from './faults.js';
import { judge } from './run.js';
import { SCENES } from './scenes.js';

const [name, most] = [process.argv[2], Number(process.argv[3])];
const scene = SCENES[name];
const control: Control = new Opened(process.env.BERKELEY_FAULTS as string);
/** Where a call that is not made below waits for nothing, EAGAIN means that nothing is there. */
const SLEEPS = ['blocking', 'datagrams', 'descriptors', 'batches', 'files'].includes(name);

let runs = 0;
const wrong: string[] = [];

async function run(call: string, nth: number, fault: number, passing: boolean): Promise<void> {
  const title = nth === 0 ? `${name}, all well` : `${name}, ${call} ${nth}: ${faultName(call, fault)}`;
  control.note(title);
  control.arm(call, nth, fault);
  runs++;
  const found = await judge(scene, control, passing);
  for (const each of found) wrong.push(`${title}\n    ${each.replaceAll('\n', '\n    ')}`);
}

// What is opened at the first use and kept, and names that are looked up once.
warmUp();
await run('', 0, 0, true);
wrong.length = 0;
await run('', 0, 0, true);
for (const [call, faults] of Object.entries(FAULTS)) {
  await run(call, 0, 0, true);
  const made = control.seen;
  if (made === 0) continue;
  for (const fault of faults) {
    const passing = PASSING.includes(fault) && !(SLEEPS && faultName(call, fault) === 'EAGAIN') && call !== 'close';
    for (let nth = 1; nth <= most; nth++) {
      await run(call, nth, fault, passing);
      if (!control.hit) break;
    }
  }
}
console.log(`${name}: ${runs} runs, ${wrong.length} wrong`);
for (const each of wrong) console.log(`  ${each}`);
// What hangs would keep it.
process.exit(wrong.length > 0 ? 1 : 0);
