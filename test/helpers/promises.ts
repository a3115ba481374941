/** Promises in tests. */
import { setImmediate } from 'node:timers/promises';

/** Whether a promise is still pending after the loop has had some turns. */
export async function pending(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  for (let turn = 0; turn < 5; turn++) await setImmediate();
  return !settled;
}
