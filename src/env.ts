/** What the platform hands to the Worker: the bindings of wrangler.toml and the secrets. */
export interface Env {
  /** Static assets: the built-in bundles under /hypernets/ and the tiny base model. */
  readonly ASSETS: Fetcher;
  /** Adapter files, `adapters/<id>/<file>`. A cache of the rows: see src/generate.ts. */
  readonly ADAPTERS: R2Bucket;
  /** Registered bundles, `<name>/<version>/<file>` and `encoders/<slug>/<file>`. */
  readonly HYPERNETS: R2Bucket;
  readonly DB: D1Database;
  /** Workers AI, needed only by bundles whose encoder is of kind `workers-ai`. */
  readonly AI?: Ai;
  /** Bearer token of the administrative calls; without it they are all refused. */
  readonly ADMIN_TOKEN?: string;
  /** Base URL and bearer token of the embedding service, for bundles whose encoder is `http`. */
  readonly ENCODER_URL?: string;
  readonly ENCODER_TOKEN?: string;
}
