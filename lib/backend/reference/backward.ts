import type { BackwardOptions } from '../backend.js';
import { AutogradError, InternalError, ShapeError } from '../../errors.js';
import { allocation, fail, fromSpec, show, type RefTensor } from './array.js';
import { copyInto } from './cast.js';
import type { TapeNode } from './node.js';
import { type Saved } from './node.js';
import { noAttrs, type Gradients, type VjpContext } from './ops/op.js';
import { referenceOps } from './ops/table.js';
import { contiguousStrides, denseStridesLike, expandedDim, isDense, sameShape } from './shape.js';
import type { Tape } from './tape.js';
import type { AnyOp } from './view-scatter.js';

/** Runs the gradient of a custom op. */
export type CustomRunner = (
  node: TapeNode,
  grads: readonly (RefTensor | undefined)[],
  saved: readonly RefTensor[],
) => readonly (RefTensor | undefined)[];

/** The gradient that has arrived at one output of a node so far. */
interface Arrived {
  tensor: RefTensor;
  /** Made here as a sum: further terms may be added in place. */
  own: boolean;
}

let passes = 0;

/** One run of backward, or of grad when `wanted` is given. Nothing in it recurses: a tape may have a million nodes. */
export class BackwardPass {
  private readonly arrived = new Map<TapeNode, (Arrived | undefined)[]>();
  private readonly heap: TapeNode[] = [];
  private readonly captured = new Map<TapeNode, (RefTensor | undefined)[]>();
  /** Nodes from which a wanted one is reached; undefined: all count. */
  private leading: Set<TapeNode> | undefined;
  private readonly pass = ++passes;

  constructor(
    private readonly tape: Tape,
    private readonly options: BackwardOptions,
    private readonly runCustom: CustomRunner,
    private readonly wanted: ReadonlySet<TapeNode> | undefined,
  ) {}

  run(roots: readonly RefTensor[], grads: readonly (RefTensor | undefined)[], op: string): void {
    const starts = roots.map((root) => {
      const edge = this.tape.edge(root);
      if (!edge)
        fail(
          AutogradError,
          op,
          `a tensor of shape ${show(root.shape)} does not require a gradient: nothing that led to it does, ` +
            'or it was computed inside noGrad, or it is the result of a compiled function, which has no history: ' +
            'call backward inside of the function',
        );
      return edge;
    });
    const seeds = roots.map((root, i) => this.seed(op, root, grads[i]));
    if (this.wanted) this.leading = findLeading(starts, this.wanted);
    const { tape } = this;
    const mode = tape.gradMode;
    const outer = allocation.pass;
    tape.gradMode = this.options.createGraph;
    allocation.pass = this.pass;
    tape.observer.passes += 1;
    try {
      starts.forEach((node, i) => this.deliver(node, roots[i]!.node ? roots[i]!.outputIndex : 0, seeds[i]!));
      for (let node = this.pop(); node; node = this.pop()) this.visit(node);
    } finally {
      tape.gradMode = mode;
      allocation.pass = outer;
      tape.observer.passes -= 1;
    }
  }

  /** What arrived at output `index` of a wanted node. */
  result(node: TapeNode, index: number): RefTensor | undefined {
    const found = this.captured.get(node)?.[index];
    if (!found) return undefined;
    found.storage.shared = true;
    // A gradient that is not on the tape is a tensor of its own, whatever it was cut from.
    if (found.storage.pass === this.pass && !this.options.createGraph) found.view = undefined;
    return found;
  }

  private seed(op: string, root: RefTensor, grad: RefTensor | undefined): RefTensor {
    if (!grad) {
      if (root.numel !== 1) {
        fail(
          ShapeError,
          op,
          `a tensor of shape ${show(root.shape)} needs a gradient to start from; without one, wanted one element`,
        );
      }
      return this.tape.run('full', [], { shape: root.shape, value: 1, dtype: root.dtype })[0]!;
    }
    if (!sameShape(grad.shape, root.shape)) {
      fail(
        ShapeError,
        op,
        `the gradient has shape ${show(grad.shape)}, wanted that of the tensor, ${show(root.shape)}`,
      );
    }
    return grad.dtype === root.dtype ? grad : this.tape.run('to', [grad], { dtype: root.dtype })[0]!;
  }

  private visit(node: TapeNode): void {
    const arrived = this.arrived.get(node)!;
    this.arrived.delete(node);
    for (const { output, hook } of node.hooks ?? []) {
      const mine = arrived[output];
      if (!mine) continue;
      const tensor = hook(mine.tensor);
      if (tensor !== mine.tensor) arrived[output] = { tensor, own: false };
    }
    if (this.wanted?.has(node))
      this.captured.set(
        node,
        arrived.map((a) => a?.tensor),
      );
    if (this.wanted && !this.leading!.has(node)) return;
    if (!this.wanted && node.retaining) {
      for (const t of node.retaining) {
        const mine = arrived[t.outputIndex];
        if (mine) this.accumulate(t, mine.tensor);
      }
    }
    if (node.leaf) {
      if (!this.wanted && arrived[0]) this.accumulate(node.leaf, arrived[0].tensor);
      return;
    }
    const grads = this.gradientsOf(node, arrived);
    if (this.tape.observer.active) {
      const given = arrived.map((entry) => entry?.tensor);
      this.tape.observer.checkGradients(node.op, node.sequence, given, grads);
    }
    for (let i = 0; i < grads.length; i++) {
      const edge = node.edges[i];
      const grad = grads[i];
      if (!edge || !grad || !this.counts(edge)) continue;
      if (!sameShape(grad.shape, node.inputShapes[i]!) || grad.dtype !== node.inputDtypes[i]) {
        fail(
          node.custom >= 0 ? ShapeError : InternalError,
          node.op,
          `gradient ${i} is ${grad.dtype} ${show(grad.shape)}, ` +
            `its input ${node.inputDtypes[i]} ${show(node.inputShapes[i]!)}`,
        );
      }
      this.deliver(edge, node.edgeOutputs[i]!, grad);
    }
    if (!this.options.retainGraph) node.release();
  }

  private counts(edge: TapeNode): boolean {
    return !this.wanted || this.leading!.has(edge) || this.wanted.has(edge);
  }

  private gradientsOf(node: TapeNode, arrived: readonly (Arrived | undefined)[]): Gradients {
    if (node.released) {
      fail(
        AutogradError,
        node.op,
        'its saved tensors were freed by an earlier backward; pass retainGraph: true there to go back twice',
      );
    }
    if (node.custom >= 0) {
      const grads = node.outputShapes.map((_, j) => arrived[j]?.tensor);
      return this.runCustom(
        node,
        grads,
        node.savedInputs.map((s, i) => unpack(node, s, `saved tensor ${i}`)),
      );
    }
    if (!arrived.some((entry) => entry !== undefined)) return [];
    const grads = arrived.map((entry) => entry?.tensor);
    const first = grads[0] ?? this.zeroGrad(node);
    return this.opOf(node).vjp!(this.contextOf(node, grads), first, node.attrs);
  }

  private opOf(node: TapeNode): AnyOp {
    if (node.op === 'viewScatter') return this.tape.viewScatter;
    return referenceOps[node.op as keyof typeof referenceOps];
  }

  /** What stands for the gradient of output 0 where only other outputs have one. */
  private zeroGrad(node: TapeNode): RefTensor {
    const dtype = node.inputDtypes[0]!;
    const zero = this.tape.run('full', [], { shape: [], value: 0, dtype })[0]!;
    return this.tape.run('expand', [zero], { shape: node.outputShapes[0]! })[0]!;
  }

  private contextOf(node: TapeNode, grads: readonly (RefTensor | undefined)[]): VjpContext {
    const { tape } = this;
    return {
      run: (op, inputs, attrs) => tape.run(op, inputs, attrs)[0]!,
      runAll: (op, inputs, attrs) => tape.run(op, inputs, attrs),
      grad: (j) => grads[j],
      needs: (i) => {
        const edge = node.edges[i];
        return edge !== undefined && this.counts(edge);
      },
      inputCount: node.inputShapes.length,
      input: (i) => unpack(node, node.savedInputs[i], `input ${i}`),
      output: (j) => unpack(node, node.savedOutputs[j], `output ${j}`),
      shape: (i) => node.inputShapes[i]!,
      dtype: (i) => node.inputDtypes[i]!,
      embed(shape, step, source) {
        const base = tape.run('full', [], { shape, value: 0, dtype: source.dtype })[0]!;
        const attrs = { chain: [step], strides: contiguousStrides(shape) };
        return tape.run('viewScatter', [base, source], attrs)[0]!;
      },
    };
  }

  private deliver(node: TapeNode, output: number, grad: RefTensor): void {
    let slots = this.arrived.get(node);
    if (!slots) {
      slots = [];
      this.arrived.set(node, slots);
      this.push(node);
    }
    const before = slots[output];
    if (!before) slots[output] = { tensor: grad, own: false };
    else if (before.own && !this.options.createGraph)
      this.tape.runInPlace('add', [before.tensor, grad], noAttrs);
    else slots[output] = { tensor: this.tape.run('add', [before.tensor, grad], noAttrs)[0]!, own: true };
  }

  /** Adds to `.grad`. The first gradient becomes it, copied unless nothing else can hold its memory. */
  private accumulate(t: RefTensor, grad: RefTensor): void {
    const before = t.grad;
    const { createGraph } = this.options;
    if (before) {
      if (createGraph || before.node || expandedDim(before.shape, before.strides) >= 0) {
        t.grad = this.tape.run('add', [before, grad], noAttrs)[0]!;
      } else {
        this.tape.runInPlace('add', [before, grad], noAttrs);
      }
      return;
    }
    if (createGraph) t.grad = grad.storage.shared ? this.tape.run('clone', [grad], noAttrs)[0]! : grad;
    else t.grad = this.mayKeep(t, grad) ? grad : copyLike(t, grad);
    if (!createGraph) t.grad.view = undefined;
    t.grad.storage.shared = true;
  }

  private mayKeep(t: RefTensor, grad: RefTensor): boolean {
    const { storage } = grad;
    return (
      storage.pass === this.pass &&
      !storage.shared &&
      storage.data.length === grad.numel &&
      sameShape(grad.strides, t.strides) &&
      isDense(grad.shape, grad.strides)
    );
  }

  // ---- nodes by descending number

  private push(node: TapeNode): void {
    const { heap } = this;
    let i = heap.length;
    heap.push(node);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (heap[parent]!.sequence >= node.sequence) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = node;
  }

  private pop(): TapeNode | undefined {
    const { heap } = this;
    const top = heap[0];
    const last = heap.pop();
    if (!top || !last || heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.sequence > heap[child]!.sequence) child += 1;
      if (last.sequence >= heap[child]!.sequence) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

function unpack(node: TapeNode, saved: Saved | undefined, what: string): RefTensor {
  if (!saved) fail(InternalError, node.op, `${what} was not saved`);
  const now = saved.tensor.storage.version;
  if (now !== saved.version) {
    fail(
      AutogradError,
      node.op,
      `${what} of shape ${show(saved.tensor.shape)} that its gradient needs was changed in place since ` +
        `(version ${now}, saved at ${saved.version}); change a clone instead`,
    );
  }
  return saved.tensor;
}

function copyLike(t: RefTensor, grad: RefTensor): RefTensor {
  const strides = denseStridesLike(t.shape, t.strides);
  const copy = fromSpec('accumulate', { dtype: t.dtype, shape: t.shape, strides });
  copyInto(copy, grad);
  return copy;
}

/** The nodes from which one of `wanted` can be reached, in two sweeps over what the starts lead to. */
function findLeading(starts: readonly TapeNode[], wanted: ReadonlySet<TapeNode>): Set<TapeNode> {
  const seen = new Set<TapeNode>(starts);
  const stack = [...seen];
  const all: TapeNode[] = [];
  for (let node = stack.pop(); node; node = stack.pop()) {
    all.push(node);
    for (const edge of node.edges) {
      if (edge && !seen.has(edge)) {
        seen.add(edge);
        stack.push(edge);
      }
    }
  }
  all.sort((a, b) => a.sequence - b.sequence);
  const leading = new Set<TapeNode>();
  for (const node of all) {
    if (node.edges.some((edge) => edge !== undefined && (wanted.has(edge) || leading.has(edge))))
      leading.add(node);
  }
  return leading;
}
