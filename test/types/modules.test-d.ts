// Checked by `npm run typecheck`, never run: the types of layers.
/* eslint-disable @typescript-eslint/no-unused-vars */
import * as lg from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

const { nn } = lg;

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function same<A, B>(_proof: Equal<A, B>): void {}

const x = lg.ones([1, 4, 8, 8]);

// What a pool gives follows from its options.

const plain = new nn.MaxPool2d(2, { stride: 1 }).forward(x);
same<typeof plain, Tensor>(true);
const both = new nn.MaxPool2d(2, { returnIndices: true }).forward(x);
same<typeof both.indices, Tensor<'int64'>>(true);
const adaptive = new nn.AdaptiveMaxPool2d([2, null], { returnIndices: true }).forward(x);
same<typeof adaptive.values, Tensor>(true);
const maybe = new nn.MaxPool2d(2, { returnIndices: Math.random() > 2 }).forward(x);
// @ts-expect-error it may be a pair
void maybe.shape;

// Layers chain by what they take and give.

const chain = new nn.Sequential(
  new nn.Conv2d(4, 4, 3, { padding: 'same', paddingMode: 'reflect' }),
  new nn.GroupNorm(2, 4),
  new nn.PReLU({ numParameters: 4 }),
  new nn.MaxPool2d([2, 2]),
  new nn.ConvTranspose2d(4, 2, 2, { stride: 2 }),
  new nn.Lambda((y: Tensor) => y.mean().item()),
);
const out = chain.forward(x);
same<typeof out, number>(true);
// @ts-expect-error a pair does not go into a layer
new nn.Sequential(new nn.MaxPool2d(2, { returnIndices: true }), new nn.ReLU());
// @ts-expect-error a loss takes two tensors
new nn.Sequential(new nn.ReLU(), new nn.MSELoss());

// Options are typed.

// @ts-expect-error there is no such option
new nn.LeakyReLU({ slope: 0.1 });
// @ts-expect-error modes are listed
new nn.Conv2d(1, 1, 3, { paddingMode: 'mirror' });
// @ts-expect-error three sizes are one too many
new nn.AvgPool2d([2, 2, 2]);
// @ts-expect-error reductions are listed
new nn.HuberLoss({ reduction: 'median' });
// @ts-expect-error `area` is no mode of the layer
new nn.Upsample({ scaleFactor: 2, mode: 'area' });
// @ts-expect-error four sizes or one
new nn.ReflectionPad2d([1, 2]);
new nn.KLDivLoss({ reduction: 'batchmean' });

// Containers know their entries.

const dict = new nn.ModuleDict({ conv: new nn.Conv2d(1, 2, 3), act: new nn.ReLU() });
same<ReturnType<typeof dict.get<'conv'>>, lg.nn.Conv2d>(true);
// @ts-expect-error there is no such entry
dict.get('norm');
// @ts-expect-error another kind of module
dict.set('conv', new nn.ReLU());
const list = new nn.ModuleList([new nn.Linear(1, 2)]);
same<ReturnType<typeof list.at>, lg.nn.Linear>(true);

// Weights are tied by assignment; a tensor that is no parameter would not be learnt.

const embedding = new nn.Embedding(8, 4);
const head = new nn.Linear(4, 8, { bias: false });
head.weight = embedding.weight;
head.weight = nn.parameter(lg.ones([8, 4]));
// @ts-expect-error no parameter
head.weight = lg.ones([8, 4]);
