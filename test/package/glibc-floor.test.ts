import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareVersions, glibcFloor, versionedSymbols } from '../../scripts/glibc-floor.mjs';

const addon = path.resolve(import.meta.dirname, '../../build/Release/lanegrad.node');
// Of glibc and of libstdc++ both, which the official builds of Node link dynamically.
const node = process.execPath;
const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
const onGlibc = header.glibcVersionRuntime !== undefined;

describe('glibc floor', () => {
  it('compares versions as numbers', () => {
    expect(compareVersions('2.4', '2.28')).toBeLessThan(0);
    expect(compareVersions('2.28', '2.28')).toBe(0);
    expect(compareVersions('2.2.5', '2.2')).toBeGreaterThan(0);
  });

  it('refuses what is no ELF file', () => {
    expect(() => versionedSymbols(import.meta.filename)).toThrow('ELF');
  });

  it.runIf(onGlibc)('reads the symbols of a binary and the highest version', () => {
    const exit = versionedSymbols(node).find(({ symbol }) => symbol === 'exit');
    expect(exit?.library).toBe('libc.so.6');
    expect(exit?.version).toMatch(/^GLIBC_2\./);
    const { floor } = glibcFloor(node);
    expect(compareVersions(floor, '2.17')).toBeGreaterThanOrEqual(0);
    expect(glibcFloor(node, floor).above.filter((text) => text.includes('@GLIBC_'))).toEqual([]);
    const lower = glibcFloor(node, '2.2.5').above;
    expect(lower.some((text) => text.includes(`@GLIBC_${floor} (`))).toBe(true);
  });

  it.runIf(onGlibc && existsSync(addon))('the addon loads on glibc 2.28 and brings its own libstdc++', () => {
    expect(glibcFloor(addon).above).toEqual([]);
  });
});
