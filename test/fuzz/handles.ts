/** The handles of TLS that the fuzzer uses: contexts, connections, sessions and memory BIOs. */
import { native, tls } from '../../lib/addon/binary.js';
import { NUMBER_SETTINGS, TEXT_SETTINGS, type TlsConnection, type TlsContext } from '../../lib/addon/tls.js';
import { Thrown, type Values } from './values.js';

export type HandleKind = 'context' | 'connection' | 'tlsSession' | 'bio';
const CLASSES = {
  context: tls.Context,
  connection: tls.Connection,
  tlsSession: tls.Session,
  bio: tls.MemoryBio,
} as unknown as Record<HandleKind, new () => object>;
const KINDS = Object.keys(CLASSES) as HandleKind[];

/** How many of each kind are kept; what is pushed out is garbage. */
const KEPT = 8;
const CLIENT = 1;
const SERVER = 2;
const TLS_1_2 = 0x0303;
/** A handshake over memory takes two rounds; more would not help. */
const MOST_ROUNDS = 10;
const EVENT_COUNT = 6;

/** What a connection's callbacks are asked of. */
export class Callbacks {
  readonly #values: Values;
  /** The connection whose callbacks these are. */
  connection: TlsConnection | null = null;

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

  /** An answer of any kind; before it, perhaps, the very connection that asks is used or let go. */
  #answer(): unknown {
    const { random } = this.#values;
    if (random.chance(0.02)) this.connection?.release();
    if (random.chance(0.02)) this.connection?.read(new Uint8Array(10), 10, 0);
    if (random.chance(0.02)) this.connection?.write(new Uint8Array(10), 10, 0);
    if (random.chance(0.02)) this.connection?.handshake(0);
    if (random.chance(0.02)) this.connection?.shutdown(true, 0);
    if (random.chance(0.05)) throw random.pick([new Thrown('thrown by a callback'), new Proxy(new Thrown(), HOSTILE)]);
    const usual = [0, 1, 80, null, [null, new Uint8Array(4)], ['x y', new Uint8Array(16)], new Uint8Array(4)];
    return random.chance(0.3) ? this.#values.any() : random.pick(usual);
  }
}

/** Of an exception that throws when it is looked at. */
const HOSTILE: ProxyHandler<Thrown> = {
  has() {
    throw new Thrown('thrown by an exception');
  },
};

export class Handles {
  readonly #values: Values;
  readonly #kept: Record<HandleKind, object[]> = { context: [], connection: [], tlsSession: [], bio: [] };

  constructor(values: Values) {
    this.#values = values;
  }

  callbacks(): Callbacks {
    return new Callbacks(this.#values);
  }

  /** Mostly one that has something of this kind in it; else one of another kind, or that has nothing in it. */
  one(kind: HandleKind): object {
    const { random } = this.#values;
    const kept = this.#kept[random.chance(0.95) ? kind : random.pick(KINDS)];
    return kept.length > 0 && random.chance(0.98) ? random.pick(kept) : new CLASSES[kind]();
  }

  keep(made: unknown): void {
    for (const kind of KINDS) {
      if (!(made instanceof CLASSES[kind])) continue;
      const kept = this.#kept[kind];
      kept.unshift(made);
      kept.length = Math.min(kept.length, KEPT);
    }
  }

  forgetAll(): void {
    for (const kept of Object.values(this.#kept)) kept.length = 0;
  }

  /** Two connections that are connected to each other through memory, without certificates. */
  addPair(): void {
    const contexts = [this.#context(CLIENT), this.#context(SERVER)];
    const bios = [tls.MemoryBio.create(), tls.MemoryBio.create()];
    const ends = contexts.map((context, i) => {
      const callbacks = this.callbacks();
      const { create } = tls.Connection;
      const end = create(context, i === 1, -1, bios[i], bios[1 - i], null, false, false, callbacks) as TlsConnection;
      callbacks.connection = end;
      return end;
    });
    for (let round = 0; round < MOST_ROUNDS; round++) {
      for (const end of ends) if (!end.handshakeDone()) end.handshake(0);
    }
    for (const made of [ends[0].getSession(), ...ends, ...contexts, ...bios]) this.keep(made);
  }

  #context(protocol: number): TlsContext {
    const context = tls.Context.create(protocol) as TlsContext;
    context.setText(TEXT_SETTINGS.ciphers, 'aNULL:@SECLEVEL=0');
    context.setNumber(NUMBER_SETTINGS.verifyMode, native.constants.ssl.CERT_NONE ?? 0);
    if (this.#values.random.chance(0.7)) context.setNumber(NUMBER_SETTINGS.maximumVersion, TLS_1_2);
    if (this.#values.random.chance(0.3)) context.setEvent(this.#values.random.below(EVENT_COUNT), true);
    return context;
  }
}
