/**
 * What a hypernetwork's output is: the one place that tells kinds of adapters apart.
 *
 *   target -> sides of a module     the tensors that the graphs give of it, for all layers at once:
 *                                   `<module>.<side>` [layers, ...shape]
 *          -> names and config      what PEFT calls them in its files, and how it is told of them
 *          -> strength              a factor on what the adapter changes, worked into the values
 *
 * A kind is a file here (`lora.ts`, `dora.ts`, `ia3.ts`) and a line in `kinds.ts`. Whoever reads graphs,
 * packs files or counts numbers asks a kind for its sides and needs not know which it is. What a target
 * has to be is said here as far as kinds need it; a manifest's is one.
 */
import type { OutputKind } from '../contract/output-kinds.ts';

/** A module of the base model that is adapted. */
export interface OutputModule {
  readonly name: string;
  /** Inside a transformer layer. */
  readonly path: string;
  readonly in: number;
  readonly out: number;
  /** IA3: its inputs are scaled, and not its outputs. */
  readonly feedforward?: true | undefined;
}

/** What adapters are for. */
export interface OutputTarget {
  readonly base_model: { readonly id: string; readonly revision: string };
  readonly layers: number;
  /** Where the base model's list of layers lies; left out: `model.layers`. */
  readonly layers_path?: string | undefined;
  readonly modules: readonly OutputModule[];
  readonly rank: number;
  /** Left out: LoRA. */
  readonly output?: OutputKind | undefined;
}

/** What a side is called in a graph. */
export type SideName = 'A' | 'B' | 'M' | 'L';

/** One tensor of a module, of every layer. */
export interface Side {
  readonly name: SideName;
  /** Of a layer's part, as the graphs give it. */
  readonly shape: readonly number[];
  /** The same values in PEFT's file. */
  readonly stored: readonly number[];
  /** The end of PEFT's name, behind the path of the module. */
  readonly suffix: string;
  /** A value with a strength; left out: the strength lies in other sides, or there is none. */
  readonly strengthened?: (value: number, strength: number) => number;
}

/** A kind of output. */
export interface Output {
  readonly kind: OutputKind;
  /** The tensors of a module, in the order in which they are written. */
  sides(module: OutputModule, rank: number): readonly Side[];
  /** PEFT's adapter_config.json, keys in order. */
  config(target: OutputTarget): Record<string, unknown>;
  /** Why an adapter cannot have another strength than 1; left out: it can. */
  readonly oneStrength?: string;
  /** What is wrong with a target for this kind, each with its place in it. */
  problems(target: OutputTarget): readonly TargetProblem[];
}

/** Something that a kind cannot take of a target. */
export interface TargetProblem {
  readonly path: readonly string[];
  readonly message: string;
}

/** What an adapter's values are called by: side by side, those of all layers, row-major. */
export type ModuleWeights = Readonly<Partial<Record<SideName, Float32Array>>>;

/** The weights of an adapter, per module name. */
export type OutputWeights = ReadonlyMap<string, ModuleWeights>;
