/** What the description of the API lets an operation answer with. */
import { expect } from 'vitest';

interface Schema {
  readonly allOf?: readonly { readonly properties?: { readonly code?: { enum?: string[] } } }[];
}
interface Response {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}
interface Document {
  readonly paths: Readonly<
    Record<string, Record<string, { readonly responses: Record<string, Response> }>>
  >;
}

/** The description, to hold answers to. */
export interface Documented {
  /** Checks that a problem is one that the operation is described with. */
  expectProblem(method: string, path: string, status: number, problem: unknown): void;
  /** The statuses that an operation is described with; HEAD has those of GET. */
  statusesOf(method: string, path: string | undefined): readonly number[];
  /** Whether a code is one that any path may answer with, described or not. */
  isGeneral(code: string): boolean;
}

const GENERAL = new Set(['route_unknown', 'method_not_allowed']);

/** The description in the document at /openapi.json. */
export function documentedBy(document: unknown): Documented {
  const { paths } = document as Document;

  function responsesOf(method: string, path: string): Readonly<Record<string, Response>> {
    const name = method.toLowerCase();
    return paths[path]?.[name === 'head' ? 'get' : name]?.responses ?? {};
  }

  return {
    isGeneral: (code) => GENERAL.has(code),
    statusesOf: (method, path) => Object.keys(responsesOf(method, path ?? '')).map(Number),
    expectProblem(method, path, status, problem) {
      const { content = {} } = responsesOf(method, path)[status] ?? {};
      const codes = Object.values(content).flatMap(({ schema }) =>
        (schema?.allOf ?? []).flatMap(({ properties }) => properties?.code?.enum ?? []),
      );
      expect(codes, `${method} ${path} may answer ${status}`).toContain(
        (problem as { code: string }).code,
      );
    },
  };
}
