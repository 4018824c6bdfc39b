/**
 * The base model, in a worker of its own: the page stays usable while it computes, and neither ONNX
 * Runtime nor a model is fetched before the first question. Which base models there are is src/lm's
 * affair; one that is added there answers here.
 */
import { expose } from 'comlink';
import { WEIGHTS_FILE } from '../../adapter/peft.ts';
import { unpackPeft } from '../../adapter/unpack.ts';
import { T2lError } from '../../contract/errors.ts';
import type { LoraWeights } from '../../hypernet/runtime.ts';
import { BASE_MODELS, type BaseModel, openBaseModel } from '../../lm/index.ts';
import { createClient } from '../../sdk/index.ts';
import { failureOf } from '../failure.ts';
import { modelReader } from './model-files.ts';
import type { Answered, AnswerWorker, Loading, Question } from './protocol.ts';

/** Adapters that stay unpacked: a slider goes back and forth between a few. */
const KEPT_ADAPTERS = 12;

const client = createClient({ endpoint: location.origin });
const models = new Map<string, Promise<BaseModel>>();
const adapters = new Map<string, Promise<LoraWeights>>();

const worker: AnswerWorker = {
  baseModels: () => BASE_MODELS,
  async ask(question, tell) {
    try {
      return await answer(question, tell);
    } catch (error) {
      return { kind: 'failure', failure: failureOf(error, navigator.onLine) };
    }
  },
};

expose(worker);

async function answer(
  { baseModel, adapter, input }: Question,
  tell: (loading: Loading) => void,
): Promise<Answered> {
  const model = await remembered(models, baseModel, 1, () => openModel(baseModel, tell));
  const problem = model.problem(input);
  if (problem !== undefined) {
    return { kind: 'problem', text: `${problem} It takes ${model.hint}.` };
  }
  const lora =
    adapter &&
    (await remembered(adapters, adapter.id, KEPT_ADAPTERS, async () =>
      unpackPeft(await client.download(adapter, WEIGHTS_FILE)),
    ));
  const [text = ''] = await model.answer([input], lora);
  return { kind: 'answer', text, unread: model.unread(input) };
}

async function openModel(id: string, tell: (loading: Loading) => void): Promise<BaseModel> {
  const model = openBaseModel(id, await modelReader(location.origin, id, tell));
  if (model === undefined) {
    throw new T2lError('file_unknown', `${id} does not run in this page.`);
  }
  return model;
}

/** What was loaded for a key, or what is now; a load that failed is tried again the next time. */
function remembered<T>(
  known: Map<string, Promise<T>>,
  key: string,
  most: number,
  load: () => Promise<T>,
): Promise<T> {
  const loading = known.get(key) ?? load();
  // The last one that was used stands last.
  known.delete(key);
  known.set(key, loading);
  loading.catch(() => known.delete(key));
  const [oldest] = known.keys();
  if (known.size > most && oldest !== undefined) {
    known.delete(oldest);
  }
  return loading;
}
