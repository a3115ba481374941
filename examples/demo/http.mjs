/**
 * HTTP/1.1 for a folder of files, without a socket in sight: bytes go in, responses come out.
 *
 * GET and HEAD, persistent connections, pipelining, single byte ranges. What a request may look like and what is answered
 * is RFC 9110 (semantics) and RFC 9112 (syntax).
 */
import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { extname, join, sep } from 'node:path';

const HEAD_MAX = 16 * 1024;
const BODY_MAX = 64 * 1024;
const BLOCK_SIZE = 64 * 1024;

const REASONS = {
  200: 'OK',
  206: 'Partial Content',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  416: 'Range Not Satisfiable',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
  505: 'HTTP Version Not Supported',
};

const TYPES = {
  '.md': 'text/markdown; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.json': 'application/json',
};

/** An answer other than a file. `fatal`: the bytes that follow cannot be trusted to be a request. */
class Refusal extends Error {
  constructor(status, { headers = [], fatal = false } = {}) {
    super(REASONS[status]);
    this.status = status;
    this.headers = headers;
    this.fatal = fatal;
  }
}

// ---- requests --------------------------------------------------------------------------------------------------------

const REQUEST_LINE = /^([!#$%&'*+.^_`|~\w-]+) (\S+) HTTP\/(\d)\.(\d)$/;
const FIELD_LINE = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/;

/** A request's head, without its empty line: `{ method, target, version, headers }`; field names in small letters. */
function parseHead(text) {
  const [first, ...lines] = text.split('\r\n');
  const request = REQUEST_LINE.exec(first);
  if (request === null) throw new Refusal(400, { fatal: true });
  const [, method, target, major, minor] = request;
  if (major !== '1') throw new Refusal(505, { fatal: true });
  const headers = new Map();
  for (const line of lines) addField(headers, line);
  if (minor !== '0' && !headers.has('host')) throw new Refusal(400, { fatal: true });
  return { method, target, version: `1.${minor}`, headers };
}

function addField(headers, line) {
  const field = FIELD_LINE.exec(line);
  const name = field?.[1].toLowerCase();
  // Two of these would leave it open where the request ends, or whom it is for.
  const twice = headers.has(name) && ['host', 'content-length'].includes(name);
  if (field === null || twice) throw new Refusal(400, { fatal: true });
  headers.set(name, headers.has(name) ? `${headers.get(name)}, ${field[2]}` : field[2]);
}

/** How many bytes of body follow the head. They are of no use to this server, but the next request comes after them. */
function bodyLength(headers) {
  if (headers.has('transfer-encoding')) throw new Refusal(501, { fatal: true });
  const text = headers.get('content-length') ?? '0';
  if (!/^\d+$/.test(text)) throw new Refusal(400, { fatal: true });
  if (Number(text) > BODY_MAX) throw new Refusal(413, { fatal: true });
  return Number(text);
}

// ---- files -----------------------------------------------------------------------------------------------------------

/** The file below `root` that a request's target names: `{ path, size, modified }`. */
function find(root, target) {
  const path = join(root, ...segments(target));
  let real, stat;
  try {
    real = realpathSync(path);
    stat = statSync(real);
  } catch {
    throw new Refusal(404);
  }
  // A link may lead out of the folder.
  if (!real.startsWith(root + sep) || !stat.isFile()) throw new Refusal(404);
  return { path: real, size: stat.size, modified: stat.mtime };
}

/** The names that a target is made of, decoded. What climbs, or hides a separator, is refused. */
function segments(target) {
  const path = target.replace(/^http:\/\/[^/?]+/i, '').replace(/\?.*$/, '');
  if (!path.startsWith('/')) throw new Refusal(400);
  return path.slice(1).split('/').map(decodeSegment);
}

function decodeSegment(text) {
  let segment;
  try {
    segment = decodeURIComponent(text);
  } catch {
    throw new Refusal(400);
  }
  if (segment === '..' || /[/\\\0]/.test(segment)) throw new Refusal(400);
  return segment;
}

/** The part of a file that a Range field asks for: `[first, length]`; null for the whole of it. RFC 9110, section 14. */
function rangeOf(headers, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(headers.get('range') ?? '');
  if (match === null || (match[1] === '' && match[2] === '') || headers.has('if-range')) return null;
  const [from, to] = match.slice(1).map((text) => (text === '' ? null : Number(text)));
  if (from !== null && to !== null && to < from) return null;
  const first = from ?? Math.max(size - to, 0);
  const last = from === null || to === null ? size - 1 : Math.min(to, size - 1);
  if (last < first) throw new Refusal(416, { headers: [['Content-Range', `bytes */${size}`]] });
  return [first, last - first + 1];
}

/** A part of a file, a block at a time. The file is open only while it is being read. */
function* blocks({ path, first, length }) {
  const file = openSync(path, 'r');
  try {
    for (let at = first, end = first + length; at < end; ) {
      const block = Buffer.allocUnsafe(Math.min(BLOCK_SIZE, end - at));
      const n = readSync(file, block, 0, block.length, at);
      if (n === 0) throw new Error(`${path} became shorter while it was being sent`);
      at += n;
      yield block.subarray(0, n);
    }
  } finally {
    closeSync(file);
  }
}

// ---- responses -------------------------------------------------------------------------------------------------------

function head(status, headers) {
  const lines = [`HTTP/1.1 ${status} ${REASONS[status]}`, `Date: ${new Date().toUTCString()}`];
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** `{ status, close, parts }`, where parts is an iterator over the response's bytes. */
function fileResponse(root, { method, target, headers }, close) {
  if (method !== 'GET' && method !== 'HEAD') throw new Refusal(405, { headers: [['Allow', 'GET, HEAD']] });
  const file = find(root, target);
  const range = method === 'GET' ? rangeOf(headers, file.size) : null;
  const [first, length] = range ?? [0, file.size];
  const status = range === null ? 200 : 206;
  const fields = [
    ['Content-Type', TYPES[extname(file.path)] ?? 'application/octet-stream'],
    ['Content-Length', length],
    ['Last-Modified', file.modified.toUTCString()],
    ['Accept-Ranges', 'bytes'],
  ];
  if (range !== null) fields.push(['Content-Range', `bytes ${first}-${first + length - 1}/${file.size}`]);
  if (close) fields.push(['Connection', 'close']);
  const body = method === 'HEAD' ? [] : blocks({ path: file.path, first, length });
  return { status, close, parts: concatenated(head(status, fields), body) };
}

function refusalResponse({ status, headers }, withBody, close) {
  const body = Buffer.from(`${status} ${REASONS[status]}\n`);
  const fields = [['Content-Type', TYPES['.txt']], ['Content-Length', body.length], ...headers];
  if (close) fields.push(['Connection', 'close']);
  return { status, close, parts: concatenated(head(status, fields), withBody ? [body] : []) };
}

function* concatenated(first, rest) {
  yield first;
  yield* rest;
}

// ---- the two together ------------------------------------------------------------------------------------------------

/** One connection's requests and their responses, in order. */
export class HttpExchange {
  #root;
  #received = Buffer.alloc(0);
  #skip = 0;
  #ended = false;

  /** @param root the folder that is served */
  constructor(root) {
    this.#root = realpathSync(root);
  }

  /** Takes over what came from the client. The bytes are copied. */
  feed(bytes) {
    if (!this.#ended) this.#received = Buffer.concat([this.#received, bytes]);
  }

  /** The next response, with the request's first line and Range field for a log: null if no whole request is there. */
  next() {
    this.#dropBody();
    if (this.#ended || this.#skip > 0) return null;
    const text = this.#nextHead();
    if (text === null) return null;
    const response = this.#answer(text);
    this.#ended = response.close;
    const [request] = text.split('\r\n', 1);
    return { request, range: /^range: *(.*)$/im.exec(text)?.[1] ?? '', ...response };
  }

  #dropBody() {
    const n = Math.min(this.#skip, this.#received.length);
    this.#skip -= n;
    this.#received = this.#received.subarray(n);
  }

  /** The next request's head; one without end if it is too long, so that it is refused; null if it is not whole. */
  #nextHead() {
    // Empty lines before a request are no error: RFC 9112, section 2.2.
    while (this.#received.subarray(0, 2).equals(CRLF)) this.#received = this.#received.subarray(2);
    const end = this.#received.indexOf('\r\n\r\n');
    const length = end < 0 ? this.#received.length : end;
    if (end < 0 && length <= HEAD_MAX) return null;
    const text = this.#received.toString('latin1', 0, length);
    this.#received = this.#received.subarray(length + 4);
    return text;
  }

  #answer(text) {
    let withBody = true;
    let close = true;
    try {
      if (text.length > HEAD_MAX) throw new Refusal(431, { fatal: true });
      const request = parseHead(text);
      this.#skip = bodyLength(request.headers);
      withBody = request.method !== 'HEAD';
      close = request.version === '1.0' || /\bclose\b/i.test(request.headers.get('connection') ?? '');
      return fileResponse(this.#root, request, close);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return refusalResponse(error, withBody, close || error.fatal);
    }
  }
}

const CRLF = Buffer.from('\r\n');
