import { expect, test } from 'vitest';
import { uniform } from '../../scripts/command.ts';
import {
  decodeBfloat16,
  decodeFloat16,
  encodeBfloat16,
  encodeFloat16,
} from '../../src/adapter/float16.ts';
import { decodeByTables, encodeByTables } from '../../src/adapter/float16-tables.ts';
import { T2lError } from '../../src/contract/errors.ts';

const ALL = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);

interface Format {
  name: string;
  encode(values: Float32Array, target: Uint16Array): void;
  decode(halves: Uint16Array): Float32Array;
  /** Bits of the largest finite value. */
  largest: number;
}

const FLOAT16: Format = {
  name: 'float16',
  encode: encodeFloat16,
  decode: decodeFloat16,
  largest: 0x7bff,
};
/** What a platform without `Float16Array` takes. */
const BY_TABLES: Format = {
  name: 'float16 by tables',
  encode(values, target) {
    if (!encodeByTables(values, target)) {
      throw new T2lError('adapter_out_of_range', 'beyond float16');
    }
  },
  decode: decodeByTables,
  largest: 0x7bff,
};
const BFLOAT16: Format = {
  name: 'bfloat16',
  encode: encodeBfloat16,
  decode: decodeBfloat16,
  largest: 0x7f7f,
};
const FORMATS = [FLOAT16, BY_TABLES, BFLOAT16];

function encoded({ encode }: Format, values: Float32Array): Uint16Array {
  const target = new Uint16Array(values.length);
  encode(values, target);
  return target;
}

/** The float32 next to `value`, away from or towards zero. */
function neighbour(value: number, step: 1 | -1): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  bits[0] = (bits[0] as number) + step;
  return new Float32Array(bits.buffer)[0] as number;
}

test('float16 decodes as the platform decodes it, for all 65536 values, also without the platform', () => {
  const expected = new Float32Array(new Float16Array(ALL.buffer));
  expect(decodeFloat16(ALL)).toEqual(expected);
  expect(decodeByTables(ALL)).toEqual(expected);
});

test('bfloat16 is the upper half of a float32, for all 65536 values', () => {
  const bits = new Uint32Array(decodeBfloat16(ALL).buffer);
  expect(bits.every((value, half) => value === half * 65_536)).toBe(true);
});

test.each(FORMATS)('$name: every finite value goes to float32 and back unchanged', (format) => {
  const finite = ALL.filter((bits) => (bits & 0x7fff) <= format.largest);
  expect(encoded(format, format.decode(finite))).toEqual(finite);
});

test.each(FORMATS)(
  '$name: midpoints go to the even neighbour, and what is off goes to the nearer',
  (format) => {
    for (const sign of [0, 0x8000]) {
      const lower = Uint16Array.from({ length: format.largest }, (_, bits) => sign | bits);
      const upper = lower.map((bits) => bits + 1);
      const below = format.decode(lower);
      const above = format.decode(upper);
      const middle = below.map((value, index) => (value + (above[index] as number)) / 2);
      const even = lower.map((bits) => (bits % 2 === 0 ? bits : bits + 1));
      expect(encoded(format, middle)).toEqual(even);
      expect(
        encoded(
          format,
          middle.map((value) => neighbour(value, -1)),
        ),
      ).toEqual(lower);
      expect(
        encoded(
          format,
          middle.map((value) => neighbour(value, 1)),
        ),
      ).toEqual(upper);
    }
  },
);

test('float16 by tables: random float32 bit patterns convert as the platform converts them', () => {
  const next = uniform(1);
  const bits = Uint32Array.from({ length: 1_000_000 }, () => next() * 2 ** 32);
  const values = new Float32Array(bits.buffer).filter((value) => Math.abs(value) < 65_520);
  expect(values.length).toBeGreaterThan(100_000);
  const reference = new Uint16Array(new Float16Array(values).buffer);
  expect(encoded(BY_TABLES, values)).toEqual(reference);
});

test.each([FLOAT16, BY_TABLES])('$name: the last value that fits is the largest', (format) => {
  const fits = neighbour(65_520, -1);
  expect(encoded(format, Float32Array.of(fits, -fits))).toEqual(Uint16Array.of(0x7bff, 0xfbff));
});

test.each([
  [FLOAT16, 65_520],
  [FLOAT16, -65_520],
  [FLOAT16, 3e38],
  [BY_TABLES, 65_520],
  [BY_TABLES, -65_520],
  [BY_TABLES, 3e38],
  [BFLOAT16, 3.4e38],
  [BFLOAT16, -3.4e38],
])('$name: $1 would become infinite and is refused', (format, value) => {
  expect(() => encoded(format, Float32Array.of(0, value, 1))).toThrow(
    expect.objectContaining({ code: 'adapter_out_of_range' }),
  );
});

test.each(FORMATS)('$name: what is not finite is refused', (format) => {
  const nanWithSmallPayload = new Float32Array(Uint32Array.of(0x7f800001).buffer);
  const nanOfOnes = new Float32Array(Uint32Array.of(0xffffffff).buffer);
  for (const values of [
    Float32Array.of(1 / 0),
    Float32Array.of(-1 / 0),
    nanWithSmallPayload,
    nanOfOnes,
  ]) {
    expect(() => encoded(format, values)).toThrow(
      expect.objectContaining({ code: 'adapter_out_of_range' }),
    );
  }
});

test.each([FLOAT16, BY_TABLES])('$name: zeros keep their sign', (format) => {
  expect(encoded(format, Float32Array.of(0, -0, 1e-30, -1e-30))).toEqual(
    Uint16Array.of(0, 0x8000, 0, 0x8000),
  );
});
