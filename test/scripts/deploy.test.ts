/**
 * Rolling out the Worker: what is done in which order, and what is left after a failure. Cloudflare is a
 * program that notes wrangler's command lines, and an endpoint that is well or not.
 */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { rollOut } from '../../scripts/deploy/roll-out.ts';
import { cloudflare } from '../../scripts/deploy/wrangler.ts';
import { temporaryFolder } from '../cli/command.ts';

const OLD = 'old-version';
const NEW = 'new-version';

/** How Cloudflare behaves. */
interface Behaviour {
  /** Versions that answer when the roll-out begins. */
  readonly versions?: readonly string[];
  /** Of which command wrangler fails. */
  readonly failing?: string;
  /** What the n-th question for the health is answered with, from 1. */
  readonly health?: (question: number) => { readonly status: number; readonly body: string };
}

const WELL = { status: 200, body: '{"status":"ok"}' };

/** Rolls out and gives the outcome, wrangler's command lines, and the versions that were asked. */
async function rolledOut({ versions = [OLD], failing, health = () => WELL }: Behaviour) {
  const folder = temporaryFolder();
  const [program, lines] = [join(folder, 'wrangler.mjs'), join(folder, 'lines')];
  const share = 100 / versions.length;
  const status = { versions: versions.map((id) => ({ version_id: id, percentage: share })) };
  const upload = { type: 'version-upload', worker_name: 't2l-edge', version_id: NEW };
  await writeFile(
    program,
    `import { appendFileSync } from 'node:fs';
     const line = process.argv.slice(2).join(' ');
     appendFileSync(${JSON.stringify(lines)}, line + '\\n');
     if (${JSON.stringify(failing ?? null)} !== null && line.startsWith(${JSON.stringify(failing ?? '')})) {
       console.error('no such thing');
       process.exit(1);
     }
     if (line === 'deployments status --json' && process.env.WRANGLER_LOG === 'log')
       console.log(${JSON.stringify(JSON.stringify(status))});
     if (line.startsWith('versions upload'))
       appendFileSync(process.env.WRANGLER_OUTPUT_FILE_PATH,
         '{"type":"wrangler-session"}\\n' + ${JSON.stringify(JSON.stringify(upload))} + '\\n');`,
  );
  const asked: unknown[] = [];
  const server = createServer((request, response) => {
    asked.push([request.url, request.headers['cloudflare-workers-version-overrides']]);
    const answer = health(asked.length);
    response.writeHead(answer.status).end(answer.body);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const platform = cloudflare({ endpoint, message: 'abc', program, wait: async () => {} });
  const outcome = await rollOut(platform, () => {}).catch((error: Error) => error.message);
  const commands = (await readFile(lines, 'utf8')).trim().split('\n');
  return { outcome, commands, asked };
}

const BEGINNING = [
  'deployments status --json',
  'd1 migrations apply DB --remote',
  'versions upload --message abc --outdir dist/deployed',
];
const PART = `versions deploy ${NEW}@10 ${OLD}@90 --message abc --yes`;
const ALL = `versions deploy ${NEW}@100 --message abc --yes`;
const BACK = `versions deploy ${OLD}@100 --message abc --yes`;

test('a version that is well gets a tenth of the requests, then all', async () => {
  const { outcome, commands, asked } = await rolledOut({});
  expect(outcome).toBe(NEW);
  expect(commands).toEqual([...BEGINNING, PART, ALL]);
  expect(new Set(asked.map((one) => JSON.stringify(one)))).toEqual(
    new Set([JSON.stringify(['/healthz', `t2l-edge="${NEW}"`])]),
  );
  expect(asked).toHaveLength(20);
});

test('one that is not well, at once or later, is taken back', async () => {
  const sick = { status: 503, body: '{"code":"unhealthy"}' };
  const early = await rolledOut({ health: (question) => (question === 7 ? sick : WELL) });
  expect(early.outcome).toMatch(
    /^new-version was taken back, old-version answers again: .* answered 503: .*unhealthy/,
  );
  expect(early.commands).toEqual([...BEGINNING, PART, BACK]);
  const other = { status: 200, body: '<html>' };
  const late = await rolledOut({ health: (question) => (question === 15 ? other : WELL) });
  expect(late.commands).toEqual([...BEGINNING, PART, ALL, BACK]);
});

test('a step that fails leaves the version before, and says what wrangler said', async () => {
  const unmigrated = await rolledOut({ failing: 'd1 migrations' });
  expect(unmigrated.outcome).toBe('wrangler d1 migrations failed: no such thing');
  expect(unmigrated.commands).toEqual(BEGINNING.slice(0, 2));
  const unshared = await rolledOut({ failing: `versions deploy ${NEW}` });
  expect(unshared.outcome).toMatch(/taken back.*wrangler versions deploy failed: no such thing/);
  expect(unshared.commands).toEqual([...BEGINNING, PART, BACK]);
});

test('a roll-out that somebody else began is not touched', async () => {
  const { outcome, commands } = await rolledOut({ versions: [OLD, 'another'] });
  expect(outcome).toMatch(/Two versions answer/);
  expect(commands).toEqual(BEGINNING.slice(0, 1));
});
