/**
 * Moderation by a guard model of Workers AI. Llama Guard answers in text, `safe`, or `unsafe` and a line of
 * the hazards it sees (S1 to S14 of MLCommons), or as an object that says the same. A model that answers
 * anything else is none of its kind, and that is no decision.
 */
import * as z from 'zod';
import { forLog, logLine } from '../contract/log.ts';
import { type Decision, MODERATION_TIMEOUT_MS, type Moderator, unavailable } from './moderator.ts';

/** The part of the Workers AI binding that is used. */
export interface GuardModel {
  run(
    model: string,
    inputs: {
      messages: { role: 'user'; content: string }[];
      max_tokens: number;
      temperature: number;
    },
  ): Promise<unknown>;
}

/** Asked unless the settings name another. */
export const GUARD_MODEL = '@cf/meta/llama-guard-3-8b';

/** As many as all hazards take. */
const MAX_TOKENS = 100;

const answerSchema = z.object({
  response: z.union([
    z
      .string()
      .regex(/^\s*(un)?safe(\s|$)/i)
      .transform((text) => {
        const [word = '', ...hazards] = text.trim().split(/[\s,]+/);
        return { safe: word.toLowerCase() === 'safe', categories: hazards };
      }),
    z.object({ safe: z.boolean(), categories: z.array(z.string()).default([]) }),
  ]),
});

/** A moderator that asks the Workers AI binding. */
export function createWorkersAiModerator(
  ai: GuardModel,
  model = GUARD_MODEL,
  timeoutMs = MODERATION_TIMEOUT_MS,
): Moderator {
  return async (description) => {
    const inputs = {
      messages: [{ role: 'user' as const, content: description }],
      max_tokens: MAX_TOKENS,
      temperature: 0,
    };
    const answer = await inTime(
      ai.run(model, inputs).catch((cause: unknown) => {
        logLine('error', 'moderation failed', { model, error: forLog(cause, description) });
        throw unavailable('could not run its model');
      }),
      timeoutMs,
    );
    const parsed = answerSchema.safeParse(answer);
    if (!parsed.success) {
      logLine('error', 'moderation failed', { model, error: 'neither safe nor unsafe' });
      throw unavailable('gave no usable answer');
    }
    return decisionOf(parsed.data.response);
  };
}

function decisionOf({ safe, categories }: { safe: boolean; categories: string[] }): Decision {
  return { allowed: safe, reason: categories.length === 0 ? undefined : categories.join(', ') };
}

async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unavailable(`did not answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
