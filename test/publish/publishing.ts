/** Publishing to an account that a local server keeps, and the state that it must come to. */
import { expect } from 'vitest';
import { T2lError } from '../../src/contract/errors.ts';
import {
  type PublishedFinetune,
  type PublishOptions,
  publishToWorkersAi,
} from '../../src/publish/workers-ai.ts';
import { DOCUMENT, FILES } from './adapter.ts';
import { ACCOUNT, type Cloudflare, startCloudflare, TOKEN } from './cloudflare.ts';

export const MODEL = '@cf/mistral/mistral-7b-instruct-v0.2-lora';
export const NAME = `t2l-${DOCUMENT.id.slice(0, 32)}`;
export const CONFIG = 'adapter_config.json';
export const WEIGHTS = 'adapter_model.safetensors';
/** What publishing does, in order. */
export const STEPS = ['list', 'create', `upload ${CONFIG}`, `upload ${WEIGHTS}`] as const;

/** The account, and the way to publish to it. */
export interface Publishing {
  readonly cloudflare: Cloudflare;
  /** Milliseconds of the waits so far; nobody really waits. */
  readonly waits: readonly number[];
  publish(options?: Partial<PublishOptions>): Promise<PublishedFinetune>;
  /** What every call must come to: one fine-tune of the name, with the very bytes of both files. */
  expectWhole(name?: string): void;
  /** Empties the account. */
  reset(): void;
}

/** Starts the server. */
export async function startPublishing(): Promise<Publishing> {
  const cloudflare = await startCloudflare();
  const waits: number[] = [];
  return {
    cloudflare,
    waits,
    publish: (options) =>
      publishToWorkersAi({
        accountId: ACCOUNT,
        apiToken: TOKEN,
        document: DOCUMENT,
        files: FILES,
        api: cloudflare.api,
        wait: async (milliseconds) => {
          waits.push(milliseconds);
        },
        ...options,
      }),
    expectWhole(name = NAME) {
      expect(cloudflare.wrong).toEqual([]);
      const ours = cloudflare.finetunes.filter((one) => one.name === name);
      expect(ours).toHaveLength(1);
      expect(ours[0]?.model).toBe(MODEL);
      expect([...(ours[0]?.assets ?? [])]).toEqual([
        [CONFIG, Buffer.from(FILES.config)],
        [WEIGHTS, Buffer.from(FILES.weights)],
      ]);
    },
    reset() {
      cloudflare.reset();
      waits.length = 0;
    },
  };
}

/** The error of a call that must fail; no error may repeat the token. */
export async function failureOf(published: Promise<unknown>): Promise<T2lError> {
  const error = await published.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof T2lError)) {
    throw new Error(`expected a T2lError, got ${String(error)}`);
  }
  expect(JSON.stringify([error.message, error.extra])).not.toContain(TOKEN);
  return error;
}
