// Checked by `npm run typecheck`, never run: what the compiler must know and must refuse.
/* eslint-disable @typescript-eslint/no-unused-vars, @typescript-eslint/no-floating-promises */
import * as lg from '../../lib/index.js';
import type { DType, Tensor } from '../../lib/index.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type IsAny<T> = 0 extends 1 & T ? true : false;

function same<A, B>(_proof: Equal<A, B>): void {}

// dtypes

const f32 = lg.zeros([2]);
same<typeof f32, Tensor<'float32'>>(true);
const i64 = lg.zeros([2], { dtype: 'int64' });
same<typeof i64, Tensor<'int64'>>(true);
same<typeof i64.data, BigInt64Array>(true);
same<typeof f32.data, Float32Array>(true);
const f64 = f32.to('float64');
same<typeof f64, Tensor<'float64'>>(true);
const typed = lg.tensor(new Float64Array(2));
same<typeof typed, Tensor<'float64'>>(true);
const mask = f32.gt(0);
same<typeof mask, Tensor<'bool'>>(true);
const truth = mask.item();
same<typeof truth, boolean>(true);
const number = f32.item();
same<typeof number, number>(true);
const dtype: DType = f32.dtype;
void dtype;

// A tensor of a known dtype is a tensor.
const general: Tensor = f32;
void general;
// @ts-expect-error int64 is not float32
const wrong: Tensor<'float32'> = i64;
void wrong;
// @ts-expect-error there is no such dtype
lg.zeros([2], { dtype: 'float8' });
// @ts-expect-error random floats only
lg.rand([2], { dtype: 'int64' });
// @ts-expect-error shape and dtype never change
f32.dtype = 'float64';
// @ts-expect-error sizes are numbers
lg.zeros(['2']);
// @ts-expect-error an array is no operand
f32.add([1, 2]);
// @ts-expect-error a bigint is no operand
f32.add(1n);
// @ts-expect-error positional booleans are no options
f32.sum(0, true);
// @ts-expect-error modes are listed
lg.gelu(f32, { approximate: 'exact' });
// @ts-expect-error reductions are listed
lg.crossEntropy(f32, i64, { reduction: 'max' });

const best = lg.max(f32, { dim: 0 });
same<typeof best.values, Tensor>(true);
same<typeof best.indices, Tensor<'int64'>>(true);
const largest = lg.max(f32);
same<typeof largest, Tensor>(true);

// layers

const model = new lg.nn.Sequential(new lg.nn.Linear(2, 3), new lg.nn.ReLU(), new lg.nn.Linear(3, 1));
const out = model.forward(f32);
same<typeof out, Tensor>(true);

class Two extends lg.nn.Module<[Tensor, Tensor], Tensor> {
  readonly linear = new lg.nn.Linear(2, 2);
  override forward(a: Tensor, b: Tensor): Tensor {
    return this.linear.forward(a).add(b);
  }
}
const two = new Two();
two.forward(f32, f32);
// @ts-expect-error two inputs are needed
two.forward(f32);
const parameters = [...two.parameters()];
same<IsAny<(typeof parameters)[number]>, false>(true);
const dict = two.stateDict();
same<IsAny<(typeof dict)[string]>, false>(true);

const optimizer = new lg.optim.SGD(two.parameters(), { lr: 0.1, momentum: 0.9 });
optimizer.step();
// @ts-expect-error no such option
new lg.optim.SGD(two.parameters(), { learningRate: 0.1 });

// gradients

const [gradient] = lg.grad(f32.sum(), [f32]);
same<IsAny<typeof gradient>, false>(true);
const kept = lg.tidy(() => ({ a: f32.add(1), list: [f32] }));
same<typeof kept, { a: Tensor; list: Tensor<'float32'>[] }>(true);
const quiet = lg.noGrad(() => 3);
same<typeof quiet, number>(true);

// Scopes end when their function returns, so it must not go on after that.

const choice = lg.noGrad(() => (Math.random() < 2 ? f32 : 'none'));
same<typeof choice, Tensor<'float32'> | 'none'>(true);
lg.tidy(() => {
  f32.add(1);
});
const cast = lg.autocast({ dtype: 'bfloat16' }, () => [f32.sum()] as const);
same<typeof cast, readonly [Tensor]>(true);
const step = lg.compile((x: Tensor, rate: number) => ({ loss: x.mul(rate) }));
same<ReturnType<typeof step>, { loss: Tensor }>(true);
same<Parameters<typeof step>, [x: Tensor, rate: number]>(true);
const later = async (): Promise<number> => Promise.resolve(1);
const sometimes = (): number | Promise<number> => (Math.random() < 1 ? 1 : later());
// @ts-expect-error a promise
lg.noGrad(later);
// @ts-expect-error a promise, sometimes
lg.noGrad(sometimes);
// @ts-expect-error a promise
lg.enableGrad(async () => lg.ones([2]).read());
// @ts-expect-error a promise
lg.inferenceMode(later);
// @ts-expect-error a promise
lg.tidy(later);
// @ts-expect-error a promise
lg.withSeed(1, later);
// @ts-expect-error a promise
lg.autocast(later);
// @ts-expect-error a promise
lg.autocast({ dtype: 'bfloat16' }, async () => Promise.resolve(f32));
// @ts-expect-error a promise
lg.compile(async (x: Tensor) => x.add(1).read());
// @ts-expect-error a promise
lg.compile(later, { passes: 'exact' });
// @ts-expect-error a promise
lg.detectAnomaly(later);
// @ts-expect-error a promise
lg.profile(later);
// @ts-expect-error a promise
lg.checkpoint(async (x: Tensor) => Promise.resolve(x), f32);
// @ts-expect-error a promise
optimizer.step(later);
function twice<T>(fn: () => lg.Synchronous<T>): T {
  lg.noGrad(fn);
  return lg.noGrad<T>(fn);
}
same<ReturnType<typeof twice<number>>, number>(true);

// No `any` leaks from the surface.

type Members = { [K in keyof Tensor]: IsAny<Tensor[K]> extends true ? K : never }[keyof Tensor];
same<Members, never>(true);
type Returns = {
  [K in keyof typeof lg]: (typeof lg)[K] extends (...args: never[]) => infer R
    ? IsAny<R> extends true
      ? K
      : never
    : never;
}[keyof typeof lg];
same<Returns, never>(true);
type MethodReturns = {
  [K in keyof Tensor]: Tensor[K] extends (...args: never[]) => infer R
    ? IsAny<R> extends true
      ? K
      : never
    : never;
}[keyof Tensor];
same<MethodReturns, never>(true);
