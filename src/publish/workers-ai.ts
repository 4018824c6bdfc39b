/**
 * Publishes an adapter as a fine-tune of Cloudflare Workers AI.
 *
 *   check -> list -> is there one of this name? -> no: create -> upload config -> upload weights
 *                                                  yes: reuse
 *
 * Cloudflare has no transaction over the three steps and no call that says which files a fine-tune
 * has, so the whole is made repeatable instead: the default name follows from the adapter id, an
 * existing fine-tune of the name is continued, and a file that is there already counts as uploaded.
 * Wherever it stops, calling it again ends with one fine-tune that has both files. The description of
 * the fine-tune names the adapter, so that a name of one's own is never given to two adapters.
 */
import { T2lError } from '../contract/errors.ts';
import { patiently, sleep, type Wait } from './patience.ts';
import { type Finetune, uploadAsset } from './workers-ai-api.ts';
import {
  checkPublication,
  type Publication,
  type PublishedAdapter,
  type WorkersAiFiles,
} from './workers-ai-checks.ts';
import { ensureFinetune, isPresent, refused } from './workers-ai-finetune.ts';
import { Refusal, type WorkersAiConnection } from './workers-ai-transport.ts';

export { finetuneCall } from './workers-ai-call.ts';
export type { PublishedAdapter, WorkersAiFiles };

/** What is published, where and as whom. */
export interface PublishOptions extends Publication {
  /** 32 hex digits, as the dashboard shows them. */
  readonly accountId: string;
  /** An API token with the permission "Workers AI: Edit". */
  readonly apiToken: string;
  /** The model of Workers AI; by default the one for the adapter's base model. */
  readonly model?: string | undefined;
  /** Of the fine-tune; by default it follows from the adapter id. */
  readonly name?: string | undefined;
  readonly fetch?: typeof fetch | undefined;
  readonly api?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How to wait between tries; by the clock unless given. */
  readonly wait?: Wait | undefined;
}

/** A fine-tune with both files. */
export interface PublishedFinetune {
  readonly id: string;
  readonly name: string;
  readonly model: string;
  /** Whether this call made it; false: it existed. */
  readonly created: boolean;
  /** The files that this call put there; the others were there. */
  readonly uploaded: readonly string[];
}

const API = 'https://api.cloudflare.com/client/v4';
/** Failures after which the same call may succeed. */
const RESUMABLE: readonly string[] = [
  'publish_interrupted',
  'publish_unavailable',
  'publish_rate_limited',
  'publish_unauthorized',
];

/**
 * Publishes an adapter, or finishes what an earlier call began.
 *
 * @throws T2lError with a code that begins with `publish_`
 */
export async function publishToWorkersAi(options: PublishOptions): Promise<PublishedFinetune> {
  const { document, files, signal, wait = sleep } = options;
  const connection = connect(options);
  const wanted = checkPublication(options);
  const done: string[] = [];
  try {
    const { finetune, created } = await ensureFinetune(connection, document, wanted, wait);
    done.push(`the fine-tune ${wanted.name} exists`);
    const uploaded: string[] = [];
    for (const file of assets(files)) {
      const fresh = await patiently(() => ensureAsset(connection, finetune, file), wait, signal);
      done.push(`${file.name} is there`);
      if (fresh) {
        uploaded.push(file.name);
      }
    }
    return { id: finetune.id, name: wanted.name, model: wanted.model, created, uploaded };
  } catch (error) {
    throw error instanceof T2lError ? withProgress(error, done) : error;
  }
}

function connect(options: PublishOptions): WorkersAiConnection {
  const { accountId, apiToken, api = API, signal } = options;
  if (!/^[0-9a-f]{32}$/.test(accountId)) {
    throw new T2lError(
      'publish_unsuitable',
      `The account id ${JSON.stringify(accountId)} is not 32 hex digits in lower case.`,
    );
  }
  // A token that cannot be a header would be quoted by the error that fetch throws for it.
  if (!/^[\x21-\x7e]+$/.test(apiToken)) {
    throw new T2lError(
      'publish_unauthorized',
      'The API token is empty or has characters that no token has, such as a line break.',
    );
  }
  // Called as a plain function: workerd and browsers refuse a fetch that is called as a method.
  const send = options.fetch ?? ((...args: Parameters<typeof fetch>) => fetch(...args));
  return { accountId, apiToken, api: api.replace(/\/+$/, ''), fetch: send, signal };
}

function assets({ config, weights }: WorkersAiFiles) {
  return [
    { name: 'adapter_config.json', type: 'application/json', bytes: config },
    { name: 'adapter_model.safetensors', type: 'application/octet-stream', bytes: weights },
  ];
}

/** Puts a file there and says true, or false if it was there. */
async function ensureAsset(
  connection: WorkersAiConnection,
  finetune: Finetune,
  file: { name: string; type: string; bytes: Uint8Array },
): Promise<boolean> {
  try {
    await uploadAsset(connection, finetune.id, file);
    return true;
  } catch (error) {
    if (!(error instanceof Refusal)) {
      throw error;
    }
    if (isPresent(error)) {
      return false;
    }
    throw refused(error, {
      unknown: `The fine-tune ${finetune.name} is gone from the account`,
      otherwise: `Cloudflare does not take ${file.name} for ${finetune.model}`,
    });
  }
}

function withProgress(error: T2lError, done: readonly string[]): T2lError {
  const progress = [
    ...(done.length === 0 ? [] : [`Done so far: ${done.join(', ')}.`]),
    ...(RESUMABLE.includes(error.code)
      ? ['Nothing has to be undone: publishing again goes on from where this stopped.']
      : []),
  ];
  const detail = [error.detail.replace(/\.?$/, '.'), ...progress].join(' ');
  return new T2lError(error.code, detail, {
    status: error.status,
    extra: { ...error.extra, done },
  });
}
