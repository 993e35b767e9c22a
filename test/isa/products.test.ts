import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { info } from '../../lib/index.js';
import { chainError, matmulError, productCase, productKinds } from '../support/product-errors.js';

// What float32 products promise at the precision `highest`: on tiles, the greatest and the RMS error relative to |A| |B|
// are at most those of a chain of fused multiply-adds. Elsewhere such chains are what is computed, one for each block of
// the depth: the same promise, but for luck. The scalar level has no fused multiply-add.

const sizes = [1, 2, 31, 63, 64, 65, 100, 256, 300, 1000, 4096];
const { isa } = info();
const fused = isa !== 'scalar';
const luck = isa.startsWith('amx') ? 1 : 1.25;

test.runIf(fused).each(productKinds)('%s: no more error than a chain of multiply-adds', (kind) => {
  for (const k of sizes) {
    const given = productCase(kind, 48, k, 40);
    const chain = chainError(given);
    const ours = matmulError(given);
    expect(ours.greatest, `greatest, k = ${k}`).toBeLessThanOrEqual(chain.greatest * luck);
    expect(ours.rms, `rms, k = ${k}`).toBeLessThanOrEqual(chain.rms * luck);
  }
});

test.runIf(fused)('65,536 in depth', () => {
  const given = productCase('normal', 32, 65536, 32);
  const chain = chainError(given);
  const ours = matmulError(given);
  expect(ours.greatest).toBeLessThanOrEqual(chain.greatest * luck);
  expect(ours.rms).toBeLessThanOrEqual(chain.rms * luck);
});

// The units that a processor lacks run the same tests, and those of all that multiplies matrices, in software.
const missing: Record<string, string[]> = {
  avx512: ['amx-emulated', 'avx512-bf16-emulated'],
  'avx512-bf16': ['amx-emulated'],
  amx: ['avx512-bf16-emulated'],
};

test.runIf(info().bestIsa === isa && isa in missing).each(missing[isa] ?? [isa])(
  '%s, in software',
  (level) => {
    const files = [
      'test/isa/products.test.ts',
      'test/isa/tiles.test.ts',
      'test/isa/tile-convolutions.test.ts',
      'test/isa/tile-attention.test.ts',
      'test/isa/tile-attention-gradient.test.ts',
      'test/linalg',
      'test/ops/products-half.test.ts',
      'test/ops/products-finished.test.ts',
    ];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', ...files],
      { env: { ...process.env, LANEGRAD_ISA: level }, encoding: 'utf8' },
    );
    expect(status, stdout + stderr).toBe(0);
  },
  300_000,
);
