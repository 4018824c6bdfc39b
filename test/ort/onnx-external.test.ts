import { expect, test } from 'vitest';
import { splitModel } from '../../src/ort/onnx-external.ts';

/** One protobuf field of bytes. */
function field(number: number, ...content: Uint8Array[]): Uint8Array {
  const body = Buffer.concat(content);
  const length: number[] = [];
  let rest = body.length;
  for (; rest >= 0x80; rest >>>= 7) {
    length.push((rest & 0x7f) | 0x80);
  }
  return Buffer.concat([Uint8Array.of((number << 3) | 2), Uint8Array.of(...length, rest), body]);
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

const LARGE = new Uint8Array(5000).map((_, index) => index);
const SMALL = new Uint8Array(1023).fill(9);

function tensor(name: string, data: Uint8Array): Uint8Array {
  // dims 1250 as a packed list, data_type 1 (float) as a varint, name, raw_data.
  return field(
    5,
    field(1, Uint8Array.of(0xe2, 0x09)),
    Uint8Array.of(0x10, 1),
    field(8, text(name)),
    field(9, data),
  );
}

const BEFORE = Uint8Array.of(0x08, 8); // ir_version
const AFTER = field(8, Uint8Array.of(0x10, 17)); // opset_import
const MODEL = Buffer.concat([
  BEFORE,
  field(
    7,
    field(1, text('a node')),
    tensor('large', LARGE),
    tensor('small', SMALL),
    field(2, text('graph')),
  ),
  AFTER,
]);

test('large weights become references into the file they are in; all else is kept', () => {
  const { graph, location } = splitModel(MODEL);
  const offset = MODEL.indexOf(LARGE);
  const reference = (key: string, value: string) =>
    field(13, field(1, text(key)), field(2, text(value)));
  const expected = Buffer.concat([
    BEFORE,
    field(
      7,
      field(1, text('a node')),
      field(
        5,
        field(1, Uint8Array.of(0xe2, 0x09)),
        Uint8Array.of(0x10, 1),
        field(8, text('large')),
        reference('location', location),
        reference('offset', String(offset)),
        reference('length', '5000'),
        Uint8Array.of(0x70, 1),
      ),
      tensor('small', SMALL),
      field(2, text('graph')),
    ),
    AFTER,
  ]);
  expect(Buffer.from(graph).equals(expected)).toBe(true);
});

test.each([
  ['cut off', MODEL.subarray(0, MODEL.length - 5)],
  ['a group, which ONNX has none of', Uint8Array.of(0x0b)],
  ['an unfinished number', Uint8Array.of(0x08, 0xff)],
  ['text', text('<!doctype html>')],
])('refused: %s', (_case, model) => {
  expect(() => splitModel(model)).toThrow(/not an ONNX model/);
});
