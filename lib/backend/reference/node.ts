import type { DType } from '../../dtype.js';
import type { RefTensor } from './array.js';

/**
 * The last step of the way to a view, and those before, shared with the view that it was taken of: a view of a view of a
 * view costs no more than a view.
 */
export interface ViewChain {
  readonly step: ViewStep;
  readonly before: ViewChain | undefined;
}

/** The steps, the first one first. */
export function stepsOf(chain: ViewChain): ViewStep[] {
  const steps: ViewStep[] = [];
  for (let at: ViewChain | undefined = chain; at; at = at.before) steps.push(at.step);
  return steps.reverse();
}

/** One step of a view chain. */
export interface ViewStep {
  readonly op: string;
  readonly attrs: unknown;
}

/** How a view follows from the tensor whose storage it shares. */
export interface ViewInfo {
  readonly base: RefTensor;
  readonly chain: ViewChain;
  /** Made while nothing was recorded: it has no history of its own to rewrite. */
  readonly unrecorded: boolean;
  /** `historyVersion` of the base that the view's node belongs to. */
  seen: number;
}

/** What a node keeps of a tensor, and the version at which it was right. */
export interface Saved {
  readonly tensor: RefTensor;
  readonly version: number;
}

/**
 * A recorded call. Edges lead to the nodes that made the inputs (undefined where no gradient is wanted).
 * A node's number is greater than those of all nodes that it leads to, so that backward can simply go down in number.
 */
export class TapeNode {
  edges: (TapeNode | undefined)[] = [];
  /** Which output of the edge's node the input was. */
  edgeOutputs: number[] = [];
  inputShapes: (readonly number[])[] = [];
  inputDtypes: DType[] = [];
  outputShapes: (readonly number[])[] = [];
  outputDtypes: DType[] = [];
  attrs: unknown = undefined;
  savedInputs: (Saved | undefined)[] = [];
  savedOutputs: (Saved | undefined)[] = [];
  released = false;
  /** Set for the node that accumulates into a leaf. */
  leaf: RefTensor | undefined = undefined;
  /** Set for a custom op: its number in the table of custom ops. */
  custom = -1;
  /** Non-leaf tensors that keep their gradient. */
  retaining: RefTensor[] | undefined = undefined;

  /** What sees the gradient of an output, and may replace it. */
  hooks: { readonly output: number; readonly hook: (grad: RefTensor) => RefTensor }[] | undefined = undefined;

  constructor(
    /** Name of the op. */
    readonly op: string,
    readonly sequence: number,
  ) {}

  /** Drops what was saved: another backward through this node is an error, unless it saved nothing. */
  release(): void {
    if (this.savedInputs.length === 0 && this.savedOutputs.length === 0) return;
    this.released = true;
    this.savedInputs = [];
    this.savedOutputs = [];
  }
}
