/**
 * The Worker under measurement: the whole endpoint, and three calls that only the benchmark makes.
 *
 *   POST /bench/files?base=URL&key=KEY&key=...   puts files into HYPERNETS
 *   GET /bench/memory      bytes of the WASM heap, which never shrinks: the peak so far
 *   GET /bench/spin?ms=N   computes for N milliseconds by this Worker's own clock; it never ends
 *                          where that clock stands still, so the benchmark sets a time limit
 */
import { createApp } from '../../src/api/app.ts';
import { wasmMemoryBytes } from '../../src/hypernet/ort.ts';

const app = createApp();

app.post('/bench/files', async (c) => {
  for (const key of c.req.queries('key') ?? []) {
    const response = await fetch(`${c.req.query('base')}${key}`);
    await c.env.HYPERNETS.put(key, await response.arrayBuffer());
  }
  return c.json({});
});

app.get('/bench/memory', (c) => c.json({ wasm_bytes: wasmMemoryBytes() }));

app.get('/bench/spin', (c) => {
  const wanted = Number(c.req.query('ms'));
  const start = performance.now();
  let turns = 0;
  while (performance.now() - start < wanted) {
    turns++;
  }
  return c.json({ turns });
});

// biome-ignore lint/style/noDefaultExport: the entry of a Worker
export default app;
