import type { DType } from '../../lib/dtype.js';
import * as lg from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { numberOf, type Arg, type Args } from './sample.js';

// PyTorch's names and conventions, mapped to the library's in this one place.

type Result = Tensor | readonly Tensor[] | boolean;
type A = Args<Tensor>;

export interface Call {
  /** Names of the parameters in PyTorch's order; options that are not here are outside of what the library has. */
  readonly names: readonly string[];
  readonly run: (a: A) => Result;
  /** A reason to leave a sample out: a feature that the library does not have. */
  readonly skip?: (a: A) => string | undefined;
}

const x = (run: (x: Tensor) => Tensor): Call => ({ names: ['self'], run: (a) => run(a.tensor('self')) });

const binary = (run: (a: Tensor | number | boolean, b: Tensor | number | boolean) => Tensor): Call => ({
  names: ['self', 'other'],
  run: (a) => run(a.operand('self'), a.operand('other')),
});

/** The option only where given: an absent one takes the library's default. */
function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

const reduceOptions = (a: A) => {
  const dim = a.numbers('dim');
  // An empty list means all, in torch.
  return defined({
    dim: Array.isArray(dim) && dim.length === 0 ? undefined : dim,
    keepdim: a.flag('keepdim'),
  });
};

const reduce = (run: (x: Tensor, options: ReturnType<typeof reduceOptions>) => Tensor): Call => ({
  names: ['self', 'dim', 'keepdim'],
  run: (a) => run(a.tensor('self'), reduceOptions(a)),
});

const dimOptions = (a: A) => defined({ dim: a.number('dim'), keepdim: a.flag('keepdim') });

const dtypeOption = (a: A) => defined({ dtype: a.text('dtype') as DType | undefined });

const creationSkip = (a: A): string | undefined => {
  const dtype = a.text('dtype');
  return dtype !== undefined && !(lg.dtypes as readonly string[]).includes(dtype) ? 'dtype' : undefined;
};

const isWhole = (a: A) => ['uint8', 'int32', 'int64'].includes(a.text('dtype') ?? '');

/** PyTorch wraps what a dtype cannot hold; here it is cut off. */
const beyond = (a: A) => (a.text('dtype') === 'uint8' ? 'a value that the dtype cannot hold' : undefined);

/** PyTorch's any and all of uint8 give uint8, of all else bool. */
const giveBool = (a: A) =>
  a.tensor('self').dtype === 'uint8' ? 'uint8, which gives uint8 there' : undefined;

/** Convolutions and pools take floats only. */
const integerImage = (a: A, name: string) =>
  a.tensor(name).dtype.startsWith('float') ? undefined : 'integer images';

const reduction = (a: A) =>
  defined({ reduction: a.text('reduction') as 'none' | 'mean' | 'sum' | undefined });

const loss = (
  run: (input: Tensor, target: Tensor, options: ReturnType<typeof reduction>) => Tensor,
): Call => ({
  names: ['input', 'target', 'reduction'],
  run: (a) => run(a.tensor('input'), a.tensor('target'), reduction(a)),
});

const withDim = (
  run: (x: Tensor, options: { dim: number; keepdim?: boolean }) => lg.ValuesAndIndices,
): Call => ({
  names: ['self', 'dim', 'keepdim'],
  run: (a) => {
    const { values, indices } = run(a.tensor('self'), { ...dimOptions(a), dim: a.number('dim')! });
    return [values, indices];
  },
});

const varLike = (run: (x: Tensor, options: lg.VarOptions) => Tensor): Call => ({
  names: ['self', 'dim', 'unbiased', 'keepdim', 'correction'],
  skip: (a) => {
    if (a.raw('dim')?.t === 'bool') return 'unbiased as a positional argument';
    return (a.number('correction') ?? 0) < 0 ? 'negative correction' : undefined;
  },
  run: (a) => {
    const unbiased = a.flag('unbiased');
    const correction = a.number('correction') ?? (unbiased === undefined ? undefined : Number(unbiased));
    return run(a.tensor('self'), defined({ ...reduceOptions(a), correction }));
  },
});

const like = (run: (x: Tensor, options: { dtype?: DType }) => Tensor): Call => ({
  names: ['self', 'dtype'],
  skip: creationSkip,
  run: (a) => run(a.tensor('self'), dtypeOption(a)),
});

const pool = (a: A) => {
  const stride = a.numbers('stride');
  return defined({
    stride: Array.isArray(stride) && stride.length === 0 ? undefined : (stride as lg.Pair | undefined),
    padding: a.numbers('padding') as lg.Pair | undefined,
    ceilMode: a.flag('ceil_mode'),
  });
};

const maxPool: Omit<Call, 'run'> = {
  names: ['input', 'kernel_size', 'stride', 'padding', 'dilation', 'ceil_mode', 'return_indices'],
};

const maxOptions = (a: A) => defined({ ...pool(a), dilation: a.numbers('dilation') as lg.Pair | undefined });

function indexEntry(a: A, arg: Arg, path: string): lg.IndexEntry {
  switch (arg.t) {
    case 'none':
      return null;
    case 'ellipsis':
      return '...';
    case 'int':
      return numberOf(arg);
    case 'tensor':
      return a.nested(arg, path);
    case 'list':
      return lg.tensor(arg.v.map(numberOf), { dtype: 'int64' });
    case 'slice': {
      const [start, stop, step] = arg.v.map((one) => (one.t === 'none' ? undefined : numberOf(one)));
      return defined({ start, stop, step });
    }
    default:
      throw new Error(`index of ${arg.t}`);
  }
}

const entriesOf = (arg: Arg): readonly Arg[] => (arg.t === 'tuple' || arg.t === 'list' ? arg.v : [arg]);

export const calls: Readonly<Record<string, Call>> = {
  abs: x(lg.abs),
  neg: x(lg.neg),
  exp: x(lg.exp),
  log: x(lg.log),
  sqrt: x(lg.sqrt),
  rsqrt: x(lg.rsqrt),
  square: {
    ...x(lg.square),
    skip: (a) => (a.tensor('self').dtype === 'bool' ? 'square of bool' : undefined),
  },
  sin: x(lg.sin),
  cos: x(lg.cos),
  tanh: x(lg.tanh),
  sigmoid: x(lg.sigmoid),
  erf: x(lg.erf),
  reciprocal: x(lg.reciprocal),
  floor: x(lg.floor),
  ceil: x(lg.ceil),
  round: x(lg.round),
  sign: x(lg.sign),
  isnan: x(lg.isnan),
  logical_not: x(lg.logicalNot),
  'nn.functional.relu': x(lg.relu),
  'nn.functional.silu': x(lg.silu),
  'nn.functional.gelu': {
    names: ['self', 'approximate'],
    run: (a) =>
      lg.gelu(
        a.tensor('self'),
        defined({ approximate: a.text('approximate') as 'none' | 'tanh' | undefined }),
      ),
  },
  softmax: { names: ['self', 'dim'], run: (a) => lg.softmax(a.tensor('self'), a.number('dim')!) },
  log_softmax: { names: ['self', 'dim'], run: (a) => lg.logSoftmax(a.tensor('self'), a.number('dim')!) },
  clamp: {
    names: ['self', 'min', 'max'],
    // The library's bounds are numbers; with tensors it is said with maximum and minimum.
    run: (a) => {
      let result = a.tensor('self');
      if (a.has('min')) result = lg.maximum(result, a.operand('min'));
      if (a.has('max')) result = lg.minimum(result, a.operand('max'));
      return result;
    },
  },

  add: binary(lg.add),
  sub: binary(lg.sub),
  mul: binary(lg.mul),
  'div/no_rounding_mode': binary(lg.div),
  pow: {
    names: ['self', 'exponent'],
    run: (a) => lg.pow(a.operand('self'), a.operand('exponent')),
  },
  maximum: binary(lg.maximum),
  minimum: binary(lg.minimum),
  'max/binary': binary((a, b) => lg.max(a as Tensor, b as Tensor)),
  'min/binary': binary((a, b) => lg.min(a as Tensor, b as Tensor)),
  eq: binary(lg.eq),
  ne: binary(lg.ne),
  lt: binary(lg.lt),
  le: binary(lg.le),
  gt: binary(lg.gt),
  ge: binary(lg.ge),
  where: {
    names: ['condition', 'self', 'other'],
    run: (a) => lg.where(a.tensor('condition'), a.operand('self'), a.operand('other')),
  },

  sum: {
    names: ['self', 'dim', 'keepdim', 'dtype'],
    skip: creationSkip,
    run: (a) => lg.sum(a.tensor('self'), { ...reduceOptions(a), ...dtypeOption(a) }),
  },
  mean: reduce(lg.mean),
  amax: reduce(lg.amax),
  amin: reduce(lg.amin),
  all: { ...reduce(lg.all), skip: giveBool },
  any: { ...reduce(lg.any), skip: giveBool },
  argmax: { names: ['self', 'dim', 'keepdim'], run: (a) => lg.argmax(a.tensor('self'), dimOptions(a)) },
  argmin: { names: ['self', 'dim', 'keepdim'], run: (a) => lg.argmin(a.tensor('self'), dimOptions(a)) },
  'max/reduction_no_dim': x((one) => lg.max(one)),
  'min/reduction_no_dim': x((one) => lg.min(one)),
  'max/reduction_with_dim': withDim((one, options) => lg.max(one, options)),
  'min/reduction_with_dim': withDim((one, options) => lg.min(one, options)),
  var: varLike(lg.variance),
  std: varLike(lg.std),

  matmul: { names: ['self', 'other'], run: (a) => lg.matmul(a.tensor('self'), a.tensor('other')) },
  mm: { names: ['self', 'mat2'], run: (a) => lg.mm(a.tensor('self'), a.tensor('mat2')) },
  bmm: { names: ['self', 'mat2'], run: (a) => lg.bmm(a.tensor('self'), a.tensor('mat2')) },
  dot: { names: ['self', 'tensor'], run: (a) => lg.dot(a.tensor('self'), a.tensor('tensor')) },
  'nn.functional.linear': {
    names: ['input', 'weight', 'bias'],
    skip: (a) => (a.raw('weight')?.t === 'tensor' ? undefined : 'weight'),
    run: (a) => lg.linear(a.tensor('input'), a.tensor('weight'), a.maybeTensor('bias')),
  },

  reshape: { names: ['self', 'shape'], run: (a) => lg.reshape(a.tensor('self'), a.list('shape')) },
  view: { names: ['self', 'shape'], run: (a) => lg.view(a.tensor('self'), a.list('shape')) },
  permute: { names: ['self', 'dims'], run: (a) => lg.permute(a.tensor('self'), a.list('dims')) },
  transpose: {
    names: ['self', 'dim0', 'dim1'],
    run: (a) => lg.transpose(a.tensor('self'), a.number('dim0')!, a.number('dim1')!),
  },
  t: x(lg.t),
  expand: { names: ['self', 'size'], run: (a) => lg.expand(a.tensor('self'), a.list('size')) },
  squeeze: { names: ['self', 'dim'], run: (a) => lg.squeeze(a.tensor('self'), a.numbers('dim')) },
  'squeeze/multiple': { names: ['self', 'dim'], run: (a) => lg.squeeze(a.tensor('self'), a.numbers('dim')) },
  unsqueeze: { names: ['self', 'dim'], run: (a) => lg.unsqueeze(a.tensor('self'), a.number('dim')!) },
  flatten: {
    names: ['self', 'start_dim', 'end_dim'],
    run: (a) => lg.flatten(a.tensor('self'), a.number('start_dim'), a.number('end_dim')),
  },
  unflatten: {
    names: ['self', 'dim', 'sizes'],
    run: (a) => lg.unflatten(a.tensor('self'), a.number('dim')!, a.list('sizes')),
  },
  narrow: {
    names: ['self', 'dim', 'start', 'length'],
    skip: (a) => (a.raw('start')?.t === 'tensor' ? 'a tensor as start' : undefined),
    run: (a) => lg.narrow(a.tensor('self'), a.number('dim')!, a.number('start')!, a.number('length')!),
  },
  select: {
    names: ['self', 'dim', 'index'],
    run: (a) => lg.select(a.tensor('self'), a.number('dim')!, a.number('index')!),
  },
  split: {
    names: ['self', 'split_size', 'dim'],
    run: (a) => lg.split(a.tensor('self'), a.numbers('split_size')!, a.number('dim')),
  },
  'split/list_args': {
    names: ['self', 'split_size', 'dim'],
    run: (a) => lg.split(a.tensor('self'), a.numbers('split_size')!, a.number('dim')),
  },
  chunk: {
    names: ['self', 'chunks', 'dim'],
    run: (a) => lg.chunk(a.tensor('self'), a.number('chunks')!, a.number('dim')),
  },
  unbind: { names: ['self', 'dim'], run: (a) => lg.unbind(a.tensor('self'), a.number('dim')) },
  cat: { names: ['tensors', 'dim'], run: (a) => lg.cat(a.tensors('tensors'), a.number('dim')) },
  stack: { names: ['tensors', 'dim'], run: (a) => lg.stack(a.tensors('tensors'), a.number('dim')) },
  clone: { names: ['self'], run: (a) => lg.clone(a.tensor('self')) },
  contiguous: { names: ['self'], run: (a) => lg.contiguous(a.tensor('self')) },

  gather: {
    names: ['self', 'dim', 'index'],
    run: (a) => lg.gather(a.tensor('self'), a.number('dim')!, a.tensor('index')),
  },
  scatter_add: {
    names: ['self', 'dim', 'index', 'src'],
    run: (a) => lg.scatterAdd(a.tensor('self'), a.number('dim')!, a.tensor('index'), a.tensor('src')),
  },
  index_select: {
    names: ['self', 'dim', 'index'],
    run: (a) => lg.indexSelect(a.tensor('self'), a.number('dim')!, a.tensor('index')),
  },
  index_add: {
    names: ['self', 'dim', 'index', 'source', 'alpha'],
    run: (a) => {
      const alpha = a.number('alpha');
      const source = a.tensor('source');
      const scaled = alpha === undefined ? source : lg.mul(source, alpha).to(source.dtype);
      return lg.indexAdd(a.tensor('self'), a.number('dim')!, a.tensor('index'), scaled);
    },
  },
  __getitem__: {
    names: ['self', 'key'],
    skip: (a) => {
      for (const entry of entriesOf(a.raw('key')!)) {
        if (entry.t === 'bool') return 'a bool as an index';
        if (entry.t === 'slice' && entry.v.some((one) => one.t !== 'none' && one.t !== 'int'))
          return 'tensors in a slice';
        if (entry.t === 'list' && entry.v.some((one) => one.t !== 'int')) return 'nested lists as an index';
      }
      return undefined;
    },
    run: (a) => {
      const key = a.raw('key')!;
      const nested = key.t === 'tuple' || key.t === 'list';
      return lg.index(
        a.tensor('self'),
        ...entriesOf(key).map((entry, i) => indexEntry(a, entry, nested ? `args.1.${i}` : 'args.1')),
      );
    },
  },

  'nn.functional.conv2d': {
    names: ['input', 'weight', 'bias', 'stride', 'padding', 'dilation', 'groups'],
    skip: (a) => integerImage(a, 'input'),
    run: (a) =>
      lg.conv2d(
        a.tensor('input'),
        a.tensor('weight'),
        a.maybeTensor('bias'),
        defined({
          stride: a.numbers('stride') as lg.Pair | undefined,
          padding: (a.raw('padding')?.t === 'str' ? a.text('padding') : a.numbers('padding')) as
            lg.Pair | 'same' | 'valid' | undefined,
          dilation: a.numbers('dilation') as lg.Pair | undefined,
          groups: a.number('groups'),
        }),
      ),
  },
  'nn.functional.max_pool2d': {
    ...maxPool,
    skip: (a) =>
      a.flag('return_indices') === true
        ? 'return_indices: see max_pool2d_with_indices'
        : integerImage(a, 'input'),
    run: (a) => lg.maxPool2d(a.tensor('input'), a.numbers('kernel_size') as lg.Pair, maxOptions(a)),
  },
  'nn.functional.max_pool2d_with_indices': {
    ...maxPool,
    run: (a) => {
      const { values, indices } = lg.maxPool2dWithIndices(
        a.tensor('input'),
        a.numbers('kernel_size') as lg.Pair,
        maxOptions(a),
      );
      return [values, indices];
    },
  },
  'nn.functional.avg_pool2d': {
    names: ['self', 'kernel_size', 'stride', 'padding', 'ceil_mode', 'count_include_pad', 'divisor_override'],
    skip: (a) => (a.has('divisor_override') ? 'divisor_override' : integerImage(a, 'self')),
    run: (a) =>
      lg.avgPool2d(
        a.tensor('self'),
        a.numbers('kernel_size') as lg.Pair,
        defined({ ...pool(a), countIncludePad: a.flag('count_include_pad') }),
      ),
  },
  'nn.functional.embedding': {
    names: ['input', 'weight', 'padding_idx'],
    run: (a) =>
      lg.embedding(a.tensor('input'), a.tensor('weight'), defined({ paddingIdx: a.number('padding_idx') })),
  },
  'nn.functional.batch_norm': {
    names: ['input', 'running_mean', 'running_var', 'weight', 'bias', 'training', 'momentum', 'eps'],
    skip: (a) => {
      const momentum = a.number('momentum') ?? 0;
      if (momentum < 0 || momentum > 1) return 'momentum outside [0, 1]';
      return a.tensor('input').shape.length < 2 ? 'input of fewer than two dims' : undefined;
    },
    run: (a) =>
      lg.batchNorm(
        a.tensor('input'),
        a.maybeTensor('running_mean') ?? null,
        a.maybeTensor('running_var') ?? null,
        defined({
          weight: a.maybeTensor('weight'),
          bias: a.maybeTensor('bias'),
          training: a.flag('training'),
          momentum: a.number('momentum'),
          eps: a.number('eps'),
        }),
      ),
  },
  'nn.functional.layer_norm': {
    names: ['input', 'normalized_shape', 'weight', 'bias', 'eps'],
    run: (a) =>
      lg.layerNorm(
        a.tensor('input'),
        a.list('normalized_shape'),
        defined({ weight: a.maybeTensor('weight'), bias: a.maybeTensor('bias'), eps: a.number('eps') }),
      ),
  },
  'nn.functional.cross_entropy': {
    names: ['input', 'target', 'weight', 'ignore_index', 'reduction', 'label_smoothing'],
    skip: (a) => {
      const target = a.raw('target') as { requires_grad?: true };
      return target.requires_grad === true ? 'probabilities as a target' : undefined;
    },
    run: (a) =>
      lg.crossEntropy(
        a.tensor('input'),
        a.tensor('target'),
        defined({
          ...reduction(a),
          ignoreIndex: a.number('ignore_index'),
          labelSmoothing: a.number('label_smoothing'),
          weight: a.maybeTensor('weight'),
        }),
      ),
  },
  'nn.functional.nll_loss': {
    names: ['input', 'target', 'weight', 'ignore_index', 'reduction'],
    run: (a) =>
      lg.nll(
        a.tensor('input'),
        a.tensor('target'),
        defined({ ...reduction(a), weight: a.maybeTensor('weight'), ignoreIndex: a.number('ignore_index') }),
      ),
  },
  'nn.functional.mse_loss': loss(lg.mse),
  'nn.functional.l1_loss': loss(lg.l1),
  'nn.functional.binary_cross_entropy_with_logits': {
    names: ['input', 'target', 'weight', 'pos_weight', 'reduction'],
    run: (a) =>
      lg.bceWithLogits(
        a.tensor('input'),
        a.tensor('target'),
        defined({ ...reduction(a), weight: a.maybeTensor('weight'), posWeight: a.maybeTensor('pos_weight') }),
      ),
  },

  zeros: {
    names: ['size', 'dtype'],
    skip: creationSkip,
    run: (a) => lg.zeros(a.list('size'), dtypeOption(a)),
  },
  ones: { names: ['size', 'dtype'], skip: creationSkip, run: (a) => lg.ones(a.list('size'), dtypeOption(a)) },
  full: {
    names: ['size', 'fill_value', 'dtype'],
    skip: (a) => creationSkip(a) ?? (numberOf(a.raw('fill_value')!) < 0 ? beyond(a) : undefined),
    run: (a) => {
      const fill = a.raw('fill_value')!;
      if (fill.t === 'bool') return lg.full(a.list('size'), fill.v, dtypeOption(a));
      // A Python float gives a float tensor, even if it is whole.
      const natural = fill.t === 'float' ? { dtype: 'float32' as DType } : {};
      return lg.full(a.list('size'), numberOf(fill), { ...natural, ...dtypeOption(a) });
    },
  },
  zeros_like: like(lg.zerosLike),
  ones_like: like(lg.onesLike),
  full_like: {
    names: ['self', 'fill_value', 'dtype'],
    skip: creationSkip,
    run: (a) => lg.fullLike(a.tensor('self'), a.number('fill_value')!, dtypeOption(a)),
  },
  arange: {
    names: ['start', 'end', 'step', 'dtype'],
    skip: (a) => {
      const fractions = ['start', 'end', 'step'].some((name) => a.raw(name)?.t === 'float');
      if (fractions && isWhole(a))
        return 'fractions for an integer dtype: PyTorch cuts them before it counts';
      return creationSkip(a);
    },
    run: (a) => {
      const natural = ['start', 'end', 'step'].some((name) => a.raw(name)?.t === 'float')
        ? 'float32'
        : undefined;
      const options = { ...defined({ dtype: natural, step: a.number('step') }), ...dtypeOption(a) };
      return a.has('end')
        ? lg.arange(a.number('start')!, a.number('end')!, options)
        : lg.arange(a.number('start')!, options);
    },
  },
  linspace: {
    names: ['start', 'end', 'steps', 'dtype'],
    skip: (a) =>
      creationSkip(a) ??
      (isWhole(a) ? 'an integer dtype: PyTorch cuts the step before it counts' : undefined),
    run: (a) => lg.linspace(a.number('start')!, a.number('end')!, a.number('steps')!, dtypeOption(a)),
  },
  eye: {
    names: ['n', 'm', 'dtype', 'requires_grad'],
    skip: creationSkip,
    run: (a) => lg.eye(a.number('n')!, { ...defined({ columns: a.number('m') }), ...dtypeOption(a) }),
  },
  allclose: {
    names: ['self', 'other', 'rtol', 'atol'],
    run: (a) =>
      lg.allclose(
        a.tensor('self'),
        a.tensor('other'),
        defined({ rtol: a.number('rtol'), atol: a.number('atol') }),
      ),
  },
  equal: { names: ['self', 'other'], run: (a) => lg.equal(a.tensor('self'), a.tensor('other')) },
};
