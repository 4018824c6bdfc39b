/** Examples of answers, by the name of their schema in the description of the API. */
import type * as z from 'zod';
import type { auditSchema } from '../../../contract/documents/audit.ts';
import type { baseModelSchema } from '../../../contract/documents/base-model.ts';
import type { healthSchema } from '../../../contract/documents/hypernet.ts';
import type { statsSchema } from '../../../contract/documents/stats.ts';
import type { createdTokenSchema, tokenSchema } from '../../../contract/documents/token.ts';
import { EXAMPLE } from '../../../contract/examples.ts';
import { DIGEST, WEIGHTS_SHA256 } from '../names.ts';
import { adapter, adapterPage } from './adapter.ts';
import { hubCommit, hubEntry, hubModel, hubRefs } from './hub.ts';
import { HYPERNET, hypernet, hypernetList } from './hypernet.ts';

const index = {
  name: 't2l-edge',
  description: 'Text in, LoRA adapter out.',
  try: `curl https://t2l.example/v1/adapters -H 'content-type: application/json' -d '{"description": "${EXAMPLE}"}'`,
  adapters: '/v1/adapters',
  hypernets: '/v1/hypernets',
  health: '/healthz',
  openapi: '/openapi.json',
  docs: '/docs',
};

const health: z.input<typeof healthSchema> = { status: 'ok', hypernet: HYPERNET };

const baseModel: z.input<typeof baseModelSchema> = {
  id: 'owner/base',
  file: {
    name: 'model.gguf',
    bytes: 98_362_432,
    sha256: WEIGHTS_SHA256,
    url: '/v1/base-models/owner/base/model.gguf',
  },
};

const audit: z.input<typeof auditSchema> = {
  adapters: 50,
  files: 98,
  evicted: 2,
  damaged: 1,
  healed: 1,
  orphans: 0,
  bundles: 0,
  bundle_files: 0,
  failed: [],
  next_cursor: 'bundles',
};

const stats: z.input<typeof statsSchema> = {
  from: '2026-08-03',
  to: '2026-08-03',
  adapters: [{ hypernet: DIGEST, made: 120, known: 940, failed: 0 }],
  remade: 3,
  answers: { 200: 9310, 201: 120, 304: 2200, 429: 7 },
  problems: { rate_limited: 7 },
  bytes: 930_000_000,
  times: { store: { count: 123, p50: 50, p90: 70, p99: 150 } },
  stored: { adapters: 1800, bytes: 178_000_000 },
};

const token: z.input<typeof tokenSchema> = {
  id: '0f1e2d3c4b5a6978',
  name: 'the evaluation team',
  scopes: ['read', 'generate'],
  daily_adapters: 500,
  created_at: '2026-08-03T12:00:00.000Z',
  expires_at: '2026-11-01T12:00:00.000Z',
  revoked_at: null,
};

const createdToken: z.input<typeof createdTokenSchema> = {
  ...token,
  token: `t2l_${'x'.repeat(43)}`,
};

/** Component -> what an answer of it looks like. */
export const RESPONSE_EXAMPLES: Readonly<Record<string, unknown>> = {
  Adapter: adapter,
  AdapterPage: adapterPage,
  BaseModel: baseModel,
  Hypernet: hypernet,
  HypernetList: hypernetList,
  Health: health,
  Audit: audit,
  Stats: stats,
  Token: token,
  CreatedToken: createdToken,
  TokenList: { tokens: [token] },
  HubUser: {
    type: 'user',
    name: token.name,
    fullname: token.name,
    orgs: [],
    auth: {
      type: 'access_token',
      accessToken: { displayName: token.name, role: 'write' },
    },
  },
  HubModel: hubModel,
  HubCommit: hubCommit,
  HubEntry: hubEntry,
  HubRefs: hubRefs,
  Index: index,
};
