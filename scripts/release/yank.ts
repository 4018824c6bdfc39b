/** Taking a version out of service: it makes no new adapters, those that it made stay. */
import type { ReleaseTarget } from './target.ts';

/** Which version, and why. */
export interface Yank {
  readonly name: string;
  readonly version: string;
  readonly reason: string;
}

/** Yanks a version. */
export async function yank({ name, version, reason }: Yank, target: ReleaseTarget): Promise<void> {
  try {
    await target.client.yank(name, version, reason);
  } finally {
    await target.close();
  }
}
