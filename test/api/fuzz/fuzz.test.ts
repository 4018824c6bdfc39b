/**
 * Thousands of requests that nobody honest sends, drawn by a seed: each is answered in time, and as the
 * description of the API says; none of it is a fault of ours; and the Worker holds no more at the end than at
 * the beginning.
 *
 * FUZZ=10000 sends so many; SEED=2 others. V8 collects garbage when it likes, so what is compared is the
 * least that the isolate held over many requests; the memory of the whole process, in which miniflare's own
 * isolates keep their garbage longer, is printed.
 */
import { Agent } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ERROR_CODES, isErrorCode } from '../../../src/contract/error-codes.ts';
import { type HeapProbe, probeHeap } from '../../heap.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../../server.ts';
import { ownWorkerds, residentMib } from '../../workerd.ts';
import { type Documented, documentedBy } from '../documented.ts';
import { type HostileRequest, hostileRequest, type Known, type Paths } from './requests.ts';
import { type Received, sendHostile } from './send.ts';

const REQUESTS = Number(process.env.FUZZ ?? 3000);
const SEED = Number(process.env.SEED ?? 1);
/** Requests after which everything is loaded that requests load. */
const WARM_UP = 1000;
/** What the isolate may hold more at the end; it holds some 15, and garbage up to 40. */
const MORE_MIB = 16;
/** Requests between two looks at it. */
const LOOK_EACH = 20;
const WITHIN_MS = 30_000;
const DESCRIPTION = 'Reverse the list';

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let server: TestServer;
let probe: HeapProbe;
let workerd: number;
let paths: Paths;
let documented: Documented;
let known: Known;
const answers = new Map<number, number>();
let slowest = 0;

beforeAll(async () => {
  const before = new Set(ownWorkerds());
  server = await startServer(undefined, { inspected: true });
  probe = await probeHeap(await server.inspector());
  workerd = ownWorkerds().find((id) => !before.has(id)) ?? 0;
  const document: unknown = await (await server.fetch('/openapi.json')).json();
  paths = (document as { paths: Paths }).paths;
  documented = documentedBy(document);
  const { id, hypernet } = await makeKnown();
  const { name, version } = hypernet;
  known = { id, file: 'adapter_config.json', namespace: 't2l', name: id, revision: 'main' };
  known = {
    ...known,
    path: 'README.md',
    hypernet: name,
    version,
    owner: 't2l',
    token: '0'.repeat(16),
  };
});

afterAll(async () => {
  agent.destroy();
  probe?.close();
  await server.close();
});

/** The adapter that requests are about; an administrator has it made even if it was refused. */
async function makeKnown(): Promise<{ id: string; hypernet: { name: string; version: string } }> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const made = await server.send('/v1/adapters', { description: DESCRIPTION }, { headers });
  return (await made.json()) as Awaited<ReturnType<typeof makeKnown>>;
}

test(
  `${REQUESTS} hostile requests are answered as described, and leave nothing behind`,
  async () => {
    const before = await send(WARM_UP, SEED + 1_000_000);
    const residentBefore = residentMib(workerd);
    await send(REQUESTS - 2 * WARM_UP, SEED);
    const after = await send(WARM_UP, SEED + 2_000_000);
    const counts = [...answers].sort(([a], [b]) => a - b).map((pair) => pair.join(': '));
    console.log(
      `${REQUESTS} requests: ${counts.join(', ')}; slowest ${Math.round(slowest)} ms; the isolate holds ` +
        `${before.toFixed(1)} MiB at the beginning, ${after.toFixed(1)} at the end; the process ` +
        `${residentBefore.toFixed(0)} and ${residentMib(workerd).toFixed(0)}`,
    );
    expect(after - before).toBeLessThan(MORE_MIB);
  },
  60_000 + REQUESTS * 200,
);

/** Sends so many; gives the least MiB that the isolate held meanwhile. */
async function send(count: number, seed: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(hostileRequest(paths, known), async (request) => {
      const answer = await sendHostile(server.origin, request, { agent, withinMs: WITHIN_MS });
      answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1);
      slowest = Math.max(slowest, answer.ms);
      expectAsDescribed(request, answer);
      if (request.method === 'DELETE' && answer.status === 204) {
        await makeKnown();
      }
      if (++sent % LOOK_EACH === 0) {
        least = Math.min(least, await probe.heldMib());
      }
    }),
    { numRuns: count, seed },
  );
  return least;
}

function expectAsDescribed(request: HostileRequest, answer: Received): void {
  const { method, path } = request;
  const { status, headers, body } = answer;
  expect(status, body.toString().slice(0, 500)).toBeLessThan(500);
  const described = path === undefined ? [status] : documented.statusesOf(method, path);
  if (method === 'HEAD') {
    // It has no body that would say which of the general ones it is.
    expect([...described, 404, 405]).toContain(status);
    return;
  }
  if (status < 400) {
    expect(method === 'OPTIONS' ? [204] : described).toContain(status);
    return;
  }
  const text = body.toString();
  expect(headers['content-type'], text).toMatch(/^application\/(problem\+)?json$/);
  const problem = JSON.parse(text) as { status: number; code: string };
  expect(problem.status).toBe(status);
  expect(isErrorCode(problem.code) && ERROR_CODES[problem.code][0]).toContain(status);
  // What is not described for a path may be a call of another one, whose path takes anything.
  if (described.length > 0 && path !== undefined && !documented.isGeneral(problem.code)) {
    documented.expectProblem(method, path, status, problem);
  }
}
