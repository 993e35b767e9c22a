// Runs vitest and ends with one line "N passed, N failed", which .ci/run adds up. Arguments go to vitest, but for
// --another-level and --another-backend, which leave out what test-scope.mjs says, and --unit, which takes what it says.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { scopeArguments } from './test-scope.mjs';

const root = path.dirname(import.meta.dirname);
const folder = mkdtempSync(path.join(tmpdir(), 'lanegrad-tests-'));
const report = path.join(folder, 'report.json');
const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
const args = [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
const { status } = spawnSync(process.execPath, [...args, ...scopeArguments(process.argv.slice(2))], {
  cwd: root,
  stdio: 'inherit',
});
let [passed, failed] = [0, 0];
try {
  const result = JSON.parse(readFileSync(report, 'utf8'));
  passed = result.numPassedTests;
  failed = result.numFailedTests;
} catch (error) {
  console.error(`no report of vitest: ${error.message}`);
}
rmSync(folder, { recursive: true, force: true });
// A run that fails without a failed test (a file that does not load) is a failure all the same.
if (status !== 0 && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exit(status ?? 1);
