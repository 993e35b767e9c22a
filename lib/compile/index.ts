export { compile } from './compile.js';
export type { AsyncCallOptions, CompiledFunction, CompileOptions } from './compile.js';
export { Explanation } from './explain.js';
export { Snapshot, snapshot } from './snapshot.js';
