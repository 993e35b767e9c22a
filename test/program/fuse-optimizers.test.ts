import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { compile, getNumThreads, manualSeed, optim, randn, setNumThreads } from '../../lib/index.js';
import type { DType, Tensor } from '../../lib/index.js';
import type { ProgramDescription } from '../../lib/backend/programs.js';
import { bits as allBits, native, record, stepper } from './kit.js';

// Steps of several groups and optimizers become one node, with the bits of one after the other.

interface Steps {
  readonly paramGroups: readonly { lr: number }[];
  zeroGrad(): void;
  step(): void;
}
interface GroupOptions {
  lr: number;
  params: Tensor[];
}
type Make = (groups: GroupOptions[]) => Steps;

/** So few that a difference can be read. */
const bits = (tensor: Tensor): string => createHash('sha1').update(allBits(tensor)).digest('hex').slice(0, 8);

const threads = getNumThreads();
afterEach(() => setNumThreads(threads));

const shapes = [[300, 70], [70], [], [5, 3, 2], [40_000], [9]];

function parameters(dtype: DType = 'float32'): Tensor[] {
  manualSeed(11);
  return shapes.map((shape) => {
    const param = randn(shape).to(dtype).clone();
    param.requiresGrad = true;
    return param;
  });
}

/** Two groups of one optimizer and a second optimizer; the fourth parameter has no gradient. */
function training(make: Make, params = parameters()) {
  const [a, b, c, d, e, f] = params as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const first = make([
    { params: [a, b], lr: 0.02 },
    { params: [c, d], lr: 0.3 },
  ]);
  const second = make([{ params: [e, f], lr: 0.001 }]);
  const step = (x: Tensor): Tensor => {
    first.zeroGrad();
    second.zeroGrad();
    const loss = [a, b, c, e, f].map((p) => p.square().mul(x).sum()).reduce((sum, term) => sum.add(term));
    loss.backward();
    first.step();
    second.step();
    return loss;
  };
  return { params, first, second, step };
}

/** Bits of parameters and losses of some steps, between which a rate changes. */
function run({ params, first, step }: ReturnType<typeof training>, call = step): string[] {
  manualSeed(5);
  const seen: string[] = [];
  for (let i = 0; i < 4; i++) {
    seen.push(bits(call(randn([]).to(params[0]!.dtype))));
    first.paramGroups[1]!.lr /= 2;
  }
  return [...seen, ...params.map(bits)];
}

const passes = ['fuseOptimizers'];
const stepsOf = (program: ProgramDescription) => program.nodes.filter(({ op }) => op.endsWith('Step'));

const makers: readonly [string, Make][] = [
  ['SGD', (groups) => new optim.SGD(groups)],
  ['SGD with momentum', (groups) => new optim.SGD(groups, { momentum: 0.9, nesterov: true })],
  ['Adam', (groups) => new optim.Adam(groups, { weightDecay: 0.1 })],
  ['Adam with amsgrad', (groups) => new optim.Adam(groups, { amsgrad: true })],
  ['AdamW', (groups) => new optim.AdamW(groups)],
  ['NAdam', (groups) => new optim.NAdam(groups)],
  ['RAdam', (groups) => new optim.RAdam(groups)],
  ['Adamax', (groups) => new optim.Adamax(groups)],
  ['RMSprop', (groups) => new optim.RMSprop(groups, { centered: true, momentum: 0.5 })],
  ['Adagrad', (groups) => new optim.Adagrad(groups)],
  ['Adadelta', (groups) => new optim.Adadelta(groups)],
  ['ASGD', (groups) => new optim.ASGD(groups)],
  ['Rprop', (groups) => new optim.Rprop(groups)],
  ['Lion', (groups) => new optim.Lion(groups)],
];

describe.runIf(native)('steps of optimizers', () => {
  describe.each(makers)('%s', (_, make) => {
    it('is one node for all groups, bit for bit', () => {
      const wanted = run(training(make));
      for (const count of [1, 2, 7]) {
        setNumThreads(count);
        const fused = training(make);
        const call = compile(fused.step, { passes });
        expect(run(fused, call)).toEqual(wanted);
        const { programs } = call.explain();
        expect(
          programs.map((program) => stepsOf(program).map((node) => node.fused?.split(' ').length)),
        ).toEqual([[3]]);
        expect(programs[0]!.passes.map(({ name, changes }) => [name, changes])).toEqual([
          ['fuseOptimizers', 2],
        ]);
      }
    });

    it('is a node for each group with the pass switched off', () => {
      const call = compile(training(make).step, { passes: [] });
      call(randn([]));
      expect(stepsOf(call.explain().programs[0]!).length).toBe(3);
    });
  });

  it('joins groups of which some leave their momentum alone', () => {
    const make = (): [ReturnType<typeof training>, optim.SGD] => {
      const made: optim.SGD[] = [];
      const all = training((groups) => {
        made.push(new optim.SGD(groups, { momentum: 0.9 }));
        return made.at(-1)!;
      });
      return [all, made[0]!];
    };
    const x = randn([]);
    const [plain, plainly] = make();
    const [fused, fusedly] = make();
    const steps = stepper(fused.step, { passes });
    // Their states are there before the recording.
    plain.step(x);
    fused.step(x);
    for (let i = 0; i < 4; i++) {
      plain.step(x);
      steps.call(x);
      // From now on the buffers of one group stay as they are; the program has them still.
      plainly.paramGroups[1]!.momentum = fusedly.paramGroups[1]!.momentum = i % 2;
    }
    expect(fused.params.map(bits)).toEqual(plain.params.map(bits));
    expect(steps.made.map((program) => stepsOf(program.describe()).length)).toEqual([1]);
  });

  const apart: readonly [string, () => { step: (x: Tensor) => Tensor }, number][] = [
    [
      'other attributes',
      () => training((groups) => new optim.SGD(groups, { maximize: groups.length === 1 })),
      2,
    ],
    ['other states', () => training((groups) => new optim.SGD(groups, { momentum: groups.length - 1 })), 2],
    ['16-bit parameters', () => training((groups) => new optim.SGD(groups), parameters('bfloat16')), 3],
  ];

  it.each(apart)('stay apart with %s', (_, make, count) => {
    const call = compile(make().step, { passes });
    call(randn([]));
    expect(stepsOf(call.explain().programs[0]!).length, call.explain().listing()).toBe(count);
  });

  it('stay apart where what one has written is read before the other', () => {
    const [a, b] = parameters().slice(2, 4) as [Tensor, Tensor];
    const [first, second] = [new optim.SGD([a], { lr: 0.5 }), new optim.SGD([b], { lr: 0.5 })];
    const step = (x: Tensor): Tensor => {
      first.zeroGrad();
      second.zeroGrad();
      a.mul(x).backward();
      first.step();
      const loss = b.mul(a.detach()).sum();
      loss.backward();
      second.step();
      return loss;
    };
    const { results, program } = record(step, [randn([])], { passes });
    expect(results.length).toBe(1);
    expect(stepsOf(program.describe()).length).toBe(2);
  });
});
