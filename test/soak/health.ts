/** What the soaked process tells. */
export interface Health {
  /** Bytes of memory that are resident, and of JavaScript's heap. */
  rss: number;
  heap: number;
  descriptors: number;
  /** The 99th percentile of the event loop's delay in the last second, in milliseconds. */
  delayMs: number;
  /** Connections so far. */
  served: number;
  /** Threads that were terminated while they blocked. */
  terminated: number;
}

/** Where it listens: ports, and a Unix socket's path. */
export interface Places {
  tcp: Record<string, number>;
  unix: string;
}
