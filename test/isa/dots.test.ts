import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { info } from '../../lib/index.js';

// Dot products of bfloat16 by the instruction of the processor and in software, as its manual describes them: the same bits.

const script = `
import('./lib/index.ts').then((lg) => {
  lg.manualSeed(1);
  const operand = (rows, columns, size) => lg.randn([rows, columns]).mul(size).to('bfloat16');
  const products = [[16, 64, 300, 1], [33, 100, 17, 1], [64, 513, 129, 2 ** 40], [257, 70, 64, 2 ** -40]];
  for (const [m, k, n, size] of products) {
    const c = lg.matmul(operand(m, k, size), operand(k, n, 1)).to('float32');
    console.log(lg.info().isa.split('-emulated')[0], c.sum().item(), c.abs().sum().item(), c.mul(c).sum().item());
  }
});`;

function runAt(level: string) {
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '-e', script], {
    env: { ...process.env, LANEGRAD_ISA: level },
    encoding: 'utf8',
  });
  expect(stderr).not.toMatch(/Error/);
  return stdout.trim();
}

// A processor with the instruction has it at the best level, or below the tiles.
const hasDots = info().bestIsa === 'avx512-bf16' || info().bestIsa === 'amx';

test.runIf(info().name === 'native' && hasDots)(
  'the instruction and its description agree',
  () => {
    const bits = runAt('avx512-bf16');
    expect(bits).toMatch(/^avx512-bf16 /);
    expect(bits.split('\n')).toHaveLength(4);
    expect(bits).toBe(runAt('avx512-bf16-emulated'));
  },
  60_000,
);
