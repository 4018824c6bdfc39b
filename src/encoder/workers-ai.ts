/**
 * Embeddings from Workers AI.
 *
 * The bge models pool by mean unless told otherwise, and the two poolings are not compatible: the
 * one the bundle was trained with is always sent. Other models do not know the parameter.
 */
import * as z from 'zod';
import type { Manifest } from '../bundle/manifest.ts';
import { T2lError } from '../contract/errors.ts';
import { forLog, logLine } from '../contract/log.ts';
import type { RawEncoder } from './index.ts';

/** The part of the Workers AI binding that is used. */
export interface TextEmbedder {
  run(model: string, inputs: { text: string[]; pooling?: string }): Promise<unknown>;
}

const POOLING_MODELS = /^@cf\/baai\/bge-(small|base|large)-/;

const answerSchema = z.object({ data: z.tuple([z.array(z.number())]) });

/** An encoder that asks the Workers AI binding. */
export function createWorkersAiEncoder(
  encoder: Extract<Manifest['encoder'], { kind: 'workers-ai' }>,
  ai: TextEmbedder,
): RawEncoder {
  const pooling = POOLING_MODELS.test(encoder.model) ? { pooling: encoder.pooling } : {};
  return async (text) => {
    let answer: unknown;
    try {
      answer = await ai.run(encoder.model, { text: [text], ...pooling });
    } catch (cause) {
      // What it says may name the account; the operator finds it in the log.
      logLine('error', 'encoder failed', { model: encoder.model, error: forLog(cause, text) });
      throw new T2lError(
        'encoder_unavailable',
        `Workers AI could not run ${encoder.model}; the endpoint's log says why.`,
      );
    }
    const parsed = answerSchema.safeParse(answer);
    if (!parsed.success) {
      throw new T2lError(
        'encoder_answer_invalid',
        `Workers AI answered for ${encoder.model} with something other than one vector.`,
      );
    }
    return parsed.data.data[0];
  };
}
