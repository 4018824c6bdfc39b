import { expect, test } from 'vitest';
import { type Graph, type Manifest, parseManifest } from '../../src/bundle/manifest.ts';
import { graphFiles } from '../../src/bundle/manifest-rules.ts';
import { kindTarget } from '../fixtures/kind-network.ts';
import { smallManifest } from '../fixtures/manifest.ts';

const REFUSAL = expect.objectContaining({ code: 'bundle_schema_unsupported' });

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function parsed(manifest: unknown): Manifest {
  return parseManifest(bytesOf(JSON.stringify(manifest)));
}

type Loose = Record<string, unknown>;

const PREDICTOR = {
  temperature: 0.05,
  topic: { bias: -5, similarity: 9, direction: [0.25, -1, 0] },
  match: { bias: -1, success: 3, direction: [0.5, 0, -0.5] },
};

test('a manifest may have a predictor of fit', () => {
  const manifest = smallManifest();
  manifest.fit = { ...manifest.fit, success: [0, 0.5, 0.25, 1], predictor: PREDICTOR };
  expect(parsed(manifest)).toEqual(manifest);
});

test('a manifest may have neither fit nor norms, an ending, and a graph in chunks', () => {
  const { fit: _fit, norms: _norms, ...bare } = smallManifest();
  const chunks = [{ file: 'golden.safetensors', offsets: { 'q_proj.A': 0, 'q_proj.B': 0 } }];
  const manifest: Manifest = {
    ...bare,
    encoder: { ...bare.encoder, ending: 'full-stop' },
    graphs: { float32: { body: 'hypernet.float32.onnx', chunks } },
  };
  expect(parsed(manifest)).toEqual(manifest);
  expect(graphFiles(manifest.graphs.float32 as Graph)).toEqual([
    'hypernet.float32.onnx',
    'golden.safetensors',
  ]);
});

test("a manifest may name the base model's heads", () => {
  const manifest = smallManifest();
  manifest.target.attention = { heads: 3, kv_heads: 1, head_dim: 2 };
  manifest.target.modules = manifest.target.modules.map((one) =>
    one.name === 'v_proj' ? { ...one, out: 2 } : one,
  );
  expect(parsed(manifest)).toEqual(manifest);
});

test.each(['dora', 'ia3'] as const)('a manifest may have the output %s', (output) => {
  const manifest: Manifest = { ...smallManifest(), target: kindTarget(output) };
  expect(parsed(manifest)).toEqual(manifest);
});

const BODY = 'hypernet.float32.onnx';

test.each<[string, RegExp, (manifest: Loose) => void]>([
  [
    'a chunk that is not listed',
    /y\.onnx is used but not listed/,
    (m) => (m.graphs = { float32: { body: BODY, chunks: [{ file: 'y.onnx', offsets: {} }] } }),
  ],
  [
    'a body without chunks',
    /graphs\.float32\.chunks: Too small/,
    (m) => (m.graphs = { float32: { body: BODY, chunks: [] } }),
  ],
  [
    'a graph that is both whole and in chunks',
    /graphs\.float32: must be/,
    (m) =>
      (m.graphs = { float32: { file: BODY, body: BODY, chunks: [{ file: BODY, offsets: {} }] } }),
  ],
  [
    'an offset below 0',
    /graphs\.float32\.chunks\.0\.offsets\.a/,
    (m) => (m.graphs = { float32: { body: BODY, chunks: [{ file: BODY, offsets: { a: -1 } }] } }),
  ],
  ['another ending', /ending/, (m) => ((m.encoder as Loose).ending = 'comma')],
  ['another schema', /"t2l-bundle\/2"/, (m) => (m.schema = 't2l-bundle/2')],
  ['no schema', /undefined/, (m) => delete m.schema],
  ['an unknown member', /surprise/, (m) => (m.surprise = 1)],
  ['the reserved name', /reserved/, (m) => (m.name = 'encoders')],
  ['a name that is a path', /name/, (m) => (m.name = '../x')],
  ['a version that is not semver', /version/, (m) => (m.version = '1')],
  ['an unfolded scale', /scale/, (m) => (m.scale = 2)],
  ['a default precision without graph', /no int8 graph/, (m) => (m.precision = 'int8')],
  [
    'a graph that is not listed',
    /x\.onnx is used/,
    (m) => (m.graphs = { float32: { file: 'x.onnx' } }),
  ],
  [
    'a file outside the bundle',
    /files/,
    (m) => ((m.files as Loose)['../x'] = { bytes: 1, sha256: '0'.repeat(64) }),
  ],
  [
    'a sha256 in capitals',
    /sha256/,
    (m) => ((m.files as Loose).x = { bytes: 1, sha256: 'A'.repeat(64) }),
  ],
  [
    'norms of another module',
    /target modules/,
    (m) => ((m.norms as Loose).k_proj = { mean: [1, 1], deviation: [1, 1] }),
  ],
  [
    'norms of too few layers',
    /value a layer/,
    (m) => ((m.norms as Loose).q_proj = { mean: [1], deviation: [1] }),
  ],
  ['a fit table of another dimension', /dimension/, (m) => ((m.fit as Loose).dim = 4)],
  [
    'a predictor without success',
    /fit\.success: is needed/,
    (m) => ((m.fit as Loose).predictor = PREDICTOR),
  ],
  [
    'success of too few tasks',
    /fit\.success: has 3 values for 4 tasks/,
    (m) => Object.assign(m.fit as Loose, { predictor: PREDICTOR, success: [0, 0.5, 1] }),
  ],
  ['success above one', /fit\.success\.3/, (m) => ((m.fit as Loose).success = [0, 0.5, 1, 1.1])],
  [
    'a temperature of zero',
    /temperature/,
    (m) => ((m.fit as Loose).predictor = { ...PREDICTOR, temperature: 0 }),
  ],
  [
    'a direction of another dimension',
    /fit\.predictor\.match\.direction: has 1 values for 3 numbers/,
    (m) =>
      Object.assign(m.fit as Loose, {
        success: [0, 0.5, 0.25, 1],
        predictor: { ...PREDICTOR, match: { ...PREDICTOR.match, direction: [1] } },
      }),
  ],
  [
    'a direction of topics of another dimension',
    /fit\.predictor\.topic\.direction: has 1 values for 3 numbers/,
    (m) =>
      Object.assign(m.fit as Loose, {
        success: [0, 0.5, 0.25, 1],
        predictor: { ...PREDICTOR, topic: { ...PREDICTOR.topic, direction: [1] } },
      }),
  ],
  [
    'heads that do not make up a projection',
    /attention: gives v_proj 6 outputs, the module has 4/,
    (m) => ((m.target as Loose).attention = { heads: 3, kv_heads: 3, head_dim: 2 }),
  ],
  [
    'key/value heads that do not divide the heads',
    /attention\.kv_heads: must divide the 3 heads/,
    (m) => ((m.target as Loose).attention = { heads: 3, kv_heads: 2, head_dim: 2 }),
  ],
  [
    'half an attention',
    /attention\.head_dim/,
    (m) => ((m.target as Loose).attention = { heads: 3, kv_heads: 3 }),
  ],
  [
    'an output that nobody knows',
    /target\.output: must be "dora" or "ia3", or left out for LoRA/,
    (m) => ((m.target as Loose).output = 'lokr'),
  ],
  [
    'the output of those that say none',
    /target\.output: must be "dora" or "ia3", or left out for LoRA/,
    (m) => ((m.target as Loose).output = 'lora'),
  ],
  [
    'a rank of IA3',
    /target\.rank: must be 1/,
    (m) => (m.target = { ...kindTarget('ia3'), rank: 2 }),
  ],
  [
    'a feedforward module that no IA3 scales',
    /target\.modules\.1\.feedforward: must be left out/,
    (m) => (m.target = { ...kindTarget('ia3'), rank: 2, output: 'dora' }),
  ],
  [
    'a feedforward that is false',
    /target\.modules\.0\.feedforward/,
    (m) => (((m.target as { modules: Loose[] }).modules[0] as Loose).feedforward = false),
  ],
  [
    'a module that PEFT would take for a feedforward one',
    /target\.modules\.0\.path: ends like the feedforward module proj/,
    (m) => {
      const { modules, ...target } = kindTarget('ia3');
      m.target = {
        ...target,
        modules: modules.map((one, at) => (at ? { ...one, name: 'proj' } : one)),
      };
    },
  ],
  [
    'a module by which PEFT would find none',
    /target\.modules\.0\.name: must be the last part of the path self_attn\.q_proj/,
    (m) => (((m.target as { modules: Loose[] }).modules[0] as Loose).name = 'banana'),
  ],
  [
    'two modules at one place',
    /target\.modules\.1\.name: must be the last part of the path self_attn\.q_proj/,
    (m) => (((m.target as { modules: Loose[] }).modules[1] as Loose).path = 'self_attn.q_proj'),
  ],
  [
    'a path that is none',
    /target\.modules\.0\.path: must be a dotted path/,
    (m) => (((m.target as { modules: Loose[] }).modules[0] as Loose).path = '../q_proj'),
  ],
  [
    'layers at a place that is none',
    /target\.layers_path: must be a dotted path/,
    (m) => ((m.target as Loose).layers_path = 'model layers'),
  ],
  [
    'more ranks than a module has room for',
    /target\.rank: is more than v_proj has room for, which is 4/,
    (m) => ((m.target as Loose).rank = 5),
  ],
  [
    'strengths of what has one only',
    /fit\.strengths: must be left out with the output "dora"/,
    (m) => {
      m.target = kindTarget('dora');
      (m.fit as Loose).strengths = [{ strength: 1, factor: 1 }];
    },
  ],
  [
    'two modules of one name',
    /differ/,
    (m) => {
      const { modules } = m.target as { modules: unknown[] };
      modules.push(modules[0]);
    },
  ],
])('refused: a manifest with %s', (_case, message, change) => {
  const manifest = smallManifest() as unknown as Loose;
  change(manifest);
  const parse = () => parsed(manifest);
  expect(parse).toThrow(REFUSAL);
  expect(parse).toThrow(message);
});

test.each([
  ['text', bytesOf('hello')],
  ['null', bytesOf('null')],
  ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d)],
])('refused: a manifest that is %s', (_case, bytes) => {
  expect(() => parseManifest(bytes)).toThrow(REFUSAL);
});
