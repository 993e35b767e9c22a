import type { DType } from '../../dtype.js';
import { isFloat, itemSize } from '../../dtype.js';
import {
  AutogradError,
  DTypeError,
  InternalError,
  OutOfMemoryError,
  ShapeError,
  ValueError,
} from '../../errors.js';
import { opRecords } from '../op-schema.gen.js';
import type { OpRecord } from '../op-record.js';
import { fail, fromSpec, show, zeros, RefTensor, type Spec } from './array.js';
import { CastScope } from './autocast.js';
import { castNumber, copyInto } from './cast.js';
import { roundHalves } from './half.js';
import { stepsOf, TapeNode, type Saved } from './node.js';
import { ReferenceObserver } from './observer.js';
import { referenceOps } from './ops/table.js';
import { promotedType } from './promotion.js';
import { expandedDim, mayOverlap, sameShape } from './shape.js';
import { makeViewScatter, viewScatterRecord, type AnyOp } from './view-scatter.js';

/** What `run` takes: a tensor, or a number or boolean that promotes by kind only. */
export type Operand = RefTensor | number | boolean;

interface Entry {
  readonly name: string;
  readonly op: AnyOp;
  readonly record: OpRecord;
}

/** Evaluates ops and records them. One per backend. */
export class Tape {
  gradMode = true;
  readonly casts = new CastScope(this);
  /** The internal op by which in-place changes of views are recorded. */
  readonly viewScatter: AnyOp;
  readonly counts = { ops: 0, nodes: 0, savedBytes: 0 };
  readonly observer = new ReferenceObserver();
  private sequence = 0;
  private readonly entries = new Map<string, Entry>();

  constructor() {
    for (const [name, op] of Object.entries(referenceOps)) {
      const record = opRecords[name as keyof typeof referenceOps];
      this.entries.set(name, { name, op: op, record });
    }
    this.viewScatter = makeViewScatter(
      (name) => this.entry(name).op,
      (name, inputs, attrs) => this.run(name, inputs, attrs)[0]!,
    );
    this.entries.set('viewScatter', { name: 'viewScatter', op: this.viewScatter, record: viewScatterRecord });
  }

  /** The op's outputs, recorded when an input needs a gradient. Attributes were checked. */
  run(name: string, operands: readonly Operand[], attrs: unknown): RefTensor[] {
    const entry = this.entry(name);
    const [x] = operands;
    if (name === 'storageView' && x instanceof RefTensor && x.view) {
      // Of what x is a view of, so that gradients reach what lies outside of x.
      const { base } = x.view;
      const { strides, offset } = base;
      return this.run(name, [base], { strides, offset, length: base.data.length });
    }
    const { autocast } = entry.record;
    const given = autocast && this.casts.dtype ? this.casts.operands(autocast, operands) : operands;
    const inputs = this.promote(entry, given);
    const outputs = this.evaluate(entry, inputs, attrs);
    if (this.gradMode && this.wantsNode(entry, inputs)) this.attach(entry, inputs, outputs, attrs);
    return outputs;
  }

  /** Writes the op's result into its first operand: see Backend.runInPlace. */
  runInPlace(name: string, operands: readonly Operand[], attrs: unknown): void {
    const entry = this.entry(name);
    const target = operands[0];
    if (!(target instanceof RefTensor)) {
      fail(DTypeError, name, 'an in-place op writes a tensor, got a number');
    }
    const { record } = entry;
    if (record.outputs.length !== 1 || record.inputs[0]?.kind !== 'one') {
      fail(ValueError, name, 'has no in-place form');
    }
    const shared = expandedDim(target.shape, target.strides);
    if (shared >= 0) {
      fail(
        ValueError,
        name,
        `cannot write in place: dim ${shared} of ${show(target.shape)} is expanded, so its elements share memory; ` +
          'clone the tensor first',
      );
    }
    if (mayOverlap(target.shape, target.strides)) {
      fail(
        ValueError,
        name,
        `cannot write in place: elements of ${show(target.shape)} with strides ${show(target.strides)} may share memory; ` +
          'clone the tensor first',
      );
    }
    if (this.gradMode) this.checkMayChange(name, target);
    const inputs = this.promote(entry, operands);
    const recorded = this.gradMode && (this.requiresGrad(target) || this.wantsNode(entry, inputs));
    if (recorded) this.changeRecorded(entry, target, inputs, attrs);
    else this.changeSilently(entry, target, inputs, attrs);
  }

  requiresGrad(t: RefTensor): boolean {
    this.refresh(t);
    return t.node !== undefined || t.requiresGrad;
  }

  isLeaf(t: RefTensor): boolean {
    this.refresh(t);
    return t.node === undefined;
  }

  /** The node that a gradient of t goes to: what made it, or what accumulates into it. */
  edge(t: RefTensor): TapeNode | undefined {
    this.refresh(t);
    if (t.node) return t.node;
    if (!t.requiresGrad) return undefined;
    if (!t.accumulator) {
      t.accumulator = new TapeNode('accumulate', 0);
      t.accumulator.leaf = t;
      t.accumulator.inputShapes = t.accumulator.outputShapes = [t.shape];
      t.accumulator.outputDtypes = [t.dtype];
    }
    return t.accumulator;
  }

  /** A node with edges to the inputs, not yet on any output. */
  makeNode(name: string, inputs: readonly RefTensor[], wanted: (input: number) => boolean): TapeNode {
    const edges: (TapeNode | undefined)[] = [];
    const edgeOutputs: number[] = [];
    for (let i = 0; i < inputs.length; i++) {
      const t = inputs[i]!;
      const edge = wanted(i) ? this.edge(t) : undefined;
      edges.push(edge);
      edgeOutputs.push(t.node ? t.outputIndex : 0);
    }
    // Numbered after the edges, which may be made only now.
    const node = new TapeNode(name, ++this.sequence);
    node.edges = edges;
    node.edgeOutputs = edgeOutputs;
    node.inputShapes = inputs.map((t) => t.shape);
    node.inputDtypes = inputs.map((t) => t.dtype);
    this.counts.nodes += 1;
    return node;
  }

  setHistory(t: RefTensor, node: TapeNode | undefined, outputIndex: number): void {
    if (t.retainsGrad && t.node && t.node !== node) {
      t.node.retaining = t.node.retaining?.filter((other) => other !== t);
      if (node) (node.retaining ??= []).push(t);
    }
    t.node = node;
    t.outputIndex = outputIndex;
    t.requiresGrad = false;
  }

  save(t: RefTensor): Saved {
    this.counts.savedBytes += t.numel * itemSize(t.dtype);
    return { tensor: t, version: t.storage.version };
  }

  private entry(name: string): Entry {
    const entry = this.entries.get(name);
    if (!entry) fail(InternalError, name, 'there is no such op');
    return entry;
  }

  // ---- evaluation

  private promote(entry: Entry, operands: readonly Operand[]): RefTensor[] {
    const { record, name } = entry;
    if (record.promotion === 'none') {
      return operands.map((x) => {
        if (x instanceof RefTensor) return x;
        // copy writes in the target's dtype, whatever the number is.
        const first = operands[0];
        return scalar(x, name === 'copy' && first instanceof RefTensor ? first.dtype : kindDtype(x));
      });
    }
    const list = record.inputs[0]?.kind === 'list';
    const takesPart = (i: number): boolean => record.inputs[list ? 0 : i]!.differentiable !== false;
    let common: DType | undefined;
    let same = true;
    for (let i = 0; i < operands.length; i++) {
      const x = operands[i]!;
      if (!takesPart(i)) continue;
      if (!(x instanceof RefTensor) || (common !== undefined && x.dtype !== common)) same = false;
      else common = x.dtype;
    }
    if (!same || common === undefined || record.promotion === 'commonFloating') {
      const tensors: RefTensor[] = [];
      operands.forEach((x, i) => {
        if (takesPart(i)) tensors.push(x instanceof RefTensor ? x : scalar(x, kindDtype(x)));
      });
      common = promotedType(record.promotion, tensors);
    }
    const dtype = common;
    const rounds = !record.flags.includes('wideNumbers');
    return operands.map((x, i) => {
      if (!(x instanceof RefTensor)) return scalar(x, takesPart(i) ? dtype : kindDtype(x), rounds);
      return takesPart(i) && x.dtype !== dtype ? this.run('to', [x], { dtype })[0]! : x;
    });
  }

  /** The number that the next node will have. */
  get nextNode(): number {
    return this.sequence + 1;
  }

  private evaluate(entry: Entry, inputs: readonly RefTensor[], attrs: unknown): RefTensor[] {
    if (!this.observer.active) return this.evaluateNow(entry, inputs, attrs);
    let outputs: RefTensor[] = [];
    this.observer.around(entry.name, entry.record, inputs, attrs, false, () => {
      outputs = this.evaluateNow(entry, inputs, attrs);
      return outputs.filter((t) => inputs.every((x) => x.storage !== t.storage));
    });
    return outputs;
  }

  private evaluateNow(entry: Entry, inputs: readonly RefTensor[], attrs: unknown): RefTensor[] {
    const { name, op } = entry;
    this.counts.ops += 1;
    const specs = op.infer(inputs, attrs);
    const outputs = specs.map((spec) =>
      spec.viewOffset === undefined ? fromSpec(name, spec) : this.viewTensor(name, inputs[0]!, spec, attrs),
    );
    if (specs[0]!.viewOffset === undefined) compute(entry, inputs, outputs, attrs);
    entry.record.inputs.forEach((def, i) => {
      if (def.mutates) inputs[i]!.storage.version += 1;
    });
    return outputs;
  }

  private viewTensor(name: string, x: RefTensor, spec: Spec, attrs: unknown): RefTensor {
    const out = new RefTensor(spec.dtype, spec.shape, spec.strides, x.offset + spec.viewOffset!, x.storage);
    if (name === 'detach' || !x.isFloat) return out;
    const step = { op: name, attrs };
    const base = x.view ? x.view.base : x;
    out.view = {
      base,
      chain: { step, before: x.view?.chain },
      unrecorded: !this.gradMode || (x.view?.unrecorded ?? false),
      seen: base.historyVersion,
    };
    return out;
  }

  // ---- recording

  private wantsNode(entry: Entry, inputs: readonly RefTensor[]): boolean {
    if (!entry.op.vjp) return false;
    for (let i = 0; i < inputs.length; i++) {
      if (isDifferentiable(entry, i) && this.requiresGrad(inputs[i]!)) return true;
    }
    return false;
  }

  private attach(
    entry: Entry,
    inputs: readonly RefTensor[],
    outputs: readonly RefTensor[],
    attrs: unknown,
  ): void {
    if (!isFloat(outputs[0]!.dtype)) return;
    const node = this.makeNode(entry.name, inputs, (i) => isDifferentiable(entry, i));
    node.attrs = attrs;
    node.outputShapes = outputs.map((t) => t.shape);
    node.outputDtypes = outputs.map((t) => t.dtype);
    const { saves } = entry.op;
    if (saves?.inputs)
      for (const i of saves.inputs) if (inputs[i]) node.savedInputs[i] = this.save(inputs[i]);
    outputs.forEach((t, j) => {
      if (entry.record.outputs[j]!.differentiable !== false) this.setHistory(t, node, j);
    });
    if (saves?.outputs) for (const j of saves.outputs) node.savedOutputs[j] = this.save(outputs[j]!);
  }

  /** Gives a view whose base was changed in place the history that it now has. */
  private refresh(t: RefTensor): void {
    const view = t.view;
    if (!view || view.unrecorded || view.seen === view.base.historyVersion) return;
    view.seen = view.base.historyVersion;
    const mode = this.gradMode;
    this.gradMode = true;
    let replayed = view.base;
    for (const step of stepsOf(view.chain)) replayed = this.run(step.op, [replayed], step.attrs)[0]!;
    this.gradMode = mode;
    this.setHistory(t, replayed.node, replayed.outputIndex);
  }

  // ---- in place

  private checkMayChange(name: string, target: RefTensor): void {
    if (this.isLeaf(target) && target.requiresGrad) {
      fail(AutogradError, name, 'a leaf that requires a gradient cannot be changed in place; use noGrad');
    }
    const view = target.view;
    if (view && !view.unrecorded && this.isLeaf(view.base) && view.base.requiresGrad) {
      fail(
        AutogradError,
        name,
        'a view of a leaf that requires a gradient cannot be changed in place; use noGrad',
      );
    }
  }

  private checkResult(name: string, target: RefTensor, spec: Spec): void {
    if (!sameShape(spec.shape, target.shape)) {
      fail(
        ShapeError,
        name,
        `the result of shape ${show(spec.shape)} cannot be written into ${show(target.shape)}`,
      );
    }
    const narrows = isFloat(spec.dtype)
      ? !isFloat(target.dtype)
      : spec.dtype !== 'bool' && target.dtype === 'bool';
    if (narrows) {
      fail(DTypeError, name, `a ${spec.dtype} result cannot be written into ${target.dtype}`);
    }
  }

  private changeSilently(
    entry: Entry,
    target: RefTensor,
    inputs: readonly RefTensor[],
    attrs: unknown,
  ): void {
    const { op, record } = entry;
    const specs = op.infer(inputs, attrs);
    this.checkResult(entry.name, target, specs[0]!);
    // Straight into the target, unless an input lies across it in another way.
    const direct =
      record.flags.includes('elementwise') &&
      specs[0]!.dtype === target.dtype &&
      inputs.every(
        (x) => x.storage !== target.storage || (x.offset === target.offset && sameWindow(x, target)),
      );
    if (direct) {
      this.counts.ops += 1;
      const into = (): RefTensor[] => (compute(entry, inputs, [target], attrs), [target]);
      if (this.observer.active) this.observer.around(entry.name, record, inputs, attrs, true, into);
      else into();
    } else {
      copyInto(target, this.evaluate(entry, inputs, attrs)[0]!);
    }
    target.storage.version += 1;
  }

  private changeRecorded(
    entry: Entry,
    target: RefTensor,
    inputs: readonly RefTensor[],
    attrs: unknown,
  ): void {
    const { name } = entry;
    if (target.view?.unrecorded) {
      fail(
        AutogradError,
        name,
        'a view made under noGrad cannot be changed by what requires a gradient; make the view with gradients on',
      );
    }
    this.checkResult(name, target, entry.op.infer(inputs, attrs)[0]!);
    if (!target.isFloat) fail(AutogradError, name, `${target.dtype} cannot hold what requires a gradient`);
    let result = this.evaluate(entry, inputs, attrs)[0]!;
    if (result.storage === target.storage) result = this.detachedCopy(result);
    if (this.wantsNode(entry, inputs)) {
      this.attach(entry, inputs, [result], attrs);
      // What was saved of the memory that is about to change is kept as a copy.
      const saved = result.node?.savedInputs;
      saved?.forEach((s, i) => {
        if (s?.tensor.storage === target.storage) saved[i] = this.save(this.detachedCopy(s.tensor, true));
      });
    }
    if (result.dtype !== target.dtype) result = this.run('to', [result], { dtype: target.dtype })[0]!;
    copyInto(target, result);
    target.storage.version += 1;
    this.rebase(target, result);
  }

  /** A copy of the elements; with `history` it stands at the same place of the graph. */
  private detachedCopy(t: RefTensor, history = false): RefTensor {
    const copy = zeros('clone', t.dtype, t.shape);
    copyInto(copy, t);
    if (history) {
      copy.node = this.edge(t);
      copy.outputIndex = t.node ? t.outputIndex : 0;
    }
    return copy;
  }

  private rebase(target: RefTensor, result: RefTensor): void {
    const view = target.view;
    if (!view) {
      this.setHistory(target, result.node, result.outputIndex);
      target.historyVersion += 1;
      return;
    }
    const { base, chain } = view;
    const attrs = { chain: stepsOf(chain), strides: base.strides };
    if (this.requiresGrad(base) || result.node) {
      this.attach(this.entry('viewScatter'), [base, result], [base], attrs);
      base.historyVersion += 1;
    }
  }
}

function compute(
  { name, op }: Entry,
  inputs: readonly RefTensor[],
  outputs: readonly RefTensor[],
  attrs: unknown,
): void {
  try {
    op.forward?.(inputs, outputs, attrs);
    roundHalves(outputs);
  } catch (error) {
    // A scratch array that is not to be had.
    if (!(error instanceof RangeError)) throw error;
    fail(OutOfMemoryError, name, `there is no memory for the work: ${error.message}`);
  }
}

function isDifferentiable(entry: Entry, input: number): boolean {
  const defs = entry.record.inputs;
  return (defs[0]?.kind === 'list' ? defs[0] : defs[input]!).differentiable !== false;
}

function sameWindow(a: RefTensor, b: RefTensor): boolean {
  return sameShape(a.shape, b.shape) && sameShape(a.strides, b.strides);
}

/** The dtype by whose kind a number takes part in promotion. */
function kindDtype(value: number | boolean): DType {
  if (typeof value === 'boolean') return 'bool';
  // The integer 0 would lose the sign of -0.
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? 'int64' : 'float32';
}

/** Without `rounds` a number that meets 16-bit floats stays the float32 that it is computed with. */
function scalar(value: number | boolean, dtype: DType, rounds = true): RefTensor {
  const t = zeros('scalar', dtype, []);
  const number = Number(value);
  // Integers wrap, as those of tensors do when they are cast; other numbers saturate.
  const wraps = Number.isSafeInteger(number) && dtype !== 'bool' && dtype !== 'int64' && !isFloat(dtype);
  (t.data as Float64Array)[0] = wraps ? number : (castNumber(number, dtype) as number);
  if (rounds) roundHalves([t]);
  t.wrapped = true;
  return t;
}
