import { expect, test } from 'vitest';
import { layoutSafetensors, readSafetensors } from '../../src/adapter/safetensors.ts';

const SPECS = [
  { name: 'b.weight', dtype: 'F16', shape: [3, 1] },
  { name: 'a.weight', dtype: 'F32', shape: [2, 2] },
  { name: 'B.empty', dtype: 'I64', shape: [0, 4] },
] as const;

function written(): Uint8Array {
  const { file, views } = layoutSafetensors(SPECS);
  views.get('a.weight')?.set(new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer));
  views.get('b.weight')?.fill(7);
  return file;
}

/** A file with a header of our choice, to break one rule at a time. */
function fileOf(header: unknown, data: number, text = JSON.stringify(header)): Uint8Array {
  const json = new TextEncoder().encode(text);
  const file = new Uint8Array(8 + json.length + data);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

test('the file follows the format to the byte', () => {
  const file = written();
  const headerBytes = Number(new DataView(file.buffer).getBigUint64(0, true));
  expect(headerBytes % 8).toBe(0);
  const text = new TextDecoder().decode(file.subarray(8, 8 + headerBytes));
  expect(text.trimEnd()).toBe(
    '{"__metadata__":{"format":"pt"},' +
      '"B.empty":{"dtype":"I64","shape":[0,4],"data_offsets":[0,0]},' +
      '"a.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},' +
      '"b.weight":{"dtype":"F16","shape":[3,1],"data_offsets":[16,22]}}',
  );
  expect(text.slice(text.trimEnd().length)).toMatch(/^ *$/);
  expect(file.length).toBe(8 + headerBytes + 22);
  expect([...file.subarray(8 + headerBytes + 16)]).toEqual([7, 7, 7, 7, 7, 7]);
});

test('what is written is read back', () => {
  const tensors = readSafetensors(written());
  expect([...tensors.keys()].sort()).toEqual(['B.empty', 'a.weight', 'b.weight']);
  const a = tensors.get('a.weight');
  expect(a?.shape).toEqual([2, 2]);
  expect(new Float32Array(a?.data.slice().buffer as ArrayBuffer)).toEqual(
    Float32Array.of(1, 2, 3, 4),
  );
});

test('the order in which tensors are given does not matter', () => {
  expect(layoutSafetensors([...SPECS].reverse()).file).toEqual(layoutSafetensors(SPECS).file);
});

const F32 = { dtype: 'F32', shape: [1], data_offsets: [0, 4] };

test.each([
  ['too short', new Uint8Array(5)],
  ['header beyond the end', fileOf({ a: F32 }, 4).subarray(0, 20)],
  ['header that is not JSON', fileOf(null, 0, '{"a":')],
  ['header that is a list', fileOf([], 0)],
  ['header over the cap', new Uint8Array(new BigUint64Array([26_000_000n]).buffer)],
  ['unknown dtype', fileOf({ a: { ...F32, dtype: 'F80' } }, 4)],
  ['dtype from the prototype', fileOf({ a: { ...F32, dtype: 'constructor' } }, 4)],
  ['size that does not fit the shape', fileOf({ a: { ...F32, shape: [2] } }, 4)],
  ['negative size', fileOf({ a: { ...F32, shape: [-1] } }, 4)],
  ['hole', fileOf({ a: { ...F32, data_offsets: [4, 8] } }, 8)],
  ['overlap', fileOf({ a: F32, b: F32 }, 4)],
  ['data cut off', fileOf({ a: F32 }, 3)],
  ['bytes left over', fileOf({ a: F32 }, 5)],
  ['no offsets', fileOf({ a: { dtype: 'F32', shape: [1] } }, 4)],
])('refused: %s', (_case, file) => {
  expect(() => readSafetensors(file)).toThrow(
    expect.objectContaining({ code: 'safetensors_invalid' }),
  );
});
