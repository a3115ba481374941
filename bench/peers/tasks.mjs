// What peers share that do their work themselves, without a load: they print "READY", and for each line "CASE COUNT" of
// input run that often and print what it took.
import { createInterface } from 'node:readline';

/**
 * `prepare(name)` returns the function that does the work once, which is `operations` of what is counted.
 */
export function serveTasks(prepare, operations = 1) {
  const input = createInterface({ input: process.stdin });
  process.stdout.write('READY\n');
  input.on('line', (line) => {
    const [name, count] = line.split(' ');
    process.stdout.write(`${JSON.stringify(timed(prepare(name), Number(count), operations))}\n`);
  });
}

/** Holds sockets that nothing else here does: one that is collected as garbage is closed. */
export function keepOpen(...socks) {
  process.on('exit', () => {
    for (const sock of socks) sock.close();
  });
}

function timed(work, count, operations) {
  const cpu = process.cpuUsage();
  const wall = process.hrtime.bigint();
  for (let i = 0; i < count; i++) work();
  const { user, system } = process.cpuUsage(cpu);
  return { count: count * operations, cpu_ns: (user + system) * 1000, wall_ns: Number(process.hrtime.bigint() - wall) };
}
