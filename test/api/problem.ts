/** What every error of the API is, whatever went wrong. */
import { expect } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../src/contract/error-codes.ts';
import type { TestServer } from '../server.ts';

/** Checks that an answer is the problem document of a code, at one of the code's statuses. */
export async function expectProblem(response: Response, code: ErrorCode): Promise<void> {
  const problem = (await response.json()) as Record<string, unknown>;
  expect(problem).toMatchObject({ code, type: `urn:t2l-edge:problem:${code}` });
  expect(ERROR_CODES[code][0]).toContain(response.status);
  expect(problem.status).toBe(response.status);
  expect(problem.title).toBe(ERROR_CODES[code][1]);
  expect(problem.detail).toMatch(/^.{10,}\.$/s);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('server-timing')).toMatch(/total;dur=/);
}

/** Makes the only adapter of a test file and returns its id. */
export async function makeOnlyAdapter(server: TestServer): Promise<string> {
  const made = await server.send('/v1/adapters', { description: 'Reverse the list' });
  expect(made.status).toBe(201);
  return ((await made.json()) as { id: string }).id;
}

/** Checks that whatever was refused had no effect: there is still one adapter. */
export async function expectOnlyAdapter(server: TestServer): Promise<void> {
  const { adapters } = (await (await server.fetch('/v1/adapters')).json()) as {
    adapters: unknown[];
  };
  expect(adapters).toHaveLength(1);
}
