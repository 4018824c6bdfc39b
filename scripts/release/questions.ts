/**
 * The other half of the gate: a bundle's own figures are what its manifest says, and a manifest says what
 * its writer wants. So a release asks itself: it makes the adapters of the demo's unseen tasks with the
 * bundle, on this machine, lets the base model answer, and compares the part that is right with the figure
 * that the manifest gives for such tasks. Golden vectors cannot say this: they come from the same network.
 *
 * Only the tiny base model is in the repository; of other base models it is said that nothing was asked.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { WEIGHTS_FILE } from '../../src/adapter/peft.ts';
import { unpackPeft } from '../../src/adapter/unpack.ts';
import { type BundleSource, openBundle } from '../../src/bundle/bundle.ts';
import { normaliseDescription } from '../../src/contract/description.ts';
import { T2lError } from '../../src/contract/errors.ts';
import { KIND_TITLES } from '../../src/contract/output-kinds.ts';
import { generateText, type Lm, loadLm } from '../../src/lm/index.ts';
import { produceRecipe } from '../../src/pipeline/produce-recipe.ts';
import type { HypernetVersion } from '../../src/sdk/index.ts';
import { demoFileOf, readDemoTasks, type WordTasks } from '../demo/tasks-file.ts';
import { ROOT } from '../environment.ts';
import { matchedOf } from './figures.ts';
import { type BundleFolder, readBundleFile } from './folder.ts';

/** The split of a manifest's figures that the demo's tasks are. */
const SPLIT = 'report';
const BASE_MODELS = join(ROOT, 'src/assets/base-models');
/** The hypernetwork whose demo asks the tiny base model. */
const TASKS_OF = 't2l-mini';
/** Questions of each task: of 107 tasks they are enough for the tolerance. */
const QUESTIONS = 4;
/** No answer of these tasks is longer. */
const MAX_TOKENS = 32;
/**
 * What the part of right answers may lie below the manifest's figure. The figure is of three seeds of the
 * training, other wordings and other questions; 428 answers of 107 tasks have a standard error of two points
 * against it.
 */
const MAX_SHORTFALL = 0.06;

/** What was asked, and what came of it. */
export interface Asked {
  readonly questions: number;
  /** The part that was answered exactly right. */
  readonly right: number;
  /** What the manifest says of unseen tasks. */
  readonly claimed: number;
}

const baseModelsSchema = z.array(
  z.object({ id: z.string(), revision: z.string(), folder: z.string() }),
);

/**
 * Asks the base model of a bundle with its adapters; gives the line that says what came of it.
 *
 * @param active the version that is active, if one is
 * @param force gives that line, whatever it says
 * @throws T2lError `figures_unproven` if fewer answers are right than the manifest makes one expect, or if the
 *   bundle cannot be asked, but its base model or the active version could be
 */
export async function askQuestions(
  folder: BundleFolder,
  active: Pick<HypernetVersion, 'base_model' | 'encoder'> | undefined,
  force: boolean,
): Promise<string> {
  const { encoder, target, evaluation } = folder.manifest;
  const { id, revision } = target.base_model;
  const models = await baseModels();
  const model = models.find((one) => one.id === id && one.revision === revision);
  const claimed = matchedOf(evaluation, SPLIT);
  const why =
    model === undefined
      ? `${id} of revision ${revision} is not in this repository`
      : encoder.kind !== 'onnx'
        ? 'a service encodes the descriptions of this bundle'
        : target.output !== undefined
          ? `the base model runs LoRA adapters here, and those of this bundle are ${KIND_TITLES[target.output]}`
          : `the manifest has no figure of the split "${SPLIT}"`;
  if (
    model === undefined ||
    encoder.kind !== 'onnx' ||
    target.output !== undefined ||
    claimed === undefined
  ) {
    // What takes the place of a version that could be asked is to be asked too.
    const askable =
      models.some((one) => one.id === id) ||
      (active?.encoder.kind === 'onnx' && models.some((one) => one.id === active.base_model.id));
    if (askable && !force) {
      throw new T2lError(
        'figures_unproven',
        `${folder.version} cannot be asked questions: ${why}. ` +
          'To release it all the same, say --force --reason "why".',
      );
    }
    return `questions: not asked, ${why}`;
  }
  const asked = { ...(await askAll(folder, join(BASE_MODELS, model.folder))), claimed };
  const { questions, right } = asked;
  const found = `${right.toFixed(3)} of ${questions} questions right, the manifest says ${claimed.toFixed(3)}`;
  if (right < claimed - MAX_SHORTFALL && !force) {
    throw new T2lError(
      'figures_unproven',
      `${folder.version} does not do what its manifest says: ${found}. ` +
        `It may be ${MAX_SHORTFALL} less; to release it all the same, say --force --reason "why".`,
    );
  }
  return `questions: ${found}`;
}

/** The base models of the repository. */
async function baseModels(): Promise<z.output<typeof baseModelsSchema>> {
  return baseModelsSchema.parse(
    JSON.parse(await readFile(join(BASE_MODELS, 'index.json'), 'utf8')),
  );
}

async function askAll(
  folder: BundleFolder,
  model: string,
): Promise<Pick<Asked, 'questions' | 'right'>> {
  const demo = await readDemoTasks(await demoFileOf(TASKS_OF));
  if (demo.kind !== 'words') {
    throw new Error(`the demo of ${TASKS_OF} is not for the tiny base model`);
  }
  const lm = await loadLm((file) => readFile(join(model, file)));
  const bundle = await openBundle(sourceOf(folder), folder);
  let [questions, right] = [0, 0];
  for (const { description, samples } of demo.file.tasks) {
    const { files } = await produceRecipe(
      bundle,
      {
        input: { description: normaliseDescription(description) },
        precision: bundle.manifest.precision,
        dtype: 'float32',
        strength: 1,
      },
      {},
    );
    const weights = files.find(({ name }) => name === WEIGHTS_FILE);
    if (weights === undefined) {
      throw new Error(`an adapter has no ${WEIGHTS_FILE}`);
    }
    const some = samples.slice(0, QUESTIONS);
    right += await rightAnswers(lm, some, unpackPeft(weights.bytes));
    questions += some.length;
  }
  return { questions, right: right / questions };
}

async function rightAnswers(
  lm: Lm,
  samples: WordTasks['tasks'][number]['samples'],
  lora: ReturnType<typeof unpackPeft>,
): Promise<number> {
  const prompts = samples.map(({ prompt }) => prompt);
  const texts = await generateText(lm, prompts, lora, { maxTokens: MAX_TOKENS });
  return texts.filter((text, index) => text === samples[index]?.answer).length;
}

/** The files of a bundle on disk, by their keys. */
function sourceOf({ files }: BundleFolder): BundleSource {
  const paths = new Map(files.map(({ key, path }) => [key, path]));
  return {
    async read(key) {
      const path = paths.get(key);
      return path === undefined ? null : readBundleFile(path);
    },
  };
}
