// Writes lib/option-names.gen.ts from the types of the exported functions; with --check only compares.
import { readFileSync, writeFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { optionNamesText, readOptionNames } from './option-names.js';

const root = path.dirname(import.meta.dirname);
const file = path.join(root, 'lib', 'option-names.gen.ts');
const text = await format(optionNamesText(readOptionNames(root)), {
  ...(await resolveConfig(file)),
  parser: 'typescript',
});

if (!process.argv.includes('--check')) {
  writeFileSync(file, text);
  console.log(`${path.relative(root, file)} written`);
} else if (existsSync(file) && readFileSync(file, 'utf8') === text) {
  console.log('option names: ok');
} else {
  console.error(
    'option names: lib/option-names.gen.ts is not what the types say; run "npm run gen:options".',
  );
  process.exitCode = 1;
}
