/** MemoryBIO: bytes on their way between a connection and whoever carries them. */
import { inspect } from 'node:util';
import { tls } from '../addon/binary.js';
import { absent, integer } from '../core/args.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { OverflowError } from '../core/exceptions.js';
import { objectRepr } from '../core/repr.js';
import { staysWith } from '../core/stays.js';
import { SSLError, succeeded } from './errors.js';

const STAYS = staysWith('a MemoryBIO');

/** @see Python ssl.MemoryBIO */
export class MemoryBIO {
  /** @internal See core/stays.ts. */ readonly _stays: symbol = STAYS;
  /** @internal */ readonly _tls = tls.MemoryBio.create();
  #ended = false;

  /** @throws TypeError if there is an argument */
  constructor(...args: unknown[]) {
    if (args.length > 0) throw new TypeError('MemoryBIO() takes no positional arguments');
  }

  /** How many bytes it holds. */
  get pending(): number {
    return this._tls.pending();
  }

  /** Whether the end of the stream has been reached: `write_eof` was called, and all has been read. */
  get eof(): boolean {
    return this.#ended && this.pending === 0;
  }

  /** Takes out up to `size` bytes; all of them if it is negative. @throws TypeError | OverflowError */
  read(size = absent(arguments.length, 1, 'size', -1)): Buffer {
    const n = integer(size);
    if (n > 0x7fffffff || n < -0x80000000) throw new OverflowError('Python int too large to convert to C int');
    const pending = this.pending;
    const bytes = Buffer.allocUnsafe(n < 0 ? pending : Math.min(Number(n), pending));
    return bytes.subarray(0, this._tls.read(bytes));
  }

  /** Puts all of the bytes in, and returns their number. @throws SSLError after `write_eof` */
  write(b: BytesLike): number {
    const bytes = bytesOf(b);
    if (this.#ended) throw new SSLError('cannot write() after write_eof()');
    return succeeded(this._tls.write(bytes));
  }

  /** No more will come: what reads it will find the end of the stream after these bytes. */
  write_eof(): void {
    this.#ended = true;
    this._tls.writeEof();
  }

  [inspect.custom](): string {
    return objectRepr('_ssl', this);
  }
}
