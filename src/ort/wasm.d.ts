/**
 * What the Workers types leave out: wrangler turns an imported `.wasm` file into a compiled module,
 * and Node, which runs the same sources, can compile one itself.
 */
declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

declare namespace WebAssembly {
  interface WebAssemblyInstantiatedSource {
    module: Module;
    instance: Instance;
  }
  function compile(bytes: ArrayBuffer | ArrayBufferView): Promise<Module>;
  function instantiate(
    bytes: ArrayBuffer | ArrayBufferView,
    imports?: Imports,
  ): Promise<WebAssemblyInstantiatedSource>;
}
