import type { BackwardOptions } from '../autograd.js';
import type { Operand } from '../check.js';
import type { DType } from '../dtype.js';
import type {
  DimOptions,
  ReduceOptions,
  SoftmaxOptions,
  SumOptions,
  ValuesAndIndices,
  VarOptions,
} from '../ops/reduction.js';
import type { AlphaOptions, DivOptions } from '../ops/binary.js';
import type { ClampOptions } from '../ops/clamp.js';
import type { GeluOptions, RoundOptions } from '../ops/unary.js';
import type { Tensor } from '../tensor.js';
import type { CumulativeInPlaceMethods, CumulativeMethods } from './cumulative.js';
import type { ElementwiseMethods } from './elementwise-types.js';
import type { IndexingInPlaceMethods, IndexingMethods } from './indexing.js';
import type { LinalgMethods } from './linalg.js';
import type { RandomInPlaceMethods, RandomMethods } from './random.js';
import type { ReductionMethods } from './reduction.js';
import type { ShapeMethods } from './shape.js';
import type { SortingMethods } from './sorting.js';

/** The ops as methods. Each is the function of the same name with this tensor as the first argument. */
export interface TensorMethods
  extends
    CumulativeMethods,
    ElementwiseMethods,
    LinalgMethods,
    RandomMethods,
    ReductionMethods,
    SortingMethods,
    IndexingMethods,
    ShapeMethods {
  renorm(p: number, dim: number, maxnorm: number): Tensor;
  abs(): Tensor;
  neg(): Tensor;
  sign(): Tensor;
  square(): Tensor;
  relu(): Tensor;
  floor(): Tensor;
  ceil(): Tensor;
  trunc(): Tensor;
  round(options?: RoundOptions): Tensor;
  exp(): Tensor;
  log(): Tensor;
  sqrt(): Tensor;
  rsqrt(): Tensor;
  reciprocal(): Tensor;
  sin(): Tensor;
  cos(): Tensor;
  tanh(): Tensor;
  sigmoid(): Tensor;
  erf(): Tensor;
  silu(): Tensor;
  gelu(options?: GeluOptions): Tensor;
  clamp(options: ClampOptions): Tensor;
  logicalNot(): Tensor<'bool'>;
  isnan(): Tensor<'bool'>;

  add(other: Operand, options?: AlphaOptions): Tensor;
  sub(other: Operand, options?: AlphaOptions): Tensor;
  mul(other: Operand): Tensor;
  div(other: Operand, options?: DivOptions): Tensor;
  pow(exponent: Operand): Tensor;
  maximum(other: Tensor): Tensor;
  minimum(other: Tensor): Tensor;
  eq(other: Operand): Tensor<'bool'>;
  ne(other: Operand): Tensor<'bool'>;
  lt(other: Operand): Tensor<'bool'>;
  le(other: Operand): Tensor<'bool'>;
  gt(other: Operand): Tensor<'bool'>;
  ge(other: Operand): Tensor<'bool'>;
  /** This tensor where `condition` holds, else `other`. */
  where(condition: Tensor, other: Operand): Tensor;

  sum(options?: SumOptions): Tensor;
  mean(options?: ReduceOptions): Tensor;
  amax(options?: ReduceOptions): Tensor;
  amin(options?: ReduceOptions): Tensor;
  max(options: DimOptions & { dim: number }): ValuesAndIndices;
  max(other?: Tensor): Tensor;
  min(options: DimOptions & { dim: number }): ValuesAndIndices;
  min(other?: Tensor): Tensor;
  argmax(options?: DimOptions): Tensor<'int64'>;
  argmin(options?: DimOptions): Tensor<'int64'>;
  /** The function `variance`. */
  var(options?: VarOptions): Tensor;
  std(options?: VarOptions): Tensor;
  any(options?: ReduceOptions): Tensor<'bool'>;
  all(options?: ReduceOptions): Tensor<'bool'>;
  softmax(dim: number, options?: SoftmaxOptions): Tensor;
  logSoftmax(dim: number, options?: SoftmaxOptions): Tensor;
  allclose(other: Tensor, options?: { atol?: number; rtol?: number; equalNan?: boolean }): boolean;
  equal(other: Tensor): boolean;

  to<T extends DType>(dtype: T): Tensor<T>;
  /** `to('float32')` */
  float(): Tensor<'float32'>;
  /** `to('float64')` */
  double(): Tensor<'float64'>;
  /** `to('int64')` */
  long(): Tensor<'int64'>;
  /** `to('int32')` */
  int(): Tensor<'int32'>;
  /** `to('float16')` */
  half(): Tensor<'float16'>;
  /** `to('bfloat16')` */
  bfloat16(): Tensor<'bfloat16'>;
  /** `to('bool')` */
  bool(): Tensor<'bool'>;
  clone(): Tensor;
  detach(): Tensor;
  contiguous(): Tensor;

  backward(options?: BackwardOptions): void;
}

/** The ops that write their result into this tensor and return it. */
export interface InPlaceMethods
  extends CumulativeInPlaceMethods, IndexingInPlaceMethods, RandomInPlaceMethods {
  add_(other: Operand, options?: AlphaOptions): this;
  sub_(other: Operand, options?: AlphaOptions): this;
  mul_(other: Operand): this;
  div_(other: Operand, options?: DivOptions): this;
  pow_(exponent: Operand): this;
  abs_(): this;
  neg_(): this;
  sign_(): this;
  square_(): this;
  relu_(): this;
  floor_(): this;
  ceil_(): this;
  trunc_(): this;
  round_(options?: RoundOptions): this;
  exp_(): this;
  log_(): this;
  sqrt_(): this;
  rsqrt_(): this;
  reciprocal_(): this;
  sin_(): this;
  cos_(): this;
  tanh_(): this;
  sigmoid_(): this;
  erf_(): this;
  silu_(): this;
  clamp_(options: ClampOptions): this;
  /** Copies `source` in: broadcast to this shape, cast to this dtype. */
  copy_(source: Tensor): this;
  /** Sets every element to `value`, a number or a 0-dim tensor. */
  fill_(value: Operand): this;
  /** Sets every element to 0. */
  zero_(): this;
}
