// The user's cache folder: what is fetched or built once per version, for all clones.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'berkeley');

/**
 * Fills a folder of the cache: `fill(folder)` works in a temporary one, which gets its name when it is complete. Returns the
 * folder.
 */
export function cached(name, fill) {
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, `.${name}-`));
  fill(work);
  try {
    renameSync(work, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
    rmSync(work, { recursive: true }); // another process was faster
  }
  return folder;
}
