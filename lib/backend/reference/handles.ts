import { DisposedError, DTypeError, ValueError } from '../../errors.js';
import { Handle, type BackendHooks } from '../backend.js';
import { fail, RefTensor } from './array.js';
import { describe, kindOf } from './validate.js';

/** What callers hold, and the tensors that it stands for. */
export class Handles<T extends Handle> {
  made = 0;
  released = 0;
  private readonly scopes: T[][] = [];

  constructor(private readonly hooks: BackendHooks<T>) {}

  make(t: RefTensor): T {
    const tensor = this.hooks.newTensor();
    tensor.value = t;
    this.made += 1;
    this.scopes[this.scopes.length - 1]?.push(tensor);
    return tensor;
  }

  tensor(op: string, tensor: unknown, what = 'the tensor'): RefTensor {
    if (!(tensor instanceof Handle)) {
      fail(DTypeError, op, `${what} wants a tensor, got ${kindOf(tensor)}`);
    }
    const { value } = tensor;
    if (value instanceof RefTensor) return value;
    if (tensor.slot >= 0) fail(DisposedError, op, `${what} belongs to another backend`);
    fail(DisposedError, op, `${what} was freed by dispose, tidy or the end of a scope, wanted a live tensor`);
  }

  tensors(op: string, list: readonly T[]): RefTensor[] {
    return list.map((t, i) => this.tensor(op, t, `tensor ${i}`));
  }

  tensorsOrNone(op: string, grads: readonly (T | null)[]): (RefTensor | undefined)[] {
    return grads.map((g, i) => (g === null ? undefined : this.tensor(op, g, `gradient ${i}`)));
  }

  release(tensor: T): void {
    if (!Handle.is(tensor)) fail(DTypeError, 'dispose', `got ${describe(tensor)}, wanted a tensor`);
    if (tensor.value === undefined) return;
    tensor.value = undefined;
    this.released += 1;
  }

  beginScope(): void {
    this.scopes.push([]);
  }

  endScope(keep: readonly T[]): void {
    const scope = this.scopes.pop();
    if (!scope) fail(ValueError, 'endScope', 'there is no open scope');
    const kept = new Set(keep);
    for (const tensor of scope) {
      if (kept.has(tensor)) this.scopes[this.scopes.length - 1]?.push(tensor);
      else this.release(tensor);
    }
  }

  /** Calls a function of the user from a backward pass. What it makes on the way and does not return goes with the scope. */
  callBack(
    op: string,
    tensors: readonly (RefTensor | undefined)[],
    fn: (given: readonly (T | null)[]) => readonly (T | null)[],
  ): (RefTensor | undefined)[] {
    // The caller of the function may hold the same memory.
    const give = (t: RefTensor): T => {
      t.storage.shared = true;
      return this.make(t);
    };
    const { openScope = () => this.beginScope(), closeScope = (kept) => this.endScope(kept) } = this.hooks;
    openScope();
    let result: readonly (T | null)[] = [];
    try {
      result = fn(tensors.map((t) => (t ? give(t) : null)));
    } finally {
      closeScope(Array.isArray(result) ? result.filter((t): t is T => t instanceof Handle) : []);
    }
    if (!Array.isArray(result))
      fail(ValueError, op, `backward must return an array of gradients, got ${kindOf(result)}`);
    return (result as readonly (T | null | undefined)[]).map((g, i) => {
      if (g === null || g === undefined) return undefined;
      const t = this.tensor(op, g, `gradient ${i}`);
      t.storage.shared = true;
      return t;
    });
  }
}
