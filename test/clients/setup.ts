/** Makes the Python environments of these tests, before the suite. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** vitest calls this before the suite. */
export function setup(): void {
  const script = join(import.meta.dirname, '../../scripts/setup-clients.sh');
  execFileSync('bash', [script], { stdio: 'inherit' });
}
