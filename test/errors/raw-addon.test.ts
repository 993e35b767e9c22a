import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

// The exports of the addon are a contract with lib/backend/native.ts; still, whatever calls them must get an error, not a
// crash. Each run is a process of its own, in which every export is called with random arguments on random shared memory.

const addon = path.resolve(import.meta.dirname, '../../build/Release/lanegrad.node');
const program = `
  const addon = require(process.argv[1]);
  let seed = Number(process.argv[2]);
  const random = () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) / 2 ** 32;
  const of = (list) => list[Math.floor(random() * list.length)];
  for (const name of Object.keys(addon)) try { addon[name](); } catch {}
  const buffer = addon.reserve(4096, 1024);
  const ints = new Int32Array(buffer, 8192), floats = new Float64Array(buffer, 0, 1024);
  const fail = () => new Error('made');
  if (seed % 2) addon.open(fail, () => {}, () => of([0, 1, -1, 2 ** 31 - 1, 'x']), () => of([0, 3, null]));
  floats.set([2, 3]);
  for (let i = 0; i < 5; i++) addon.create({}, 4, new Float32Array(6), 2);
  const values = [undefined, null, 0, 1, -1, 2, 3, 2 ** 31 - 1, -(2 ** 31), 1e300, NaN, 'x', {}, [], fail, Symbol('s'),
    5n, true, new Float32Array(6), new ArrayBuffer(24), new Proxy({}, { get() { throw new Error('proxy'); } })];
  const ops = addon.describeOps().length;
  const names = Object.keys(addon).filter((name) => name !== 'reserve' && name !== 'setNumThreads');
  for (let i = 0; i < 6000; i++) {
    for (let k = 0; k < 24; k++) ints[k] = of([0, 0, 0, 1, 2, 3, 4, -1, 40, 2 ** 31 - 1]);
    for (let k = 0; k < 24; k++) floats[k] = of([0, 1, 2, 3, -1, 0.5, NaN, 1e300]);
    const name = random() < 0.6 ? 'run' : of(names);
    if (name === 'run') { ints[0] = Math.floor(random() * ops); ints[1] = of([0, 0, 1]); }
    // Not every call of open gets functions: those that it has stay.
    const args = Array.from({ length: Math.floor(random() * 7) }, () => of(values));
    if (name === 'open' && args.every((value) => typeof value === 'function')) continue;
    try { addon[name](...args); } catch (error) { if (!(error instanceof Error)) throw error; }
  }
  console.log('alive');
`;

test.skipIf(!existsSync(addon)).each([1, 2, 3, 4])(
  'random calls of every export, seed %d',
  (seed) => {
    const run = spawnSync(process.execPath, ['-e', program, addon, String(seed)], { encoding: 'utf8' });
    expect([run.signal, run.stdout.trim(), run.stderr]).toEqual([null, 'alive', '']);
  },
  60_000,
);
