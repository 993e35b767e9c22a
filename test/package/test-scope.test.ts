import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { anywhere, atAnyLevel, scopeArguments } from '../../scripts/test-scope.mjs';

const root = path.resolve(import.meta.dirname, '../..');

test('what is left out of a run is there, and named once', () => {
  expect(atAnyLevel.filter((name) => !existsSync(path.join(root, name)))).toEqual([]);
  expect(new Set(atAnyLevel).size).toBe(atAnyLevel.length);
  expect(atAnyLevel).toEqual(expect.arrayContaining([...anywhere]));
});

test('vitest is told to leave out folders and files; other arguments are its own', () => {
  const args = scopeArguments(['--another-backend', 'test/ops']);
  expect(args).toContain('--exclude=test/package/**');
  expect(args).toContain('--exclude=test/conformance/runner.test.ts');
  expect(args.at(-1)).toBe('test/ops');
  expect(scopeArguments(['-t', 'name'])).toEqual(['-t', 'name']);
});
