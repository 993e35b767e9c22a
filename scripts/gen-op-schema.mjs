// Writes lib/backend/op-schema.gen.ts from the records in the built addon; with --check only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { schemaText } from './op-schema-text.mjs';

const root = path.dirname(import.meta.dirname);
const file = path.join(root, 'lib', 'backend', 'op-schema.gen.ts');
const addonFile = process.env.LANEGRAD_ADDON ?? path.join(root, 'build', 'Release', 'lanegrad.node');

const text = schemaText(createRequire(import.meta.url)(addonFile).describeOps());
const lines = text.split('\n');
const current = readFileSync(file, 'utf8');

if (!process.argv.includes('--check')) {
  writeFileSync(file, text);
  console.log(`${path.relative(root, file)} written`);
} else if (current === text) {
  console.log('op schema: ok');
} else {
  const before = current.split('\n');
  const at = lines.findIndex((line, i) => line !== before[i]);
  console.error('op schema: lib/backend/op-schema.gen.ts differs from the addon; run "npm run gen:schema".');
  console.error(`  line ${at + 1}, file:  ${before[at] ?? '(end)'}`);
  console.error(`  line ${at + 1}, addon: ${lines[at] ?? '(end)'}`);
  process.exit(1);
}
