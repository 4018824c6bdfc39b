/**
 * The tokenizer of a GGUF file as the `tokenizer.json` that the library reads: vocabulary and merges are
 * in the metadata, and how a text is split before anything is merged has a name there. A file that
 * carries its `tokenizer.json` whole has it in `tokenizer.huggingface.json`, which is then believed.
 */
import { Tokenizer } from '@huggingface/tokenizers';
import { type Gguf, type GgufValue, invalid } from './reader.ts';

/** A tokenizer and what the model's metadata says of its tokens. */
export interface GgufTokenizer {
  readonly tokenizer: Tokenizer;
  readonly bosToken: string;
  readonly eosToken: string;
  readonly eosId: number;
  /** Of tokens that are no text. */
  readonly special: ReadonlySet<number>;
}

/** What a file carries that has a whole `tokenizer.json`. */
export const TOKENIZER_JSON_KEY = 'tokenizer.huggingface.json';

const CONTROL = 3;
const USER_DEFINED = 4;

const BYTE_LEVEL = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };
const SINGLE_DIGITS: readonly object[] = [
  { type: 'Digits', individual_digits: true },
  { ...BYTE_LEVEL, use_regex: true },
];
const PLAIN: readonly object[] = [{ ...BYTE_LEVEL, use_regex: true }];
const LLAMA_3: readonly object[] = [
  {
    type: 'Split',
    pattern: {
      Regex:
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|" +
        ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
    },
    behavior: 'Isolated',
    invert: false,
  },
  { ...BYTE_LEVEL, use_regex: false },
];

/** By `tokenizer.ggml.pre`, after llama.cpp's src/llama-vocab.cpp. */
const SPLITTING: ReadonlyMap<string, readonly object[]> = new Map([
  ...['smollm', 'starcoder', 'refact', 'command-r', 'codeshell'].map(
    (name) => [name, SINGLE_DIGITS] as const,
  ),
  ...['gpt-2', 'phi-2', 'mpt', 'olmo'].map((name) => [name, PLAIN] as const),
  ...['llama-bpe', 'llama3', 'llama-v3'].map((name) => [name, LLAMA_3] as const),
]);

/**
 * Reads it.
 *
 * @throws T2lError `base_model_invalid` if it is of a kind that is not known here
 */
export function readTokenizer({ metadata }: Gguf): GgufTokenizer {
  const tokens = texts(metadata.get('tokenizer.ggml.tokens'), 'tokenizer.ggml.tokens');
  const types = metadata.get('tokenizer.ggml.token_type');
  const typeOf = (id: number) => (Array.isArray(types) ? types[id] : undefined);
  const special = new Set([...tokens.keys()].filter((id) => typeOf(id) === CONTROL));
  const whole = metadata.get(TOKENIZER_JSON_KEY);
  const json =
    typeof whole === 'string'
      ? (JSON.parse(whole) as object)
      : tokenizerJson(
          tokens,
          tokens.flatMap((content, id) => {
            const type = typeOf(id);
            return type === CONTROL || type === USER_DEFINED
              ? [{ id, content, special: type === CONTROL }]
              : [];
          }),
          metadata,
        );
  const id = (name: string) => metadata.get(`tokenizer.ggml.${name}_token_id`);
  const eosId = id('eos');
  if (typeof eosId !== 'number' || tokens[eosId] === undefined) {
    throw invalid('it does not say which token ends a text');
  }
  const bosId = id('bos');
  return {
    tokenizer: new Tokenizer(json, {}),
    bosToken: (typeof bosId === 'number' && tokens[bosId]) || '',
    eosToken: tokens[eosId],
    eosId,
    special,
  };
}

function tokenizerJson(
  tokens: readonly string[],
  added: readonly { readonly id: number; readonly content: string; readonly special: boolean }[],
  metadata: ReadonlyMap<string, GgufValue>,
): object {
  const model = metadata.get('tokenizer.ggml.model');
  const pre = metadata.get('tokenizer.ggml.pre');
  const splitting = typeof pre === 'string' ? SPLITTING.get(pre) : undefined;
  if (model !== 'gpt2' || splitting === undefined) {
    throw invalid(
      `its tokenizer is ${String(model)} and splits text as ${String(pre)}, which is not known here; ` +
        "make a file of the model's folder with npm run base-model -- NAME --folder FOLDER",
    );
  }
  const merges = texts(metadata.get('tokenizer.ggml.merges'), 'tokenizer.ggml.merges');
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map((one) => ({
      ...one,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: splitting },
    post_processor: null,
    decoder: { ...BYTE_LEVEL, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: pre === 'llama-bpe',
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: merges.map((merge) => merge.split(' ')),
    },
  };
}

function texts(value: GgufValue | undefined, key: string): readonly string[] {
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) {
    throw invalid(`${key} must be a list of texts`);
  }
  return value;
}
