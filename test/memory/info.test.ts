import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  collect,
  counters,
  getNumThreads,
  info,
  memory,
  ones,
  OutOfMemoryError,
  setMemoryLimit,
  setNumThreads,
  ValueError,
  zeros,
} from '../../lib/index.js';
import { packageInfo } from '../../lib/package-info.js';

const native = info().name === 'native';

describe('info', () => {
  it('says what runs and why', () => {
    const { name, reason, version, isa, bestIsa, threads, threadsSource } = info();
    expect(name).toBe(process.env['LANEGRAD_BACKEND'] ?? name);
    expect(reason).toMatch(native ? /^loaded / : /LANEGRAD_BACKEND=js|cannot be loaded/);
    expect(version).toBe(packageInfo().version);
    expect(isa).not.toBe('');
    expect(bestIsa).not.toBe('');
    expect(threads).toBeGreaterThanOrEqual(1);
    expect(threadsSource).not.toBe('');
  });

  // Linux has it from the processor; a C library may give the sum of those that no core reaches.
  const file = '/sys/devices/system/cpu/cpu0/cache/index3/size';
  it.runIf(native && existsSync(file))('knows the last cache of a core', () => {
    const size = /^(\d+)K$/.exec(readFileSync(file, 'utf8').trim())!;
    expect(info().lastCacheBytes).toBe(Number(size[1]) * 1024);
  });
  it.runIf(!native)('has no use for the last cache without the addon', () => {
    expect(info().lastCacheBytes).toBe(0);
  });
});

describe('threads', () => {
  it('can be set', () => {
    const before = getNumThreads();
    setNumThreads(1);
    expect(getNumThreads()).toBe(1);
    setNumThreads(2);
    expect(getNumThreads()).toBe(native ? 2 : 1);
    setNumThreads(before);
    for (const wrong of [0, -1, 1.5, NaN, '2', undefined]) {
      expect(() => setNumThreads(wrong as never)).toThrow(ValueError);
    }
  });
});

describe('memory', () => {
  it('counts what lives', () => {
    const before = memory();
    const x = zeros([1000]);
    const during = memory();
    expect(during.handles).toBe(before.handles + 1);
    expect(during.tensors).toBe(before.tensors + 1);
    if (native) expect(during.bytes).toBeGreaterThanOrEqual(before.bytes + 4000);
    expect(during.peakBytes).toBeGreaterThanOrEqual(during.bytes);
    x.dispose();
    expect(memory().handles).toBe(before.handles);
    if (native) expect(memory().bytes).toBe(before.bytes);
    collect();
    if (native) expect(memory().pooledBytes).toBe(0);
  });

  it.runIf(native)('collect finds what was dropped', () => {
    const before = memory().handles;
    (() => {
      for (let i = 0; i < 100; i++) zeros([4]);
    })();
    collect();
    expect(memory().handles).toBeLessThanOrEqual(before);
  });

  it('can be limited', () => {
    setMemoryLimit(memory().bytes + 1e6);
    try {
      expect(() => zeros([10_000_000])).toThrow(OutOfMemoryError);
      expect(zeros([10]).shape).toEqual([10]);
    } finally {
      setMemoryLimit(0);
    }
    const x = zeros([1_000_000]);
    expect(x.numel()).toBe(1_000_000);
    x.dispose();
    setMemoryLimit(Infinity);
    expect(zeros([1_000]).numel()).toBe(1000);
    for (const wrong of [-1, NaN, '5', undefined]) {
      expect(() => setMemoryLimit(wrong as never)).toThrow(ValueError);
    }
  });
});

describe('counters', () => {
  it('only grow', () => {
    const x = ones([4], { requiresGrad: true });
    const before = counters();
    x.mul(2).sum().backward();
    const after = counters();
    expect(after.ops - before.ops).toBeGreaterThanOrEqual(3);
    expect(after.tapeNodes - before.tapeNodes).toBe(2);
    expect(after.handlesMade - before.handlesMade).toBe(2);
    expect(after.crossings).toBeGreaterThan(before.crossings);
    expect(after.allocations).toBeGreaterThan(before.allocations);
    expect(after.allocatedBytes).toBeGreaterThan(before.allocatedBytes);
    expect(after.savedBytes).toBeGreaterThanOrEqual(before.savedBytes);
  });
});
