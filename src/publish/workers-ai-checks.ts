/**
 * What can be known to be wrong before Cloudflare is asked: Workers AI accepts an unsuitable adapter
 * without a word and then answers "Finetune not found" when it is used. All that is wrong is said at
 * once.
 */
import * as z from 'zod';
import { readSafetensors } from '../adapter/safetensors.ts';
import {
  WORKERS_AI_MAX_BYTES,
  WORKERS_AI_MAX_RANK,
  WORKERS_AI_MODEL_TYPES,
  WORKERS_AI_MODELS,
  WORKERS_AI_SAFE_RANK,
} from '../adapter/workers-ai-models.ts';
import { T2lError } from '../contract/errors.ts';

/** The two files of an adapter in the layout `workers-ai`. */
export interface WorkersAiFiles {
  /** adapter_config.json, with `model_type`. */
  readonly config: Uint8Array;
  /** adapter_model.safetensors, in float16. */
  readonly weights: Uint8Array;
}

/** What is needed of the adapter document. */
export interface PublishedAdapter {
  readonly id: string;
  readonly base_model: string;
  readonly rank: number;
}

/** What is published under which name. */
export interface Publication {
  readonly document: PublishedAdapter;
  readonly files: WorkersAiFiles;
  readonly model?: string | undefined;
  readonly name?: string | undefined;
}

/** Digits of the adapter id in the default name: 128 bits, and short enough for any list. */
const NAME_DIGITS = 32;
/** Cloudflare's own public fine-tunes have names that begin so. */
const RESERVED_PREFIX = 'cf-public-';
/** Of the catalogue, as in `@cf/mistral/mistral-7b-instruct-v0.2-lora`. */
const MODEL_NAME = /^@[a-z]+(\/[A-Za-z0-9][A-Za-z0-9._-]*){2}$/;
/** The name is a part of URLs, so it is kept to what needs no escaping. */
const FINETUNE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

const configSchema = z.looseObject({
  base_model_name_or_path: z.string(),
  r: z.number(),
  model_type: z.string().optional(),
  use_dora: z.boolean().optional(),
});

/**
 * The model and the name an adapter is to be published under.
 *
 * @throws T2lError `publish_unsuitable` that says everything that is wrong
 */
export function checkPublication(publication: Publication): { model: string; name: string } {
  const { document, files } = publication;
  const model = publication.model ?? WORKERS_AI_MODELS.get(document.base_model);
  const name = publication.name ?? `t2l-${document.id.slice(0, NAME_DIGITS)}`;
  const problems = [
    ...modelProblems(document.base_model, model),
    ...nameProblems(name),
    ...rankProblems(document.rank),
    ...configProblems(files.config, document),
    ...weightsProblems(files.weights),
  ];
  if (model === undefined || problems.length > 0) {
    throw new T2lError(
      'publish_unsuitable',
      `Workers AI cannot take this adapter: ${problems.join('; ')}. Nothing was sent.`,
      { extra: { problems } },
    );
  }
  return { model, name };
}

function modelProblems(base: string, model: string | undefined): string[] {
  if (model === undefined) {
    const known = [...WORKERS_AI_MODELS.keys()].join(', ');
    return [
      `no model of Workers AI is known to take adapters for ${base}, only for ${known}; ` +
        'if there is one by now, name it as `model`',
    ];
  }
  return MODEL_NAME.test(model)
    ? []
    : [`the model is ${JSON.stringify(model)}; it must be a name like @cf/owner/model-lora`];
}

function nameProblems(name: string): string[] {
  if (name.toLowerCase().startsWith(RESERVED_PREFIX)) {
    return [`the name ${JSON.stringify(name)} begins with ${RESERVED_PREFIX}, which is reserved`];
  }
  return FINETUNE_NAME.test(name)
    ? []
    : [
        `the name ${JSON.stringify(name)} must be 1 to 63 letters, digits, dots, hyphens and ` +
          'underscores, the first a letter or digit',
      ];
}

function rankProblems(rank: number): string[] {
  return rank <= WORKERS_AI_MAX_RANK
    ? []
    : [
        `the rank is ${rank}; it must be ${WORKERS_AI_MAX_RANK} or less, ` +
          `and ${WORKERS_AI_SAFE_RANK} is safe with every model`,
      ];
}

function configProblems(bytes: Uint8Array, { base_model: base, rank }: PublishedAdapter): string[] {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return ['adapter_config.json is not JSON'];
  }
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) {
    return ['adapter_config.json is not that of a LoRA adapter'];
  }
  const { model_type: type, use_dora: dora, r, base_model_name_or_path: named } = parsed.data;
  const problems: string[] = [];
  if (dora) {
    problems.push('adapter_config.json is that of a DoRA adapter; Workers AI takes LoRA adapters');
  }
  const types: readonly string[] = WORKERS_AI_MODEL_TYPES;
  if (type === undefined || !types.includes(type)) {
    problems.push(
      `adapter_config.json has ${type === undefined ? 'no model_type' : `the model_type ${JSON.stringify(type)}`}; ` +
        `it must be ${types.join(', ')} (take the files of the layout workers-ai)`,
    );
  }
  if (r !== rank || named !== base) {
    problems.push(
      `adapter_config.json is of rank ${r} for ${named}, ` +
        `and the adapter document of rank ${rank} for ${base}`,
    );
  }
  return problems;
}

function weightsProblems(bytes: Uint8Array): string[] {
  if (bytes.length >= WORKERS_AI_MAX_BYTES) {
    return [
      `adapter_model.safetensors has ${bytes.length} bytes; ` +
        `it must have less than ${WORKERS_AI_MAX_BYTES}`,
    ];
  }
  try {
    const tensors = [...readSafetensors(bytes).values()];
    const other = tensors.find(({ dtype }) => dtype !== 'F16');
    if (tensors.length === 0) {
      return ['adapter_model.safetensors has no tensors'];
    }
    return other === undefined
      ? []
      : [`adapter_model.safetensors is in ${other.dtype}; it must be in float16`];
  } catch (error) {
    if (error instanceof T2lError) {
      return [error.detail.replace(/\.$/, '')];
    }
    throw error;
  }
}
