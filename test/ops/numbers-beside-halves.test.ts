import { describe, expect, it, test } from 'vitest';
import {
  compile,
  div,
  eq,
  float,
  floorDivide,
  grad,
  info,
  lerp,
  lt,
  mul,
  pow,
  sub,
  tensor,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

// A number that meets 16-bit floats is rounded to 16 bits by most ops, and stays a float32 where PyTorch 2.13 keeps it on
// the CPU: the wanted values are PyTorch's.

const halves = ['bfloat16', 'float16'] as const;
type Half = (typeof halves)[number];

const native = info().name === 'native';

const given = (dtype: Half): Tensor => tensor([1.5, -3, 0.7, 100, 2.25, 0.3], { dtype });

interface Row {
  readonly call: (x: Tensor) => Tensor;
  readonly wanted: Readonly<Record<Half, readonly number[]>>;
  /** The op has another definition, with more roundings, on the TypeScript backend. */
  readonly nativeOnly?: true;
}

const rows: Readonly<Record<string, Row>> = {
  'x * 0.1': {
    call: (x) => x.mul(0.1),
    wanted: {
      bfloat16: [0.150390625, -0.30078125, 0.06982421875, 10, 0.224609375, 0.030029296875],
      float16: [0.1500244140625, -0.300048828125, 0.07000732421875, 10, 0.2249755859375, 0.029998779296875],
    },
  },
  '0.1 * x': {
    call: (x) => mul(0.1, x),
    wanted: {
      bfloat16: [0.150390625, -0.30078125, 0.06982421875, 10, 0.224609375, 0.030029296875],
      float16: [0.1500244140625, -0.300048828125, 0.07000732421875, 10, 0.2249755859375, 0.029998779296875],
    },
  },
  'x / 0.3': {
    call: (x) => x.div(0.3),
    wanted: {
      bfloat16: [5, -10, 2.328125, 334, 7.5, 1],
      float16: [5, -10, 2.333984375, 333.25, 7.5, 1],
    },
  },
  'floor(x / 0.1)': {
    call: (x) => floorDivide(x, 0.1),
    wanted: { bfloat16: [14, -30, 6, 1000, 22, 3], float16: [14, -30, 7, 999, 22, 3] },
    nativeOnly: true,
  },
  'trunc(x / 0.1)': {
    call: (x) => div(x, 0.1, { roundingMode: 'trunc' }),
    wanted: { bfloat16: [15, -30, 6, 1000, 22, 3], float16: [15, -30, 7, 1000, 22, 3] },
    nativeOnly: true,
  },
  'lerp(x, x + 1, 0.1)': {
    call: (x) => lerp(x, x.add(1), 0.1),
    wanted: {
      bfloat16: [1.6015625, -2.90625, 0.80078125, 100, 2.34375, 0.400390625],
      float16: [1.599609375, -2.900390625, 0.80029296875, 100.125, 2.349609375, 0.39990234375],
    },
    nativeOnly: true,
  },
  '0.1 - x': {
    call: (x) => sub(0.1, x),
    wanted: {
      bfloat16: [-1.3984375, 3.09375, -0.59765625, -100, -2.15625, -0.201171875],
      float16: [-1.400390625, 3.099609375, -0.60009765625, -99.875, -2.150390625, -0.2000732421875],
    },
  },
  '|x| ^ 1.1': {
    call: (x) => pow(x.abs(), 1.1),
    wanted: {
      bfloat16: [1.5625, 3.359375, 0.67578125, 160, 2.4375, 0.265625],
      float16: [1.5615234375, 3.34765625, 0.67578125, 158.25, 2.439453125, 0.26611328125],
    },
  },
  'x = 0.3': {
    call: (x) => eq(x, 0.3).to('int32'),
    wanted: { bfloat16: [0, 0, 0, 0, 0, 1], float16: [0, 0, 0, 0, 0, 1] },
  },
  'x < 0.7': {
    call: (x) => lt(x, 0.7).to('int32'),
    wanted: { bfloat16: [0, 1, 0, 0, 0, 1], float16: [0, 1, 0, 0, 0, 1] },
  },
};

describe.each(halves)('%s', (dtype) => {
  test.each(Object.entries(rows))('%s', (_, { call, wanted, nativeOnly }) => {
    if (nativeOnly && !native) return;
    expect(call(given(dtype)).tolist()).toEqual(wanted[dtype]);
    const flipped = call(given(dtype).reshape([3, 2]).t());
    expect(flipped.t().reshape([-1]).tolist()).toEqual(wanted[dtype]);
    // Compiled, in one piece and op by op.
    for (const passes of ['all', []] as const)
      expect(compile((x: Tensor) => call(x), { passes })(given(dtype)).tolist()).toEqual(wanted[dtype]);
  });

  it('multiplies in place, a 0-dim tensor, and many elements alike', () => {
    const wanted = rows['x * 0.1']!.wanted[dtype];
    const x = given(dtype);
    x.mul_(0.1);
    expect(x.tolist()).toEqual(wanted);
    expect(given(dtype).select(0, 3).mul(0.1).item()).toBe(wanted[3]);
    const many = given(dtype).repeat(2000).mul(0.1);
    expect(many.tolist()).toEqual(given(dtype).mul(0.1).repeat(2000).tolist());
  });

  it('fused with others has the bits of the ops one by one', () => {
    const x = tensor(Float32Array.from({ length: 3000 }, (_, i) => Math.sin(i) * 3)).to(dtype);
    const chain = (a: Tensor): Tensor => div(2.7, a.mul(0.1).add(0.3).div(0.7).mul(float(3)).sub(0.01));
    const fused = compile(chain)(x);
    expect(fused.equal(chain(x))).toBe(true);
    expect(fused.dtype).toBe(dtype);
  });

  it.each(['x * 0.1', 'x / 0.3'])('%s has the number in gradients as in the op, to second order', (name) => {
    const { call, wanted } = rows[name]!;
    const x = given(dtype).requiresGrad_();
    const direction = given(dtype).requiresGrad_();
    expect(grad(call(x), [x], { gradOutputs: [given(dtype)] })[0].tolist()).toEqual(wanted[dtype]);
    const [first] = grad(call(x), [x], { gradOutputs: [direction], createGraph: true });
    expect(first.tolist()).toEqual(wanted[dtype]);
    const [second] = grad(first, [direction], { gradOutputs: [given(dtype)] });
    expect(second.tolist()).toEqual(wanted[dtype]);
  });

  it('divides a number with the gradient of the denominator', () => {
    const x = given(dtype).requiresGrad_();
    const step = compile((t: Tensor) => {
      div(2.7, t).sum().backward();
      return t.grad!;
    });
    const values = x.tolist() as number[];
    div(2.7, x).sum().backward();
    const slopes = x.grad!.tolist() as number[];
    const least = dtype === 'bfloat16' ? 2 ** -8 : 2 ** -11;
    slopes.forEach((slope, i) => {
      expect(Math.abs((slope * values[i]! ** 2) / -2.7 - 1)).toBeLessThan(native ? least : 4 * least);
    });
    x.grad = null;
    expect(step(x).tolist()).toEqual(slopes);
  });
});

it('a factor beyond the range of 16 bits is one all the same', () => {
  const x = tensor([1e-3, 2 ** -14], { dtype: 'float16' });
  expect(x.mul(1e6).tolist()).toEqual([1000.5, 61.03125]);
  expect(x.mul(100_000).tolist()).toEqual([100.0625, 6.1015625]);
  expect(tensor([6e4], { dtype: 'float16' }).div(1e6).item()).toBeCloseTo(0.06, 4);
});
