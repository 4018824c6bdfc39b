/**
 * The description of the API as tests read it, built without an endpoint. The app is passed in because
 * schemas get their names only if the generator was imported before them: a test that imports schemas
 * imports the app first.
 */
import { describeApi } from '../../src/api/docs/document.ts';
import type { App } from '../../src/api/route.ts';

/** The parts of a body that tests read. */
interface Media {
  readonly schema?: { readonly $ref?: string; readonly items?: { readonly $ref?: string } };
  readonly examples?: Record<string, { readonly $ref?: string; readonly value?: unknown }>;
}

/** One operation, with what the description promises of every answer. */
export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly requestBody?: { readonly content: Record<string, Media> };
  readonly responses: Record<
    string,
    { readonly content?: Record<string, Media>; readonly headers: object }
  >;
}

/** The document. */
export interface OpenApi {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: {
    readonly schemas: Record<string, unknown>;
    readonly headers: Record<string, unknown>;
    readonly examples: Record<string, { readonly value: Record<string, unknown> }>;
  };
}

/** Describes the routes of an app; docs.test.ts compares what the endpoint sends. */
export function openApi(app: App): OpenApi {
  return JSON.parse(JSON.stringify(describeApi(app)));
}

/** Every operation of every path. */
export function operationsOf({ paths }: OpenApi): readonly Operation[] {
  return Object.values(paths).flatMap((item) => Object.values(item));
}
