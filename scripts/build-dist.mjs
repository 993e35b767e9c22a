// Builds dist/: one implementation, index.cjs, and index.js that re-exports its names for ESM, so that a program which
// reaches the library both ways still has one copy of its state. The types likewise: types/, with index.d.ts and index.d.cts
// on top.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { buildDeclarations } from './declarations.mjs';

const root = path.dirname(import.meta.dirname);
const dist = path.join(root, 'dist');

// import.meta does not exist in CommonJS; what it says does.
const moduleUrl = {
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "'use strict';\nconst moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
};

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  // Errors and inspect show the names of classes: Tensor, not _Tensor.
  keepNames: true,
  format: 'cjs',
  charset: 'utf8',
  logLevel: 'warning',
  absWorkingDir: root,
  ...moduleUrl,
};

/** The command line program imports the library as its users do, not a copy of it. */
const libraryIsExternal = {
  name: 'library-is-external',
  setup(build) {
    build.onResolve({ filter: /\/index\.js$/ }, (args) =>
      path.resolve(args.resolveDir, args.path) === path.join(root, 'lib', 'index.js')
        ? { path: './index.cjs', external: true }
        : undefined,
    );
  },
};

async function buildCode() {
  const entry = path.join(root, 'lib', 'index.ts');
  await esbuild.build({ ...common, entryPoints: [entry], outfile: path.join(dist, 'index.cjs') });
  await esbuild.build({
    ...common,
    entryPoints: [path.join(root, 'lib', 'cli', 'main.ts')],
    outfile: path.join(dist, 'cli.cjs'),
    plugins: [libraryIsExternal],
    banner: { js: `#!/usr/bin/env node\n${moduleUrl.banner.js}` },
  });
  const names = await esbuild.build({
    ...common,
    format: 'esm',
    entryPoints: [entry],
    outfile: path.join(dist, 'names.js'),
    write: false,
    metafile: true,
  });
  const [output] = Object.values(names.metafile.outputs);
  const exported = output.exports.filter((name) => name !== 'default').sort();
  const lines = exported.map((name, i) => `const e${i} = lanegrad.${name};`);
  writeFileSync(
    path.join(dist, 'index.js'),
    `import lanegrad from './index.cjs';\n\n${lines.join('\n')}\n\nexport {\n${exported.map((name, i) => `  e${i} as ${name},`).join('\n')}\n};\n`,
  );
  return exported.length;
}

if (!existsSync(path.join(root, 'lib', 'index.ts'))) throw new Error('lib/index.ts is not there');
const start = Date.now();
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
const count = await buildCode();
buildDeclarations(root, dist);
console.log(`dist/ built in ${((Date.now() - start) / 1000).toFixed(1)} s (${count} exports)`);
