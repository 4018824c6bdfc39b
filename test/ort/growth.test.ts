import { expect, test } from 'vitest';
import { growSparingly } from '../../src/ort/growth.ts';
import { createSession, wasmMemoryBytes } from '../../src/ort/session.ts';
import { readAsset } from '../fixtures/assets.ts';

const PAGE = 65_536;
const MB = 1e6;

/** A heap, and Emscripten's `emscripten_resize_heap` for it, among imports with minified names. */
function heapOf(limits: { initial: number; maximum: number }) {
  const heap = new WebAssembly.Memory(limits);
  function resize(wanted: number): boolean {
    const { byteLength } = heap.buffer;
    for (const cutDown of [1, 2, 4]) {
      const larger = Math.min(byteLength * (1 + 0.2 / cutDown), wanted + 100_663_296);
      const size = PAGE * Math.ceil(Math.max(wanted, larger) / PAGE);
      try {
        heap.grow((size - byteLength) / PAGE);
        return true;
      } catch {}
    }
    return false;
  }
  const imports = { a: { a: heap, b: resize, c: (one: number, two: number) => one + two } };
  const { a } = growSparingly(imports, heap) as typeof imports;
  return { heap, resize: a.b, add: a.c };
}

test('a heap grows by a megabyte where less is wanted, and by what is wanted where that is more', () => {
  const { heap, resize } = heapOf({ initial: 1000, maximum: 8000 });
  expect(resize(1000 * PAGE + 1)).toBe(true);
  expect(heap.buffer.byteLength).toBe(1016 * PAGE);
  expect(resize(1116 * PAGE + 1)).toBe(true);
  expect(heap.buffer.byteLength).toBe(1117 * PAGE);
  expect(resize(3000 * PAGE)).toBe(true);
  expect(heap.buffer.byteLength).toBe(3000 * PAGE);
});

test('it never grows by more than is asked for', () => {
  const { heap, resize } = heapOf({ initial: 10, maximum: 20 });
  expect(resize(10 * PAGE + 1)).toBe(true);
  expect(heap.buffer.byteLength).toBe(12 * PAGE);
});

test('a heap that cannot grow any further says so, each time', () => {
  const { resize } = heapOf({ initial: 10, maximum: 20 });
  expect([resize(30 * PAGE), resize(30 * PAGE), resize(20 * PAGE)]).toEqual([false, false, true]);
});

test('who grows it without saying how much is wanted has what it asks for', () => {
  const { heap } = heapOf({ initial: 10, maximum: 20 });
  heap.grow(5);
  expect(heap.buffer.byteLength).toBe(15 * PAGE);
});

test('the other imports do what they did', () => {
  expect(heapOf({ initial: 1, maximum: 2 }).add(1, 2)).toBe(3);
});

test('with the encoder and the default network loaded ONNX Runtime holds less than 42 MB', async () => {
  const paths = [
    'encoders/minilm-l6-t2l-2/model.int8.onnx',
    't2l-mini/4.2.0/hypernet.float32.onnx',
  ];
  for (const path of paths) {
    await createSession((await readAsset(`hypernets/${path}`)) as Uint8Array);
  }
  expect(wasmMemoryBytes()).toBeLessThan(42 * MB);
});
