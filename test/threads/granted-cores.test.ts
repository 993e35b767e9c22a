import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { info } from '../../lib/index.js';
import { rawAddon } from '../support/raw-addon.js';

// The default number of threads is the least of affinity, CPU quota and physical cores. Here the files that say so are
// made up.

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'lanegrad-cores-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function put(name: string, text: string | number): void {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${text}\n`);
}

/** Processor i is on core cores[i] of package 0. */
function putCores(cores: readonly number[]): void {
  cores.forEach((core, cpu) => {
    put(`sys/devices/system/cpu/cpu${cpu}/topology/core_id`, core);
    put(`sys/devices/system/cpu/cpu${cpu}/topology/physical_package_id`, 0);
  });
}

const granted = (...cpus: number[]) => rawAddon().grantedCores(root, ...cpus);
const eight = [0, 1, 2, 3, 4, 5, 6, 7];

describe.runIf(info().name === 'native')('the cores granted', () => {
  test('are those of the affinity mask where nothing else is known', () => {
    expect(granted(...eight)).toEqual({ count: 8, source: 'affinity' });
    expect(granted(5)).toEqual({ count: 1, source: 'affinity' });
  });

  test('count once for two threads of a core', () => {
    putCores([0, 1, 2, 3, 0, 1, 2, 3]);
    expect(granted(...eight)).toEqual({ count: 4, source: 'physical cores' });
    expect(granted(0, 4, 1)).toEqual({ count: 2, source: 'physical cores' });
    expect(granted(0, 1)).toEqual({ count: 2, source: 'affinity' });
  });

  test('cores of two packages are different cores', () => {
    putCores([0, 1, 0, 1]);
    put('sys/devices/system/cpu/cpu2/topology/physical_package_id', 1);
    put('sys/devices/system/cpu/cpu3/topology/physical_package_id', 1);
    expect(granted(0, 1, 2, 3)).toEqual({ count: 4, source: 'affinity' });
  });

  describe('cgroup v2', () => {
    test.each([
      ['200000 100000', 2],
      ['150000 100000', 2],
      ['50000 100000', 1],
      ['300000 50000', 6],
    ])('a quota of %s is %d cores', (quota, count) => {
      put('proc/self/cgroup', '0::/app');
      put('sys/fs/cgroup/app/cpu.max', quota);
      expect(granted(...eight)).toEqual({ count, source: 'cgroup' });
    });

    test('no quota, or more than there is, grants what there is', () => {
      put('proc/self/cgroup', '0::/app');
      put('sys/fs/cgroup/app/cpu.max', 'max 100000');
      expect(granted(...eight).source).toBe('affinity');
      put('sys/fs/cgroup/app/cpu.max', '1600000 100000');
      expect(granted(...eight)).toEqual({ count: 8, source: 'affinity' });
    });

    test('the quota of a group above holds too, and the least of all', () => {
      put('proc/self/cgroup', '0::/kube/pod/container');
      put('sys/fs/cgroup/kube/pod/container/cpu.max', 'max 100000');
      put('sys/fs/cgroup/kube/pod/cpu.max', '300000 100000');
      expect(granted(...eight)).toEqual({ count: 3, source: 'cgroup' });
      put('sys/fs/cgroup/kube/pod/container/cpu.max', '500000 100000');
      expect(granted(...eight).count).toBe(3);
      put('sys/fs/cgroup/kube/cpu.max', '200000 100000');
      expect(granted(...eight).count).toBe(2);
    });

    test('in a container that sees its own group as the root', () => {
      put('proc/self/cgroup', '0::/');
      put('sys/fs/cgroup/cpu.max', '400000 100000');
      expect(granted(...eight)).toEqual({ count: 4, source: 'cgroup' });
      // The path of the host, which is not mounted in here.
      put('proc/self/cgroup', '0::/system.slice/docker-1234.scope');
      expect(granted(...eight)).toEqual({ count: 4, source: 'cgroup' });
    });
  });

  describe('cgroup v1', () => {
    const quota = (folder: string, microseconds: number) => {
      put(`sys/fs/cgroup/${folder}/cpu.cfs_quota_us`, microseconds);
      put(`sys/fs/cgroup/${folder}/cpu.cfs_period_us`, 100_000);
    };

    test('a quota, and -1 for none', () => {
      put('proc/self/cgroup', '5:memory:/app\n3:cpu:/app\n0::/');
      quota('cpu/app', 250_000);
      expect(granted(...eight)).toEqual({ count: 3, source: 'cgroup' });
      quota('cpu/app', -1);
      expect(granted(...eight).source).toBe('affinity');
    });

    test('where cpu and cpuacct are one', () => {
      put('proc/self/cgroup', '3:cpu,cpuacct:/app');
      quota('cpu,cpuacct/app', 200_000);
      expect(granted(...eight)).toEqual({ count: 2, source: 'cgroup' });
    });

    test('in a container', () => {
      put('proc/self/cgroup', '3:cpu,cpuacct:/docker/1234');
      quota('cpu', 100_000);
      expect(granted(...eight)).toEqual({ count: 1, source: 'cgroup' });
    });
  });

  test('files that hold something else are no error', () => {
    put('proc/self/cgroup', 'nonsense\n::::\n0::');
    put('sys/fs/cgroup/cpu.max', 'lots');
    put('sys/devices/system/cpu/cpu0/topology/core_id', 'x');
    expect(granted(0, 1)).toEqual({ count: 2, source: 'affinity' });
    expect(granted()).toEqual({ count: 1, source: 'affinity' });
  });
});
