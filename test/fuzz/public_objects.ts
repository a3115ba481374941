/** The objects of the library that the public fuzzer uses: what its calls gave, and sockets that are always there. */
import { socket } from '../../lib/index.js';
import type { Descriptors } from './descriptors.js';
import type { Random } from './random.js';

/** How many objects of a class are kept, and how few of all are too few. */
const MOST_ALIKE = 8;
const FEW = 20;
/** The longest wait of a call, in seconds. */
export const SHORT_S = 0.002;

/** No socket waits for long, whatever it was told. */
export function tame(sock: InstanceType<typeof socket.socket>, random: Random): void {
  const timeout = sock.gettimeout();
  if (sock.fileno() < 0 || (timeout !== null && timeout > 0 && timeout <= SHORT_S)) return;
  if (timeout !== 0 || random.chance(0.5)) sock.settimeout(SHORT_S);
}

export class Objects {
  readonly all: object[] = [];
  readonly #random: Random;
  readonly #fds: Descriptors;
  readonly #classes: readonly (new () => object)[];
  readonly #close: (object: object) => void;

  /** `classes`: whose objects are kept. `close` closes one. */
  constructor(random: Random, fds: Descriptors, classes: readonly (new () => object)[], close: (o: object) => void) {
    this.#random = random;
    this.#fds = fds;
    this.#classes = classes;
    this.#close = close;
  }

  /** Keeps the objects of a result, which is one or an array with some. */
  keep(result: unknown): void {
    if (Array.isArray(result)) for (const each of result.slice(0, 4)) this.keep(each);
    if (!this.#isOurs(result)) return;
    if (result instanceof socket.socket) tame(result, this.#random);
    const alike = this.all.filter((each) => each.constructor === result.constructor);
    this.all.push(result);
    if (alike.length >= MOST_ALIKE) this.#close(this.all.splice(this.all.indexOf(this.#random.pick(alike)), 1)[0]);
  }

  #isOurs(value: unknown): value is object {
    if (typeof value !== 'object' || value === null) return false;
    if (this.#classes.some((each) => value instanceof each)) return true;
    return 'readable' in value && 'fileno' in value; // a file over a socket, whose class is not exported
  }

  /** Sockets that are connected to each other or wait for connections, and files over them. */
  refill(): void {
    this.#fds.refill();
    const sockets = this.all.filter((each) => each instanceof socket.socket);
    if (sockets.length > MOST_ALIKE / 2 && this.all.length > FEW) return;
    const random = this.#random;
    for (const sock of socket.socketpair(socket.AF_UNIX, random.pick([socket.SOCK_STREAM, socket.SOCK_DGRAM]))) {
      this.keep(sock);
      if (random.chance(0.5)) this.keep(sock.makefile(random.pick(['r', 'w', 'rb', 'wb', 'rwb'])));
    }
    const server = socket.create_server(['127.0.0.1', 0]);
    const client = socket.create_connection(server.getsockname() as [string, number]);
    const datagrams = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
    datagrams.bind(['127.0.0.1', 0]);
    for (const sock of [server, client, datagrams]) this.keep(sock);
  }

  /** One of those that `wanted` says; undefined if there is none. */
  one(wanted: (object: object) => boolean): object | undefined {
    const fit = this.all.filter(wanted);
    return fit.length === 0 ? undefined : this.#random.pick(fit);
  }

  closeAll(): void {
    for (const each of this.all.splice(0)) this.#close(each);
  }
}
