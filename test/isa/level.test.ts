import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { info, ones } from '../../lib/index.js';

// CI runs the whole suite once per level; this is the proof that the level asked for is the one in force.

const wantedBackend = process.env['LANEGRAD_BACKEND'];
const wantedIsa = process.env['LANEGRAD_ISA'];

test.runIf(wantedBackend !== undefined)('the backend asked for is in force', () => {
  expect(info().name).toBe(wantedBackend);
});

test.runIf(wantedIsa !== undefined && wantedBackend !== 'js')('the CPU level asked for is in force', () => {
  expect(info().isa).toBe(wantedIsa);
});

test.runIf(wantedIsa === undefined && info().name === 'native')(
  'the best level of the machine is in force',
  () => {
    expect(info().isa).toBe(info().bestIsa);
  },
);

test('it computes', () => {
  expect(ones([100]).add(1).sum().item()).toBe(200);
});

const sum = "import('./lib/index.ts').then((lg) => console.log(lg.info().isa, lg.ones([3]).sum().item()))";

function runAt(level: string, script = sum) {
  return spawnSync(process.execPath, ['--import', 'tsx', '-e', script], {
    env: { ...process.env, LANEGRAD_ISA: level },
    encoding: 'utf8',
  });
}

test.runIf(info().name === 'native')('LANEGRAD_ISA lowers the level', () => {
  expect(runAt('scalar').stdout.trim()).toBe('scalar 3');
});

// Each of what a unit for bfloat16 does instead of vectors: other sums, so other last bits somewhere.
const products = `
import('./lib/index.ts').then((lg) => {
  lg.manualSeed(5);
  const operand = (...shape) => lg.randn(shape).to('bfloat16').requiresGrad_();
  const show = (tensors) => console.log(...tensors.map((t) => t.to('float64').abs().sum().item()));
  const both = (fn, operands) => {
    const out = fn(...operands);
    show([out, ...lg.grad(out, operands, { gradOutputs: operand(...out.shape) })]);
  };
  both((a, b) => lg.matmul(a, b), [operand(200, 300), operand(300, 150)]);
  both((x, w) => lg.conv2d(x, w, null, { stride: 2 }), [operand(4, 64, 56, 56), operand(128, 64, 3, 3)]);
  const heads = () => operand(1, 2, 150, 64);
  both((q, k, v) => lg.F.scaledDotProductAttention(q, k, v), [heads(), heads(), heads()]);
});`;

test.runIf(info().name === 'native' && /amx|bf16/.test(info().isa))(
  'products, convolutions, attention and their gradients run on the unit for bfloat16',
  () => {
    const [unit, vectors] = [info().isa, 'avx512'].map((level) =>
      runAt(level, products).stdout.trim().split(/\s+/),
    );
    expect(unit).toHaveLength(10);
    unit!.forEach((sum, i) => expect(sum, String(i)).not.toBe(vectors![i]));
  },
  60_000,
);

test.runIf(info().name === 'native')('a level that does not exist is named, and not an end', () => {
  const { stdout, stderr } = runAt('sse9');
  expect(stderr + stdout).toMatch(/LANEGRAD_ISA/);
});
