import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
// A PATH with node alone: no compiler, no make, no python.
const onlyNode = mkdtempSync(path.join(tmpdir(), 'lanegrad-path-'));
symlinkSync(process.execPath, path.join(onlyNode, 'node'));

afterAll(() => {
  rmSync(onlyNode, { recursive: true, force: true });
});

function run(script: string, args: string[], env: NodeJS.ProcessEnv) {
  const clean = { ...process.env };
  for (const name of ['CXX', 'PYTHON', 'npm_config_python']) delete clean[name];
  return spawnSync(process.execPath, [path.join(root, script), ...args], {
    env: { ...clean, ...env },
    encoding: 'utf8',
  });
}

describe('install script', () => {
  it('without a compiler says in one line what is missing, and succeeds', () => {
    const { status, stdout, stderr } = run('scripts/install.mjs', [], { PATH: onlyNode });
    expect(status).toBe(0);
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stdout).toContain('no C++20 compiler and no make and no python3');
    expect(stdout).toContain('apt-get install g++ make python3');
    expect(stdout).toContain('TypeScript backend');
  });

  it('can be told to build nothing', () => {
    const { status, stdout } = run('scripts/install.mjs', [], { LANEGRAD_SKIP_BUILD: '1' });
    expect(status).toBe(0);
    expect(stdout).toContain('LANEGRAD_SKIP_BUILD');
  });

  it('as a command of its own, the build without a compiler fails with the same sentence', () => {
    const { status, stderr } = run('scripts/compile-addon.mjs', [], { PATH: onlyNode });
    expect(status).toBe(1);
    expect(stderr).toContain('no C++20 compiler');
  });
});

describe('binding.gyp lists', () => {
  it('the sources and flags are what the list files say', () => {
    const { stdout } = run('scripts/native-list.mjs', ['sources'], {});
    expect(stdout.split('\n')).toContain('native/core/cpu.cc');
    const flags = run('scripts/native-list.mjs', ['flags'], { CI: 'true' }).stdout.trim().split('\n');
    expect(flags).toContain('-ffp-contract=off');
    expect(flags).toContain('-Werror');
    expect(flags.filter((flag) => flag.startsWith('-m'))).toEqual([]);
  });

  it('MSVC is refused with a sentence', () => {
    const { status, stderr } = run('scripts/native-list.mjs', ['refuse-msvc'], {});
    expect(status).toBe(1);
    expect(stderr).toContain('does not compile with MSVC');
  });
});
