/**
 * zod whose schemas have the method `openapi`, for the routes, which the description of the API describes by them,
 * and an app that knows its routes' descriptions. @hono/zod-openapi is the same and checks bodies too; but it hands
 * on zod as one object, and with it every isolate would hold what zod says in fifty languages, most of a megabyte.
 */
import { extendZodWithOpenApi, OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import { Hono } from 'hono';
import * as z from 'zod';
import type { AppEnv } from './route.ts';

export * from 'zod';

// Of all of zod this is what it extends.
extendZodWithOpenApi({ ZodType: z.ZodType } as typeof z);

/** An app with the descriptions of its routes. */
export class DescribedApp extends Hono<AppEnv> {
  readonly openAPIRegistry = new OpenAPIRegistry();
}
