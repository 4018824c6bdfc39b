/**
 * When V8 optimises ONNX Runtime's WebAssembly. A process that makes one adapter is done before the
 * optimised code pays: at V8's own budget, compiling it is half of all that `t2l generate` computes.
 * With ten times the budget only what runs for long, such as a base model, is optimised; results are
 * the same, as WebAssembly says.
 */
export const WASM_TIERING = '--wasm-tiering-budget=130000000';
