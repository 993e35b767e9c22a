import type { OpInput } from '../backend/backend.js';
import type { Tensor } from '../tensor.js';
import type { OptionTable } from './option.js';

/** What every optimizer has an option for. */
export interface LearningRate {
  /** Learning rate. */
  lr?: number;
}

/** A tensor that is kept for each parameter. */
export interface StateKind<Options extends object> {
  /** Whether it is kept at all. Default always. */
  when?(options: Required<Options>): boolean;
  /** Its shape for a parameter of this shape, null if that parameter has none. Default the parameter's. */
  shape?(param: readonly number[]): readonly number[] | null;
}

/**
 * An optimizer: its options, what it keeps, and the op that makes a step. The op's inputs are the parameters, the states in
 * this order (an empty list for one that is not kept), the counts of steps, the further rows, and the options' numbers.
 */
export interface Rule<Options extends LearningRate> {
  readonly options: OptionTable<Options>;
  /** Fails for options that do not go together. */
  check?(op: string, options: Required<Options>): void;
  /** Fails for a parameter that the optimizer cannot take. */
  checkParam?(op: string, param: Tensor, i: number): void;
  readonly states: Readonly<Record<string, StateKind<Options>>>;
  /**
   * Numbers kept for each parameter, as the state dict names them; `step`, if it is there, is the first. Where it is not, the
   * counts only tell which parameters have a state.
   */
  readonly rows: readonly string[];
  run(inputs: readonly OpInput<Tensor>[], options: Required<Options>): void;
}
