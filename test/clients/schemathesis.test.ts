/**
 * A client that knows nothing but /openapi.json: Schemathesis makes requests that follow the schemas
 * and requests that break them, follows the links between calls, and checks every answer against the
 * description. So whatever is described is tested, the day it is added.
 *
 * Needs the packages of requirements-schemathesis.txt, which scripts/setup-clients.sh installs;
 * SCHEMATHESIS_BIN names another folder of commands.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

const BIN = process.env.SCHEMATHESIS_BIN ?? join(import.meta.dirname, '.venv-schemathesis/bin');
const MINUTES = 60_000;
const SEED = 1;
/** Random requests for each operation, besides those that the schemas ask for by themselves; EXAMPLES=300 makes more. */
const RANDOM_REQUESTS = Number(process.env.EXAMPLES ?? 45);

/** What no schema can say: schemathesis_hooks.py lets requests be refused for it. */
const BEYOND_SCHEMAS = [
  'cursor_malformed',
  'embedding_wrong_dimension',
  'bundle_missing_file',
  'name_reserved',
  'layout_unavailable',
  'adapter_unfit',
  'queue_unavailable',
];

interface Report {
  readonly operations: { readonly selected: number; readonly tested: number };
  readonly test_cases: { readonly generated: number; readonly errored: number };
  readonly failures: readonly { readonly title: string; readonly operations: readonly object[] }[];
  readonly errors: readonly object[];
}

let server: TestServer;
let folder: string;

beforeAll(async () => {
  server = await startServer();
  folder = await mkdtemp(join(tmpdir(), 't2l-schemathesis-'));
  // Until the first adapter is made the bundle lies unread and the graphs are not compiled.
  expect((await server.send('/v1/adapters', { description: 'Reverse the list' })).status).toBe(201);
});

afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

test('the description is valid OpenAPI 3.1', async () => {
  const path = join(folder, 'openapi.json');
  await writeFile(path, await (await server.fetch('/openapi.json')).text());
  expect(await run('openapi-spec-validator', [path])).toMatchObject({ code: 0 });
});

test(
  'answers thousands of good and bad requests as described, and none with a fault',
  async () => {
    const path = join(folder, 'report.json');
    const { output, code } = await run('st', [
      'run',
      `${server.origin}/openapi.json`,
      ...['--header', `Authorization: Bearer ${ADMIN_TOKEN}`],
      ...['--seed', String(SEED), '--generation-database', 'none'],
      ...['--max-examples', String(RANDOM_REQUESTS), '--no-shrink', '--continue-on-failure'],
      // The hooks have a stricter check in its place.
      ...['--exclude-checks', 'positive_data_acceptance'],
      ...['--request-timeout', '60', '--no-color'],
      ...['--report', 'json', '--report-json-path', path],
    ]);
    const report = JSON.parse(await readFile(path, 'utf8').catch(() => fail(output))) as Report;
    expect(report.failures.length, output).toBe(0);
    expect(report.errors.length, output).toBe(0);
    expect(code, output).toBe(0);
    expect(report.operations.tested).toBe(report.operations.selected);
    expect(report.test_cases.generated).toBeGreaterThan(2000);
    console.log(`${report.test_cases.generated} requests`);
  },
  15 * MINUTES * Math.max(1, RANDOM_REQUESTS / 45),
);

function fail(output: string): never {
  throw new Error(output);
}

async function run(
  command: string,
  parameters: readonly string[],
): Promise<{ readonly code: number; readonly output: string }> {
  const env = {
    ...process.env,
    PYTHONPATH: import.meta.dirname,
    SCHEMATHESIS_HOOKS: 'schemathesis_hooks',
    BEYOND_SCHEMAS: BEYOND_SCHEMAS.join(' '),
    PYTHONDONTWRITEBYTECODE: '1',
  };
  try {
    const { stdout } = await promisify(execFile)(join(BIN, command), [...parameters], {
      // Its own state, which would change the next run, goes with the folder.
      cwd: folder,
      env,
      maxBuffer: 64 * 1024 * 1024,
    });
    return { code: 0, output: stdout };
  } catch (error) {
    const {
      code,
      stdout = '',
      stderr = '',
    } = error as {
      code?: number | string;
      stdout?: string;
      stderr?: string;
    };
    if (typeof code !== 'number') {
      throw new Error(
        `${join(BIN, command)} cannot be run; install requirements-schemathesis.txt`,
        { cause: error },
      );
    }
    return { code, output: stdout + stderr };
  }
}
