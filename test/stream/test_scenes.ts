/** What two connected streams do to each other, step by step: beside node:net and node:tls, with either side acting. */
import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { closed, type Log, type Stream, sameScene } from '../helpers/beside_net.js';
import { checkLeaks } from '../helpers/leaks.js';
import { onWindows } from '../helpers/peers.js';

checkLeaks(test);

const BOTH_HALF_OPEN = { one: { allowHalfOpen: true }, two: { allowHalfOpen: true } };

/** Reads all, and says at the end how much it was. */
function counted(log: Log, s: Stream): Stream {
  let size = 0;
  return s.on('data', (bytes) => (size += bytes.length)).on('end', () => log.add('read', size));
}

/** Adds the code of an error, or that there was none. */
function told(log: Log, name: string) {
  return (error?: Error | null) => log.add(name, 'called back', error ?? 'without error');
}

/** What a call throws. */
function thrown(log: Log, name: string, call: () => unknown): void {
  try {
    call();
    log.add(name, 'returned');
  } catch (error) {
    log.add(name, 'threw', (error as Error).constructor.name, error);
  }
}

// ---- ends

sameScene('one ends with a last word', ({ one, two, second }) => {
  counted(second, two);
  one.resume().end('x');
});

sameScene('one ends without a word', ({ one, two }) => {
  two.resume();
  one.resume().end();
});

sameScene('both end at once', ({ one, two }) => {
  two.resume().end('two');
  one.resume().end('one');
});

sameScene(
  'half open: two answers after the end',
  ({ one, two, first }) => {
    counted(first, one);
    two.resume().on('end', () => two.write('still here', () => two.end('bye')));
    one.end('x');
  },
  BOTH_HALF_OPEN,
);

sameScene(
  'half open on one side alone: the other side ends by itself',
  ({ one, two, first }) => {
    counted(first, one);
    two.resume();
    one.end('x');
  },
  { one: { allowHalfOpen: true } },
);

sameScene('end is called twice, with callbacks', ({ one, two, first }) => {
  two.resume();
  one.resume().end('x', told(first, 'first end'));
  one.end(told(first, 'second end'));
});

sameScene('end with bytes after an end', ({ one, two, first }) => {
  two.resume();
  one.resume().end();
  one.end('late', told(first, 'late end'));
});

sameScene('end after the end is done', async ({ one, two, first }) => {
  two.resume();
  one.resume().end();
  const closing = closed(one);
  await once(one, 'finish');
  one.end(told(first, 'late end'));
  await closing;
});

sameScene('end in a listener of end', ({ one, two }) => {
  two.resume().on('end', () => two.end('from the listener'));
  one.resume().end();
});

sameScene('a peer ends while nothing is read here', async ({ one, two, second }) => {
  one.resume().end('unread');
  await once(one, 'finish');
  await turn();
  counted(second, two);
});

// ---- destroying

sameScene('one is destroyed', ({ one, two }) => {
  two.resume();
  one.resume().destroy();
});

sameScene('one is destroyed with an error', ({ one, two }) => {
  two.resume();
  one.resume().destroy(Object.assign(new Error('boom'), { code: 'BOOM' }));
});

sameScene('destroy twice, with two errors', ({ one, two }) => {
  two.resume();
  one.resume().destroy(Object.assign(new Error('boom'), { code: 'FIRST' }));
  one.destroy(Object.assign(new Error('boom'), { code: 'SECOND' }));
});

sameScene('destroySoon sends what was written', ({ one, two, second }) => {
  counted(second, two);
  one.resume().write('a'.repeat(1000));
  (one as Stream & { destroySoon(): void }).destroySoon();
});

sameScene('destroySoon on an idle stream', ({ one, two }) => {
  two.resume();
  (one.resume() as Stream & { destroySoon(): void }).destroySoon();
});

sameScene('destroy in a listener of data', ({ one, two, second }) => {
  two.on('data', (bytes) => {
    second.add('data', bytes);
    two.destroy();
  });
  one.resume().write('x');
});

sameScene('destroy in a listener of end', ({ one, two }) => {
  two.resume().on('end', () => two.destroy());
  one.resume().end('x');
});

sameScene('destroy in the callback of a write', ({ one, two, first }) => {
  two.resume();
  one.resume().write('x', (error) => {
    told(first, 'write')(error);
    one.destroy();
  });
});

sameScene('destroy in the callback of end', ({ one, two, first }) => {
  two.resume();
  one.resume().end('x', () => {
    first.add('ended');
    one.destroy();
  });
});

sameScene('destroy behind a write: its callback', ({ one, two, first }) => {
  two.resume().on('error', () => {});
  one.resume().write('x', told(first, 'write'));
  one.destroy();
});

sameScene('both are destroyed at once', ({ one, two }) => {
  one.resume().destroy();
  two.resume().destroy();
});

// A TLSSocket of node:tls cannot be reset (ERR_INVALID_HANDLE_TYPE); here it can.
sameScene(
  'a reset',
  ({ one, two, first }) => {
    two.resume();
    one.resume();
    thrown(first, 'resetAndDestroy', () => one.resetAndDestroy());
  },
  { layers: ['plain'] },
);

sameScene('a reset after the end', async ({ one, two, first }) => {
  two.resume();
  one.resume().end();
  await closed(one);
  thrown(first, 'resetAndDestroy', () => one.resetAndDestroy());
});

sameScene('await using', async ({ one, two }) => {
  two.resume();
  one.resume();
  const disposable = one as Stream & Partial<AsyncDisposable>;
  if (Symbol.asyncDispose in disposable) disposable[Symbol.asyncDispose]?.().then(undefined, () => {});
  else one.destroy();
});

// ---- writing

sameScene('the callbacks of writes and of the end, in their order', ({ one, two, first }) => {
  two.resume();
  one.resume().write('a', told(first, 'a'));
  one.write('b', told(first, 'b'));
  one.end('c', told(first, 'c'));
});

sameScene('write after end', ({ one, two, first }) => {
  two.resume();
  one.resume().end('x');
  first.add('returned', one.write('late', told(first, 'late write')));
});

sameScene('write after destroy', ({ one, two, first }) => {
  two.resume();
  one.resume().destroy();
  first.add('returned', one.write('late', told(first, 'late write')));
});

sameScene('end after destroy', ({ one, two, first }) => {
  two.resume();
  one.resume().destroy();
  one.end('late', told(first, 'late end'));
});

sameScene('write after both sides have ended', async ({ one, two, first }) => {
  two.end();
  one.resume();
  two.resume();
  await once(one, 'end');
  first.add('returned', one.write('late', told(first, 'late write')));
});

sameScene('an empty write', ({ one, two, first, second }) => {
  counted(second, two);
  one.resume().write('', told(first, 'empty'));
  one.write(Buffer.alloc(0), told(first, 'empty'));
  one.end();
});

sameScene('cork and uncork', ({ one, two, first, second }) => {
  counted(second, two);
  one.resume().cork();
  one.write('a', told(first, 'a'));
  one.write('b', told(first, 'b'));
  first.add('corked', one.writableLength, one.bytesWritten);
  one.uncork();
  first.add('uncorked', one.bytesWritten);
  one.end();
});

sameScene('encodings of what is written', ({ one, two, second }) => {
  const parts: Buffer[] = [];
  two.on('data', (bytes) => parts.push(bytes));
  two.on('end', () => second.add(Buffer.concat(parts).toString('hex')));
  one.resume().write('é', 'latin1');
  one.write('00ff', 'hex');
  one.write('AQID', 'base64');
  one.write('é');
  one.write('é', 'utf16le');
  one.write(new Uint8Array([1, 2, 3]));
  one.end('61', 'hex');
});

for (const [name, value] of [
  ['a number', 1],
  ['null', null],
  ['undefined', undefined],
  ['an object', {}],
  ['an array', [1]],
  ['true', true],
] as const) {
  sameScene(`writing what cannot be written: ${name}`, ({ one, two, first }) => {
    two.resume();
    one.resume();
    thrown(first, 'write', () => one.write(value as never));
    one.end();
  });
}

sameScene('an encoding that does not exist', ({ one, two, first }) => {
  two.resume();
  one.resume();
  thrown(first, 'write', () => one.write('x', 'klingon' as never));
  thrown(first, 'setEncoding', () => one.setEncoding('klingon' as never));
  one.end();
});

sameScene('a chunk that does not fit into the buffers', ({ one, two, first, second }) => {
  counted(second, two);
  first.add('returned', one.resume().write(Buffer.alloc(8_000_000), told(first, 'write')));
  one.once('drain', () => first.add('drain'));
  one.end(told(first, 'end'));
});

sameScene('many chunks', ({ one, two, second }) => {
  counted(second, two);
  one.resume();
  for (let i = 0; i < 500; i++) one.write(Buffer.alloc(i, i));
  one.end();
});

sameScene(
  'the peer is destroyed while a large write waits',
  async ({ one, two, first }) => {
    one.resume();
    // Node 20 calls back as if it had been sent.
    const tells = Number.parseInt(process.versions.node, 10) >= 22;
    one.write(Buffer.alloc(16_000_000), (error) => first.add('write', tells && (error ? 'failed' : 'went')));
    one.removeAllListeners('error');
    // Which of the two it is, is a matter of time.
    one.on('error', (error: NodeJS.ErrnoException) => first.add(/EPIPE|ECONNRESET/.test(error.code ?? '') || error));
    await once(two, 'readable');
    const gone = closed(one);
    two.destroy();
    await gone;
    // The code is in the state, too.
    Object.defineProperty(one, 'errored', { value: null });
    Object.defineProperty(one, 'bytesWritten', { value: 0 });
    Object.defineProperty(two, 'bytesRead', { value: 0 });
  },
  { lacking: (layer) => layer === 'TLS' && onWindows('node:tls does something else there') },
);

// ---- reading

sameScene('text, divided in the midst of a character', async ({ one, two, second }) => {
  let text = '';
  two.setEncoding('utf8').on('data', (part) => (text += part));
  two.on('end', () => second.add(text));
  const bytes = Buffer.from('grüße €');
  one.resume();
  for (const byte of bytes) {
    one.write(Buffer.of(byte));
    await turn();
  }
  one.end();
});

sameScene('an incomplete character at the end', ({ one, two, second }) => {
  let text = '';
  two.setEncoding('utf8').on('data', (part) => (text += part));
  two.on('end', () => second.add(text));
  one.resume().end(Buffer.from('€').subarray(0, 2));
});

sameScene('readable and read(n)', ({ one, two, second }) => {
  two.on('readable', () => {
    for (let part = two.read(3); part !== null; part = two.read(3)) second.add('read', part);
    if (two.readableLength > 0 && two.readableEnded) second.add('left', two.readableLength);
  });
  one.resume().end('abcdefgh');
});

sameScene('unshift', ({ one, two, second }) => {
  two.once('data', (came) => {
    two.pause();
    two.unshift(Buffer.from('again:'));
    let text = `${came}`;
    two.on('data', (part) => (text += part));
    two.on('end', () => second.add(text));
    two.resume();
    one.end('y');
  });
  one.resume().write('x');
});

sameScene('pause and resume', ({ one, two, second }) => {
  counted(second, two).pause();
  setImmediate(() => two.resume());
  one.resume().end(Buffer.alloc(2_000_000));
});

sameScene('pause in a listener of data', ({ one, two, second }) => {
  counted(second, two);
  two.on('data', () => {
    two.pause();
    setImmediate(() => two.resume());
  });
  one.resume().end(Buffer.alloc(500_000));
});

sameScene('an async iterator reads all', async ({ one, two, second }) => {
  one.resume().end('abc');
  const parts: Buffer[] = [];
  for await (const part of two) parts.push(part);
  second.add(Buffer.concat(parts));
});

sameScene('an async iterator is left', async ({ one, two, second }) => {
  one.resume().write('abc');
  for await (const part of two) {
    second.add(part);
    break;
  }
});

sameScene('an async iterator meets a destroyed peer', async ({ one, two, second }) => {
  one.resume().write('abc', () => one.destroy());
  try {
    for await (const part of two) second.add('part', part);
    second.add('all');
  } catch (error) {
    second.add('thrown', error);
  }
});

sameScene('an async iterator, and the stream is destroyed with an error', async ({ one, two, second }) => {
  one.resume().write('abc');
  try {
    for await (const part of two) {
      second.add('part', part);
      two.destroy(Object.assign(new Error('boom'), { code: 'BOOM' }));
    }
  } catch (error) {
    second.add('thrown', error);
  }
});

// ---- pipes

sameScene(
  'an echo by pipe',
  ({ one, two, first }) => {
    two.pipe(two);
    counted(first, one);
    one.end(Buffer.alloc(300_000));
  },
  BOTH_HALF_OPEN,
);

sameScene('unpipe', ({ one, two, second }) => {
  const sink = new Writable({
    write(_, __, done) {
      two.unpipe(sink);
      second.add('unpiped', two.isPaused());
      done();
      two.resume();
    },
  });
  two.pipe(sink);
  one.resume().end('x');
});

sameScene('a pipeline into it', async ({ one, two, first, second }) => {
  counted(second, two);
  one.resume();
  await pipeline(Readable.from(['a', 'b', 'c']), one).then(() => first.add('done'), told(first, 'pipeline'));
});

sameScene('a pipeline out of it', async ({ one, two, second }) => {
  let size = 0;
  one.resume().end(Buffer.alloc(100_000));
  const sink = new Writable({
    write(chunk, _, done) {
      size += chunk.length;
      done();
    },
  });
  await pipeline(two, sink).then(() => second.add('done'), told(second, 'pipeline'));
  second.add(size);
});

sameScene('a pipeline whose source fails', async ({ one, two, first }) => {
  two.resume();
  one.resume();
  const broken = new Readable({
    read() {
      this.destroy(Object.assign(new Error('boom'), { code: 'BOOM' }));
    },
  });
  await pipeline(broken, one).then(() => first.add('done'), told(first, 'pipeline'));
});

// ---- timeouts

sameScene('a timeout says so, and does nothing else', ({ one, two, first }) => {
  two.resume();
  one.resume().setTimeout(20, () => {
    first.add('destroyed', one.destroyed, one.timeout);
    one.setTimeout(0);
    one.end();
  });
});

for (const [name, ms] of [
  ['text', '10'],
  ['less than nothing', -1],
  ['no number', Number.NaN],
  ['for ever', Number.POSITIVE_INFINITY],
  ['nothing', undefined],
] as const) {
  sameScene(`a timeout of ${name}`, ({ one, two, first }) => {
    two.resume();
    thrown(first, 'setTimeout', () => one.resume().setTimeout(ms as never));
    first.add(one.timeout);
    one.end();
  });
}

sameScene('a timeout whose listener is no function', ({ one, two, first }) => {
  two.resume();
  thrown(first, 'setTimeout', () => one.resume().setTimeout(1000, 'x' as never));
  one.setTimeout(0);
  one.end();
});

// ---- what it says of itself

sameScene('its addresses', ({ one, two, first }) => {
  two.resume();
  first.add(one.localAddress, one.localFamily, one.remoteAddress, one.remoteFamily);
  first.add(one.localPort === two.remotePort, one.remotePort === two.localPort, Object.keys(one.address()).sort());
  one.resume().end();
  one.once('close', () => first.add(one.localAddress, one.localPort, one.remoteAddress, one.address()));
});

sameScene('its state while it is open', ({ one, two, first }) => {
  two.resume();
  first.add(
    one.readyState,
    one.pending,
    one.connecting,
    one.destroyed,
    one.bytesRead,
    one.bytesWritten,
    one.bufferSize,
  );
  first.add(
    one.readable,
    one.writable,
    one.allowHalfOpen,
    one.timeout ?? 0,
    one.writableHighWaterMark,
    one.readableHighWaterMark,
  );
  one.resume().end();
  first.add(one.readyState, one.writable, one.writableEnded);
});

sameScene('what its setters return', ({ one, two, first }) => {
  two.resume();
  const setters = {
    setNoDelay: [],
    setKeepAlive: [true, 1000],
    setTimeout: [0],
    setEncoding: ['utf8'],
    ref: [],
    unref: [],
  };
  for (const [name, args] of Object.entries(setters)) {
    const call = (one as unknown as Record<string, (...args: unknown[]) => unknown>)[name];
    first.add(name, call.apply(one, args) === one);
  }
  one.ref().resume();
  first.add(one.end() === one);
});

sameScene('a signal destroys it', ({ one, two }) => {
  two.resume();
  one.resume().destroy(new DOMException('stop', 'AbortError'));
});
