// Runs AVA and shows its progress line by line; then what failed, what was skipped and why, and one line of counts.
// Arguments go to AVA: `npm test -- dist/test/socket/test_socket.js --match='*sendall*'`. The exit status is AVA's.
//
// A test is skipped in one of two ways: `test.skip` with "(skip: reason)" at the end of its title, or, where only the
// running test can tell, with a logged line "skip: reason" (see skip() and testUnless() in test/helpers/peers.ts).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from './toolchain.mjs';

const skipped = []; // [title, reason]
const failed = []; // titles
let passed = 0;
const counts = {}; // AVA's own closing numbers: they include tests that a crash kept from running
let last = ''; // title of the test whose comments come next, if it passed

function skip(title, reason) {
  skipped.push([title, reason]);
  process.stdout.write(`skip    ${title}: ${reason}\n`);
}

function consumeResult(ok, text) {
  const marked = / # (SKIP|TODO)$/.exec(text);
  const title = marked ? text.slice(0, marked.index) : text;
  last = '';
  if (marked) {
    const reason = /^(.*) \(skip: (.*)\)$/.exec(title);
    skip(reason?.[1] ?? title, reason?.[2] ?? 'NO REASON GIVEN');
  } else if (ok) {
    passed++;
    last = title;
    process.stdout.write(`ok      ${title}\n`);
  } else {
    failed.push(title);
    process.stdout.write(`FAILED  ${title}\n`);
  }
}

function consumeLine(line) {
  const result = /^(not )?ok \d+ - (.*)$/.exec(line);
  const late = /^#\s+skip: (.*)$/.exec(line);
  const count = /^# (tests|pass|skip|todo|fail) (\d+)$/.exec(line);
  if (result) {
    consumeResult(!result[1], result[2]);
  } else if (late && last !== '') {
    passed--;
    skip(last, late[1]);
    last = '';
  } else if (count) {
    counts[count[1]] = Number(count[2]);
  } else if (!/^(TAP version \d+|1\.\.\d+|# \S.*|)$/.test(line)) {
    // Neither TAP's frame nor the name of a hook that went well: what a test logged, or why it failed.
    process.stdout.write(`        ${line}\n`);
  }
}

function summarize(status) {
  const failures = Math.max(failed.length, counts.fail ?? 0, status === 0 ? 0 : 1);
  if (skipped.length > 0) process.stdout.write('\nSkipped:\n');
  for (const [title, reason] of skipped) process.stdout.write(`  ${title}: ${reason}\n`);
  if (failed.length > 0) process.stdout.write(`\nFailed:\n${failed.map((title) => `  ${title}\n`).join('')}`);
  process.stdout.write(`\n${passed} passed, ${failures} failed, ${skipped.length} skipped\n`);
}

const ava = join(root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs');
const child = spawn(process.execPath, [ava, '--tap', ...process.argv.slice(2)], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
});
createInterface({ input: child.stdout }).on('line', consumeLine);
child.on('close', (code) => {
  summarize(code ?? 1);
  process.exitCode = code ?? 1;
});
