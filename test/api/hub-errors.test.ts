import { beforeAll, expect, test } from 'vitest';
import type { SharedServer } from '../server.ts';
import { sharedRepository, WEIGHTS } from './hub-repository.ts';

let server: SharedServer;
let repository: string;
let commit: string;

beforeAll(async () => {
  ({ server, repository, commit } = await sharedRepository());
});

async function expectError(path: string, status: number, code: string | null): Promise<Response> {
  for (const method of ['HEAD', 'GET']) {
    const response = await server.fetch(path, { method });
    expect([method, path, response.status]).toEqual([method, path, status]);
    expect(response.headers.get('x-error-code')).toBe(code);
    expect(response.headers.get('x-error-message')).not.toBe('');
  }
  const response = await server.fetch(path);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.clone().json()).toMatchObject({ error: expect.any(String), status });
  return response;
}

test('what is missing is told apart', async () => {
  const none = 'f'.repeat(64);
  for (const path of [
    `/api/models/t2l/${none}`,
    `/api/models/t2l/${none}/tree/main`,
    `/t2l/${none}/resolve/main/README.md`,
    '/api/models/gpt2',
    '/gpt2/resolve/main/config.json',
    '/mistralai/Mistral-7B-v0.1/resolve/main/config.json',
    '/api/datasets/squad',
    '/datasets/squad/resolve/main/README.md',
    '/spaces/a/b/resolve/main/README.md',
  ]) {
    await expectError(path, 404, 'RepoNotFound');
  }
  for (const revision of ['v2', 'refs%2Fpr%2F1', commit.slice(0, 12), 'f'.repeat(40)]) {
    await expectError(`/api/models/${repository}/revision/${revision}`, 404, 'RevisionNotFound');
    await expectError(`/api/models/${repository}/tree/${revision}`, 404, 'RevisionNotFound');
    await expectError(`/api/models/${repository}/commits/${revision}`, 404, 'RevisionNotFound');
    await expectError(`/${repository}/resolve/${revision}/${WEIGHTS}`, 404, 'RevisionNotFound');
  }
  for (const path of [
    `/${repository}/resolve/main/adapter_model.bin`,
    `/${repository}/resolve/main/%F0%9F%A6%99/a%0Ab`,
    `/${repository}/raw/main/adapter_model.bin`,
    `/api/models/${repository}/tree/main/additional_chat_templates?recursive=false`,
    `/api/models/${repository}/tree/main/README.md`,
  ]) {
    const response = await expectError(path, 404, 'EntryNotFound');
    expect(response.headers.get('x-repo-commit')).toBe(commit);
  }
});

test('a long path is said in the body, and no header grows with it', async () => {
  const path = `/api/models/${'a'.repeat(8000)}/${'b'.repeat(8000)}/refs`;
  const response = await expectError(path, 404, 'RepoNotFound');
  expect(response.headers.get('x-error-message')?.length).toBeLessThan(600);
  expect(((await response.json()) as { error: string }).error).toContain(path);
});

test('nobody is logged in', async () => {
  const response = await server.fetch('/api/whoami-v2', {
    headers: { authorization: 'Bearer hf_nobodyknows' },
  });
  expect(response.status).toBe(401);
  expect(response.headers.get('x-error-message')).toBe(
    'Invalid credentials in Authorization header',
  );
  expect(response.headers.get('www-authenticate')).toContain('Bearer');
  expect(await response.text()).not.toContain('nobodyknows');
});
