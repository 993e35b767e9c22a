// Which tests say the same whatever they run on, so that .ci/run need not repeat them. Everything else runs at every CPU level
// and on both backends: a new test is repeated until it stands here.

/** Neither CPU level nor backend reaches them: the repository's tools, its documents, and what names its backend itself. */
export const anywhere = ['test/backend', 'test/bench', 'test/conformance/runner.test.ts', 'test/package'];

/** No CPU level reaches them: JavaScript, and C++ outside of the kernels; values of kernels are looked at elsewhere. */
export const atAnyLevel = [
  ...anywhere,
  'test/autocast/scope.test.ts',
  'test/autograd/custom-op.test.ts',
  'test/autograd/deep.test.ts',
  'test/autograd/gradcheck.test.ts',
  'test/autograd/no-gradient.test.ts',
  'test/autograd/tensor-hooks.test.ts',
  // What a call is and what it may do; programs meet the kernels of each level in the other tests there and in test/program.
  'test/compile/async.test.ts',
  'test/compile/calls.test.ts',
  'test/compile/errors.test.ts',
  'test/compile/explain.test.ts',
  'test/compile/guards.test.ts',
  'test/compile/hostile.test.ts',
  'test/compile/keys.test.ts',
  'test/compile/overlap.test.ts',
  'test/compile/server.test.ts',
  'test/compile/snapshot.test.ts',
  'test/compile/waiting.test.ts',
  'test/compile/workloads.test.ts',
  // Whether formulas of gradients are right. That the kernels of each level compute them is in test/ops and ops.test.ts.
  'test/conformance/gradcheck.test.ts',
  'test/data',
  'test/debug',
  'test/errors/bad-losses.test.ts',
  'test/errors/bad-modules.test.ts',
  'test/errors/call-names.test.ts',
  'test/errors/hostile.test.ts',
  'test/errors/mistakes.test.ts',
  'test/errors/option-names.test.ts',
  'test/errors/raw-addon.test.ts',
  'test/io',
  'test/memory/handles.test.ts',
  'test/memory/limit.test.ts',
  'test/memory/loop.test.ts',
  'test/memory/pages.test.ts',
  'test/memory/tensors.test.ts',
  'test/metrics',
  'test/nn/container.test.ts',
  'test/nn/deep.test.ts',
  'test/nn/graph.test.ts',
  'test/nn/hooks.test.ts',
  'test/nn/lazy.test.ts',
  'test/nn/locate.test.ts',
  'test/nn/module.test.ts',
  'test/nn/parametrize.test.ts',
  'test/nn/plain-tensors.test.ts',
  'test/nn/printing.test.ts',
  'test/program/async.test.ts',
  'test/program/recording.test.ts',
  'test/program/replay.test.ts',
  'test/program/steady.test.ts',
  'test/threads/granted-cores.test.ts',
  'test/threads/pool.test.ts',
];

/** What differs between two levels of which only one multiplies pairs of bfloat16: their products, and all that is made of them. */
export const ofUnits = [
  'test/autocast',
  'test/conformance',
  'test/isa',
  'test/linalg',
  'test/ops',
  'test/threads/same-bits.test.ts',
];

const scopes = { '--another-level': atAnyLevel, '--another-backend': anywhere };

/** Arguments of scripts/run-tests.mjs as vitest takes them. */
export function scopeArguments(args) {
  return args.flatMap((argument) => {
    if (argument === '--unit') return ofUnits;
    const left = scopes[argument];
    return left ? left.map((name) => `--exclude=${name.endsWith('.ts') ? name : `${name}/**`}`) : [argument];
  });
}
