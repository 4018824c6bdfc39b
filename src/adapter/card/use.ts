/**
 * How to load the adapter in each program that can run it. A card has no host name, because it is read
 * far from the endpoint that wrote it: the endpoint is a placeholder that the reader fills in. Of a base
 * model that has no name of the Hub's form the recipes show a placeholder too, so that nothing in the
 * manifest can end a block of code.
 */
import { KIND_TITLES, type OutputKind } from '../../contract/output-kinds.ts';
import { outputOf } from '../../output/kinds.ts';
import type { LayoutFacts } from '../layout.ts';
import { quoted } from './escape.ts';
import { type Stacks, stacksOf } from './stacks.ts';

const ENDPOINT = 'https://your-endpoint';
/** Digits of the id in names that people type. */
const SHORT_ID = 12;
const HUB_NAME = /^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)?$/;
const REVISION = /^[A-Za-z0-9][\w./-]*$/;

interface BaseNames {
  readonly base: string;
  /** Empty if the manifest names none that a command can carry. */
  readonly revision: string;
}

interface Names extends BaseNames {
  readonly id: string;
  /** Of the adapter in a server. */
  readonly short: string;
}

/** The section on use; an adapter without an id is at no endpoint, only in its folder. */
export function useSection({
  id,
  ...facts
}: Omit<LayoutFacts, 'id'> & { readonly id: string | null }): string[] {
  const { base_model: base } = facts.target;
  const { kind } = outputOf(facts.target);
  const stacks = stacksOf({ ...facts, id: id ?? '' });
  const names: BaseNames = {
    base: HUB_NAME.test(base.id) ? base.id : 'path/to/the/base-model',
    revision: REVISION.test(base.revision) ? base.revision : '',
  };
  return [
    '## Use',
    '',
    `For \`${names.base}\` only. ${applied(kind)}: there is nothing to scale.`,
    ...left(kind),
    '',
    ...(id === null
      ? [...peft(names), ...(stacks.transformers ? transformers(names) : [])]
      : fromEndpoint(facts.target.rank, stacks, {
          ...names,
          id,
          short: `t2l-${id.slice(0, SHORT_ID)}`,
        })),
  ];
}

/** How the adapter is applied. */
function applied(kind: OutputKind): string {
  const update =
    'Alpha equals the rank and the strength is in the weights already, so the update is applied as it is';
  const words: Readonly<Record<OutputKind, string>> = {
    lora: update,
    dora: 'Alpha equals the rank and the magnitudes go with the whole update, so it is applied as it is',
    ia3: 'The strength is in the factors already, so they are applied as they are',
  };
  return words[kind];
}

/** Why there are so few recipes, of other kinds than LoRA. */
function left(kind: OutputKind): string[] {
  const title = KIND_TITLES[kind];
  const loads = kind === 'dora' ? 'PEFT loads' : 'PEFT and transformers load';
  const refused =
    kind === 'dora'
      ? "transformers' own loading and LoRAX would pass over the magnitudes, vLLM refuses DoRA (`use_dora`)"
      : 'vLLM and LoRAX take LoRA only';
  return kind === 'lora'
    ? []
    : [
        '',
        `Its kind is ${title}, which ${loads} like any other. There are no recipes ` +
          `for other programs: ${refused}, it was not tried in SGLang, and the endpoint makes the files of ` +
          'llama.cpp, Ollama, MLX and Workers AI of LoRA adapters only.',
      ];
}

function fromEndpoint(rank: number, stacks: Stacks, names: Names): string[] {
  const { id } = names;
  return [
    ...fetching(names),
    ...peft(names),
    `With \`HF_ENDPOINT=${ENDPOINT}\` set before Python starts, \`"t2l/${id}"\` in place of ` +
      '`"adapter"` fetches it.',
    '',
    ...(stacks.transformers ? transformers(names) : []),
    ...(stacks.vllmRank === undefined ? [] : vllm(names, stacks.vllmRank)),
    ...(stacks.sglang ? sglang(names, rank) : []),
    ...(stacks.lorax ? lorax(names) : []),
    ...(stacks.gguf ? [...llamaCpp(names), ...ollama(names)] : []),
    ...(stacks.mlx ? mlx(names) : []),
    ...(stacks.workersAi === undefined ? [] : workersAi(names, stacks.workersAi)),
  ];
}

function fetching({ id }: Names): string[] {
  return [
    ...section('Get the files', 'sh', [
      `HF_ENDPOINT=${ENDPOINT} hf download t2l/${id} --local-dir adapter`,
    ]),
    `The endpoint speaks the read protocol of the Hugging Face Hub. Where a program takes \`t2l/<id>\` ` +
      'itself, set `HF_ENDPOINT` when it starts, and have the base model in its cache or folder before.',
    '',
  ];
}

function peft({ base, revision }: BaseNames): string[] {
  return [
    ...section('PEFT', 'python', [
      'from peft import PeftModel',
      'from transformers import AutoModelForCausalLM, AutoTokenizer',
      '',
      `name = ${quoted(base)}`,
      ...(revision === '' ? [] : [`revision = ${quoted(revision)}`]),
      `tokenizer = AutoTokenizer.from_pretrained(name${pythonRevision(revision)})`,
      `base = AutoModelForCausalLM.from_pretrained(name${pythonRevision(revision)})`,
      'model = PeftModel.from_pretrained(base, "adapter")',
    ]),
    'Beside transformers 5 it takes PEFT 0.18 or later.',
    '',
  ];
}

function transformers({ base, revision }: BaseNames): string[] {
  return [
    ...section('transformers', 'python', [
      'from transformers import AutoModelForCausalLM',
      '',
      `name = ${quoted(base)}`,
      ...(revision === '' ? [] : [`revision = ${quoted(revision)}`]),
      `model = AutoModelForCausalLM.from_pretrained(name${pythonRevision(revision)})`,
      'model.load_adapter("adapter")',
    ]),
    'It needs PEFT beside it, 0.19 or later for transformers 5.',
    '',
  ];
}

function pythonRevision(revision: string): string {
  return revision === '' ? '' : ', revision=revision';
}

function vllm({ id, short, base, revision }: Names, maxRank: number): string[] {
  return [
    ...section('vLLM', 'sh', [
      `HF_ENDPOINT=${ENDPOINT} VLLM_ALLOW_RUNTIME_LORA_UPDATING=True \\`,
      `  vllm serve ${base}${revision === '' ? '' : ` --revision ${revision}`} --enable-lora --max-lora-rank ${maxRank}`,
      'curl http://localhost:8000/v1/load_lora_adapter \\',
      "  -H 'content-type: application/json' \\",
      `  -d '{"lora_name": "${short}", "lora_path": "t2l/${id}"}'`,
    ]),
    `Requests name it as their \`model\`: \`"${short}"\`. Without \`HF_ENDPOINT\`, give the folder: ` +
      `\`--lora-modules ${short}=adapter\`.`,
    '',
  ];
}

function sglang({ id, short, base, revision }: Names, rank: number): string[] {
  return [
    ...section('SGLang', 'sh', [
      `python -m sglang.launch_server --model-path ${base}${revision === '' ? '' : ` --revision ${revision}`} \\`,
      `  --enable-lora --max-lora-rank ${rank} --lora-paths ${short}=adapter`,
    ]),
    `Requests name it as their \`lora_path\`: \`"${short}"\`. While the server runs, ` +
      `\`POST /load_lora_adapter\` with \`{"lora_name": "${short}", "lora_path": "t2l/${id}"}\` ` +
      'loads it too, from the endpoint that `HF_ENDPOINT` named when the server started.',
    '',
  ];
}

function lorax({ id }: Names): string[] {
  return [
    ...section('LoRAX', 'sh', [
      'curl http://localhost:8080/generate \\',
      "  -H 'content-type: application/json' \\",
      `  -d '{"inputs": "Your prompt", "parameters": {"adapter_id": "t2l/${id}", "adapter_source": "hub"}}'`,
    ]),
    `Start the server with \`HF_ENDPOINT=${ENDPOINT}\`.`,
    '',
  ];
}

function llamaCpp({ id }: Names): string[] {
  return section('llama.cpp', 'sh', [
    `curl -fO ${ENDPOINT}/v1/adapters/${id}/adapter.gguf`,
    'llama-server -m base-model.gguf --lora adapter.gguf',
  ]);
}

function ollama({ short }: Names): string[] {
  return [
    ...section('Ollama', 'sh', [
      "printf 'FROM ./base-model.gguf\\nADAPTER ./adapter.gguf\\n' >Modelfile",
      `ollama create ${short} -f Modelfile`,
      `ollama run ${short}`,
    ]),
    'It takes the same `adapter.gguf` as llama.cpp. From 0.34.1 on it is reported to refuse ' +
      '`ADAPTER`: then use llama.cpp, or merge first (`llama-export-lora -m base-model.gguf --lora ' +
      'adapter.gguf -o merged.gguf`) and write `FROM ./merged.gguf` alone.',
    '',
  ];
}

function mlx({ id, base }: Names): string[] {
  return section('MLX', 'sh', [
    ...downloads(id, 'mlx', ['adapters.safetensors', 'adapter_config.json']),
    `mlx_lm.generate --model ${base} --adapter-path mlx --prompt 'Your prompt'`,
  ]);
}

function workersAi({ id, short }: Names, model: string): string[] {
  return [
    ...section('Workers AI', 'sh', [
      ...downloads(id, 'workers-ai', ['adapter_model.safetensors', 'adapter_config.json']),
      `npx wrangler ai finetune create ${model} ${short} workers-ai`,
    ]),
    '```js',
    `const answer = await env.AI.run("${model}", {`,
    '  messages: [{ role: "user", content: "Your prompt" }],',
    `  lora: "${short}",`,
    '});',
    '```',
    '',
  ];
}

/** Files in another layout, made on demand. */
function downloads(id: string, layout: string, files: readonly string[]): string[] {
  return [
    `for file in ${files.join(' ')}; do`,
    `  curl -f --create-dirs -o "${layout}/$file" "${ENDPOINT}/v1/adapters/${id}/$file?layout=${layout}"`,
    'done',
  ];
}

function section(title: string, language: string, code: readonly string[]): string[] {
  return [`### ${title}`, '', `\`\`\`${language}`, ...code, '```', ''];
}
