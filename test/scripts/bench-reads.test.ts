/** The benchmark of reads and traffic: its figures are those of right answers, and the page is written from them. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { load, percentile } from '../../scripts/bench/load.ts';
import { measureReads } from '../../scripts/bench/reads.ts';
import { PAGE, readResults } from '../../scripts/bench/results.ts';
import {
  benchmarksPage,
  readRows,
  trafficLine,
  trafficRows,
} from '../../scripts/bench/results-page.ts';
import { measureTraffic } from '../../scripts/bench/traffic.ts';

let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer(({ headers }, response) => {
    const known = headers['if-none-match'] === '"a"';
    response.writeHead(known ? 304 : 200, known ? {} : { 'content-length': 100_000 });
    response.end(known ? undefined : Buffer.alloc(100_000));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterAll(() => void server.close());

test('the load reads whole answers, and takes no other than it expects', async () => {
  const whole = await load({ url, status: 200, bytes: 100_000 }, 100, 3);
  expect(whole.latencies.length).toBeGreaterThan(3);
  expect(whole.seconds).toBeGreaterThanOrEqual(0.1);
  const headers = { 'if-none-match': '"a"' };
  const none = await load({ url, headers, status: 304, bytes: 0 }, 100, 3);
  expect(none.latencies.length).toBeGreaterThan(3);
  await expect(load({ url, status: 304, bytes: 0 }, 100, 1)).rejects.toThrow('not 200 with 100000');
  await expect(load({ url, status: 200, bytes: 1 }, 100, 1)).rejects.toThrow('not 200 with 100000');
});

test('a percentile is a value that was there', () => {
  const values = Array.from({ length: 100 }, (_, place) => 100 - place);
  expect([0, 0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([1, 51, 100, 100]);
  expect(percentile([], 0.5)).toBeNaN();
});

test('every read is compared with a bare Worker, round by round', async () => {
  const found = await measureReads({ rounds: 2, sliceMs: 60, connections: 2 });
  expect(found.filter(({ bar }) => bar !== undefined).length).toBeGreaterThan(5);
  for (const one of found) {
    expect(one.endpoint_figures.rate, one.read).toBeGreaterThan(0);
    expect(one.bare_figures.rate, one.read).toBeGreaterThan(0);
    expect(one.interval[0], one.read).toBeLessThanOrEqual(one.rate_ratio);
    expect(one.interval[1], one.read).toBeGreaterThanOrEqual(one.rate_ratio);
    expect(one.endpoint_figures.p99_ms).toBeGreaterThanOrEqual(one.endpoint_figures.p50_ms);
  }
  expect(readRows(found)).toHaveLength(found.length + 1);
});

test('traffic with eviction and a release has no wrong bytes and no error without a reason', async () => {
  const found = await measureTraffic({ seconds: 15, connections: 8, clockMs: 2000 });
  expect(found.wrong).toEqual([]);
  expect(found.unexplained).toEqual([]);
  const kinds = new Map(found.kinds.map((one) => [one.kind, one]));
  expect(kinds.get('all')?.requests).toBe(found.requests);
  for (const kind of [
    'weights',
    'weights, 304',
    'range',
    'document',
    'Hub, weights',
    'new adapter',
  ]) {
    expect(kinds.get(kind)?.requests, kind).toBeGreaterThan(0);
  }
  for (const step of ['register', 'canary', 'promote', 'roll back']) {
    expect(kinds.get(`release: ${step}`)?.requests, step).toBe(1);
  }
  expect(found.clock_runs).toBeGreaterThan(1);
  expect(found.memory_bytes.most).toBeGreaterThanOrEqual(found.memory_bytes.end);
  expect(trafficRows(found)).toHaveLength(found.kinds.length + 1);
  expect(trafficLine(found)).toContain('0 with wrong bytes');
});

test('docs/benchmarks.md is written from what was measured', async () => {
  expect(await readFile(PAGE, 'utf8')).toBe(benchmarksPage(await readResults()));
});
