import { configurationChanged } from './backend/configuration.js';
import { backend } from './backend/current.js';
import { currentPass } from './backward-pass.js';
import { checkSameShape, checkTensor } from './check.js';
import { AutogradError, DTypeError } from './errors.js';
import { hookHandle } from './hook-handle.js';
import type { HookHandle } from './hook-handle.js';
import { checkFunction, keep } from './scope.js';
import type { Tensor } from './tensor.js';

// Functions that see the gradient of one tensor. The tape holds those of a tensor that was computed. Those of a leaf are called
// at the end of a pass, when all that flows to it has arrived.

/** Sees a gradient, and gives another in its place, or nothing. */
export type GradientHookFunction = (grad: Tensor) => Tensor | null | undefined | void;

interface LeafHooks {
  /** Keeps nothing alive: hooks of a leaf that nobody can reach are never called. */
  readonly leaf: WeakRef<Tensor>;
  gradient: readonly GradientHookFunction[];
  accumulated: readonly ((leaf: Tensor) => void)[];
}

const byLeaf = new WeakMap<Tensor, LeafHooks>();
const hooked = new Set<LeafHooks>();

function hooksOf(leaf: Tensor): LeafHooks {
  let hooks = byLeaf.get(leaf);
  if (hooks === undefined) {
    hooks = { leaf: new WeakRef(leaf), gradient: [], accumulated: [] };
    byLeaf.set(leaf, hooks);
  }
  hooked.add(hooks);
  configurationChanged();
  return hooks;
}

/** See `Tensor.registerHook`. */
export function registerHook(tensor: Tensor, hook: GradientHookFunction): HookHandle {
  checkFunction('registerHook', hook);
  if (!tensor.requiresGrad) throw new AutogradError('[registerHook] the tensor does not require a gradient');
  let active = true;
  const apply: GradientHookFunction = (grad) => (active ? replaced(hook, grad) : null);
  if (!tensor.isLeaf) {
    backend.hookGradient(tensor, (grad) => apply(grad) ?? null);
    return hookHandle(() => void (active = false));
  }
  const hooks = hooksOf(tensor);
  hooks.gradient = [...hooks.gradient, apply];
  return hookHandle(() => {
    active = false;
    hooks.gradient = hooks.gradient.filter((one) => one !== apply);
    forgetIfEmpty(hooks);
  });
}

/** See `Tensor.registerPostAccumulateGradHook`. */
export function registerPostAccumulateGradHook(tensor: Tensor, hook: (leaf: Tensor) => unknown): HookHandle {
  checkFunction('registerPostAccumulateGradHook', hook);
  if (!tensor.requiresGrad || !tensor.isLeaf)
    throw new AutogradError('[registerPostAccumulateGradHook] wanted a leaf that requires a gradient');
  const hooks = hooksOf(tensor);
  const call = (leaf: Tensor): void => void hook(leaf);
  hooks.accumulated = [...hooks.accumulated, call];
  return hookHandle(() => {
    hooks.accumulated = hooks.accumulated.filter((one) => one !== call);
    forgetIfEmpty(hooks);
  });
}

function forgetIfEmpty(hooks: LeafHooks): void {
  configurationChanged();
  if (hooks.gradient.length + hooks.accumulated.length === 0) hooked.delete(hooks);
}

/** What the hook gave in place of the gradient, or null. */
function replaced(hook: GradientHookFunction, grad: Tensor): Tensor | null {
  const result = hook(grad) ?? null;
  if (result === null) return null;
  checkTensor('registerHook', 'what the hook gave', result);
  checkSameShape('registerHook', result, 'what the hook gave', grad, 'the gradient');
  if (result.dtype !== grad.dtype)
    throw new DTypeError(`[registerHook] the hook gave ${result.dtype}, wanted ${grad.dtype}`);
  return result;
}

/** A gradient as the hooks of its leaf make it. */
export function hookedGradient(leaf: Tensor, grad: Tensor): Tensor {
  return (byLeaf.get(leaf)?.gradient ?? []).reduce((sum, hook) => hook(sum) ?? sum, grad);
}

/** Calls those that want to see the leaf when its `.grad` has changed. */
export function afterAccumulation(leaf: Tensor): void {
  for (const hook of byLeaf.get(leaf)?.accumulated ?? []) hook(leaf);
}

/** Runs a pass that adds to leaves, and calls the hooks of those that it reached. */
export function withLeafHooks(createGraph: boolean, pass: () => void): void {
  // The hooks are called when the outermost pass has ended, with all that came.
  if (hooked.size === 0 || currentPass() !== undefined) return pass();
  const leaves: { leaf: Tensor; former: Tensor | null }[] = [];
  for (const hooks of hooked) {
    const leaf = hooks.leaf.deref();
    if (leaf === undefined) hooked.delete(hooks);
    else if (leaf.isLeaf && leaf.requiresGrad) leaves.push({ leaf, former: leaf.grad });
  }
  for (const { leaf } of leaves) leaf.grad = null;
  const recording = backend.setGradMode(createGraph);
  const reached: Tensor[] = [];
  try {
    pass();
    for (const { leaf } of leaves) {
      const grad = leaf.grad;
      if (grad === null) continue;
      reached.push(leaf);
      const own = hookedGradient(leaf, grad);
      if (own !== grad) leaf.grad = own;
    }
  } finally {
    for (const { leaf, former } of leaves) {
      const grad = leaf.grad;
      if (former !== null) leaf.grad = grad === null ? former : keep(former.add(grad));
    }
    backend.setGradMode(recording);
  }
  reached.forEach(afterAccumulation);
}
