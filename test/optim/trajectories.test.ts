// Five steps of every optimizer against PyTorch 2.13. The gradients are a fixed table, so that nothing but the update counts.
import { describe, expect, it } from 'vitest';
import { optim, tensor, withComposites } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

type Options = optim.SGDOptions & optim.AdamOptions;
type Kind = 'SGD' | 'Adam' | 'AdamW';

const start = [
  [0.5, -1.25, 2],
  [3, 0.75, -0.5],
];
const steps = 5;

/** The gradient of each element at step t: quarters between -5/4 and 5/4. */
const gradientAt = (t: number): number[] =>
  Array.from({ length: 6 }, (_, k) => (((t * 7 + k * 5) % 11) - 5) / 4);

function gradientFor(t: number, dtype: 'float32' | 'float64'): Tensor {
  const values = gradientAt(t);
  return tensor([values.slice(0, 3), values.slice(3)], { dtype });
}

function train(
  kind: Kind,
  options: Options,
  {
    changes = {},
    skip,
    dtype = 'float64',
  }: { changes?: Record<number, Options>; skip?: number; dtype?: 'float32' | 'float64' } = {},
): number[] {
  const param = tensor(start, { dtype, requiresGrad: true });
  const optimizer = new optim[kind]([param], options);
  for (let t = 0; t < steps; t++) {
    param.grad = t === skip ? null : gradientFor(t, dtype);
    Object.assign(optimizer.paramGroups[0]!, changes[t] ?? {});
    optimizer.step();
  }
  return Array.from(param.data as Float64Array);
}

function expectClose(got: readonly number[], wanted: readonly number[], digits: number): void {
  expect(got.length).toBe(wanted.length);
  got.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, digits));
}

const cases: [Kind, Options, number[]][] = [
  ['SGD', { lr: 0.1 }, [0.475, -1.075, 1.825, 3.025, 0.7000000000000001, -0.6250000000000001]],
  ['SGD', {}, [0.49975, -1.24825, 1.99825, 3.00025, 0.7494999999999999, -0.50125]],
  [
    'SGD',
    { lr: 0.1, momentum: 0.9 },
    [0.7129374999999999, -0.9368500000000001, 1.4153875, 3.3667524999999996, 0.49399, -0.75037],
  ],
  [
    'SGD',
    { lr: 0.1, momentum: 0.9, dampening: 0.3 },
    [0.8026225, -1.030795, 1.4372049999999998, 3.2874399999999997, 0.44794, -0.6138325],
  ],
  [
    'SGD',
    { lr: 0.1, momentum: 0.9, nesterov: true },
    [0.66664375, -0.7931650000000001, 1.29884875, 3.35507725, 0.46959100000000004, -0.8503329999999999],
  ],
  [
    'SGD',
    { lr: 0.1, weightDecay: 0.2 },
    [
      0.42071681839999997, -0.9583117960000002, 1.6430457735999997, 2.7284505944, 0.6332437815999999,
      -0.5740009904000001,
    ],
  ],
  [
    'SGD',
    { lr: 0.1, momentum: 0.8, weightDecay: 0.2, dampening: 0.1, maximize: true },
    [
      0.25186788458023995, -1.2381473674756, 2.04018796647096, 2.12951050528904, 0.79018796647096,
      -0.21340436917104,
    ],
  ],
  [
    'SGD',
    { lr: 0.1, momentum: 0.8, weightDecay: 0.2, nesterov: true, maximize: true },
    [
      0.32529735584691194, -1.30051336512128, 1.9759323519956478, 1.9950987001643516, 0.725932351995648,
      -0.07613851871795199,
    ],
  ],
  [
    'Adam',
    {},
    [
      0.501582583183615, -1.2485154235820755, 1.9971213807260353, 3.002707026068919, 0.7481140631210925,
      -0.5002678999560559,
    ],
  ],
  [
    'Adam',
    { lr: 0.1 },
    [
      0.6582583183615016, -1.101542358207531, 1.712138072603549, 3.270702606891905, 0.5614063121092544,
      -0.5267899956055887,
    ],
  ],
  [
    'Adam',
    { lr: 0.1, betas: [0.7, 0.8], eps: 0.001 },
    [
      0.6066027716102799, -1.1019974186321355, 1.7395774276998313, 3.237682781194922, 0.5960266338648921,
      -0.5371156773257802,
    ],
  ],
  [
    'Adam',
    { lr: 0.1, weightDecay: 0.2 },
    [
      0.6095688139833569, -0.914701040687375, 1.6207288485815248, 2.8032301058373092, 0.5085460017294412,
      -0.4861674708125624,
    ],
  ],
  [
    'Adam',
    { lr: 0.1, amsgrad: true, betas: [0.5, 0.3] },
    [
      0.5560963556554066, -1.120107525190273, 1.7999860132540693, 3.178132860239595, 0.6412760077061734,
      -0.5194027328789885,
    ],
  ],
  [
    'Adam',
    { lr: 0.1, amsgrad: true, weightDecay: 0.1, maximize: true, betas: [0.5, 0.3] },
    [
      0.4310895605010034, -1.2398664641456358, 2.1250691241709507, 2.753388295539249, 0.8270607548145447,
      -0.46639883769244866,
    ],
  ],
  [
    'AdamW',
    {},
    [
      0.5015575247534438, -1.2484529504460822, 1.9970214557176795, 3.0025569505475924, 0.7480766243582587,
      -0.5002429176754327,
    ],
  ],
  [
    'AdamW',
    { lr: 0.1, weightDecay: 0.3 },
    [
      0.5706102874541771, -0.9324383561521356, 1.4507409836790457, 2.8241422243087198, 0.4729025617285401,
      -0.46095262266990755,
    ],
  ],
  [
    'AdamW',
    { lr: 0.1, amsgrad: true, betas: [0.5, 0.3], maximize: true },
    [
      0.44184428330377024, -1.373452887713267, 2.1894659161362076, 2.807595665684607, 0.8545421226939952,
      -0.477941212116446,
    ],
  ],
];

const changing: [Kind, Options, Record<number, Options>, number[]][] = [
  [
    'SGD',
    { lr: 0.1, momentum: 0.9 },
    { 2: { lr: 0.01 }, 4: { lr: 0.5 } },
    [
      0.43799999999999994, -0.34639999999999993, 1.0708000000000002, 3.12836, 0.42056000000000004,
      -1.0962800000000001,
    ],
  ],
  [
    'SGD',
    { lr: 0.1 },
    { 2: { momentum: 0.9, dampening: 0.5 }, 3: { weightDecay: 0.1 } },
    [0.5702906249999999, -1.248993125, 1.9302981250000002, 2.9547275, 0.85113125, -0.61289],
  ],
  [
    'SGD',
    { lr: 0.1, momentum: 0.9 },
    { 2: { momentum: 0 }, 4: { momentum: 0.5 } },
    [0.61875, -1.025, 1.6437499999999998, 3.12125, 0.5650000000000001, -0.62],
  ],
  [
    'Adam',
    { lr: 0.1 },
    { 2: { lr: 0.01, betas: [0.8, 0.9] }, 4: { eps: 0.1, weightDecay: 0.2 } },
    [
      0.6377922714330848, -1.1742107753959752, 1.81282286708551, 3.1885193796955313, 0.5858049820964017,
      -0.4585299544937655,
    ],
  ],
  [
    'AdamW',
    { lr: 0.1 },
    { 1: { lr: 0.2 }, 3: { weightDecay: 0.5 } },
    [
      0.5707467177116203, -0.7454755383613684, 1.2036696837100838, 2.7823430635276387, 0.37322714240141786,
      -0.540812524113147,
    ],
  ],
];

const skipping: [Kind, Options, number, number[]][] = [
  [
    'SGD',
    { lr: 0.1, momentum: 0.9 },
    2,
    [0.531875, -0.8064999999999999, 1.312375, 3.3947249999999998, 0.2886, -0.6243000000000001],
  ],
  [
    'Adam',
    { lr: 0.1 },
    2,
    [
      0.5833858370355913, -1.0222920029549778, 1.6591119418773415, 3.2837795301298622, 0.45055355369233385,
      -0.4737762204052578,
    ],
  ],
  [
    'AdamW',
    { lr: 0.1 },
    2,
    [
      0.5810439664544946, -1.0175195545921147, 1.6516724365663105, 3.2712403993418073, 0.4480714704160871,
      -0.4719917637606964,
    ],
  ],
  [
    'SGD',
    { lr: 0.1, momentum: 0.9, dampening: 0.5 },
    0,
    [0.26454999999999995, -0.9214749999999999, 1.92065, 3.347125, 0.82675, -0.9425],
  ],
];

const inFloat32: [Kind, Options, number[]][] = [
  [
    'SGD',
    { lr: 0.1, momentum: 0.9 },
    [
      0.7129374742507935, -0.9368500709533691, 1.4153873920440674, 3.3667526245117188, 0.4939900040626526,
      -0.7503699660301208,
    ],
  ],
  [
    'Adam',
    { lr: 0.1 },
    [
      0.658258318901062, -1.101542353630066, 1.712138056755066, 3.270702600479126, 0.5614063739776611,
      -0.5267900228500366,
    ],
  ],
  [
    'AdamW',
    { lr: 0.1, amsgrad: true },
    [
      0.6551746726036072, -1.095560908317566, 1.7029069662094116, 3.254948377609253, 0.5583014488220215,
      -0.5244668126106262,
    ],
  ],
];

describe('five steps as PyTorch takes them', () => {
  it.each(cases)('%s %j', (kind, options, wanted) => {
    expectClose(train(kind, options), wanted, 13);
  });

  it.each(cases)('%s %j from primitives', (kind, options, wanted) => {
    withComposites(() => expectClose(train(kind, options), wanted, 13));
  });

  it.each(changing)('%s %j, changed between steps', (kind, options, changes, wanted) => {
    expectClose(train(kind, options, { changes }), wanted, 13);
  });

  it.each(skipping)('%s %j, without a gradient at step %i', (kind, options, skip, wanted) => {
    expectClose(train(kind, options, { skip }), wanted, 13);
  });

  it.each(inFloat32)('%s %j in float32', (kind, options, wanted) => {
    expectClose(train(kind, options, { dtype: 'float32' }), wanted, 6);
  });
});
