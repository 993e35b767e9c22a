import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const program = `
  const { info, tensor } = await import('./lib/index.ts');
  console.log(JSON.stringify({ name: info().name, sum: tensor([1, 2]).sum().item() }));
`;

function load(env: NodeJS.ProcessEnv) {
  const clean = { ...process.env };
  for (const name of Object.keys(clean)) if (name.startsWith('LANEGRAD_')) delete clean[name];
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  return spawnSync(process.execPath, args, { cwd: root, env: { ...clean, ...env }, encoding: 'utf8' });
}

describe('choice of the backend', () => {
  it('falls back to the TypeScript backend with one warning that names cause and remedy', () => {
    const { status, stdout, stderr } = load({ LANEGRAD_ADDON: '/nowhere/lanegrad.node' });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ name: 'js', sum: 3 });
    expect(stderr.match(/npx lanegrad build/g)).toHaveLength(1);
    expect(stderr).toContain('/nowhere/lanegrad.node');
  });

  it('is silent when the TypeScript backend was asked for', () => {
    const { status, stdout, stderr } = load({ LANEGRAD_BACKEND: 'js' });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ name: 'js', sum: 3 });
    expect(stderr).toBe('');
  });

  it('says so when LANEGRAD_ADDON is the cause', () => {
    expect(load({ LANEGRAD_ADDON: '/nowhere/lanegrad.node' }).stderr).toMatch(
      /name a file in LANEGRAD_ADDON/,
    );
  });

  const native = existsSync(path.join(root, 'build/Release/lanegrad.node'));
  it.runIf(native).each(['0', '-1', 'abc', '2.5', '1e3'])('warns of LANEGRAD_NUM_THREADS=%s', (text) => {
    const { status, stderr } = load({ LANEGRAD_NUM_THREADS: text });
    expect(status).toBe(0);
    expect(stderr.match(/LANEGRAD_NUM_THREADS must be an integer/g)).toHaveLength(1);
  });

  it.runIf(native)('takes a number of threads beyond the cores', () => {
    expect(load({ LANEGRAD_NUM_THREADS: '7' }).stderr).toBe('');
  });

  it('fails when the native backend was asked for and does not load', () => {
    const { status, stderr } = load({ LANEGRAD_BACKEND: 'native', LANEGRAD_ADDON: '/nowhere/lanegrad.node' });
    expect(status).not.toBe(0);
    expect(stderr).toContain('BackendError');
  });

  it('refuses an unknown backend by name', () => {
    const { status, stderr } = load({ LANEGRAD_BACKEND: 'cuda' });
    expect(status).not.toBe(0);
    expect(stderr).toContain('LANEGRAD_BACKEND must be native or js, got cuda');
  });
});
