import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { backend } from '../../lib/backend/current.js';
import { bandwidthGroups, kernelGroups } from '../../bench/ops/case.js';
import { cases } from '../../bench/ops/cases/index.js';
import type { OpsReport } from '../../bench/ops/report.js';

// The benchmark program itself: its cases have names that can be asked for, and a short run of some measures something.

const root = path.join(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(tmpdir(), 'bench-ops-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function run(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const program = ['--import', 'tsx', path.join(root, 'bench/ops/main.ts'), ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, program, { cwd: root }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

test('every case has a name of its own, and every group has cases', () => {
  const names = cases.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const groups = new Set(cases.map(({ group }) => group));
  expect([...groups].toSorted()).toEqual([...bandwidthGroups, ...kernelGroups].toSorted());
});

test('a run writes rates beside what the machine does at best', async () => {
  const file = path.join(folder, 'ops.json');
  const wanted = [
    'matmul 64x64x64 f32 fwd+bwd',
    'linear 1x1024x1024 bf16 fwd',
    'relu 16K f32 fwd+bwd',
    'softmax 1024x384 f32 fwd',
    'add 16 + backward',
  ];
  const { code, stdout, stderr } = await run([
    ...['--case', wanted.join(','), '--threads', '1', '--rounds', '1', '--seconds', '0.005', '--json', file],
  ]);
  expect([code, stderr.includes('Error')], stderr).toEqual([0, false]);
  const report = JSON.parse(readFileSync(file, 'utf8')) as OpsReport;
  expect(report.threads).toBe(1);
  expect(report.rows.map(({ name }) => name)).toEqual(wanted);
  for (const row of report.rows) {
    expect(row.ms.least, row.name).toBeGreaterThan(0);
    expect(row.ms.median, row.name).toBeGreaterThanOrEqual(row.ms.least);
    expect(stdout).toContain(row.name);
  }
  const [product, layer, relu, softmax, loop] = report.rows;
  expect(product!.flops).toBe(6 * 64 ** 3);
  // No product is faster than multiply-adds in registers by more than the clock varies.
  if (backend.name === 'native') {
    expect((1000 * product!.flops!) / product!.ms.least).toBeLessThan(1.5 * product!.peak!);
  }
  expect(layer!.peak).toBeGreaterThan(1e6);
  expect(relu!.bytes).toBe(5 * 4 * (1 << 14));
  expect(softmax!.triadMs!.least).toBeGreaterThan(0);
  expect([loop!.bytes, loop!.flops]).toEqual([undefined, undefined]);
});

test('what it does not know it names', async () => {
  const { code, stderr } = await run(['--group', 'nothing']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/no group nothing, wanted one of elementwise, /);
});

test('the peak is a rate of any machine that has a processor', () => {
  const { float32, float64, tiles } = backend.peak(0.005);
  expect(tiles).toBeGreaterThanOrEqual(0);
  expect(float32).toBeGreaterThan(1e6);
  expect(float64).toBeGreaterThan(1e6);
  expect(float64).toBeLessThan(1.5 * float32);
});
