/**
 * A small writer of ONNX graphs: nodes are named by a counter, so equal calls give equal bytes. Large
 * weights are only named; whoever loads the graph hands their bytes over as a file of that name.
 *
 *   ModelProto { ir_version 1, producer_name 2, graph 7, opset_import 8 }
 *   GraphProto { node 1, name 2, initializer 5, input 11, output 12 }
 */
import { concat, message, numberField, textField, varint, WIRE_32 } from '../../ort/protobuf.ts';

/** The name of a value in a graph. */
export type Value = string;

/** What a node's attribute may be; a number that is no whole one, or is marked so, is a float. */
export type Attribute = number | { readonly float: number } | readonly number[];

/** Sizes; a name stands for one that is known only when the graph runs. */
export type Shape = readonly (number | string)[];

/** What a node has besides its inputs. */
export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** True: an operator that ONNX Runtime has beyond the standard's. */
  readonly contrib?: boolean;
  readonly outputs?: number;
}

const OPSET = 17;
const IR_VERSION = 8;
const CONTRIB = 'com.microsoft';

const FLOAT = 1;
const INT32 = 6;
const INT64 = 7;
/** ONNX's numbers of types. */
export const TYPES = { float32: FLOAT, int32: INT32, int64: INT64 } as const;

const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

/** Collects a graph; every method gives the name of what it made. */
export class Graph {
  readonly #nodes: Uint8Array[] = [];
  readonly #initializers: Uint8Array[] = [];
  readonly #inputs: Uint8Array[] = [];
  readonly #outputs: Uint8Array[] = [];
  readonly #constants = new Map<string, Value>();
  #count = 0;

  input(name: string, type: keyof typeof TYPES, shape: Shape): Value {
    this.#inputs.push(...message(11, valueInfo(name, type, shape)));
    return name;
  }

  /** Gives a value the name of an output. */
  output(name: string, value: Value, type: keyof typeof TYPES, shape: Shape): void {
    this.#nodes.push(...message(1, node('Identity', [value], [name], {})));
    this.#outputs.push(...message(12, valueInfo(name, type, shape)));
  }

  /** A float32 weight whose bytes lie in a file of its name. */
  weight(name: string, shape: readonly number[]): Value {
    const bytes = shape.reduce((product, size) => product * size, Float32Array.BYTES_PER_ELEMENT);
    const entries = { location: name, offset: '0', length: String(bytes) };
    this.#initializers.push(
      ...message(5, [
        ...shape.flatMap((size) => numberField(1, size)),
        ...numberField(2, FLOAT),
        ...textField(8, name),
        ...Object.entries(entries).flatMap(([key, value]) =>
          message(13, [...textField(1, key), ...textField(2, value)]),
        ),
        ...numberField(14, 1),
      ]),
    );
    return name;
  }

  /** Whole numbers, as a vector, or one as a scalar; stored once however often they are asked for. */
  constant(value: number | readonly number[]): Value {
    const numbers = [value].flat();
    const name = `const/${Array.isArray(value) ? `[${numbers}]` : numbers[0]}`;
    const known = this.#constants.get(name);
    if (known !== undefined) {
      return known;
    }
    const raw = new Uint8Array(BigInt64Array.from(numbers, BigInt).buffer);
    this.#initializers.push(
      ...message(5, [
        ...(Array.isArray(value) ? numberField(1, numbers.length) : []),
        ...numberField(2, INT64),
        ...textField(8, name),
        ...message(9, [raw]),
      ]),
    );
    this.#constants.set(name, name);
    return name;
  }

  /** A node of one output; an empty input is one that is left out. */
  op(kind: string, inputs: readonly Value[], options: Omit<NodeOptions, 'outputs'> = {}): Value {
    return this.ops(kind, inputs, { ...options, outputs: 1 })[0] as Value;
  }

  /** A node of several outputs. */
  ops(kind: string, inputs: readonly Value[], options: NodeOptions): Value[] {
    const number = this.#count++;
    const outputs = Array.from(
      { length: options.outputs ?? 1 },
      (_, at) => `${kind}_${number}/${at}`,
    );
    this.#nodes.push(...message(1, node(kind, inputs, outputs, options)));
    return outputs;
  }

  /** The bytes of the model. */
  serialise(): Uint8Array {
    const graph = [
      ...this.#nodes,
      ...textField(2, 'lm'),
      ...this.#initializers,
      ...this.#inputs,
      ...this.#outputs,
    ];
    return concat([
      ...numberField(1, IR_VERSION),
      ...textField(2, 't2l'),
      ...message(7, graph),
      ...message(8, [...textField(1, ''), ...numberField(2, OPSET)]),
      ...message(8, [...textField(1, CONTRIB), ...numberField(2, 1)]),
    ]);
  }
}

/** NodeProto { input 1, output 2, name 3, op_type 4, attribute 5, domain 7 } */
function node(
  kind: string,
  inputs: readonly Value[],
  outputs: readonly Value[],
  { attributes = {}, contrib = false }: NodeOptions,
): Uint8Array[] {
  return [
    ...inputs.flatMap((name) => textField(1, name)),
    ...outputs.flatMap((name) => textField(2, name)),
    ...textField(3, `node/${outputs[0]}`),
    ...textField(4, kind),
    ...Object.entries(attributes).flatMap(([name, value]) => message(5, attribute(name, value))),
    ...(contrib ? textField(7, CONTRIB) : []),
  ];
}

/** AttributeProto { name 1, f 2, i 3, ints 8, type 20 } */
function attribute(name: string, value: Attribute): Uint8Array[] {
  if (typeof value === 'object' && 'float' in value) {
    return [
      ...textField(1, name),
      ...floatField(2, value.float),
      ...numberField(20, ATTRIBUTE_FLOAT),
    ];
  }
  if (typeof value === 'number') {
    return [...textField(1, name), ...integerField(3, value), ...numberField(20, ATTRIBUTE_INT)];
  }
  return [
    ...textField(1, name),
    ...value.flatMap((one) => integerField(8, one)),
    ...numberField(20, ATTRIBUTE_INTS),
  ];
}

/** ValueInfoProto { name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { value 1, param 2 } } } } } */
function valueInfo(name: string, type: keyof typeof TYPES, shape: Shape): Uint8Array[] {
  const dims = shape.flatMap((size) =>
    message(1, typeof size === 'number' ? numberField(1, size) : textField(2, size)),
  );
  const tensor = [...numberField(1, TYPES[type]), ...message(2, dims)];
  return [...textField(1, name), ...message(2, message(1, tensor))];
}

function floatField(number: number, value: number): Uint8Array[] {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [varint((number << 3) | WIRE_32), bytes];
}

/** Also a negative one, which takes ten bytes: 64 bits in two's complement. */
function integerField(number: number, value: number): Uint8Array[] {
  if (value >= 0) {
    return numberField(number, value);
  }
  const tag = numberField(number, 0).slice(0, 1);
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    if (rest < 0x80n) {
      return [...tag, Uint8Array.from([...bytes, Number(rest)])];
    }
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}
