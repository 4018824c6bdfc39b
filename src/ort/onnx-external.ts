/**
 * An ONNX model split in memory: a small graph, and the original file as its external data.
 *
 * ORT keeps three copies of the weights while it loads a model: the bytes, the parsed protobuf, and
 * the tensors. WASM memory never shrinks, so that peak is what an isolate pays for good. Weights in
 * an external file are read straight into their tensors instead. So every large initialiser's bytes
 * are replaced by a reference (offset and length) into the very file they came from: nothing is
 * copied, and the heap grows by the weights once.
 *
 *   ModelProto.graph (7) > GraphProto.initializer (5) > TensorProto.raw_data (9)
 *     becomes TensorProto.external_data (13) {location, offset, length}, data_location (14) = EXTERNAL
 */
import {
  concat,
  message,
  numberField,
  textField,
  WIRE_32,
  WIRE_BYTES,
  WIRE_VARINT,
} from './protobuf.ts';

/** A graph without its large weights, and the name under which it expects the original bytes. */
export interface SplitModel {
  readonly graph: Uint8Array;
  readonly location: string;
}

const LOCATION = 'weights';
/** Shapes, axes and other small constants stay: ORT wants to read them while it builds the graph. */
const MIN_EXTERNAL_BYTES = 1024;

const MODEL_GRAPH = 7;
const GRAPH_INITIALIZER = 5;
const TENSOR_RAW_DATA = 9;
const TENSOR_EXTERNAL_DATA = 13;
const TENSOR_DATA_LOCATION = 14;
const DATA_LOCATION_EXTERNAL = 1;
const ENTRY_KEY = 1;
const ENTRY_VALUE = 2;

const WIRE_64 = 1;

/** Splits a model; everything but large initialisers is kept byte for byte. */
export function splitModel(model: Uint8Array): SplitModel {
  return {
    graph: concat(rewrite(model, 0, model.length, MODEL_GRAPH, rewriteGraph)),
    location: LOCATION,
  };
}

interface Field {
  readonly number: number;
  readonly wire: number;
  /** Where the field begins, its tag included, and where it ends. */
  readonly start: number;
  readonly end: number;
  /** Where the content of a field of bytes begins. */
  readonly content: number;
}

type Rewriter = (model: Uint8Array, start: number, end: number) => Uint8Array[];

/** The fields of a message, with the content of those numbered `target` rewritten. */
function rewrite(
  model: Uint8Array,
  start: number,
  end: number,
  target: number,
  rewriter: Rewriter,
): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (const field of fields(model, start, end)) {
    if (field.number === target && field.wire === WIRE_BYTES) {
      parts.push(...message(target, rewriter(model, field.content, field.end)));
    } else {
      parts.push(model.subarray(field.start, field.end));
    }
  }
  return parts;
}

function rewriteGraph(model: Uint8Array, start: number, end: number): Uint8Array[] {
  return rewrite(model, start, end, GRAPH_INITIALIZER, rewriteTensor);
}

function rewriteTensor(model: Uint8Array, start: number, end: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (const field of fields(model, start, end)) {
    const length = field.end - field.content;
    if (field.number === TENSOR_RAW_DATA && length >= MIN_EXTERNAL_BYTES) {
      parts.push(
        ...entry('location', LOCATION),
        ...entry('offset', String(field.content)),
        ...entry('length', String(length)),
        ...numberField(TENSOR_DATA_LOCATION, DATA_LOCATION_EXTERNAL),
      );
    } else {
      parts.push(model.subarray(field.start, field.end));
    }
  }
  return parts;
}

function* fields(model: Uint8Array, start: number, end: number): Generator<Field> {
  let at = start;
  while (at < end) {
    const begin = at;
    const [tag, afterTag] = readVarint(model, at);
    const wire = tag & 7;
    let content = afterTag;
    if (wire === WIRE_BYTES) {
      const [length, afterLength] = readVarint(model, afterTag);
      content = afterLength;
      at = afterLength + length;
    } else if (wire === WIRE_VARINT) {
      at = readVarint(model, afterTag)[1];
    } else if (wire === WIRE_64 || wire === WIRE_32) {
      at = afterTag + (wire === WIRE_64 ? 8 : 4);
    } else {
      throw new Error(`not an ONNX model: wire type ${wire} at ${begin}`);
    }
    if (at > end) {
      throw new Error(`not an ONNX model: the field at ${begin} is cut off`);
    }
    yield { number: tag >>> 3, wire, start: begin, end: at, content };
  }
}

/** The value of a varint and where it ends; exact up to 2^53, which is more than any length here. */
function readVarint(bytes: Uint8Array, start: number): [value: number, end: number] {
  let value = 0;
  for (let at = start, scale = 1; at < bytes.length; at++, scale *= 128) {
    const byte = bytes[at] as number;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      return [value, at + 1];
    }
  }
  throw new Error('not an ONNX model: it ends inside a number');
}

function entry(key: string, value: string): Uint8Array[] {
  return message(TENSOR_EXTERNAL_DATA, [
    ...textField(ENTRY_KEY, key),
    ...textField(ENTRY_VALUE, value),
  ]);
}
