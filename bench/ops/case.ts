import { rand, randint, randn } from '../../lib/index.js';
import type { DType, Tensor, ValuesAndIndices } from '../../lib/index.js';

/** Elements of a case: what does not fit into the caches of one program's share of a machine. */
export const size = 1 << 24;
/** The side of a square matrix of that many elements. */
export const side = 4096;

/** An input, made on both sides from the same description. */
export interface Input {
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Uniform in [low, high), whole for integers; `normal` ignores both. */
  readonly low: number;
  readonly high: number;
  readonly normal: boolean;
  /** How it lies in memory: a view of what is made. */
  readonly view?: View;
}

export interface View {
  readonly call: (x: Tensor) => Tensor;
  /** The same in Python, of `x`. */
  readonly torch: string;
}

export type Result =
  Tensor | readonly Tensor[] | ValuesAndIndices | Readonly<Record<string, Tensor>> | number | boolean;

/** Cases of 16M elements for every op, next to a triad: docs/bandwidth.md is made of them. */
export const bandwidthGroups = ['elementwise', 'reduction', 'index', 'layout', 'dtypes'] as const;
/** Shapes as they stand in networks, forward and backward. */
export const kernelGroups = ['tiny', 'matmul', 'attn', 'elem', 'norm', 'misc', 'opt', 'conv'] as const;
export type Group = (typeof bandwidthGroups)[number] | (typeof kernelGroups)[number];

export interface OpCase {
  readonly name: string;
  readonly group: Group;
  readonly inputs: readonly Input[];
  readonly call: (...inputs: Tensor[]) => Result;
  /** What a round calls instead, made once of the inputs: for what needs more than a call, gradients or an optimizer. */
  readonly prepare?: (...inputs: Tensor[]) => () => Result;
  /** Ops of one call, if it is a loop: times are then of one. */
  readonly loop?: number;
  /** What one call computes: it is held against the rate of multiply-adds. */
  readonly flops?: number;
  /** Bytes that must move, if not the inputs once and the outputs once. */
  readonly bytes?: number;
  /** The same in PyTorch. Absent where PyTorch has none. */
  readonly torch?: string | TorchProgram;
}

/** Python of a, b, c, ..., torch, F and aten. */
export interface TorchProgram {
  /** Statements, run once. */
  readonly setup?: string;
  /** Expressions of which the fastest counts. */
  readonly calls: readonly string[];
}

export function input(shape: readonly number[], options: Partial<Input> = {}): Input {
  return { shape, dtype: 'float32', low: 0.1, high: 0.9, normal: false, ...options };
}

/** 16M float32 of the normal distribution. */
export const flat = input([size], { normal: true });
export const square = input([side, side], { normal: true });
/** Few, many, few: the middle dim is reduced. */
export const cube = input([64, side, 64], { normal: true });

export function makeInput({ shape, dtype, low, high, normal, view }: Input): Tensor {
  const base = dtype.startsWith('float') || dtype.startsWith('bfloat');
  const made = normal
    ? randn(shape, { dtype: 'float32' }).to(dtype)
    : base
      ? rand(shape, { dtype: 'float32' })
          .mul(high - low)
          .add(low)
          .to(dtype)
      : randint(low, high, shape, { dtype: 'int32' }).to(dtype);
  return view === undefined ? made : view.call(made);
}
