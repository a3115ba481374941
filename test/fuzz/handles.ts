/** The handles of TLS that the fuzzer uses: contexts, connections, sessions and memory BIOs. */
import { native, tls } from '../../lib/addon/binary.js';
import { NUMBER_SETTINGS, TEXT_SETTINGS } from '../../lib/addon/tls.js';
import { Thrown, type Values } from './values.js';

export type HandleKind = 'context' | 'connection' | 'tlsSession' | 'bio';

/** How many of each kind are kept; what is pushed out is garbage. */
const KEPT = 8;
const CLIENT = 1;
const SERVER = 2;
const TLS_1_2 = 0x0303;
/** A handshake over memory takes two rounds; more would not help. */
const MOST_ROUNDS = 10;
const EVENT_COUNT = 6;

/** What the binary puts an object of its own into, and calls back. */
export class Handle {
  readonly #values: Values;

  constructor(values: Values) {
    this.#values = values;
  }
  onServerName(): unknown {
    return this.#answer();
  }
  onPskClient(): unknown {
    return this.#answer();
  }
  onPskServer(): unknown {
    return this.#answer();
  }
  onMessage(): unknown {
    return this.#answer();
  }
  onKeyLog(): unknown {
    return this.#answer();
  }
  onOcspResponse(): unknown {
    return this.#answer();
  }

  /** An answer of any kind; before it, perhaps, this very object is used or let go. */
  #answer(): unknown {
    const { random } = this.#values;
    if (random.chance(0.02)) tls.releaseConnection(this);
    if (random.chance(0.02)) tls.read(this, new Uint8Array(10), 10, 0);
    if (random.chance(0.02)) tls.write(this, new Uint8Array(10), 10, 0);
    if (random.chance(0.02)) tls.handshake(this, 0);
    if (random.chance(0.02)) tls.shutdown(this, true, 0);
    if (random.chance(0.05)) throw new Thrown('thrown by a callback');
    const usual = [0, 1, 80, null, [null, new Uint8Array(4)], ['x y', new Uint8Array(16)], new Uint8Array(4)];
    return random.chance(0.3) ? this.#values.any() : random.pick(usual);
  }
}

export class Handles {
  readonly #values: Values;
  readonly #kept: Record<HandleKind, Handle[]> = { context: [], connection: [], tlsSession: [], bio: [] };

  constructor(values: Values) {
    this.#values = values;
  }

  fresh(): Handle {
    return new Handle(this.#values);
  }

  /** Mostly one that has something of this kind in it. */
  one(kind: HandleKind): Handle {
    const kept = this.#kept[kind];
    return kept.length === 0 || this.#values.random.chance(0.05) ? this.fresh() : this.#values.random.pick(kept);
  }

  keep(kind: HandleKind, made: unknown): void {
    if (!(made instanceof Handle)) return;
    const kept = this.#kept[kind];
    kept.unshift(made);
    kept.length = Math.min(kept.length, KEPT);
  }

  forgetAll(): void {
    for (const kept of Object.values(this.#kept)) kept.length = 0;
  }

  /** Two connections that are connected to each other through memory, without certificates. */
  addPair(): void {
    const contexts = [this.#context(CLIENT), this.#context(SERVER)];
    const bios = [this.fresh(), this.fresh()];
    for (const bio of bios) tls.createMemoryBio(bio);
    const ends = contexts.map((context, i) => {
      const end = this.fresh();
      tls.createConnection(end, context, i === 1, -1, bios[i], bios[1 - i], null, false, false);
      return end;
    });
    for (let round = 0; round < MOST_ROUNDS; round++) {
      for (const end of ends) if (!tls.handshakeDone(end)) tls.handshake(end, 0);
    }
    const session = this.fresh();
    if (tls.getSession(ends[0], session) === 1) this.keep('tlsSession', session);
    for (const end of ends) this.keep('connection', end);
    for (const context of contexts) this.keep('context', context);
    for (const bio of bios) this.keep('bio', bio);
  }

  #context(protocol: number): Handle {
    const context = this.fresh();
    tls.createContext(context, protocol);
    tls.setText(context, TEXT_SETTINGS.ciphers, 'aNULL:@SECLEVEL=0');
    tls.setNumber(context, NUMBER_SETTINGS.verifyMode, native.constants.ssl.CERT_NONE ?? 0);
    if (this.#values.random.chance(0.7)) tls.setNumber(context, NUMBER_SETTINGS.maximumVersion, TLS_1_2);
    if (this.#values.random.chance(0.3)) tls.setEvent(context, this.#values.random.below(EVENT_COUNT), true);
    return context;
  }
}
