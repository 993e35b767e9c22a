// Every source with clang, which warns of other things than g++ does. By default nothing is generated, in some seconds;
// with --build the addon is built into build-clang/, to run the tests on it: LANEGRAD_ADDON=build-clang/lanegrad.node.
import path from 'node:path';
import { buildWith, checkSources } from './compile-sources.mjs';

const root = path.dirname(import.meta.dirname);
const compiler = process.env.CLANG ?? 'clang++';
const start = Date.now();
const failed = process.argv.includes('--build')
  ? await buildWith(compiler, path.join(root, 'build-clang'))
  : await checkSources(compiler);
for (const name of failed) console.log(`failed: ${name}`);
console.log(`${compiler}: ${failed.length} failures in ${((Date.now() - start) / 1000).toFixed(0)} s`);
process.exit(failed.length ? 1 : 0);
