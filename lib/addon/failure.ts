/** What is said where the binary cannot be loaded: the cause, and the command that cures it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of a binary that the environment names. */
export function describeNamed(file: string, error: unknown): string {
  return `BERKELEY_BINARY names ${file}, which cannot be loaded: ${messageOf(error)}`;
}

/** Of code that is no longer in its package, but in a bundle. */
export const BUNDLED =
  'berkeley is part of a bundle, and its binary is not. Leave the package out of the bundle, as an external one ' +
  '(docs/bundlers.md says how), and install it where the bundle runs; or name the file of the binary in the environment ' +
  'variable BERKELEY_BINARY.';

/** Whether the folder is this package's: in a bundle it is any. */
export function isPackage(root: string): boolean {
  try {
    return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).name === 'berkeley';
  } catch {
    return false;
  }
}

/** Of the package in the folder `root`, whose binary node-gyp-build did not find, or Node did not load. */
export function describeFailure(root: string, error: unknown): string {
  const text = messageOf(error);
  const cure = `\n\n    ${rebuildCommand(root)}\n`;
  if ((error as { code?: unknown }).code !== 'ERR_DLOPEN_FAILED') {
    return `berkeley has no binary here, for its install script was blocked or has failed (${firstLine(text)}). Run it:${cure}`;
  }
  // What the loader names then: the C libraries, their versions, their own loaders.
  if (/GLIBC|ld-linux|ld-musl|libc\.musl|libc\.so/.test(text)) {
    return `berkeley's binary was built for another C library than this system's, and was copied here (${text}). Build it here:${cure}`;
  }
  return `berkeley's binary is damaged, or was built for another system or processor (${text}). Build it here:${cure}`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The command that runs the install script, of the package manager that has put the package where it is. */
function rebuildCommand(root: string): string {
  const noted = (name: string) => existsSync(join(root, '..', name));
  // In a clone of the repository.
  if (existsSync(join(root, 'tsconfig.json'))) return 'npm run setup';
  if (/[/\\]node_modules[/\\]\.pnpm[/\\]/.test(root) || noted('.modules.yaml')) {
    return 'pnpm approve-builds berkeley && pnpm rebuild berkeley';
  }
  if (noted('.yarn-state.yml') || process.versions.pnp !== undefined) {
    return 'npm pkg set --json dependenciesMeta.berkeley.built=true && yarn rebuild berkeley';
  }
  if (noted('.yarn-integrity')) return 'yarn install --force';
  return 'npm rebuild berkeley --ignore-scripts=false';
}
