// What a call costs: ops on 16 elements, in loops of a thousand.
import { backward, empty, enableGrad, grad, ones } from '../../../../lib/index.js';
import type { Tensor } from '../../../../lib/index.js';
import { input } from '../../case.js';
import type { OpCase } from '../../case.js';

const loop = 1000;
const few = input([16], { normal: true });

interface Tiny {
  readonly name: string;
  readonly one: (a: Tensor, b: Tensor, g: Tensor) => unknown;
  /** A statement, of a and b, of ag and bg that require gradients, and of ones g. */
  readonly torch: string;
  readonly graph?: boolean;
  /** Ops of one call. */
  readonly ops?: number;
}

function chain(a: Tensor, b: Tensor, g: Tensor): void {
  let y = a;
  for (let i = 0; i < 10; i++) y = y.add(b);
  backward(y, { gradient: g });
}

const all: readonly Tiny[] = [
  { name: 'add 16', one: (a, b) => a.add(b), torch: 'torch.add(a, b)' },
  { name: 'add 16, graph only', one: (a, b) => a.add(b), torch: 'torch.add(ag, bg)', graph: true },
  {
    name: 'add 16 + backward',
    one: (a, b, g) => {
      backward(a.add(b), { gradient: g });
    },
    torch: 'torch.autograd.backward((torch.add(ag, bg),), (g,))',
    graph: true,
  },
  {
    name: 'add 16 + grad',
    one: (a, b, g) => grad(a.add(b), [a, b], { gradOutputs: g }),
    torch: 'torch.autograd.grad(torch.add(ag, bg), (ag, bg), g)',
    graph: true,
  },
  { name: 'chain of 10 adds + backward', one: chain, torch: 'chain()', graph: true, ops: 10 },
  { name: 'empty 16', one: () => empty([16]), torch: 'torch.empty(16)' },
  { name: 'view 4x4', one: (a) => a.view([4, 4]), torch: 'a.view(4, 4)' },
];

function caseOf({ name, one, torch, graph = false, ops = 1 }: Tiny): OpCase {
  const calls = loop / ops;
  return {
    name,
    group: 'tiny',
    inputs: [few, few],
    call: (a) => a,
    loop,
    prepare: (a, b) => {
      const g = ones([16]);
      const run = (): void => {
        for (let i = 0; i < calls; i++) one(a, b, g);
      };
      if (!graph) {
        return () => {
          run();
          return 0;
        };
      }
      a.requiresGrad_();
      b.requiresGrad_();
      return () => {
        enableGrad(run);
        return 0;
      };
    },
    torch: {
      setup: `g = torch.ones(16)
ag, bg = a.clone().requires_grad_(), b.clone().requires_grad_()
def chain():
  y = ag
  for _ in range(10): y = y + bg
  y.backward(g)
def f():
  with torch.set_grad_enabled(${graph ? 'True' : 'False'}):
    for _ in range(${calls}): ${torch}`,
      calls: ['f()'],
    },
  };
}

const product: OpCase = {
  name: 'mm 16x16',
  group: 'tiny',
  inputs: [input([16, 16])],
  call: (x) => x,
  loop,
  prepare: (x) => () => {
    for (let i = 0; i < loop; i++) x.mm(x);
    return 0;
  },
  torch: { setup: `def f():\n  for _ in range(${loop}): torch.mm(a, a)`, calls: ['f()'] },
};

export const tiny: readonly OpCase[] = [...all.map(caseOf), product];
