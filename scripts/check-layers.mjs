// Fails on an include or import against the direction of the layers:
//   lib -> native/binding -> native/program -> native/graph -> native/ops -> native/kernels -> native/simd, native/core
// and inside lib: cli -> index -> train, io, metrics, func, distributions -> nn, losses, optim, data -> tensor, ops -> backend -> dtype, errors.
// A file may reach what stands right of it, and its own layer; kernels see no more of core than is named below: no
// tensors, no memory, no threads. Type-only imports leave no trace at run time and are free.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';

const nativeRank = { core: 0, simd: 1, kernels: 2, ops: 3, graph: 4, program: 5, binding: 6 };
const coreForKernels = new Set(['core/cpu.h', 'core/dtype.h', 'core/half.h', 'core/philox.h']);
const nodeApiHeaders = /^(node_api|js_native_api|napi|node|v8|uv)\b.*\.h$/;

const libRank = {
  backend: 1,
  losses: 3,
  nn: 3,
  optim: 3,
  data: 3,
  func: 4,
  checkpoint: 4,
  compile: 4,
  train: 4,
  io: 4,
  metrics: 4,
  distributions: 4,
  index: 5,
  cli: 6,
};
const libBase = new Set(['dtype', 'errors', 'error-names', 'package-info']);
const otherOfLib = 2;

const rankOfLib = (part) => (libBase.has(part) ? 0 : (libRank[part] ?? otherOfLib));

function* filesUnder(folder, pattern) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(file, pattern);
    else if (pattern.test(entry.name)) yield file;
  }
}

/** Each match of a global pattern with the number of its line. */
function* matches(text, pattern) {
  for (const match of text.matchAll(pattern)) {
    yield { line: text.slice(0, match.index).split('\n').length, groups: match };
  }
}

function checkNative(root, report) {
  for (const file of filesUnder(path.join(root, 'native'), /\.(h|hpp|cc|cpp|inl|def)$/)) {
    const name = path.relative(root, file);
    const layer = name.split(path.sep)[1];
    const text = readFileSync(file, 'utf8');
    for (const { line, groups } of matches(text, /^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]/gm)) {
      const [, quote, included] = groups;
      const where = `${name}:${line}`;
      if (nodeApiHeaders.test(included)) {
        if (layer !== 'binding') report(`${where}: <${included}>: only native/binding may see Node-API`);
        continue;
      }
      if (quote !== '"') continue;
      const target = included.split('/')[0];
      if (!(target in nativeRank)) {
        report(`${where}: "${included}" does not begin with a layer of native/`);
      } else if (!(layer in nativeRank)) {
        report(`${where}: native/${layer} is not a layer`);
      } else if (nativeRank[target] > nativeRank[layer]) {
        report(`${where}: ${layer} may not include ${target} ("${included}")`);
      } else if (
        (layer === 'kernels' || layer === 'simd') &&
        target === 'core' &&
        !coreForKernels.has(included)
      ) {
        report(`${where}: ${layer} sees pointers, extents and strides, not "${included}"`);
      }
    }
  }
}

// import/export ... from '...', import '...', import('...'); the `type` form apart.
const importPattern =
  /\b(?:(import|export)(\s+type)?\s+(?:[\w*{][^'";]*?\sfrom\s+)?|import\s*\(\s*)['"]([^'"]+)['"]/g;

function checkLib(root, report) {
  const lib = path.join(root, 'lib');
  for (const file of filesUnder(lib, /\.ts$/)) {
    const name = path.relative(root, file);
    const part = path.relative(lib, file).split(path.sep)[0].replace(/\.ts$/, '');
    const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, (comment) =>
      comment.replace(/[^\n]/g, ' '),
    );
    for (const { line, groups } of matches(text, importPattern)) {
      const [, , typeOnly, imported] = groups;
      const where = `${name}:${line}`;
      if (!imported.startsWith('.')) {
        const builtin = imported.startsWith('node:') || builtinModules.includes(imported);
        if (!builtin && !typeOnly) report(`${where}: '${imported}': the library has no dependencies`);
        continue;
      }
      const target = path.relative(lib, path.resolve(path.dirname(file), imported));
      if (target.startsWith('..')) {
        report(`${where}: '${imported}' is outside lib/`);
        continue;
      }
      const targetPart = target.split(path.sep)[0].replace(/\.js$/, '');
      if (!typeOnly && rankOfLib(targetPart) > rankOfLib(part)) {
        report(`${where}: lib/${part} may not import lib/${targetPart} ('${imported}')`);
      }
    }
  }
}

/** Every violation under `root`, one line each. */
export function checkLayers(root) {
  const problems = [];
  checkNative(root, (problem) => problems.push(problem));
  checkLib(root, (problem) => problems.push(problem));
  return problems;
}

if (process.argv[1] === import.meta.filename) {
  const problems = checkLayers(path.resolve(process.argv[2] ?? path.dirname(import.meta.dirname)));
  for (const problem of problems) console.error(problem);
  console.log(problems.length ? `layers: ${problems.length} violations` : 'layers: ok');
  process.exit(problems.length ? 1 : 0);
}
