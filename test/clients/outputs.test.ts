/**
 * Served adapters of every kind in PEFT, against the base model with the weights that the hypernetwork's
 * own graph makes for it: no file of ours and nothing of PEFT lies between the two.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Target } from '../../src/bundle/manifest.ts';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import type { OutputKind } from '../../src/contract/output-kinds.ts';
import { miniBundle } from '../bundles.ts';
import { kindNetwork, kindTarget } from '../fixtures/kind-network.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';
import { runClient } from './python.ts';

const BASE = join(import.meta.dirname, '../../src/assets/base-models/t2l-mini-base');
const EMBEDDING = [0.5, -0.25, 0.75];
const RANK = 2;
/** Logits of a few units, in float32. */
const TOLERANCE = 2e-4;
const MODULES: Target['modules'] = [
  { name: 'k_proj', path: 'self_attn.k_proj', in: 192, out: 192 },
  { name: 'v_proj', path: 'self_attn.v_proj', in: 192, out: 192 },
  { name: 'up_proj', path: 'mlp.up_proj', in: 192, out: 512 },
  { name: 'down_proj', path: 'mlp.down_proj', in: 512, out: 192 },
];
/** What each environment's PEFT can do, as in peft.test.ts. */
const WAYS = {
  training: ['PeftModel', 'AutoPeftModelForCausalLM', 'AutoModelForCausalLM'],
  'peft-old': ['PeftModel', 'AutoPeftModelForCausalLM'],
} as const;
/** This way has no place for the magnitudes of a DoRA. */
const NOT_OF_DORA = 'AutoModelForCausalLM';

let server: TestServer;
let folder: string;
let base: Target;

beforeAll(async () => {
  server = await startServer();
  folder = await mkdtemp(join(tmpdir(), 't2l-outputs-'));
  base = (await miniBundle()).manifest.target;
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** Registers a hypernetwork of a kind for the tiny base model; gives what it is known by. */
async function register(kind: OutputKind) {
  const { base_model, layers } = base;
  const target = kindTarget(kind, { base_model, layers, modules: MODULES, rank: RANK });
  const { manifest, files } = kindNetwork(target).whole;
  const { name, version } = manifest;
  const bytes = Buffer.from(JSON.stringify(manifest));
  for (const [file, content] of new Map([...files, ['manifest.json', bytes]])) {
    await server.env.HYPERNETS.put(`${name}/${version}/${file}`, content);
  }
  const digest = createHash('sha256').update(bytes).digest('hex');
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  await server.send('/v1/hypernets', { name, version, digest }, { headers });
  const graph = join(folder, `${kind}.onnx`);
  await writeFile(graph, files.get('whole.onnx') as Uint8Array);
  return { target, digest, graph };
}

/** Has an adapter made; gives what Python needs to know of it. */
async function recipeOf(kind: OutputKind, strength: number) {
  const { digest, ...made } = await register(kind);
  const request = { embedding: EMBEDDING, hypernet: digest, dtype: 'float32', strength };
  const response = await server.send('/v1/adapters', request);
  const { repository } = adapterSchema.parse(await response.json());
  return { ...made, repository, embedding: EMBEDDING, strength };
}

const CASES = [
  ['lora', -0.5],
  ['dora', 1],
  ['ia3', 1],
  ['ia3', 0.5],
] as const;

test.each(['training', 'peft-old'] as const)(
  'PEFT of the environment %s makes of each kind what the graph means',
  async (environment) => {
    const recipes = [];
    for (const [kind, strength] of CASES) {
      const ways = WAYS[environment].filter((way) => kind !== 'dora' || way !== NOT_OF_DORA);
      recipes.push({ ...(await recipeOf(kind, strength)), ways });
    }
    const args = ['python', 'output_calls.py', BASE, JSON.stringify(recipes)] as const;
    const answers: Record<string, number>[] = JSON.parse(
      await runClient(environment, server.origin, args),
    );
    expect(answers).toHaveLength(CASES.length);
    for (const [at, { moved = 0, ...found }] of answers.entries()) {
      expect(Object.keys(found)).toEqual(recipes[at]?.ways);
      for (const [way, difference] of Object.entries(found)) {
        expect(difference, `${CASES[at]} by ${way}`).toBeLessThan(TOLERANCE);
      }
      expect(moved, `${CASES[at]}`).toBeGreaterThan(0.1);
    }
  },
);
