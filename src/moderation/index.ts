/**
 * Moderation: whoever runs an endpoint may have every new description looked at before an adapter is made of
 * it. It fails closed: without a decision nothing new is made, and what is set up wrongly decides nothing.
 * What is known already is not asked about again, and an embedding has no words to ask about.
 */
import { T2lError } from '../contract/errors.ts';
import type { Env } from '../env.ts';
import { createHttpModerator } from './http.ts';
import { type Moderator, misconfigured } from './moderator.ts';
import { createWorkersAiModerator, type GuardModel } from './workers-ai.ts';

/** What the operator has set. */
export type ModerationSettings = Pick<
  Env,
  'MODERATION' | 'MODERATION_URL' | 'MODERATION_DIALECT' | 'MODERATION_TOKEN' | 'MODERATION_MODEL'
> & { readonly AI?: GuardModel | undefined };

/** Characters of a reason that are repeated. */
const REASON_EXCERPT = 200;

/**
 * Who is asked; undefined: nobody.
 *
 * @throws T2lError `moderation_misconfigured`
 */
export function moderatorOf(settings: ModerationSettings): Moderator | undefined {
  const { AI: ai } = settings;
  const model = settings.MODERATION_MODEL || undefined;
  switch (settings.MODERATION || undefined) {
    case undefined:
      return undefined;
    case 'workers-ai':
      if (ai === undefined) {
        throw misconfigured('MODERATION = "workers-ai" needs the Workers AI binding AI.');
      }
      return createWorkersAiModerator(ai, model);
    case 'http':
      return createHttpModerator({
        url: settings.MODERATION_URL,
        dialect: settings.MODERATION_DIALECT || undefined,
        token: settings.MODERATION_TOKEN,
        model,
      });
    default:
      throw misconfigured('MODERATION must be workers-ai or http, or be left out.');
  }
}

/**
 * Lets pass a description that the moderator allows.
 *
 * @throws T2lError `moderation_refused`, or `moderation_unavailable` where there is no decision
 */
export async function requireAllowed(description: string, moderator: Moderator): Promise<void> {
  const { allowed, reason } = await moderator(description);
  if (!allowed) {
    const why = reason
      ?.replaceAll(/[\p{Cc}\s]+/gu, ' ')
      .trim()
      .slice(0, REASON_EXCERPT);
    throw new T2lError(
      'moderation_refused',
      `The moderation of this endpoint refuses this description${why ? `: ${why}` : '.'}`,
    );
  }
}
