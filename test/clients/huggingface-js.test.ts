import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  downloadFile,
  fileDownloadInfo,
  fileExists,
  HubApiError,
  listCommits,
  listFiles,
  listModels,
  modelInfo,
  pathsInfo,
  repoExists,
  snapshotDownload,
} from '@huggingface/hub';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { withCard } from '../fixtures/with-card.ts';
import { startServer, type TestServer } from '../server.ts';

const WEIGHTS = 'adapter_model.safetensors';
const FILES = ['README.md', 'adapter_config.json', WEIGHTS];

let server: TestServer;
let cacheDir: string;
let adapter: ReturnType<typeof adapterSchema.parse>;
let commit: string;
let hub: { repo: string; hubUrl: string; accessToken: string };

beforeAll(async () => {
  server = await startServer();
  cacheDir = await mkdtemp(join(tmpdir(), 't2l-hfjs-'));
  const response = await server.send('/v1/adapters', { description: 'Reverse the list' });
  adapter = await withCard(adapterSchema.parse(await response.json()));
  commit = adapter.id.slice(0, 40);
  hub = { repo: adapter.repository, hubUrl: server.origin, accessToken: 'hf_nobodyknows' };
});

afterAll(async () => {
  await server.close();
  await rm(cacheDir, { recursive: true });
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

test('file information and the file', async () => {
  const listed = adapter.files[WEIGHTS];
  const info = await fileDownloadInfo({ ...hub, path: WEIGHTS });
  expect(info).toMatchObject({ size: listed?.bytes, etag: `"${listed?.sha256}"` });
  expect(info?.xet).toBeUndefined();
  const blob = await downloadFile({ ...hub, path: WEIGHTS, revision: commit });
  const bytes = new Uint8Array((await blob?.arrayBuffer()) ?? []);
  expect(sha256(bytes)).toBe(listed?.sha256);
  const part = await downloadFile({ ...hub, path: WEIGHTS });
  const slice = new Uint8Array((await part?.slice(8, 72).arrayBuffer()) ?? []);
  expect(slice).toEqual(bytes.subarray(8, 72));
});

test('what is missing', async () => {
  expect(await fileExists({ ...hub, path: WEIGHTS })).toBe(true);
  expect(await fileExists({ ...hub, path: 'missing.bin' })).toBe(false);
  expect(await fileDownloadInfo({ ...hub, path: 'missing.bin' })).toBeNull();
  expect(await repoExists(hub)).toBe(true);
  const none = { ...hub, repo: `t2l/${'f'.repeat(64)}` };
  expect(await repoExists(none)).toBe(false);
  const error = await modelInfo({ ...hub, name: none.repo }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HubApiError);
  expect(error).toMatchObject({
    statusCode: 404,
    message: expect.stringContaining('There is no repository'),
  });
});

test('model info', async () => {
  const info = await modelInfo({
    ...hub,
    name: adapter.repository,
    additionalFields: ['sha', 'tags', 'library_name'],
  });
  expect(info).toMatchObject({
    name: adapter.repository,
    private: false,
    task: 'text-generation',
    sha: commit,
    library_name: 'peft',
    updatedAt: new Date(adapter.created_at),
  });
});

test('files, paths and the list', async () => {
  const files = [];
  for await (const file of listFiles({ ...hub, recursive: true, expand: true })) {
    files.push([file.path, file.lfs?.oid, file.lastCommit?.id]);
  }
  expect(files).toEqual(FILES.map((name) => [name, adapter.files[name]?.sha256, commit]));
  const [entry, ...rest] = await pathsInfo({
    ...hub,
    paths: [WEIGHTS, 'missing.bin'],
    expand: true,
  });
  expect(rest).toEqual([]);
  expect(entry).toMatchObject({
    path: WEIGHTS,
    lfs: { oid: adapter.files[WEIGHTS]?.sha256 },
    lastCommit: { id: commit },
  });
  const names = [];
  for await (const model of listModels({ hubUrl: server.origin, search: { owner: 't2l' } })) {
    names.push(model.name);
  }
  expect(names).toEqual([adapter.repository]);
});

test('a snapshot', async () => {
  const folder = await snapshotDownload({ ...hub, cacheDir });
  for (const name of FILES) {
    expect(sha256(await readFile(join(folder, name)))).toBe(adapter.files[name]?.sha256);
  }
});

test('the history is one commit', async () => {
  const commits = [];
  for await (const one of listCommits(hub)) {
    commits.push(one);
  }
  expect(commits).toMatchObject([
    { oid: commit, title: 'As generated', authors: [{ username: 't2l' }] },
  ]);
});

test('a hub address with a slash at its end is the same hub', async () => {
  const slashed = { ...hub, hubUrl: `${server.origin}/` };
  expect(await repoExists(slashed)).toBe(true);
  expect(await fileExists({ ...slashed, path: WEIGHTS })).toBe(true);
  const info = await modelInfo({ ...slashed, name: adapter.repository });
  expect(info.name).toBe(adapter.repository);
});
