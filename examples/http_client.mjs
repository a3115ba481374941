/**
 * A synchronous HTTP(S) client (RFC 9110, RFC 9112): each call blocks its thread until it has the whole response.
 *
 *   const client = new Client({ timeout: 10 });
 *   const { url, status, headers, body } = client.get('https://example.org/');
 *   client.post(url, JSON.stringify({ a: 1 }), { 'Content-Type': 'application/json' });
 *   node examples/http_client.mjs URL…      writes the bodies to standard output
 */
import { select, socket, ssl } from 'berkeley';

const [HEAD_MAX, REDIRECTS_MAX] = [65536, 10];

/** What the server sends is not HTTP as it should be. What fails in the system or in TLS is an OSError. */
export class HTTPError extends Error {}

class Connection {
  #buffer = Buffer.alloc(0);
  constructor({ hostname, port, protocol }, context, timeout) {
    const host = hostname.replace(/^\[|\]$/g, ''); // a URL has an IPv6 address in brackets
    this.sock = socket.create_connection([host, Number(port || (protocol === 'https:' ? 443 : 80))], timeout);
    // Whether a body that ends with the connection is whole, only TLS's own good-bye can tell.
    const options = { server_hostname: host, suppress_ragged_eofs: false };
    if (protocol === 'https:') this.sock = context.wrap_socket(this.sock, options);
  }
  /** Nothing has come since the last answer: neither bytes that nobody asked for nor the end. */
  isQuiet() {
    return this.#buffer.length === 0 && select.select([this.sock], [], [], 0)[0].length === 0;
  }
  /** `left` says how many seconds are left for the request and its answer. */
  send(method, { host, pathname, search }, headers, body, left) {
    const length = body === null ? [] : [['content-length', body.length]];
    const fields = [['host', host], ...length, ...headers].map(([name, value]) => `${name}: ${value}\r\n`);
    const head = Buffer.from(`${method} ${pathname}${search} HTTP/1.1\r\n${fields.join('')}\r\n`, 'latin1');
    this.left = left;
    this.answered = false;
    this.sock.settimeout(left());
    this.sock.sendall(Buffer.concat([head, body ?? this.#buffer]));
  }
  #receive() {
    this.sock.settimeout(this.left());
    const bytes = this.sock.recv(HEAD_MAX);
    this.answered ||= bytes.length > 0;
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    return bytes.length > 0;
  }
  /** The text before `mark`. */
  #until(mark) {
    let end = this.#buffer.indexOf(mark);
    for (; end < 0 && this.#buffer.length <= HEAD_MAX; end = this.#buffer.indexOf(mark)) {
      if (!this.#receive()) throw new HTTPError('the connection ended within a head');
    }
    if (end < 0 || end > HEAD_MAX) throw new HTTPError(`a head is longer than ${HEAD_MAX} bytes`);
    const text = this.#buffer.toString('latin1', 0, end);
    this.#buffer = this.#buffer.subarray(end + mark.length);
    return text;
  }
  /** `length` bytes in parts; Infinity: up to the end of the connection. */
  *#bytes(length) {
    for (let left = length, part; left > 0; left -= part.length) {
      const ended = this.#buffer.length === 0 && !this.#receive();
      if (ended && left < Infinity) throw new HTTPError(`the connection ended ${left} bytes before the body`);
      if (ended) return;
      part = this.#buffer.subarray(0, left);
      this.#buffer = this.#buffer.subarray(part.length);
      yield part;
    }
  }
  *#chunks() {
    for (let size = -1; size !== 0; ) {
      const line = this.#until('\r\n');
      if (!/^[\da-f]{1,12}[ \t]*(;|$)/i.test(line)) throw new HTTPError(`a chunk has the size ${JSON.stringify(line)}`);
      size = Number.parseInt(line, 16);
      yield* this.#bytes(size);
      if (size > 0 && this.#until('\r\n') !== '') throw new HTTPError('a chunk is longer than its size');
    }
    while (this.#until('\r\n') !== ''); // fields behind the last chunk
  }
  receive(method) {
    const [line, ...fields] = this.#until('\r\n\r\n').split('\r\n');
    const [, minor, status, reason] = /^HTTP\/1\.(\d) ([1-9]\d\d)(?: (.*))?$/.exec(line) ?? [];
    if (status === undefined) throw new HTTPError(`the answer begins with ${JSON.stringify(line)}`);
    if (status < '200') return this.receive(method); // on the way to the answer
    const pairs = fields.map((field) => /^([\w!#$%&'*+.^`|~-]+):([\t\x20-\x7e\x80-\xff]*)$/.exec(field)?.slice(1));
    const bad = pairs.indexOf(undefined);
    if (bad >= 0) throw new HTTPError(`a header field is ${JSON.stringify(fields[bad])}`);
    const headers = new Headers(pairs);
    const [length, coding] = [headers.get('content-length'), headers.get('transfer-encoding')];
    const clear = coding === null ? /^\d{1,15}$/.test(length ?? '0') : length === null && /^chunked$/i.test(coding);
    if (!clear) throw new HTTPError(`the body has the length '${length}' and the coding '${coding}'`);
    const bare = method === 'HEAD' || status === '204' || status === '304';
    const parts = bare ? [] : coding !== null ? this.#chunks() : this.#bytes(Number(length ?? Infinity));
    const lasts = minor > '0' && !/\bclose\b/i.test(headers.get('connection')) && (bare || length || coding) !== null;
    return { status: Number(status), reason, headers, body: Buffer.concat([...parts]), lasts };
  }
}

export class Client {
  #idle = new Map(); // origin → the connection that the next request may use

  /** `timeout`: seconds for a request with all its redirects. `context`: whom to trust, for https. */
  constructor({ timeout = 30, context = ssl.create_default_context() } = {}) {
    this.timeout = timeout;
    this.context = context;
  }
  get = (url, headers = {}) => this.request('GET', url, null, headers);
  post = (url, body, headers = {}) => this.request('POST', url, Buffer.from(body), headers);
  close() {
    for (const { sock } of this.#idle.values()) sock.close();
    this.#idle.clear();
  }
  request(method, address, body, fields) {
    const [headers, end] = [new Headers(fields), performance.now() + this.timeout * 1000];
    const left = () => Math.max(end - performance.now(), 0.001) / 1000;
    for (let url = new URL(address), i = 0; i <= REDIRECTS_MAX; i++) {
      if (!/^https?:$/.test(url.protocol)) throw new HTTPError(`no HTTP: ${url}`);
      const response = { url: url.href, ...this.#exchange(method, url, body, headers, left) };
      const { status } = response;
      const location = [301, 302, 303, 307, 308].includes(status) ? response.headers.get('location') : null;
      if (location === null) return response;
      if (status === 303 ? method !== 'HEAD' : status < 303 && method === 'POST') [method, body] = ['GET', null];
      if (!URL.canParse(location, url.href)) throw new HTTPError(`a redirect leads to '${location}'`);
      if (new URL(location, url).origin !== url.origin) headers.delete('authorization');
      url = new URL(location, url);
    }
    throw new HTTPError(`more than ${REDIRECTS_MAX} redirects`);
  }
  #exchange(method, url, body, headers, left) {
    const idle = this.#idle.get(url.origin);
    this.#idle.delete(url.origin);
    const reused = idle?.isQuiet() === true;
    if (!reused) idle?.sock.close();
    const connection = reused ? idle : new Connection(url, this.context, left());
    try {
      connection.send(method, url, headers, body, left);
      const response = connection.receive(method);
      if (response.lasts) this.#idle.set(url.origin, connection);
      else connection.sock.close();
      return response;
    } catch (error) {
      connection.sock.close();
      // The server may have ended the connection just when the request went out.
      if (reused && !connection.answered && method !== 'POST') return this.#exchange(method, url, body, headers, left);
      throw error;
    }
  }
}

const urls = process.argv[1] === import.meta.filename ? process.argv.slice(2) : [];
for (const url of urls) process.stdout.write(new Client().get(url).body);
