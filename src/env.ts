/** What the platform hands to the Worker: the bindings of wrangler.toml and the secrets. */
export interface Env {
  /** Static assets: the built-in bundles under /hypernets/ and the tiny base model. */
  readonly ASSETS: Fetcher;
  /** Adapter files, `adapters/<id>/<file>`. A cache of the rows: see src/pipeline/stored-files.ts. */
  readonly ADAPTERS: R2Bucket;
  /** Registered bundles, `<name>/<version>/<file>` and `encoders/<slug>/<file>`. */
  readonly HYPERNETS: R2Bucket;
  readonly DB: D1Database;
  /** Workers AI, needed only by bundles whose encoder is of kind `workers-ai`. */
  readonly AI?: Ai;
  /** Bearer token of the administrative calls; without it they are all refused. */
  readonly ADMIN_TOKEN?: string;
  /** The embedding service of bundles whose encoder is of kind `http`: its base URL, */
  readonly ENCODER_URL?: string;
  /** what it speaks (`openai`, unless said otherwise), and its bearer token. */
  readonly ENCODER_DIALECT?: 'openai' | 'tei';
  readonly ENCODER_TOKEN?: string;
  /** How many adapters one address may have made in a while; without it there is no limit. */
  readonly GENERATIONS?: RateLimit;
  /** Another hub, such as https://huggingface.co, for repositories that are not served here. */
  readonly HUB_UPSTREAM?: string;
}
