/**
 * The documents of the API as a caller sees them. They are written out, so that the declarations of
 * the package need no other package; test/sdk/types.test.ts keeps them equal to what the zod schemas
 * of the API infer, and answers are parsed by those schemas.
 */

/** sha256, in lower-case hex. */
export type Sha256 = string;

/** Numeric type of an adapter's weights. */
export type Dtype = 'float16' | 'bfloat16' | 'float32';
/** Numeric type in which a hypernetwork computes. */
export type Precision = 'float32' | 'int8';
/** The kind of an adapter; PEFT loads each by the same call. */
export type Output = 'lora' | 'dora' | 'ia3';
/** How the files of an adapter are laid out; GGUF is a file of its own, `adapter.gguf`. */
export type Layout = 'peft' | 'workers-ai' | 'mlx';

/** What an adapter is made from: a sentence or the encoder's vector for it, not both. */
export interface AdapterRequest {
  description?: string | undefined;
  embedding?: readonly number[] | Float32Array | undefined;
  /** A name (its active version), `name@version`, or a digest; the endpoint's default if left out. */
  hypernet?: string | undefined;
  /** `float16` if left out. */
  dtype?: Dtype | undefined;
  /** The one that the hypernetwork names if left out. */
  precision?: Precision | undefined;
  /**
   * Factor on the update, 1 if left out. It is rounded to the nearest multiple of 0.05; its size lies
   * between 0.05 and 8. DoRA adapters have strength 1 only (`strength_unavailable`).
   */
  strength?: number | undefined;
  /**
   * true: lists and searches leave it out, if this request makes it; whoever has the id reads it. false:
   * they have it, also if it was unlisted before. Left out, a known one stays as it is.
   */
  unlisted?: boolean | undefined;
  /** false: no adapter whose fit is `unfit` (`adapter_unfit`); as the endpoint is set if left out. */
  allow_unfit?: boolean | undefined;
}

/** Which adapters to list. */
export interface AdapterQuery {
  /** Name of a hypernetwork. */
  hypernet?: string | undefined;
  base_model?: string | undefined;
  /** Text that the description contains, in any case. */
  q?: string | undefined;
  /** Those that lists leave out, in place of the others (admin). */
  unlisted?: boolean | undefined;
  /** Adapters a page. */
  limit?: number | undefined;
  /** The `next_cursor` of an earlier page. */
  cursor?: string | undefined;
}

/** One adapter. */
export interface AdapterDocument {
  id: Sha256;
  /** Its name in the Hub protocol. */
  repository: string;
  /** null: made from an embedding. */
  description: string | null;
  hypernet: { name: string; version: string; digest: Sha256 };
  base_model: string;
  output: Output;
  /** 1 for `ia3`, which has none. */
  rank: number;
  /** Equal to the rank: the scale is folded into B. */
  alpha: number;
  target_modules: string[];
  dtype: string;
  precision: string;
  strength: number;
  parameters: number;
  /** What the id stands for: weights and config. They never change. */
  files: Record<string, { url: string; bytes: number; sha256: Sha256 }>;
  /** Other layouts, made on demand, and the URLs of their files: `gguf`, `workers-ai`, `mlx`. */
  formats: Record<string, Record<string, string>>;
  /** The model card, made on demand: its wording may change. Left out once its bundle is gone. */
  card?: string | undefined;
  /** Whether the adapter existed before the request. */
  cached: boolean;
  fit: Fit;
  /** Whether lists and searches leave it out. */
  unlisted: boolean;
  /**
   * Per module, the Frobenius norm of the update of each layer, with the strength applied. Of DoRA it is that of
   * B A, without what the magnitudes change; of IA3, how far the factors are from 1.
   */
  norms: Record<string, number[]>;
  /** What is to be known before use beside the fit; mostly nothing. */
  warnings: AdapterWarning[];
  /** Of the making of the adapter. */
  timings_ms: Record<string, number>;
  created_at: string;
}

/** That a strength carries the update of some layers beyond what the hypernetwork itself may write. */
export interface AdapterWarning {
  code: 'strength_beyond_norms';
  /** All of it in words. */
  text: string;
  layers: { module: string; layer: number; norm: number; limit: number }[];
}

/** What is to be expected of an adapter. */
export interface Fit {
  /** Expected exact match at the adapter's strength, or a cosine, or null if nothing was measured. */
  score: number | null;
  verdict: 'good' | 'uncertain' | 'unfit' | 'unknown';
  /** Why no more is to be expected; null: there is nothing to say. */
  reason: FitReason | null;
  nearest: { task: string; similarity: number }[];
}

/** Why no more is to be expected of an adapter; a member that does not apply is null. */
export interface FitReason {
  code: 'far' | 'missing_step' | 'weak' | 'strength';
  /** The training task that it is close to. */
  task: string | null;
  /** The step that nothing trained near it does. */
  step: string | null;
  /** Exact match of `task`, 0 to 1. */
  success: number | null;
  /** All of it in words. */
  text: string;
}

/** A page of adapters, newest first. */
export interface AdapterPage {
  adapters: AdapterDocument[];
  /** null: this is the last page. */
  next_cursor: string | null;
}

/** A hypernetwork with its versions. */
export interface HypernetDocument {
  name: string;
  /** Digest of the version that answers. */
  active: Sha256 | null;
  /** Digest that a rollback goes back to. */
  previous: Sha256 | null;
  /** The version that answers for a part of the descriptions, if one does. */
  canary: {
    digest: Sha256;
    percent: number;
    /** What came of making adapters since then, with it and with the active version. */
    outcomes: Outcomes;
    active_outcomes: Outcomes;
  } | null;
  versions: HypernetVersion[];
  /** The last changes of what answers, newest first. */
  activations: ActivationRecord[];
}

/** A change of what answers to a name. */
export interface ActivationRecord {
  at: string;
  /** Digest that answered before; null: none did. */
  from: Sha256 | null;
  /** Digest that answered from then on. */
  to: Sha256;
  /** Part of the descriptions that `to` answers for: 100 as the active version, 0 where a canary ended. */
  percent: number;
  reason: string | null;
}

/** One version of a hypernetwork. */
export interface HypernetVersion {
  version: string;
  digest: Sha256;
  origin: 'built-in' | 'registered';
  registered_at: string | null;
  /** Why it makes no new adapters any more; those that it made stay as they are. */
  yanked: { at: string; reason: string } | null;
  variant: string;
  base_model: { id: string; revision: string; architecture: string; license: string };
  output: Output;
  rank: number;
  layers: number;
  target_modules: string[];
  /** Used when a request names none. */
  precision: string;
  precisions: string[];
  encoder: Encoder;
  /** What running it takes. */
  needs: {
    encoder: Encoder;
    precisions: {
      float32?: PrecisionNeeds | undefined;
      int8?: PrecisionNeeds | undefined;
    };
  };
  /** The training tasks, and the sizes of input that they had; left out if it does not say. */
  fit?: { tasks: number; sizes?: string | undefined } | undefined;
  /** Exact match with controls and baselines, as measured in training. */
  evaluation: Record<string, unknown>;
  /** What made it: seeds, digest of the configuration, commit. */
  training: Record<string, unknown>;
}

/** Adapters that were made, and that could not be for a reason that lies in the version. */
export interface Outcomes {
  made: number;
  failed: number;
}

/** What turns descriptions into embeddings; kind `given`: the caller must. */
export interface Encoder {
  kind: string;
  model: string;
  dim: number;
}

/** What one precision of a hypernetwork needs. */
export interface PrecisionNeeds {
  /** Whether the network is one graph; if not, its heads are streamed in chunks. */
  whole: boolean;
  graph_bytes: number;
  /** The largest file that must be in memory at once. */
  largest_part_bytes: number;
  memory_bytes: number;
  plan: 'free' | 'paid';
}

/** All hypernetworks of an endpoint. */
export interface HypernetList {
  /** Name of the one that answers when a request names none. */
  default: string;
  hypernets: HypernetDocument[];
}

/** A bundle that lies in the endpoint's bucket. */
export interface BundleReference {
  name: string;
  version: string;
  digest: Sha256;
}

/**
 * Which version is to answer: one by version or digest, or the one before. A rollback says what it goes
 * back from, so that sending it twice does not undo it.
 */
export type Activation = (
  | { version: string }
  | { digest: Sha256 }
  | { rollback: true; expected: Sha256 | null }
) & {
  /** Digest that is active now, null if none is: if another one is, nothing is changed. */
  expected?: Sha256 | null | undefined;
  /** One line for the history. */
  reason?: string | undefined;
};

/** Which version is to answer for a part of the descriptions. */
export type CanaryRequest = ({ version: string } | { digest: Sha256 }) & {
  /** 1 to 99. */
  percent: number;
  /** Digest that is active now: if another one is, nothing is changed. */
  expected?: Sha256 | null | undefined;
  /** One line for the history. */
  reason?: string | undefined;
};

/** The answer of an endpoint that can work. */
export interface Health {
  status: 'ok';
  hypernet: { name: string; version: string; digest: string };
}

/** What a token lets its bearer do; each has those before it. */
export type Scope = 'read' | 'generate' | 'admin';

/** A token to be made. */
export interface TokenRequest {
  /** Whose it is, or what for. */
  name: string;
  scopes: Scope[];
  /** It does not expire if left out. */
  expires_in_days?: number | undefined;
  /** Adapters that may be made with it in a day of UTC; the endpoint's own number if left out. */
  daily_adapters?: number | undefined;
}

/** What is known of a token. */
export interface TokenDocument {
  /** Names it for revoking. */
  id: string;
  name: string;
  scopes: Scope[];
  daily_adapters: number | null;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
}

/** A token that was just made: nothing else ever shows it. */
export interface CreatedToken extends TokenDocument {
  token: string;
}

/** All tokens, newest first. */
export interface TokenList {
  tokens: TokenDocument[];
}

/** What an endpoint did in some days, and what it keeps now. */
export interface Stats {
  /** The first day and the last, which is today, in UTC. */
  from: string;
  to: string;
  /** By the version that makes them. */
  adapters: { hypernet: Sha256; made: number; known: number; failed: number }[];
  /** Adapters made again for a reader, whose files were evicted or damaged. */
  remade: number;
  /** Answers by their status. */
  answers: Record<string, number>;
  /** Problems by their code. */
  problems: Record<string, number>;
  /** Of files that were sent. */
  bytes: number;
  /** Milliseconds of each step, rounded up to the bound of a bucket. */
  times: Record<string, { count: number; p50: number; p90: number; p99: number }>;
  stored: { adapters: number; bytes: number };
}

/** What became of one request of a batch: an adapter, or a problem in its place. */
export interface BatchLine {
  /** Which request, from 0. */
  index: number;
  /** As if it had been sent alone. */
  status: number;
  adapter?: AdapterDocument | undefined;
  /** Of the adapter, where it is made later (status 202): there is none of that id until then. */
  id?: Sha256 | undefined;
  problem?: { code: string; detail: string; retry_after?: number | undefined } | undefined;
}
