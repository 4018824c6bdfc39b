/** `npm run audit` over a data folder: what it heals, what it reports, and how it ends. */
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../scripts/environment.ts';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { createLocalClient } from '../../src/local/client.ts';
import type { AdapterDocument } from '../../src/sdk/index.ts';
import { keptFolder } from '../cli/command.ts';
import { flipBit } from '../fixtures/damage.ts';
import { ADMIN_TOKEN, startServer } from '../server.ts';

const WEIGHTS = 'adapter_model.safetensors';

let data: string;
let adapters: AdapterDocument[];

beforeAll(async () => {
  data = keptFolder();
  const client = await createLocalClient({ data });
  adapters = [
    await client.generate({ description: 'Reverse the order of the words.' }),
    await client.generate({ description: 'Sort the words from a to z.' }),
  ];
});

afterAll(() => rm(data, { recursive: true, force: true }));

function audit(
  args: readonly string[],
  token = '',
): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = [join(ROOT, 'scripts/audit.ts'), ...args];
  const env = { ...process.env, ...(token !== '' && { T2L_TOKEN: token }) };
  return new Promise((resolve) => {
    execFile(process.execPath, command, { env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

function pathOf(document: AdapterDocument | undefined): string {
  return join(data, 'adapters', document?.id ?? '', WEIGHTS);
}

test('a damaged file is healed, an evicted one is counted, and all is well', async () => {
  await flipBit(pathOf(adapters[0]), 1234);
  await rm(pathOf(adapters[1]));
  const run = await audit(['--data', data]);
  expect(run.code).toBe(0);
  const report = JSON.parse(run.stdout);
  expect(report).toMatchObject({ adapters: 2, files: 3, evicted: 1, damaged: 1, healed: 1 });
  expect(report.failed).toEqual([]);
  expect(report.bundle_files).toBeGreaterThan(report.bundles);
  expect(await sha256Hex(await readFile(pathOf(adapters[0])))).toBe(
    adapters[0]?.files[WEIGHTS]?.sha256,
  );
});

test('what cannot be made again as it was recorded is named, and makes exit code 1', async () => {
  const id = adapters[0]?.id ?? '';
  const row = join(data, 'rows', `${id}.json`);
  const text = await readFile(row, 'utf8');
  await writeFile(row, text.replace(adapters[0]?.files[WEIGHTS]?.sha256 ?? '', 'e'.repeat(64)));
  const run = await audit(['--data', data]);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain('1 could not be healed');
  expect(JSON.parse(run.stdout)).toMatchObject({
    damaged: 1,
    healed: 0,
    failed: [
      { what: `adapters/${id}/${WEIGHTS}`, why: expect.stringContaining('adapter_bytes_changed') },
    ],
  });
});

test('an endpoint and a folder at once are refused', async () => {
  const run = await audit(['--data', data, '--endpoint', 'http://localhost:1']);
  expect([run.code, run.stdout]).toEqual([2, '']);
  expect(run.stderr).toContain('not both');
});

test('an endpoint is audited slice by slice, with its token only', async () => {
  const server = await startServer();
  try {
    const adapter = adapterSchema.parse(
      await (await server.send('/v1/adapters', { description: 'Reverse the words.' })).json(),
    );
    const key = `adapters/${adapter.id}/${WEIGHTS}`;
    await server.env.ADAPTERS.put(key, new Uint8Array(10));
    const refused = await audit(['--endpoint', server.origin], 'another');
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain('admin_token_wrong');
    const run = await audit(['--endpoint', `${server.origin}/`], ADMIN_TOKEN);
    expect([run.code, JSON.parse(run.stdout)]).toMatchObject([
      0,
      { adapters: 1, damaged: 1, healed: 1, failed: [] },
    ]);
    const healed = await server.env.ADAPTERS.get(key);
    expect(await sha256Hex(new Uint8Array((await healed?.arrayBuffer()) ?? []))).toBe(
      adapter.files[WEIGHTS]?.sha256,
    );
  } finally {
    await server.close();
  }
});

test('an address at which nothing answers is said in a line', async () => {
  const run = await audit(['--endpoint', 'nonsense']);
  expect([run.code, run.stderr.split('\n').length]).toEqual([1, 2]);
  expect(run.stderr).toContain('endpoint_malformed');
});
