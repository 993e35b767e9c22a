// A step over ten million parameters, in ten tensors and in a thousand, against the better of PyTorch's default and fused.
import { nn, optim, randn } from '../../../../lib/index.js';
import type { OpCase } from '../../case.js';

interface Optimizer {
  readonly name: string;
  readonly make: (params: nn.Parameter[]) => { step: () => unknown };
  readonly torch: string;
  /** Arrays read or written. */
  readonly arrays: number;
}

const optimizers: readonly Optimizer[] = [
  { name: 'AdamW', make: (params) => new optim.AdamW(params), torch: 'AdamW(ps', arrays: 7 },
  {
    name: 'SGD momentum',
    make: (params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9 }),
    torch: 'SGD(ps, lr=0.1, momentum=0.9',
    arrays: 5,
  },
  { name: 'Adam', make: (params) => new optim.Adam(params), torch: 'Adam(ps', arrays: 7 },
];

function caseOf({ name, make, torch, arrays }: Optimizer, tensors: number): OpCase {
  const side = Math.sqrt(1e7 / tensors);
  const setup = [false, true].map(
    (fused, i) => `ps = [torch.nn.Parameter(torch.randn(${side}, ${side})) for _ in range(${tensors})]
for p in ps: p.grad = torch.randn_like(p)
o${i} = torch.optim.${torch}${fused ? ', fused=True' : ''})`,
  );
  return {
    name: `${name} 10M params (${tensors} tensors)`,
    group: 'opt',
    inputs: [],
    call: () => 0,
    prepare: () => {
      const params = Array.from({ length: tensors }, () => nn.parameter(randn([side, side])));
      for (const param of params) param.grad = randn([side, side]);
      const optimizer = make(params);
      return () => {
        optimizer.step();
        return 0;
      };
    },
    bytes: 4 * 1e7 * arrays,
    torch: { setup: setup.join('\n'), calls: ['o0.step()', 'o1.step()'] },
  };
}

export const optimizerCases: readonly OpCase[] = [
  ...optimizers.map((one) => caseOf(one, 10)),
  caseOf(optimizers[0]!, 1000),
];
