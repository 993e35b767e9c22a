// Builds the addon with the address sanitizer, into build-asan/, and runs test files on it: npm run test:asan -- [filter ...].
// A fault ends the run with what was read or written, where, and who allocated it. Blocks of the pool are as long as they were
// asked for (native/core/pool.cc); pieces of one workspace are not told apart.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { buildWith } from './compile-sources.mjs';

const root = path.dirname(import.meta.dirname);
const folder = path.join(root, 'build-asan');
const compiler = process.env.ASAN_CXX ?? 'g++';
// Ops by their table and at their edges, errors, layers, and tiles.
const usual = ['test/ops', 'test/errors', 'test/nn', 'test/isa/tiles.test.ts'];

function runtime() {
  const [command, ...first] = compiler.split(' ').slice(-1);
  const { stdout } = spawnSync(command, [...first, '-print-file-name=libasan.so'], { encoding: 'utf8' });
  const name = stdout?.trim() ?? '';
  if (path.isAbsolute(name) && existsSync(name)) return name;
  console.error(`${compiler} has no address sanitizer (libasan.so)`);
  process.exit(1);
}

const preload = runtime();
// Warnings are those of the plain build; inlining less, the compiler guesses others.
const broken = await buildWith(compiler, folder, [
  '-fsanitize=address',
  '-fno-omit-frame-pointer',
  '-O1',
  '-g1',
  '-Wno-error',
]);
if (broken.length) {
  console.error(`did not compile: ${broken.join(', ')}`);
  process.exit(1);
}
const given = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', ...(given.length ? given : usual)],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      LANEGRAD_ADDON: path.join(folder, 'lanegrad.node'),
      LANEGRAD_BACKEND: 'native',
      LD_PRELOAD: preload,
      // Node itself leaks on purpose, and has its own handlers of signals.
      ASAN_OPTIONS: `detect_leaks=0:allocator_may_return_null=1:${process.env.ASAN_OPTIONS ?? ''}`,
    },
  },
);
process.exit(status ?? 1);
