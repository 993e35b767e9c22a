// Runs the tests that depend on the runtime (memory, package) on other versions of Node, whose binaries come from npm.
// npm run test:nodes -- [filter ...]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const versions = ['22.23.3', '24.21.0'];
const filters = process.argv.length > 2 ? process.argv.slice(2) : ['test/memory', 'test/train'];
const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

let [passed, failed] = [0, 0];
for (const version of versions) {
  const folder = path.join(root, 'build-nodes', version);
  const name = `node-${platform}`;
  const binary = path.join(folder, 'node_modules', name, 'bin', 'node');
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    const args = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', `${name}@${version}`];
    spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  const existing = filters.filter((filter) => existsSync(path.join(root, filter)));
  const args = [path.join(root, 'scripts', 'run-tests.mjs'), '--passWithNoTests', ...existing];
  console.log(`Node ${version}`);
  const run = spawnSync(binary, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  process.stdout.write(run.stdout ?? '');
  const counts = /(\d+) passed, (\d+) failed\s*$/.exec(run.stdout ?? '');
  passed += Number(counts?.[1] ?? 0);
  failed += Number(counts?.[2] ?? 1);
}
console.log(`Node ${versions.join(', ')}: ${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
