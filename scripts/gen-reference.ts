// Writes docs/reference.md, docs/reference/ and the table of docs/pytorch.md from the doc comments; with --check only
// compares. An exported function without a doc comment or an example is an error in both.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readApi } from './reference/api.js';
import { incomplete, referencePages } from './reference/all.js';

const root = path.dirname(import.meta.dirname);
const folder = path.join(root, 'docs', 'reference');
const porting = path.join(root, 'docs', 'pytorch.md');

const items = readApi(root);
// The states are read from modules, which any backend makes.
process.env['LANEGRAD_BACKEND'] ??= 'js';
const { readStates } = await import('./reference/states.js');
const wanted = referencePages(items, readFileSync(porting, 'utf8'), readStates());
const present = existsSync(folder)
  ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/reference/${name.split(path.sep).join('/')}`)
  : [];
const stale = present.filter((name) => !wanted.has(name));
const differ = [...wanted].filter(([name, text]) => {
  const file = path.join(root, name);
  return !existsSync(file) || readFileSync(file, 'utf8') !== text;
});

if (process.argv.includes('--check')) {
  for (const name of [...stale, ...differ.map(([each]) => each)]) {
    console.error(`reference: ${name} is not what the doc comments give; run "npm run docs:reference".`);
  }
  process.exitCode = stale.length + differ.length > 0 ? 1 : 0;
} else {
  for (const name of stale) rmSync(path.join(root, name));
  for (const [name, text] of differ) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  console.log(`reference: ${differ.length} of ${wanted.size} pages written`);
}

const { errors, hints } = incomplete(items);
for (const line of errors) console.error(`reference: ${line}`);
if (process.argv.includes('--verbose')) for (const line of hints) console.log(`reference: ${line}`);
if (errors.length > 0) process.exitCode = 1;
if (!process.exitCode) console.log(`reference: ok (${hints.length} fields or members without a comment)`);
