import { withAutocastScope } from './autocast-policy.js';

// What a function that a backward pass calls may ask of the pass.

export interface Pass {
  /** Whether gradients are added to the leaves that were reached, or handed out for the tensors that were asked for. */
  readonly into: 'leaves' | 'inputs';
  /** Whether the tape may be gone through again. */
  readonly retainGraph: boolean;
}

/** Those that are under way, the innermost last: what a pass calls may start another. */
const passes: Pass[] = [];
const finalizers: (() => void)[] = [];

export function duringPass<T>(pass: Pass, fn: () => T): T {
  passes.push(pass);
  try {
    // The dtypes of gradients follow from those of the forward pass alone.
    return withAutocastScope(null, fn);
  } finally {
    passes.pop();
    if (passes.length === 0) for (const finalize of finalizers.splice(0)) finalize();
  }
}

export function currentPass(): Pass | undefined {
  return passes.at(-1);
}

/** Calls `fn` when the outermost pass has ended, well or not. */
export function afterPass(fn: () => void): void {
  finalizers.push(fn);
}
