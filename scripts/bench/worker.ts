/**
 * The Worker under measurement: the whole endpoint, and five calls that only the benchmark makes.
 *
 *   POST /bench/migrate    applies the SQL of a migration to DB
 *   POST /bench/files?base=URL&key=KEY&key=...   puts files into HYPERNETS
 *   GET /bench/memory      bytes of the WASM heap, which never shrinks: the peak so far
 *   POST /bench/pause?ms=N  makes every read of HYPERNETS take N milliseconds longer: while a Worker
 *                          waits, its inspector can say what it holds
 *   GET /bench/spin?ms=N   computes for N milliseconds by this Worker's own clock; it never ends
 *                          where that clock stands still, so the benchmark sets a time limit
 */
import { createApp } from '../../src/api/app.ts';
import type { Env } from '../../src/env.ts';
import { free } from '../../src/ort/memory.ts';
import { wasmMemoryBytes } from '../../src/ort/session.ts';

const app = createApp();
let pauseMs = 0;

app.post('/bench/files', async (c) => {
  for (const key of c.req.queries('key') ?? []) {
    const response = await fetch(`${c.req.query('base')}${key}`);
    const bytes = await response.arrayBuffer();
    const sha256 = await crypto.subtle.digest('SHA-256', bytes);
    await c.env.HYPERNETS.put(key, bytes, { sha256 });
    free(new Uint8Array(bytes));
  }
  return c.json({});
});

app.post('/bench/migrate', async (c) => {
  for (const statement of (await c.req.text()).split('--> statement-breakpoint')) {
    await c.env.DB.prepare(statement).run();
  }
  return c.json({});
});

app.get('/bench/memory', (c) => c.json({ wasm_bytes: wasmMemoryBytes() }));

app.post('/bench/pause', (c) => {
  pauseMs = Number(c.req.query('ms'));
  return c.json({});
});

app.get('/bench/spin', (c) => {
  const wanted = Number(c.req.query('ms'));
  const start = performance.now();
  let turns = 0;
  while (performance.now() - start < wanted) {
    turns++;
  }
  return c.json({ turns });
});

function paused(bucket: R2Bucket): R2Bucket {
  return new Proxy(bucket, {
    get(target, property: keyof R2Bucket) {
      if (property !== 'get') {
        return target[property].bind(target);
      }
      return async (key: string) => {
        const object = await target.get(key);
        if (pauseMs > 0) {
          await scheduler.wait(pauseMs);
        }
        return object;
      };
    },
  });
}

// biome-ignore lint/style/noDefaultExport: the entry of a Worker
export default {
  fetch(request, env, context) {
    // From the first request on: an opened bundle keeps the bucket that it was opened with.
    return app.fetch(request, { ...env, HYPERNETS: paused(env.HYPERNETS) }, context);
  },
} satisfies ExportedHandler<Env>;
