/**
 * What a client of the file server must receive, byte for byte: put together from the files themselves and from what
 * RFC 9110 asks for, not from the server's code.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A date of 29 bytes: the clock runs, so what came is checked for being one, and near now. */
const ANY_DATE = 'Thu, 01 Jan 1970 00:00:00 GMT';
const CLOCK_SLACK_MS = 60_000;

/** The bytes of one or several responses; at `dates` (offsets) a current date stands. */
class Expected {
  constructor(bytes, dates) {
    this.bytes = bytes;
    this.dates = dates;
  }

  static all(responses) {
    const dates = [];
    let at = 0;
    for (const response of responses) {
      for (const offset of response.dates) dates.push(at + offset);
      at += response.bytes.length;
    }
    return new Expected(Buffer.concat(responses.map(({ bytes }) => bytes)), dates);
  }

  /** @throws Error which says where the first difference is */
  check(what, received) {
    const wanted = Buffer.from(this.bytes);
    for (const at of this.dates) {
      const date = received.toString('latin1', at, at + ANY_DATE.length);
      const near = Math.abs(Date.parse(date) - Date.now()) < CLOCK_SLACK_MS;
      wanted.write(near ? date : new Date().toUTCString(), at, 'latin1');
    }
    if (wanted.equals(received)) return;
    let at = 0;
    while (wanted[at] === received[at]) at++;
    const near = (bytes) => JSON.stringify(bytes.toString('latin1', Math.max(at - 20, 0), at + 60));
    throw new Error(
      `${what}: byte ${at} differs (${received.length} bytes came, ${wanted.length} were due)\n` +
        `  came: ${near(received)}\n  due:  ${near(wanted)}`,
    );
  }
}

function response(statusLine, fields, body) {
  const start = `HTTP/1.1 ${statusLine}\r\nDate: `;
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return new Expected(Buffer.concat([Buffer.from(`${start}${ANY_DATE}\r\n${lines}\r\n`), body]), [start.length]);
}

/** A response as a client's library gives it, taken apart, put together again. */
export function reassemble({ status, reason, headers, body }) {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} ${reason}\r\n${lines}\r\n`, 'latin1'), body]);
}

function wholeFile(file, { method = 'GET', close = false } = {}) {
  const fields = fileFields(file, file.bytes.length);
  if (close) fields.push(['Connection', 'close']);
  return response('200 OK', fields, method === 'HEAD' ? Buffer.alloc(0) : file.bytes);
}

function partOfFile(file, first, last) {
  const part = file.bytes.subarray(first, last + 1);
  const range = ['Content-Range', `bytes ${first}-${last}/${file.bytes.length}`];
  return response('206 Partial Content', [...fileFields(file, part.length), range], part);
}

function fileFields(file, length) {
  return [
    ['Content-Type', 'text/markdown; charset=utf-8'],
    ['Content-Length', length],
    ['Last-Modified', file.modified],
    ['Accept-Ranges', 'bytes'],
  ];
}

/** Anything else than a file: a line of text that says it. */
export function refusal(statusLine, extra = []) {
  const body = Buffer.from(`${statusLine}\n`);
  const fields = [
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', body.length],
  ];
  return response(statusLine, [...fields, ...extra], body);
}

/** The Markdown files in a folder: `{ name, bytes, modified }`. */
export function filesIn(folder) {
  const names = readdirSync(folder).filter((name) => name.endsWith('.md'));
  return names.map((name) => {
    const path = join(folder, name);
    return { name, bytes: readFileSync(path), modified: statSync(path).mtime.toUTCString() };
  });
}

/**
 * What every HTTP client is made to ask: `{ method, target, headers, body, expected }`.
 * Each leaves the connection open for the next.
 */
export function requestsFor(files) {
  const requests = [];
  const ask = (method, target, expected, headers = {}, body = '') =>
    requests.push({ method, target, headers, body, expected });
  for (const file of files) {
    ask('GET', `/${file.name}`, wholeFile(file));
    ask('HEAD', `/${file.name}`, wholeFile(file, { method: 'HEAD' }));
  }
  const [file] = files;
  const { length } = file.bytes;
  const part = (range, expected) => ask('GET', `/${file.name}`, expected, { Range: `bytes=${range}` });
  part('0-99', partOfFile(file, 0, 99));
  part('100-', partOfFile(file, 100, length - 1));
  part('-50', partOfFile(file, length - 50, length - 1));
  part(`7-${length + 7}`, partOfFile(file, 7, length - 1));
  part(`${length}-`, refusal('416 Range Not Satisfiable', [['Content-Range', `bytes */${length}`]]));
  ask('GET', '/no-such-file.md', refusal('404 Not Found'));
  ask('GET', '/../package.json', refusal('400 Bad Request'));
  ask('GET', '/%2e%2e/package.json', refusal('400 Bad Request'));
  ask('POST', `/${file.name}`, refusal('405 Method Not Allowed', [['Allow', 'GET, HEAD']]), {}, 'a=1');
  return requests;
}

export { Expected, wholeFile };
