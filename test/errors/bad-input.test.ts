// Plain JavaScript has no types, and this is what it can pass:
/* eslint-disable @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call */
/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-argument */

import { afterAll, describe, expect, test } from 'vitest';
import * as lg from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

// Every row must throw an error of a named class of the library
// that says the op, what it got and what it wanted, and leave the live tensors as they were.

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Loose = any;
const any = lg as Loose as Record<string, (...args: unknown[]) => Loose>;

type Kind =
  | typeof lg.ShapeError
  | typeof lg.DTypeError
  | typeof lg.IndexError
  | typeof lg.ValueError
  | typeof lg.DisposedError
  | typeof lg.OutOfMemoryError
  | typeof lg.AutogradError;

type Row = readonly [what: string, call: () => unknown, ...kinds: Kind[]];

const { ShapeError, DTypeError, IndexError, ValueError, DisposedError, OutOfMemoryError, AutogradError } = lg;

const a23 = lg.ones([2, 3]);
const a34 = lg.ones([3, 4]);
const v3 = lg.ones([3]);
const v4 = lg.ones([4]);
const i3 = lg.tensor([0, 1, 2]);
const b3 = lg.tensor([true, false, true]);
const image = lg.ones([1, 2, 5, 5]);
const kernel = lg.ones([3, 2, 3, 3]);
const freed = lg.ones([3]);
freed.dispose();
const required = lg.ones([3], { requiresGrad: true });
const cyclic: unknown[] = [];
cyclic.push(cyclic);
const detached = new Float32Array(4);
structuredClone(detached.buffer, { transfer: [detached.buffer] });
const huge = 2 ** 40;
const deep = (depth: number): unknown => Array.from({ length: depth }).reduce<unknown>((inner) => [inner], 1);

const creation: Row[] = [
  ['a negative size', () => lg.zeros([2, -1]), ValueError],
  ['a NaN size', () => lg.zeros([NaN]), ValueError],
  ['an infinite size', () => lg.zeros([Infinity]), ValueError],
  ['a size that is no integer', () => lg.ones([2.5]), ValueError],
  ['2^40 elements', () => lg.zeros([huge]), OutOfMemoryError],
  ['2^40 elements in two dims', () => lg.ones([2 ** 20, 2 ** 20], { dtype: 'float64' }), OutOfMemoryError],
  ['a product beyond 2^53', () => lg.zeros([2 ** 30, 2 ** 30]), ValueError, ShapeError, OutOfMemoryError],
  ['a string as a dim to squeeze', () => any['squeeze']!(a23, 'x'), ValueError],
  ['null as a dim to squeeze', () => any['squeeze']!(a23, null), ValueError],
  ['a dim twice to squeeze', () => lg.squeeze(a23, [0, -2]), ValueError],
  ['a number as requiresGrad_', () => (lg.ones([1]) as Loose).requiresGrad_(1), ValueError],
  ['a string as requiresGrad', () => ((lg.ones([1]) as Loose).requiresGrad = 'false'), ValueError],
  ['a string as a dim to normalize', () => (lg.F as Loose).normalize(a23, { dim: 'x' }), ValueError],
  ['nothing to drop', () => (lg.F as Loose).dropout3d(), DTypeError],
  [
    'null for options with a function',
    () => (lg.F as Loose).tripletMarginWithDistanceLoss(v3, v3, v3, null),
    ValueError,
    DTypeError,
  ],
  ['nothing to be like', () => any['randLike']!(), DTypeError],
  ['a shape to be like', () => any['randnLike']!([2, 3]), DTypeError],
  ['nothing to fit', () => (lg.linalg as Loose).lstsq(a23), DTypeError],
  [
    'an index for each of 2^31 places',
    () => lg.F.pad(lg.ones([1, 1, 3]), [2 ** 31, 0], { mode: 'replicate' }),
    ShapeError,
  ],
  ['pairs of 2^31 rows', () => lg.F.pdist(lg.zeros([2 ** 31, 0])), ShapeError],
  ['a hundred dims', () => lg.zeros(new Array<number>(100).fill(1)), ShapeError, ValueError],
  ['a string as a size', () => any['zeros']!(['3']), ValueError],
  ['a string as a shape', () => any['zeros']!('3'), ValueError],
  ['an object as a shape', () => any['zeros']!({ length: 2 }), ValueError],
  ['null as a shape', () => any['zeros']!(null), ValueError],
  ['no shape', () => any['zeros']!(), ValueError],
  ['an option that is not there', () => any['randn']!([2], { device: 'cpu' }), ValueError],
  ['an option that is not there, of tensor', () => any['tensor']!([2], { requires_grad: true }), ValueError],
  ['the end of a slice as a number', () => any['slice']!(v4, 0, 1, 3), ValueError],
  ['a slice without a range', () => any['slice']!(v4, 0), ValueError],
  ['an unknown end of a slice', () => any['slice']!(v4, 0, { end: 3 }), ValueError],
  ['an unknown end of a range', () => any['index']!(v4, { end: 3 }), ValueError],
  ['floats as an index of an embedding', () => lg.embedding(v3, a34), DTypeError],
  ['a bigint size', () => any['zeros']!([3n]), ValueError],
  ['a symbol as a size', () => any['zeros']!([Symbol('n')]), ValueError],
  ['a tensor as a shape', () => any['zeros']!(v3), ValueError],
  ['an unknown dtype', () => any['zeros']!([2], { dtype: 'float8' }), DTypeError],
  ['a dtype that is a number', () => any['zeros']!([2], { dtype: 4 }), DTypeError],
  ['a dtype of the prototype', () => any['zeros']!([2], { dtype: 'constructor' }), DTypeError],
  ['options that are a string', () => any['zeros']!([2], 'float32'), ValueError],
  ['requiresGrad that is a number', () => any['zeros']!([2], { requiresGrad: 1 }), ValueError],
  ['requiresGrad of integers', () => lg.zeros([2], { dtype: 'int32', requiresGrad: true }), DTypeError],
  ['full with a string', () => any['full']!([2], 'x'), ValueError],
  ['full with nothing', () => any['full']!([2]), ValueError],
  ['arange of NaN', () => lg.arange(NaN), ValueError],
  ['arange to infinity', () => lg.arange(Infinity), ValueError],
  ['arange with step 0', () => lg.arange(0, 5, { step: 0 }), ValueError],
  ['arange away from its end', () => lg.arange(0, 5, { step: -1 }), ValueError],
  ['arange of 2^40', () => lg.arange(huge), OutOfMemoryError],
  ['arange with a tiny step', () => lg.arange(0, 1, { step: 1e-300 }), ValueError, OutOfMemoryError],
  ['linspace of -1 steps', () => lg.linspace(0, 1, -1), ValueError],
  ['linspace of a string', () => any['linspace']!('0', 1, 3), ValueError],
  ['eye of -2', () => lg.eye(-2), ValueError],
  ['eye of 2^20', () => lg.eye(2 ** 21), OutOfMemoryError],
  ['randint without room', () => lg.randint(5, 5, [2]), ValueError],
  ['randint of fractions', () => lg.randint(0.5, 2, [2]), ValueError],
  ['rand of integers', () => any['rand']!([2], { dtype: 'int64' }), DTypeError],
  ['randn of bool', () => any['randn']!([2], { dtype: 'bool' }), DTypeError],
  ['a seed that is a string', () => any['manualSeed']!('7'), ValueError],
  ['a seed that is NaN', () => lg.manualSeed(NaN), ValueError],
];

const data: Row[] = [
  ['rows of unequal lengths', () => lg.tensor([[1, 2], [3]]), ShapeError],
  ['a value where a row was', () => lg.tensor([[1, 2], 3] as Loose), ShapeError],
  ['a row where a value was', () => lg.tensor([1, [2]] as Loose), ShapeError],
  ['a string', () => any['tensor']!('abc'), DTypeError],
  ['strings', () => any['tensor']!(['1', '2']), DTypeError],
  ['null', () => any['tensor']!(null), DTypeError],
  ['nothing', () => any['tensor']!(), DTypeError],
  ['an array with null', () => any['tensor']!([1, null]), DTypeError],
  ['a sparse array', () => any['tensor']!([1, , 2]), DTypeError],
  ['an object', () => any['tensor']!({}), DTypeError],
  ['a function', () => any['tensor']!(() => 1), DTypeError],
  ['a symbol', () => any['tensor']!(Symbol('x')), DTypeError],
  ['a date', () => any['tensor']!(new Date(0)), DTypeError],
  ['a tensor', () => any['tensor']!(v3), DTypeError],
  ['tensors', () => any['tensor']!([v3, v3]), DTypeError],
  ['a DataView', () => any['tensor']!(new DataView(new ArrayBuffer(8))), DTypeError],
  ['an ArrayBuffer', () => any['tensor']!(new ArrayBuffer(8)), DTypeError],
  ['a BigUint64Array', () => any['tensor']!(new BigUint64Array(2)), DTypeError],
  ['an array that holds itself', () => any['tensor']!(cyclic), ShapeError, ValueError, DTypeError],
  ['forty levels of arrays', () => any['tensor']!(deep(40)), ShapeError, ValueError],
  ['a detached buffer with a shape', () => lg.tensor(detached, { shape: [4] }), ShapeError, ValueError],
  ['a shape that does not fit', () => lg.tensor([1, 2, 3], { shape: [2, 2] }), ShapeError],
  ['a shape with -1', () => lg.tensor([1, 2, 3], { shape: [-1] }), ValueError],
  ['NaN as int64', () => lg.tensor([NaN], { dtype: 'int64' }), DTypeError, ValueError],
  ['a dtype that does not exist', () => any['tensor']!([1], { dtype: 'int4' }), DTypeError],
];

const shapes: Row[] = [
  ['add: shapes that do not broadcast', () => v3.add(v4), ShapeError],
  ['mul: shapes that do not broadcast', () => a23.mul(a34), ShapeError],
  ['where: shapes that do not broadcast', () => lg.where(b3, v4, 0), ShapeError],
  ['matmul: inner sizes', () => a23.matmul(a23), ShapeError],
  ['matmul: 0-dim', () => a23.matmul(lg.ones([])), ShapeError],
  ['matmul: vector of a wrong size', () => a23.matmul(v4), ShapeError],
  ['matmul: batch sizes', () => lg.ones([2, 2, 3]).matmul(lg.ones([3, 3, 2])), ShapeError],
  ['mm: a vector', () => lg.mm(a23, v3), ShapeError],
  ['bmm: matrices', () => lg.bmm(a23, a34), ShapeError],
  ['dot: sizes', () => lg.dot(v3, v4), ShapeError],
  ['linear: inner sizes', () => lg.linear(a23, lg.ones([5, 4])), ShapeError],
  ['linear: bias', () => lg.linear(a23, lg.ones([5, 3]), v4), ShapeError],
  ['linear: weight of one dim', () => lg.linear(a23, v3), ShapeError],
  ['reshape: count', () => a23.reshape([4]), ShapeError],
  ['reshape: two unknown sizes', () => a23.reshape([-1, -1]), ShapeError, ValueError],
  ['reshape: -2', () => a23.reshape([-2, 3]), ShapeError, ValueError],
  ['reshape: no divisor', () => a23.reshape([-1, 4]), ShapeError],
  ['reshape: unknown size beside 0', () => lg.zeros([0, 3]).reshape([-1, 0]), ShapeError],
  ['reshape: huge sizes', () => a23.reshape([2 ** 40, 2 ** 40]), ShapeError, ValueError, OutOfMemoryError],
  ['view: strides', () => a23.t().view([6]), ShapeError],
  ['permute: too few', () => a23.permute([0]), ShapeError, ValueError],
  ['permute: a dim twice', () => a23.permute([0, 0]), ValueError],
  ['permute: out of range', () => a23.permute([0, 2]), IndexError],
  ['transpose: out of range', () => a23.transpose(0, 2), IndexError],
  ['t: three dims', () => lg.ones([1, 2, 3]).t(), ShapeError],
  ['expand: a size that is not 1', () => a23.expand([4, 3]), ShapeError],
  ['expand: fewer dims', () => a23.expand([3]), ShapeError],
  ['expand: -1 as a new dim', () => v3.expand([-1, 3]), ShapeError, ValueError],
  ['expand: 2^40 rows, then a copy', () => v3.expand([huge, 3]).clone(), OutOfMemoryError],
  ['squeeze: out of range', () => a23.squeeze(5), IndexError],
  ['unsqueeze: out of range', () => a23.unsqueeze(4), IndexError],
  ['flatten: end before start', () => a23.flatten(1, 0), ValueError],
  ['unflatten: sizes', () => a23.unflatten(1, [2, 2]), ShapeError],
  ['cat: shapes', () => lg.cat([a23, a34]), ShapeError],
  ['cat: ranks', () => lg.cat([a23, v3]), ShapeError],
  ['cat: dim', () => lg.cat([a23, a23], 2), IndexError],
  ['cat: nothing', () => lg.cat([]), ValueError],
  ['cat: a tensor', () => any['cat']!(a23), DTypeError],
  ['cat: a number in the list', () => any['cat']!([a23, 1]), DTypeError],
  ['stack: shapes', () => lg.stack([v3, v4]), ShapeError],
  ['stack: nothing', () => lg.stack([]), ValueError],
  ['split: 0', () => lg.split(v3, 0), ValueError],
  ['split: sizes', () => lg.split(v3, [1, 1]), ValueError],
  ['split: negative sizes', () => lg.split(v3, [4, -1]), ValueError],
  ['chunk: 0', () => lg.chunk(v3, 0), ValueError],
  ['unbind: 0-dim', () => lg.unbind(lg.ones([])), ShapeError],
  ['item: three elements', () => v3.item(), ShapeError],
  ['conv2d: channels', () => lg.conv2d(lg.ones([1, 3, 5, 5]), kernel), ShapeError],
  ['conv2d: a matrix', () => lg.conv2d(a23, kernel), ShapeError],
  ['conv2d: kernel larger than the image', () => lg.conv2d(lg.ones([1, 2, 2, 2]), kernel), ShapeError],
  ['conv2d: bias', () => lg.conv2d(image, kernel, v4), ShapeError],
  ['conv2d: groups', () => lg.conv2d(image, kernel, null, { groups: 2 }), ShapeError, ValueError],
  ['conv2d: groups 0', () => lg.conv2d(image, kernel, null, { groups: 0 }), ValueError],
  ['conv2d: stride 0', () => lg.conv2d(image, kernel, null, { stride: 0 }), ValueError],
  ['conv2d: negative padding', () => lg.conv2d(image, kernel, null, { padding: -1 }), ValueError],
  ['conv2d: dilation 0', () => lg.conv2d(image, kernel, null, { dilation: 0 }), ValueError],
  ['conv2d: three strides', () => lg.conv2d(image, kernel, null, { stride: [1, 1, 1] } as Loose), ValueError],
  ['conv2d: NaN stride', () => lg.conv2d(image, kernel, null, { stride: NaN }), ValueError],
  [
    'conv2d: padding of 2^40',
    () => lg.conv2d(image, kernel, null, { padding: huge }),
    ShapeError,
    ValueError,
    OutOfMemoryError,
  ],
  [
    'conv2d: same with stride',
    () => lg.conv2d(image, kernel, null, { padding: 'same', stride: 2 }),
    ValueError,
  ],
  [
    'conv2d: padding of a word',
    () => lg.conv2d(image, kernel, null, { padding: 'full' } as Loose),
    ValueError,
  ],
  ['maxPool2d: padding', () => lg.maxPool2d(image, 2, { padding: 2 }), ValueError],
  ['maxPool2d: kernel larger than the image', () => lg.maxPool2d(image, 9), ShapeError],
  ['maxPool2d: kernel 0', () => lg.maxPool2d(image, 0), ValueError],
  ['maxPool2d: a matrix', () => lg.maxPool2d(a23, 2), ShapeError],
  ['avgPool2d: kernel larger than the image', () => lg.avgPool2d(image, [2, 9]), ShapeError],
  ['avgPool2d: a string', () => any['avgPool2d']!(image, '2'), ValueError],
];

const indices: Row[] = [
  ['sum: dim out of range', () => a23.sum({ dim: 2 }), IndexError],
  ['sum: a dim twice', () => a23.sum({ dim: [0, -2] }), ValueError],
  ['sum: dim is a fraction', () => a23.sum({ dim: 0.5 }), ValueError],
  ['sum: dim is a string', () => a23.sum({ dim: '0' } as Loose), ValueError],
  ['sum: options are a number', () => (a23 as Loose).sum(1), ValueError],
  ['sum: an option of another library', () => a23.sum({ axis: 0 } as Loose), ValueError],
  ['argmax: dims for dim', () => a23.argmax({ dims: 0 } as Loose), ValueError],
  ['var: a misspelt option', () => lg.variance(a23, { corection: 0 } as Loose), ValueError],
  ['max: a number for options', () => (a23 as Loose).max(0), DTypeError],
  ['sum: keepdim is a number', () => a23.sum({ keepdim: 1 } as Loose), ValueError],
  ['amax of nothing', () => lg.zeros([0]).amax(), ShapeError, IndexError],
  ['argmax of empty rows', () => lg.zeros([2, 0]).argmax({ dim: 1 }), ShapeError, IndexError],
  ['max with dim of empty rows', () => lg.max(lg.zeros([2, 0]), { dim: 1 }), ShapeError, IndexError],
  ['softmax: dim out of range', () => lg.softmax(a23, 2), IndexError],
  ['softmax: no dim', () => any['softmax']!(a23), ValueError],
  ['narrow: beyond the end', () => v3.narrow(0, 2, 2), IndexError],
  ['narrow: negative length', () => v3.narrow(0, 0, -1), IndexError, ValueError],
  ['narrow: of a 0-dim tensor', () => lg.ones([]).narrow(0, 0, 1), ShapeError],
  ['select: out of range', () => v3.select(0, 3), IndexError],
  ['slice: step 0', () => v3.slice(0, { step: 0 }), ValueError],
  ['slice: negative step', () => v3.slice(0, { step: -1 }), ValueError],
  ['slice: NaN', () => v3.slice(0, { start: NaN }), ValueError],
  ['index: too many', () => lg.index(v3, 0, 0), IndexError],
  ['index: out of range', () => lg.index(v3, lg.tensor([3])), IndexError],
  ['index: before the start', () => lg.index(v3, lg.tensor([-4])), IndexError],
  ['index: floats', () => lg.index(v3, v3), DTypeError],
  ['index: a string', () => lg.index(v3, 'x' as Loose), DTypeError, IndexError],
  ['index: a mask of another size', () => lg.index(v4, b3), IndexError],
  ['index: two ellipses', () => lg.index(a23, '...', '...'), IndexError],
  ['index: tensors that do not broadcast', () => lg.index(a34, i3, lg.tensor([0, 1])), IndexError],
  ['gather: out of range', () => lg.gather(v3, 0, lg.tensor([3])), IndexError],
  ['gather: negative', () => lg.gather(v3, 0, lg.tensor([-1])), IndexError],
  ['gather: rank', () => lg.gather(a23, 0, i3), ShapeError],
  ['gather: index larger than x', () => lg.gather(a23, 1, lg.zeros([3, 1], { dtype: 'int64' })), ShapeError],
  ['gather: float index', () => lg.gather(v3, 0, v3), DTypeError],
  ['scatterAdd: out of range', () => lg.scatterAdd(v3, 0, lg.tensor([5]), v3), IndexError],
  ['scatterAdd: source too small', () => lg.scatterAdd(v4, 0, lg.tensor([0, 1, 2, 3]), v3), ShapeError],
  ['scatterAdd: dtype of source', () => lg.scatterAdd(v3, 0, i3, i3), DTypeError],
  ['indexSelect: out of range', () => lg.indexSelect(v3, 0, lg.tensor([9])), IndexError],
  ['indexSelect: 2^40', () => lg.indexSelect(v3, 0, lg.tensor([huge])), IndexError],
  ['indexSelect: a matrix as index', () => lg.indexSelect(v3, 0, lg.tensor([[0]])), ShapeError],
  ['indexSelect: bool', () => lg.indexSelect(v3, 0, b3), DTypeError],
  ['indexAdd: rows of source', () => lg.indexAdd(a23, 0, lg.tensor([0]), a23), ShapeError],
  ['embedding: out of range', () => lg.embedding(lg.tensor([4]), a34), IndexError],
  ['embedding: negative', () => lg.embedding(lg.tensor([-1]), a34), IndexError],
  ['embedding: float index', () => lg.embedding(v3, a34), DTypeError],
  ['embedding: weight of one dim', () => lg.embedding(i3, v3), ShapeError],
  ['embedding: paddingIdx', () => lg.embedding(i3, a34, { paddingIdx: 9 }), IndexError],
];

const values: Row[] = [
  ['add: a string', () => (v3 as Loose).add('1'), DTypeError],
  ['add: nothing', () => (v3 as Loose).add(), DTypeError],
  ['add: null', () => (v3 as Loose).add(null), DTypeError],
  ['add: an array', () => (v3 as Loose).add([1, 2, 3]), DTypeError],
  ['add: a bigint', () => (v3 as Loose).add(1n), DTypeError],
  ['add: a typed array', () => (v3 as Loose).add(new Float32Array(3)), DTypeError],
  ['add: an object like a tensor', () => (v3 as Loose).add({ dtype: 'float32', shape: [3] }), DTypeError],
  ['exp: a number', () => any['exp']!(1), DTypeError],
  ['exp: nothing', () => any['exp']!(), DTypeError],
  ['neg of bool', () => lg.neg(b3), DTypeError],
  ['sub of bool', () => lg.sub(b3, b3), DTypeError],
  ['mean of int64', () => i3.mean(), DTypeError],
  ['var of int64', () => lg.variance(i3), DTypeError],
  [
    'matmul of bool',
    () => lg.ones([2, 2], { dtype: 'bool' }).matmul(lg.ones([2, 2], { dtype: 'bool' })),
    DTypeError,
  ],
  ['where: a float condition', () => lg.where(v3, v3, v3), DTypeError],
  ['pow of integers: negative exponent', () => i3.pow(-1), ValueError],
  ['pow of integers: negative exponents', () => i3.pow(lg.tensor([1, 2, -1])), ValueError],
  ['clamp: no bound', () => v3.clamp({}), ValueError],
  ['clamp: NaN', () => v3.clamp({ min: NaN }), ValueError],
  ['clamp: a string', () => v3.clamp({ max: '1' } as Loose), DTypeError, ValueError],
  ['gelu: approximate', () => lg.gelu(v3, { approximate: 'exact' } as Loose), ValueError],
  ['var: correction', () => lg.variance(v3, { correction: NaN }), ValueError],
  ['to: an unknown dtype', () => v3.to('complex64' as Loose), DTypeError],
  ['dropout: p of 1.5', () => lg.dropout(v3, { p: 1.5 }), ValueError],
  ['dropout: p of NaN', () => lg.dropout(v3, { p: NaN }), ValueError],
  ['layerNorm: shape', () => lg.layerNorm(a23, [2]), ShapeError],
  ['layerNorm: weight', () => lg.layerNorm(a23, [3], { weight: v4 }), ShapeError],
  ['int64 beyond 2^53', () => lg.tensor([2n ** 60n]).item(), ValueError],
  ['int64 beyond 2^53, as a list', () => lg.tensor([2n ** 60n]).tolist(), ValueError],
];

const state: Row[] = [
  ['a freed tensor: read', () => freed.data, DisposedError],
  ['a freed tensor: shape', () => freed.shape, DisposedError],
  ['a freed tensor: operand', () => v3.add(freed), DisposedError],
  ['a freed tensor: method', () => freed.exp(), DisposedError],
  ['a freed tensor: in a list', () => lg.cat([v3, freed]), DisposedError],
  ['a freed tensor: backward', () => freed.backward(), DisposedError],
  ['a freed tensor: as a gradient', () => required.mul(1).backward({ gradient: freed }), DisposedError],
  ['a freed tensor: of grad', () => lg.grad(freed, [required]), DisposedError],
  ['a freed tensor: as an input of grad', () => lg.grad(required.sum(), [freed]), DisposedError],
  [
    'a freed tensor: as gradOutputs',
    () => lg.grad(required.mul(1), [required], { gradOutputs: [freed] }),
    DisposedError,
  ],
  ['a freed tensor: assigned to grad', () => (required.grad = freed), DisposedError],
  ['a freed tensor: as a bias', () => lg.linear(a23, lg.ones([4, 3]), freed), DisposedError],
  ['a freed tensor: as an index', () => lg.index(v3, freed), DisposedError],
  ['a freed tensor: asked for its grad', () => freed.grad, DisposedError],
  ['a freed tensor: detached', () => freed.detach(), DisposedError],
  ['a freed tensor: copied from', () => v3.clone().copy_(freed), DisposedError],
  ['a freed tensor: in a where', () => lg.where(b3, freed, 0), DisposedError],
  ['a freed tensor: retainGrad', () => freed.retainGrad(), DisposedError],
  ['a freed tensor: of an optimizer', () => new lg.optim.SGD([freed], { lr: 0.1 }), DisposedError],
  [
    'a freed tensor: returned by a custom op',
    () => lg.customOp({ forward: () => freed, backward: () => null })(),
    DisposedError,
  ],
  [
    'a freed tensor: returned by a custom backward',
    () =>
      lg
        .customOp({ forward: (_ctx, x: Tensor) => x.mul(1), backward: () => freed })(required)
        .sum()
        .backward(),
    DisposedError,
  ],
  [
    'a freed tensor: saved by a custom op',
    () =>
      lg.customOp({
        forward: (ctx, x: Tensor) => {
          ctx.save(freed);
          return x.mul(1);
        },
        backward: () => null,
      })(required),
    DisposedError,
  ],
  ['a freed tensor: printed', () => String(freed), DisposedError],
  ['a freed tensor: requiresGrad', () => (freed.requiresGrad = true), DisposedError],
  ['a freed tensor: in place', () => freed.add_(1), DisposedError],
  [
    'an object of the class, not made by it',
    () => lg.exp(Object.create(lg.Tensor.prototype) as Tensor),
    DisposedError,
    DTypeError,
  ],
  ['in place on a leaf', () => required.mul_(2), AutogradError],
  ['in place: larger result', () => v3.clone().add_(a23), ShapeError],
  ['in place: float into integers', () => i3.clone().mul_(0.5), DTypeError],
  ['in place: a string', () => (v3.clone() as Loose).add_('1'), DTypeError],
  ['copy_: shape', () => v3.clone().copy_(v4), ShapeError],
  ['a gradient where options stand', () => required.mul(2).backward(a23 as never), ValueError],
  ['backward of a vector', () => required.mul(2).backward(), AutogradError, ShapeError],
  ['backward without history', () => v3.sum().backward(), AutogradError],
  ['backward of integers', () => i3.sum().backward(), AutogradError],
  ['grad: not a tensor', () => any['grad']!('x', [required]), DTypeError],
  ['grad: inputs that are no list', () => any['grad']!(required.sum(), {}), DTypeError],
  [
    'grad: count of gradients',
    () => lg.grad([required.sum()], [required], { gradOutputs: [] }),
    ValueError,
    ShapeError,
  ],
  ['noGrad: no function', () => any['noGrad']!(1), ValueError],
  // @ts-expect-error a promise
  ['tidy: a promise', () => lg.tidy(async () => Promise.resolve(1)), ValueError],
  ['tidy: no function', () => any['tidy']!(undefined), ValueError],
  ['setNumThreads: 0', () => lg.setNumThreads(0), ValueError],
  ['setNumThreads: 2.5', () => lg.setNumThreads(2.5), ValueError],
  ['setNumThreads: a string', () => any['setNumThreads']!('2'), ValueError],
  ['setMemoryLimit: negative', () => lg.setMemoryLimit(-1), ValueError],
  ['setMemoryLimit: NaN', () => lg.setMemoryLimit(NaN), ValueError],
];

const libraryObjects: Row[] = [
  ['SGD: no parameters', () => new lg.optim.SGD([], { lr: 0.1 }), ValueError],
  ['SGD: a number', () => new (lg.optim as Loose).SGD(1, { lr: 0.1 }), ValueError, DTypeError],
  ['SGD: lr is negative', () => new lg.optim.SGD([required], { lr: -1 }), ValueError],
  ['SGD: lr is NaN', () => new lg.optim.SGD([required], { lr: NaN }), ValueError],
  [
    'SGD: a parameter that is no tensor',
    () => new (lg.optim as Loose).SGD([1], { lr: 0.1 }),
    DTypeError,
    ValueError,
  ],
  ['SGD: a parameter of integers', () => new lg.optim.SGD([i3], { lr: 0.1 }), DTypeError, ValueError],
  ['SGD: a non-leaf', () => new lg.optim.SGD([required.mul(2)], { lr: 0.1 }), ValueError, AutogradError],
  ['Adam: betas', () => new lg.optim.Adam([required], { betas: [0.9, 1.5] }), ValueError],
  ['Linear: negative sizes', () => new lg.nn.Linear(-1, 2), ValueError],
  ['Linear: NaN', () => new lg.nn.Linear(NaN, 2), ValueError],
  ['Linear: input of another width', () => new lg.nn.Linear(4, 2).forward(v3), ShapeError],
  ['Conv2d: groups', () => new lg.nn.Conv2d(3, 4, 3, { groups: 2 }), ValueError, ShapeError],
  ['Dropout: p', () => new lg.nn.Dropout(-0.1), ValueError],
  ['BatchNorm2d: a matrix', () => new lg.nn.BatchNorm2d(3).forward(a23), ShapeError],
  ['loadStateDict: a missing key', () => new lg.nn.Linear(3, 2).loadStateDict({}), ValueError],
  [
    'loadStateDict: another shape',
    () => new lg.nn.Linear(3, 2).loadStateDict({ weight: lg.ones([3, 3]), bias: lg.ones([2]) }),
    ShapeError,
    ValueError,
  ],
];

const tables = { creation, data, shapes, indices, values, state, 'layers and optimizers': libraryObjects };

test('at least 120 cases', () => {
  const count = Object.values(tables).reduce((sum, rows) => sum + rows.length, 0);
  expect(count).toBeGreaterThanOrEqual(120);
});

describe.each(Object.entries(tables))('%s', (_name, rows) => {
  test.each(rows.map((row) => [row[0], row] as const))('%s', (_what, [, call, ...kinds]) => {
    const before = contents();
    let error: unknown;
    try {
      call();
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(lg.LanegradError);
    const { name, message, constructor } = error as Error;
    expect(kinds.map((kind) => kind.name)).toContain(name);
    expect(constructor.name).toBe(name);
    // "[op] ...": the op, then at least what it got.
    expect(message).toMatch(/^\[[A-Za-z][\w.:]*\] \S.{8,}/s);
    expect(contents()).toEqual(before);
  });
});

/** The live tensors of this file, as they are. */
function contents(): unknown[] {
  const live = { a23, a34, v3, v4, i3, b3, image, kernel, required };
  return Object.values(live).map((tensor: Tensor) => [
    tensor.dtype,
    tensor.shape,
    tensor.requiresGrad,
    tensor.tolist(),
  ]);
}

afterAll(() => {
  // After all that, the library still computes.
  expect(v3.add(1).sum().item()).toBe(6);
});
