/**
 * Soak: servers of each kind under hostile peers, for as long as one likes, while peers that behave want their bytes back.
 *
 *     npm run soak -- [--seconds 60] [--publish]
 *
 * It fails if a peer that behaves gets other bytes, an error or no answer; if the process of the servers ends, or grows; if a
 * descriptor is open at the end that was not at the beginning. --publish writes docs/soak/.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chart } from './chart.js';
import { visit } from './clients.js';
import type { Health, Places } from './health.js';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, publish: { type: 'boolean', default: false } },
});
const seconds = Number(values.seconds);
/** How much more of the heap may be in use, collected, at the end than after a quarter of the time: bytes. */
const GROWTH = 16 << 20;
/** What Node opens at its first use, and what a terminated thread is about to close. */
const SPARE_DESCRIPTORS = 8;

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const failures: string[] = [];
const course: Health[] = [];
const collected: Health[] = [];
const visits: Record<string, number> = {};
let over = false;

function fail(text: string): void {
  failures.push(text);
  console.error(`soak: ${text}`);
}

/** The next message that has `name`. */
function message<T>(child: ChildProcess, name: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const heard = (told: Record<string, T>) => {
      if (told[name] === undefined) return;
      child.off('message', heard).off('exit', ended);
      resolve(told[name]);
    };
    const ended = () => reject(new Error('the servers have ended'));
    child.on('message', heard).on('exit', ended);
  });
}

/** Visits a service until the end. A thread that is terminated resets the connection that it has. */
async function visitAll(service: string, places: Places): Promise<void> {
  while (!over) {
    try {
      await visit(service, places);
      visits[service] = (visits[service] ?? 0) + 1;
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      const reset = service === 'blocking' && message !== 'no answer';
      if (!over && !reset) fail(`${service}: ${code ?? ''} ${message}`);
    }
    await sleep(20);
  }
}

function told({ rss, heap, descriptors, delayMs, served, terminated }: Health): string {
  const [resident, used] = [rss, heap].map((each) => `${(each / 2 ** 20).toFixed(0)} MiB`);
  return (
    `${served} connections, ${terminated} threads terminated; resident ${resident}, heap ${used}, ` +
    `${descriptors} descriptors, delay ${delayMs.toFixed(1)} ms`
  );
}

const environment = { execArgv: ['--expose-gc'] };
const server = fork(path('./server.js'), environment);
const places = await message<Places>(server, 'places');
server.on('message', ({ health }: { health?: Health }) => health !== undefined && course.push(health));
server.on('exit', (code, signal) => !over && fail(`the servers have ended: ${signal ?? `status ${code}`}`));
server.send('collect');
const first = await message<Health>(server, 'collected');
const hostile = fork(path('./hostile.js'), environment);
hostile.on('exit', (code, signal) => !over && fail(`those who mean ill have ended: ${signal ?? `status ${code}`}`));
hostile.send(places);

console.log(`soak: ${seconds} s`);
const visitors = [...Object.keys(places.tcp), 'unix'].map((each) => visitAll(each, places));
const began = performance.now();
const elapsed = () => (performance.now() - began) / 1000;
while (elapsed() < seconds && server.exitCode === null) {
  await sleep(Math.min(seconds, 60, Math.max(5, seconds / 8)) * 1000);
  if (server.exitCode !== null || server.signalCode !== null) break;
  server.send('collect');
  collected.push(await message<Health>(server, 'collected'));
  console.log(`soak: ${elapsed().toFixed(0)} s: ${told(collected[collected.length - 1])}`);
}
over = true;
hostile.send('tell');
const { counts } = { counts: await message<Record<string, number>>(hostile, 'counts') };
hostile.kill();
await Promise.all(visitors);
server.send('stop');
const last = await message<Health>(server, 'last');

const quarter = collected[Math.floor(collected.length / 4)];
if (last.heap > quarter.heap + GROWTH) fail(`the heap has grown from ${quarter.heap} to ${last.heap} bytes`);
if (last.descriptors > first.descriptors + SPARE_DESCRIPTORS) {
  fail(`${last.descriptors} descriptors are open at the end, and were ${first.descriptors}`);
}
const table = (title: string, rows: Record<string, number>) =>
  `| ${title} | times |\n|---|---:|\n${Object.entries(rows)
    .map(([name, count]) => `| ${name} | ${count} |`)
    .join('\n')}`;
const result =
  failures.length === 0
    ? 'Nothing was lost, and nothing has grown.'
    : `**Failed:** ${failures.slice(0, 20).join('; ')}`;
console.log(
  `\nsoak: ${told(last)}\n\n${table('peers that behave', visits)}\n\n${table('hostile', counts)}\n\n${result}`,
);
if (values.publish) publish();
process.exitCode = failures.length === 0 ? 0 : 1;

function publish(): void {
  const folder = path('../../../docs/soak');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'soak.svg'), chart(course));
  const [{ model }] = cpus();
  const parts = [
    '# A soak',
    `\`npm run soak -- --seconds ${seconds} --publish\` has written this page: servers of each kind in one process, peers that want their
bytes back, and hostile ones beside them (test/soak/hostile.ts says what each does).`,
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${model}, Node.js ${process.versions.node}.`,
    result,
    `At the end, when all connections are closed: ${told(last)}; before the first one: ${told(first)}.`,
    '![The course of a soak](soak.svg)',
    table('peers that behave', visits),
    table('hostile', counts),
  ];
  writeFileSync(join(folder, 'README.md'), `${parts.join('\n\n')}\n`);
}
