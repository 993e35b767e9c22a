import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const addon = path.resolve(import.meta.dirname, '../../build/Release/lanegrad.node');
const read = (...flags: string[]) => spawnSync('readelf', ['--wide', ...flags, addon], { encoding: 'utf8' });
const readable = process.platform === 'linux' && existsSync(addon) && read('-h').status === 0;

// The addon must load on any system of its platform: what it asks of the loader is fixed.
describe.runIf(readable)('the addon', () => {
  it('needs the C library alone: no libstdc++, no OpenMP runtime', () => {
    const needed = [...read('-d').stdout.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map((match) => match[1]!);
    expect(needed).toContain('libc.so.6');
    for (const name of needed) expect(name).toMatch(/^(lib(c|m|pthread|dl)\.so\.\d|ld-linux-.*\.so\.\d)$/);
  });

  it('exports the two entry points of Node-API and nothing that could meet another library', () => {
    const defined = [...read('--dyn-syms').stdout.matchAll(/(?:GLOBAL|WEAK)\s+\w+\s+(?!UND)\w+\s+(\S+)$/gm)];
    const names = defined.map((match) => match[1]!);
    expect(names.sort()).toEqual(['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
  });
});
