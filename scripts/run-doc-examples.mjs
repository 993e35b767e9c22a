// Runs every example of README, docs/ and the doc comments of lib/ against the built library, and compares the values
// behind `// =>`. An example that throws, or a value that differs, is a failure.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { transform } from 'esbuild';
import { allExamples, checkedModule, sameText } from './doc-examples.mjs';

const root = path.dirname(import.meta.dirname);
// Inside the package, so that `from 'lanegrad'` finds dist/ as it does for a user.
const folder = path.join(root, 'build-examples');

let checked = 0;
let problems = [];

function compare(value, expected) {
  checked += 1;
  const texts = [inspect(value, { breakLength: Infinity, depth: 20, maxArrayLength: null })];
  if (typeof value === 'string' || typeof value === 'function') texts.push(String(value));
  if (value !== null && typeof value === 'object') texts.push(inspect(value));
  const wanted = [expected];
  try {
    // An expectation may be an expression, as `new Float32Array([1, 2])`.
    wanted.push(inspect(new Function(`return (${expected});`)(), { breakLength: Infinity, depth: 20 }));
  } catch {
    // It is text, as Tensor prints itself.
  }
  if (!texts.some((text) => wanted.some((want) => sameText(text, want))))
    problems.push(`wanted ${expected}, got ${texts[0]}`);
}

globalThis.checkExample = (run, expected) => {
  const wanted = /^throws?\b:? ?(.*)$/s.exec(expected);
  const judgeThrow = (error) => {
    if (!wanted) throw error;
    checked += 1;
    const text = `${error.name}: ${error.message}`;
    if (!text.replace(/\s+/g, ' ').includes(wanted[1].replace(/\s+/g, ' ').replace(/\s*\.\.\.$/, ''))) {
      problems.push(`wanted an error with "${wanted[1]}", got ${text}`);
    }
  };
  const judge = (value) => {
    if (wanted) problems.push(`wanted an error with "${wanted[1]}", got ${inspect(value)}`);
    else compare(value, expected);
  };
  let value;
  try {
    value = run();
  } catch (error) {
    return judgeThrow(error);
  }
  return value instanceof Promise ? value.then(judge, judgeThrow) : judge(value);
};

console.assert = (condition, ...message) => {
  checked += 1;
  if (!condition) problems.push(`assertion failed ${message.join(' ')}`);
};
const say = console.log;
console.log = console.table = () => {};

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
const wantedFile = process.argv[2];
const examples = allExamples(root).filter((example) => !wantedFile || example.file.includes(wantedFile));
let failed = 0;
for (const [i, example] of examples.entries()) {
  problems = [];
  try {
    const { text } = checkedModule(example.code);
    const { code } = await transform(text, { loader: 'ts', format: 'esm', target: 'node20' });
    const file = path.join(folder, `example-${i}.mjs`);
    writeFileSync(file, code);
    await import(pathToFileURL(file).href);
  } catch (error) {
    problems.push(error.stack?.split('\n').slice(0, 3).join(' ') ?? String(error));
  }
  if (problems.length === 0) continue;
  failed += 1;
  for (const problem of problems) say(`${example.file}:${example.line}: ${problem}`);
}
rmSync(folder, { recursive: true, force: true });
say(`doc examples: ${examples.length - failed} passed, ${failed} failed (${checked} values compared)`);
process.exit(failed ? 1 : 0);
