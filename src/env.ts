/** What the platform hands to the Worker: the bindings of wrangler.toml and the secrets. */
export interface Env {
  /** Static assets: the built-in bundles under /hypernets/ and the tiny base model. */
  readonly ASSETS: Fetcher;
  /** Adapter files, `adapters/<id>/<file>`. A cache of the rows: see src/pipeline/stored-files.ts. */
  readonly ADAPTERS: R2Bucket;
  /** Registered bundles, `<name>/<version>/<file>` and `encoders/<slug>/<file>`. */
  readonly HYPERNETS: R2Bucket;
  readonly DB: D1Database;
  /** Workers AI, needed only by bundles whose encoder is of kind `workers-ai`, and by such a moderation. */
  readonly AI?: Ai;
  /** Bearer token of the administrative calls; without it they are all refused. */
  readonly ADMIN_TOKEN?: string;
  /** Public keys that bundles must be signed with to be registered and activated; without it none need be. */
  readonly TRUSTED_KEYS?: string;
  /** The embedding service of bundles whose encoder is of kind `http`: its base URL, */
  readonly ENCODER_URL?: string;
  /** what it speaks (`openai`, unless said otherwise), and its bearer token. */
  readonly ENCODER_DIALECT?: 'openai' | 'tei';
  readonly ENCODER_TOKEN?: string;
  /** Who may read and have adapters made, and who may list them: src/api/access.ts. */
  readonly ACCESS?: 'public' | 'read-public' | 'private';
  readonly LISTS?: 'token' | 'public';
  /** `off` lifts all limits of src/api/admission.ts, for endpoints that only their owner reaches. */
  readonly LIMITS?: 'off';
  /** What is done of adapters that are not expected to work where a request does not say; `make` if left out. */
  readonly UNFIT?: 'make' | 'refuse';
  /** Who is asked about new descriptions before an adapter is made: src/moderation. Nobody if left out. */
  readonly MODERATION?: 'workers-ai' | 'http';
  /** For `http`: the address of the service, what it speaks (`t2l` unless said otherwise), its bearer token, */
  readonly MODERATION_URL?: string;
  readonly MODERATION_DIALECT?: 'openai' | 't2l';
  readonly MODERATION_TOKEN?: string;
  /** and the model that is asked for; for `workers-ai` a guard model. Both have one if it is left out. */
  readonly MODERATION_MODEL?: string;
  /** How many adapters one address may have made in a minute; without it there is no limit. */
  readonly GENERATIONS?: RateLimit;
  /** The same for one token, */
  readonly TOKEN_GENERATIONS?: RateLimit;
  /** how often one address or token may search, */
  readonly SEARCHES?: RateLimit;
  /** and how often it may have a layout written that is not stored. */
  readonly CONVERSIONS?: RateLimit;
  /** Adapters made in a day for one address and for all who send no token, and for a token without a number. */
  readonly DAILY_ADDRESS?: string;
  readonly DAILY_ANONYMOUS?: string;
  readonly DAILY_TOKEN?: string;
  /** Where requests wait that are to be made later (src/api/enqueue.ts, src/api/queue.ts). */
  readonly QUEUE?: Queue;
  /** Gets a data point of every answer (src/api/counting.ts): a dataset of Analytics Engine. */
  readonly METRICS?: AnalyticsEngineDataset;
  /** Bytes of adapter files that R2 may hold; those that were read least recently are evicted. */
  readonly STORED_BYTES?: string;
  /** Adapters that D1 may hold; over it, those go that nobody with a token made, least recently used first. */
  readonly STORED_ADAPTERS?: string;
  /** Days after which adapters are removed that nobody with a token made and nobody read. */
  readonly UNREAD_DAYS?: string;
  /** Where clients reach the endpoint, for addresses in answers; without it what each request says. */
  readonly PUBLIC_ORIGIN?: string;
  /** Another hub, such as https://huggingface.co, for repositories that are not served here. */
  readonly HUB_UPSTREAM?: string;
}
