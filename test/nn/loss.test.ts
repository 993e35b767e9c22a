import { describe, expect, it } from 'vitest';
import { F, grad, nn, ShapeError, tensor, ValueError, zeros, type Tensor } from '../../lib/index.js';
import { distance, flat, pattern } from './pattern.js';

const target = tensor([2, 0, 3]);
const weight = tensor([0.5, 1, 2, 0.25], { dtype: 'float64' });
const posWeight = tensor([1, 2, 3, 0.5], { dtype: 'float64' });
const bits = pattern([3, 4], 3).gt(0).to('float64');

interface Row {
  readonly name: string;
  readonly run: (x: Tensor) => Tensor;
  readonly value: readonly number[];
  readonly grad: readonly number[];
}

// Values and gradients by PyTorch 2.13 in float64.
const rows: readonly Row[] = [
  {
    name: 'CrossEntropyLoss',
    run: (x) => new nn.CrossEntropyLoss().forward(x, target),
    value: [1.26782103],
    grad: [
      0.0319361174, 0.076610763, -0.149553667, 0.0410067864, -0.22377132, 0.0244465896, 0.0586443199,
      0.14068041, 0.0319361174, 0.076610763, 0.183779667, -0.292326547,
    ],
  },
  {
    name: 'CrossEntropyLoss with weight, ignoreIndex and labelSmoothing',
    run: (x) => new nn.CrossEntropyLoss({ weight, ignoreIndex: 3, labelSmoothing: 0.1 }).forward(x, target),
    value: [0.74114647],
    grad: [
      0.0675748268, 0.164097959, -0.322360708, 0.0906879222, -0.113510786, 0.00595139974, 0.0182654187,
      0.0892939676, 0.0, 0.0, 0.0, 0.0,
    ],
  },
  {
    name: 'CrossEntropyLoss of probabilities',
    run: (x) => new nn.CrossEntropyLoss({ reduction: 'sum' }).forward(x, pattern([3, 4], 2).softmax(1)),
    value: [5.10746684],
    grad: [
      -0.0343831041, -0.171185628, 0.436445443, -0.23087671, 0.198494585, -0.327678148, 0.0610394029,
      0.0681441608, -0.0343831041, -0.171185628, 0.436445443, -0.23087671,
    ],
  },
  {
    name: 'NLLLoss',
    run: (x) => new nn.NLLLoss().forward(x.logSoftmax(1), target),
    value: [1.26782103],
    grad: [
      0.0319361174, 0.076610763, -0.149553667, 0.0410067864, -0.22377132, 0.0244465896, 0.0586443199,
      0.14068041, 0.0319361174, 0.076610763, 0.183779667, -0.292326547,
    ],
  },
  {
    name: 'NLLLoss with weight',
    run: (x) => new nn.NLLLoss({ weight, reduction: 'none' }).forward(x.logSoftmax(1), target),
    value: [1.19081083, 0.556326134, 0.523851354],
    grad: [
      0.191616704, 0.459664578, -0.897322001, 0.246040719, -0.33565698, 0.0366698845, 0.0879664799,
      0.211020615, 0.023952088, 0.0574580722, 0.13783475, -0.21924491,
    ],
  },
  {
    name: 'MSELoss',
    run: (x) => new nn.MSELoss().forward(x, pattern([3, 4], 2)),
    value: [1.01171875],
    grad: [
      -0.0625, -0.104166667, 0.25, -0.1875, 0.166666667, -0.270833333, 0.0833333333, 0.0416666667, 0.0,
      -0.0416666667, 0.3125, -0.125,
    ],
  },
  {
    name: 'MSELoss, sum',
    run: (x) => new nn.MSELoss({ reduction: 'sum' }).forward(x, pattern([3, 4], 2)),
    value: [12.140625],
    grad: [-0.75, -1.25, 3.0, -2.25, 2.0, -3.25, 1.0, 0.5, 0.0, -0.5, 3.75, -1.5],
  },
  {
    name: 'L1Loss',
    run: (x) => new nn.L1Loss().forward(x, pattern([3, 4], 2).add(0.01)),
    value: [0.824583333],
    grad: [
      -0.0833333333, -0.0833333333, 0.0833333333, -0.0833333333, 0.0833333333, -0.0833333333, 0.0833333333,
      0.0833333333, -0.0833333333, -0.0833333333, 0.0833333333, -0.0833333333,
    ],
  },
  {
    name: 'BCEWithLogitsLoss',
    run: (x) => new nn.BCEWithLogitsLoss().forward(x, bits),
    value: [0.609121603],
    grad: [
      0.0267351084, 0.0442674478, -0.0224117851, 0.0314617224, -0.03394445, 0.0204237511, -0.0468480417,
      -0.0290537613, 0.0245179143, -0.0416666667, 0.058815419, -0.0542795721,
    ],
  },
  {
    name: 'BCEWithLogitsLoss with weights',
    run: (x) => new nn.BCEWithLogitsLoss({ weight, posWeight, reduction: 'sum' }).forward(x, bits),
    value: [12.6401782],
    grad: [
      0.16041065, 0.531209373, -1.61364853, 0.0943851672, -0.2036667, 0.245085013, -3.37305901, -0.0435806419,
      0.147107486, -1.0, 1.41157006, -0.0814193581,
    ],
  },
];

describe('losses as PyTorch', () => {
  it.each(rows)('$name', ({ run, value, grad }) => {
    const x = pattern([3, 4], 1).requiresGrad_();
    const loss = run(x);
    expect(loss.shape).toEqual(value.length === 1 ? [] : [value.length]);
    expect(distance(flat(loss), value)).toBeLessThan(1e-8);
    loss.sum().backward();
    expect(distance(flat(x.grad!), grad)).toBeLessThan(1e-8);
  });

  it('hold weights as buffers', () => {
    const loss = new nn.BCEWithLogitsLoss({ weight, posWeight });
    expect(Object.keys(loss.stateDict())).toEqual(['weight', 'pos_weight']);
    expect(loss.parameters()).toEqual([]);
    expect(new nn.CrossEntropyLoss().buffers()).toEqual([]);
    expect(new nn.NLLLoss({ weight: zeros([4]) }).to('float64').weight?.dtype).toBe('float64');
  });

  it('say what is wrong', () => {
    expect(() => new nn.MSELoss({ reduction: 'average' as never })).toThrow(ValueError);
    expect(() => new nn.MSELoss({ reduction: 'average' as never })).toThrow(
      /\[MSELoss\] reduction: got "average"/,
    );
    expect(() => new nn.CrossEntropyLoss({ labelSmoothing: 2 })).toThrow(
      /\[CrossEntropyLoss\] labelSmoothing/,
    );
    expect(() => new nn.L1Loss().forward(zeros([2]), zeros([3]))).toThrow(ShapeError);
    expect(() => new nn.CrossEntropyLoss().forward(zeros([2, 3]), tensor([0]))).toThrow(ShapeError);
  });
});

describe('large logits of bfloat16', () => {
  const logits = () => tensor([[50, 50, 49]], { dtype: 'bfloat16' }).requiresGrad_();
  const wanted = tensor([[50, 50, 49]], { dtype: 'float64' })
    .softmax(1)
    .sub(tensor([[1, 0, 0]]));

  it.each([
    ['classes', tensor([0], { dtype: 'int64' })],
    ['probabilities', tensor([[1, 0, 0]], { dtype: 'bfloat16' })],
  ])('gradients by %s are those of softmax', (_name, target) => {
    const x = logits();
    const [slope] = grad(F.crossEntropy(x, target), [x]);
    expect(distance(flat(slope.double()), flat(wanted))).toBeLessThan(2 ** -9);
  });

  it('and by the product that makes them', () => {
    const x = tensor([[20, 0]], { dtype: 'bfloat16' }).requiresGrad_();
    const weight = tensor(
      [
        [1, 0],
        [1, 0],
        [0, 1],
      ],
      { dtype: 'bfloat16' },
    );
    const [slope] = grad(F.linearCrossEntropy(x, weight, tensor([0], { dtype: 'int64' })), [x]);
    expect(slope.abs().max().item()).toBeLessThan(1e-6);
  });
});
