/**
 * The base model, in a worker of its own: the page stays usable while it computes, and neither ONNX
 * Runtime nor a model is fetched before the first adapter is made. Which base models there are is src/lm's
 * affair, and the endpoint's, which may have the file of one.
 */
import '../no-eval.ts';
import { expose } from 'comlink';
import { WEIGHTS_FILE } from '../../adapter/peft.ts';
import { unpackPeft } from '../../adapter/unpack.ts';
import { BASE_MODELS, type BaseModel, openBaseModel } from '../../lm/index.ts';
import type { LoraWeights } from '../../output/lora-weights.ts';
import { createClient } from '../../sdk/index.ts';
import { failureOf } from '../failure.ts';
import { ggufOffer, readGgufFile } from './gguf-file.ts';
import { modelReader } from './model-files.ts';
import type { Answered, AnswerWorker, Loading, Question, Told } from './protocol.ts';
import { prepareRuntime } from './runtime.ts';

/** Adapters that stay unpacked: a slider goes back and forth between a few. */
const KEPT_ADAPTERS = 12;
const TENTH = 10;

const client = createClient({ endpoint: location.origin });
const models = new Map<string, Promise<BaseModel>>();
/** Who hears of the loading of each: whoever asked last, as somebody else may have begun it. */
const listeners = new Map<string, (loading: Loading) => void>();
const adapters = new Map<string, Promise<LoraWeights>>();
/** The input of the last question. */
let asked = '';

/** An answer that nobody waits for any more. */
class Stopped extends Error {}

const worker: AnswerWorker = {
  offer: async (baseModel) =>
    BASE_MODELS.includes(baseModel) ? { kind: 'ships' } : ggufOffer(location.origin, baseModel),
  async prepare(baseModel) {
    if (BASE_MODELS.includes(baseModel)) {
      await modelOf(baseModel, () => undefined).catch(() => undefined);
    }
  },
  async open(baseModel, tell) {
    try {
      await modelOf(baseModel, tell);
      return undefined;
    } catch (error) {
      return failureOf(error, navigator.onLine);
    }
  },
  async ask(question, tell) {
    asked = question.input;
    try {
      return await answer(question, tell);
    } catch (error) {
      return error instanceof Stopped
        ? { kind: 'stopped' }
        : { kind: 'failure', failure: failureOf(error, navigator.onLine) };
    }
  },
};

prepareRuntime();
expose(worker);

async function answer(
  { baseModel, adapter, input }: Question,
  tell: (told: Told) => void,
): Promise<Answered> {
  const model = await modelOf(baseModel, tell);
  const problem = model.problem(input);
  if (problem !== undefined) {
    return { kind: 'problem', text: `${problem} It takes ${model.hint}.` };
  }
  const lora =
    adapter &&
    (await remembered(adapters, adapter.id, KEPT_ADAPTERS, async () =>
      unpackPeft(await client.download(adapter, WEIGHTS_FILE)),
    ));
  const [text = ''] = await model.answer([input], lora, (_index, part) => {
    if (asked !== input) {
      throw new Stopped();
    }
    tell({ text: part });
  });
  return { kind: 'answer', text, unread: model.unread(input) };
}

function modelOf(id: string, tell: (loading: Loading) => void): Promise<BaseModel> {
  listeners.set(id, tell);
  return remembered(
    models,
    id,
    1,
    () => openModel(id, (loading) => listeners.get(id)?.(loading)),
    (model) => model.release(),
  );
}

async function openModel(id: string, tell: (loading: Loading) => void): Promise<BaseModel> {
  const read = BASE_MODELS.includes(id)
    ? await modelReader(location.origin, id, tell)
    : () => readGgufFile(location.origin, id, tell);
  let told = 0;
  return openBaseModel(id, read, (part) => {
    // Each is a message to the page.
    if (Math.floor(part * TENTH) > told || part === 1) {
      told = Math.floor(part * TENTH);
      tell({ step: 'opening', loaded: part, total: 1 });
    }
  });
}

/** What was loaded for a key, or what is now; a load that failed is tried again the next time. */
function remembered<T>(
  known: Map<string, Promise<T>>,
  key: string,
  most: number,
  load: () => Promise<T>,
  drop: (one: T) => void = () => undefined,
): Promise<T> {
  const loading = known.get(key) ?? load();
  // The last one that was used stands last.
  known.delete(key);
  known.set(key, loading);
  loading.catch(() => known.delete(key));
  const [oldest] = known.keys();
  if (known.size > most && oldest !== undefined) {
    known.get(oldest)?.then(drop, () => undefined);
    known.delete(oldest);
  }
  return loading;
}
