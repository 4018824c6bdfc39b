/** The rules of a manifest that a schema's shape cannot say: references resolve and sizes agree. */
import type { z } from 'zod';
import { outputOf } from '../output/kinds.ts';
import { checkFit } from './fit-rules.ts';
import type { FitSpec } from './fit-spec.ts';
import type { EncoderSpec, Graph, Target } from './manifest.ts';

/** Adds an issue for every rule that is broken. */
export function checkConsistency(
  manifest: {
    target: Target;
    precision: 'float32' | 'int8';
    graphs: { float32?: Graph | undefined; int8?: Graph | undefined };
    encoder: EncoderSpec;
    fit?: FitSpec | undefined;
    norms?: Record<string, { mean: number[]; deviation: number[] }> | undefined;
    golden: { file: string };
    files: Record<string, { bytes: number }>;
  },
  context: z.RefinementCtx,
): void {
  function issue(path: string[], message: string): void {
    context.addIssue({ code: 'custom', path, message });
  }
  const { fit, norms } = manifest;
  const graphs = Object.values(manifest.graphs).flatMap((graph) =>
    graph ? graphFiles(graph) : [],
  );
  const encoderFiles =
    manifest.encoder.kind === 'onnx' ? Object.values(manifest.encoder.files) : [];
  const fitFiles = fit === undefined ? [] : [fit.file];
  for (const file of [...graphs, ...encoderFiles, ...fitFiles, manifest.golden.file]) {
    if (!Object.hasOwn(manifest.files, file)) {
      issue(['files'], `${file} is used but not listed`);
    }
  }
  if (manifest.graphs[manifest.precision] === undefined) {
    issue(['precision'], `there is no ${manifest.precision} graph`);
  }
  const names = manifest.target.modules.map(({ name }) => name);
  if (fit !== undefined) {
    const listed = Object.hasOwn(manifest.files, fit.file) ? manifest.files[fit.file] : undefined;
    const { dim } = manifest.encoder;
    checkFit(fit, { dim, modules: names, fileBytes: listed?.bytes }, issue);
  }
  if (new Set(names).size !== names.length) {
    issue(['target', 'modules'], 'module names must differ');
  }
  checkModules(manifest.target, issue);
  checkAttention(manifest.target, issue);
  checkOutput(manifest, issue);
  if (norms !== undefined && Object.keys(norms).sort().join() !== [...names].sort().join()) {
    issue(['norms'], 'must have exactly the target modules');
  }
  for (const [name, { mean, deviation }] of Object.entries(norms ?? {})) {
    if (mean.length !== manifest.target.layers || deviation.length !== manifest.target.layers) {
      issue(['norms', name], 'must have one value a layer');
    }
  }
}

/** PEFT finds a module by the last part of its path, and an update has no more ranks than a side. */
function checkModules(
  { modules, output, rank }: Target,
  issue: (path: string[], message: string) => void,
): void {
  for (const [place, module] of modules.entries()) {
    const at = ['target', 'modules', String(place)];
    if (module.path.split('.').at(-1) !== module.name) {
      issue([...at, 'name'], `must be the last part of the path ${module.path}`);
    }
    const room = Math.min(module.in, module.out);
    if (output !== 'ia3' && rank > room) {
      issue(['target', 'rank'], `is more than ${module.name} has room for, which is ${room}`);
    }
  }
}

/** What only some kinds of adapters have, or can be measured by. */
function checkOutput(
  { target, fit }: { target: Target; fit?: FitSpec | undefined },
  issue: (path: string[], message: string) => void,
): void {
  const { kind, oneStrength, problems } = outputOf(target);
  for (const { path, message } of problems(target)) {
    issue(['target', ...path], message);
  }
  const what = `must be left out with the output "${kind}":`;
  if (kind !== 'lora' && fit?.calibration !== undefined) {
    issue(['fit', 'calibration'], `${what} it compares updates B A`);
  }
  if (oneStrength !== undefined && fit?.strengths !== undefined) {
    issue(['fit', 'strengths'], `${what} there is strength 1 alone`);
  }
}

/** Heads that contradict a projection would permute an adapter's rows wrongly. */
function checkAttention(
  { attention, modules }: Target,
  issue: (path: string[], message: string) => void,
): void {
  if (attention === undefined) {
    return;
  }
  const { heads, kv_heads, head_dim } = attention;
  if (heads % kv_heads !== 0) {
    issue(['target', 'attention', 'kv_heads'], `must divide the ${heads} heads`);
  }
  const groups = new Map([
    ['q_proj', heads],
    ['k_proj', kv_heads],
    ['v_proj', kv_heads],
  ]);
  for (const { name, out } of modules) {
    const rows = (groups.get(name) ?? 0) * head_dim;
    if (groups.has(name) && rows !== out) {
      issue(['target', 'attention'], `gives ${name} ${rows} outputs, the module has ${out}`);
    }
  }
}

/** The files of a graph; the first is the one that stays loaded. */
export function graphFiles(graph: Graph): string[] {
  return 'file' in graph
    ? [graph.file]
    : [graph.body, ...(graph.stages ?? []), ...graph.chunks.map(({ file }) => file)];
}
