// Formats native/ by .clang-format; with --check only says which files differ. The formatter comes as WebAssembly from npm,
// so that every machine has the same version.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from '@wasm-fmt/clang-format';

const root = path.dirname(import.meta.dirname);
const check = process.argv.includes('--check');
const style = readFileSync(path.join(root, '.clang-format'), 'utf8');

const files = readdirSync(path.join(root, 'native'), { recursive: true })
  .filter((name) => /\.(h|cc|inl)$/.test(name))
  .sort();
let different = 0;
for (const name of files) {
  const file = path.join(root, 'native', name);
  const text = readFileSync(file, 'utf8');
  // .inl is C++ too; the formatter goes by the ending. .def files are tables, aligned by hand.
  const formatted = format(text, file.replace(/\.inl$/, '.h'), style);
  if (formatted === text) continue;
  different += 1;
  if (check) console.error(`native/${name} is not formatted`);
  else writeFileSync(file, formatted);
}
if (check)
  console.log(
    different
      ? `clang-format: ${different} of ${files.length} files differ; run "npm run format"`
      : `clang-format: ${files.length} files ok`,
  );
else console.log(`clang-format: ${different} of ${files.length} files changed`);
process.exit(check && different ? 1 : 0);
