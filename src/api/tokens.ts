/** `/v1/tokens`: the tokens that the administrator gives out, lists and revokes. */

import type { Context } from 'hono';
import {
  createdTokenSchema,
  tokenListSchema,
  type tokenSchema,
} from '../contract/documents/token.ts';
import { T2lError } from '../contract/errors.ts';
import { createTokenSchema } from '../contract/requests/tokens.ts';
import { SCOPES } from '../contract/scopes.ts';
import type { TokenRow } from '../store/schema.ts';
import { TOKEN_MEMORY_MS } from '../store/tokens.ts';
import { requireAdmin } from './admin.ts';
import { readBody } from './body.ts';
import { ADMIN_CODES, BODY_CODES } from './codes.ts';
import * as z from './described.ts';
import { problemResponses } from './problem.ts';
import { type App, type AppEnv, addRoute } from './route.ts';
import { hashOf, newSecret } from './secret.ts';

/** Hex digits of the hash that name a token. */
const ID_DIGITS = 16;
const DAY_MS = 86_400_000;

const ID_PARAMETER = z.object({
  token: z.string().openapi({ param: { name: 'token', in: 'path' }, example: '0f1e2d3c4b5a6978' }),
});
const admin = { tags: ['access'], security: [{ admin: [] }], middleware: requireAdmin };

/** Adds the routes of tokens. */
export function registerTokenRoutes(app: App): void {
  addRoute(
    app,
    {
      ...admin,
      method: 'post',
      path: '/v1/tokens',
      operationId: 'createToken',
      summary: 'Make a token',
      request: {
        body: { required: true, content: { 'application/json': { schema: createTokenSchema } } },
      },
      responses: {
        201: {
          description: 'Made; this is the only answer that shows it.',
          content: { 'application/json': { schema: createdTokenSchema } },
        },
        ...problemResponses([
          ...ADMIN_CODES,
          ...BODY_CODES,
          'name_malformed',
          'scopes_malformed',
          'lifetime_malformed',
          'quota_malformed',
        ]),
      },
    },
    createToken,
  );
  addRoute(
    app,
    {
      ...admin,
      method: 'get',
      path: '/v1/tokens',
      operationId: 'listTokens',
      summary: 'List tokens, newest first',
      responses: {
        200: {
          description: 'All of them, also those that are over.',
          content: { 'application/json': { schema: tokenListSchema } },
        },
        ...problemResponses(ADMIN_CODES),
      },
    },
    listTokens,
  );
  addRoute(
    app,
    {
      ...admin,
      method: 'delete',
      path: '/v1/tokens/{token}',
      operationId: 'revokeToken',
      summary: 'Revoke a token',
      description: `It stays in the list. An isolate that has just taken it may do so for ${TOKEN_MEMORY_MS / 1000} seconds more.`,
      request: { params: ID_PARAMETER },
      responses: {
        204: { description: 'Revoked, now or before.' },
        ...problemResponses([...ADMIN_CODES, 'token_unknown']),
      },
    },
    revokeToken,
  );
}

async function createToken(c: Context<AppEnv>): Promise<Response> {
  const body = await readBody(c.req.raw, createTokenSchema);
  const { tokens, now } = c.get('services');
  const secret = newSecret();
  const hash = await hashOf(secret);
  const createdAt = now();
  const row: TokenRow = {
    id: hash.slice(0, ID_DIGITS),
    hash,
    name: body.name,
    scopes: SCOPES.filter((scope) => body.scopes.includes(scope)),
    dailyAdapters: body.daily_adapters ?? null,
    createdAt,
    expiresAt:
      body.expires_in_days === undefined ? null : createdAt + body.expires_in_days * DAY_MS,
    revokedAt: null,
  };
  await tokens.insert(row);
  c.header('Cache-Control', 'no-store');
  const document: z.output<typeof createdTokenSchema> = { ...documentOf(row), token: secret };
  return c.json(document, 201);
}

async function listTokens(c: Context<AppEnv>): Promise<Response> {
  const rows = await c.get('services').tokens.list();
  c.header('Cache-Control', 'no-store');
  return c.json({ tokens: rows.map(documentOf) });
}

async function revokeToken(c: Context<AppEnv>): Promise<Response> {
  const { tokens, now } = c.get('services');
  const id = c.req.param('token') ?? '';
  if (!(await tokens.revoke(id, now()))) {
    throw new T2lError('token_unknown', 'There is no token of this id; GET /v1/tokens lists them.');
  }
  return c.body(null, 204);
}

function documentOf(row: TokenRow): z.output<typeof tokenSchema> {
  return {
    id: row.id,
    name: row.name,
    scopes: [...row.scopes],
    daily_adapters: row.dailyAdapters,
    created_at: isoOf(row.createdAt),
    expires_at: row.expiresAt === null ? null : isoOf(row.expiresAt),
    revoked_at: row.revokedAt === null ? null : isoOf(row.revokedAt),
  };
}

function isoOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
