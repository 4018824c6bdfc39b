/**
 * Bringing a new version of the Worker to everyone, a part first:
 *
 *   migrate -> upload -> 10% -> healthy? -> 100% -> healthy?      and on a failure: 100% to the one before
 *
 * The database has no way back: the version before goes on working with the new tables while both answer,
 * and after a failure, so a migration may add but not take away.
 */
import { Refusal } from '../command.ts';

/** Percent of the requests that the new version answers first. */
const FIRST_SHARE = 10;

/** A version of the Worker, and its part of the requests in percent. */
export interface Share {
  readonly version: string;
  readonly percentage: number;
}

/** What a roll-out does, and to whom; scripts/deploy/wrangler.ts does it to Cloudflare. */
export interface Platform {
  /** Which versions answer now. */
  shares(): Promise<readonly Share[]>;
  migrate(): Promise<void>;
  /** Uploads a version, which answers nothing yet, and gives its id. */
  upload(): Promise<string>;
  share(shares: readonly Share[]): Promise<void>;
  /** Says what is wrong with a version that answers; undefined if it is well. */
  ailment(version: string): Promise<string | undefined>;
}

/**
 * Rolls out a new version and gives its id.
 *
 * @param say hears of each step
 * @throws Refusal when another roll-out is under way, or when the new version was taken back
 */
export async function rollOut(platform: Platform, say: (line: string) => void): Promise<string> {
  const [before, ...others] = await platform.shares();
  if (before === undefined || others.length > 0) {
    throw new Refusal(
      'Two versions answer at the moment; end that roll-out first, with npx wrangler versions deploy.',
    );
  }
  say('applying migrations');
  await platform.migrate();
  const version = await platform.upload();
  say(`uploaded ${version}`);
  const steps = [
    [
      { version, percentage: FIRST_SHARE },
      { version: before.version, percentage: 100 - FIRST_SHARE },
    ],
    [{ version, percentage: 100 }],
  ];
  for (const shares of steps) {
    say(`${version} answers ${shares[0]?.percentage}% of the requests`);
    const problem = await attempt(async () => {
      await platform.share(shares);
      return platform.ailment(version);
    });
    if (problem !== undefined) {
      say(`taking it back: ${problem}`);
      await platform.share([{ version: before.version, percentage: 100 }]);
      throw new Refusal(`${version} was taken back, ${before.version} answers again: ${problem}`);
    }
  }
  return version;
}

/** A step that fails is a problem too: it may have done half of what it should. */
async function attempt(step: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await step();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
