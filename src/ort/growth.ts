/**
 * How ORT's heap grows: by little more than is needed.
 *
 * A WASM heap never shrinks, and Emscripten grows it by a fifth of what there is, though a few bytes are
 * wanted: of an isolate's 128 MB that can be 14 which nothing uses. What is wanted is the argument of the import that
 * grows the heap (`emscripten_resize_heap`). Its name is not known, for names are minified; but it is the one that
 * calls `grow`, so the argument of whichever import is running then is what is wanted.
 */

const PAGE = 65_536;
/** Grown by at least so much, for each growth costs some time. */
const STEP = 16 * PAGE;

/**
 * Has a heap grow by what is wanted.
 *
 * @param imports of the module; the heap is among them
 * @returns the imports to instantiate it with
 */
export function growSparingly(
  imports: WebAssembly.Imports,
  heap: WebAssembly.Memory,
): WebAssembly.Imports {
  let wanted = 0;
  const grow = heap.grow.bind(heap);
  heap.grow = (pages) => {
    const size = heap.buffer.byteLength;
    const least = Math.max(wanted, size + STEP);
    return grow(wanted > size ? Math.min(pages, Math.ceil((least - size) / PAGE)) : pages);
  };

  function noting(run: CallableFunction): CallableFunction {
    return (argument: number) => {
      const before = wanted;
      wanted = argument >>> 0;
      try {
        return run(argument);
      } finally {
        wanted = before;
      }
    };
  }
  return Object.fromEntries(
    Object.entries(imports).map(([name, values]) => [
      name,
      Object.fromEntries(
        Object.entries(values).map(([one, value]) => [
          one,
          typeof value === 'function' && value.length === 1 ? noting(value) : value,
        ]),
      ),
    ]),
  );
}
