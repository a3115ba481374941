// What a peer in JavaScript says of its memory when it is asked (needs --expose-gc).

/** The heap in bytes after everything that is garbage has been collected, for a line of its own. */
export function heapLine() {
  globalThis.gc();
  return `HEAP ${process.memoryUsage().heapUsed}\n`;
}
