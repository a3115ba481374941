/** What a user's callback throws becomes an uncaught exception of the process, after the callers of ours have finished. */
export function uncaught(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
