/** Whether the Python that is installed has the tests. */
import { execFileSync } from 'node:child_process';

/** The version whose tests these are, and whose shims: see docs/conformance.md. */
const VERSION = '3.11';

export const version: string = execFileSync('python3', ['-c', 'import platform; print(platform.python_version())'])
  .toString()
  .trim();

/** Why the files cannot be run here, or null. */
export function unavailable(): string | null {
  if (!version.startsWith(`${VERSION}.`)) return `these are the tests of Python ${VERSION}; here is ${version}`;
  try {
    execFileSync('python3', ['-c', 'import test.test_socket, test.test_ssl'], { stdio: 'pipe' });
    return null;
  } catch {
    return 'the installed python3 has no test package';
  }
}
