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

function runAt(level: string) {
  const script =
    "import('./lib/index.ts').then((lg) => console.log(lg.info().isa, lg.ones([3]).sum().item()))";
  return spawnSync(process.execPath, ['--import', 'tsx', '-e', script], {
    env: { ...process.env, LANEGRAD_ISA: level },
    encoding: 'utf8',
  });
}

test.runIf(info().name === 'native')('LANEGRAD_ISA lowers the level', () => {
  expect(runAt('scalar').stdout.trim()).toBe('scalar 3');
});

test.runIf(info().name === 'native')('a level that does not exist is named, and not an end', () => {
  const { stdout, stderr } = runAt('sse9');
  expect(stderr + stdout).toMatch(/LANEGRAD_ISA/);
});
