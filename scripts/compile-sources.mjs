// Compiles the units of native/sources.txt with a compiler that is not the build's own: clang for its warnings, a cross
// compiler for a processor that this machine has not. Warnings are errors. Only what has changed is compiled again.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { listLines } from './native-list.mjs';

const root = path.dirname(import.meta.dirname);
const headers = path.dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json'));
const flags = ['-Werror', '-DNAPI_VERSION=8', '-Inative', '-isystem', path.join(headers, 'include')];

function run([command, ...first], args) {
  return new Promise((resolve) => {
    const child = spawn(command, [...first, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', (error) => {
      console.error(error.message);
      resolve(false);
    });
    child.on('close', (code) => resolve(code === 0));
  });
}

/** Whether an object is newer than all that the compiler read for it, as its list of dependencies says. */
function isCurrent(object) {
  const list = `${object}.d`;
  if (!existsSync(object) || !existsSync(list)) return false;
  const { mtimeMs } = statSync(object);
  const [, ...read] = readFileSync(list, 'utf8').split(/[\s\\]+/);
  return read.every((file) => {
    const name = path.resolve(root, file);
    return file === '' || (existsSync(name) && statSync(name).mtimeMs < mtimeMs);
  });
}

async function compileOne(compiler, source, folder, more) {
  const all = [...listLines('flags.txt'), ...flags, ...more];
  if (!folder) return run(compiler, [...all, '-fsyntax-only', source]);
  const object = path.join(folder, `${source.replaceAll('/', '_')}.o`);
  if (isCurrent(object)) return true;
  return run(compiler, [...all, '-MMD', '-MF', `${object}.d`, '-c', source, '-o', object]);
}

/** Compiles every unit into `folder`, or checks it only; returns the units that failed. */
async function compileAll(compiler, folder, more = []) {
  const left = listLines('sources.txt');
  const failed = [];
  const worker = async () => {
    for (let source = left.shift(); source; source = left.shift()) {
      if (!(await compileOne(compiler, source, folder, more))) failed.push(source);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return failed;
}

/** The units that the compiler (its words: `ccache clang++`) refuses or warns of. Nothing is written. */
export const checkSources = (compiler) => compileAll(compiler.split(' '));

/** Builds `folder`/lanegrad.node for Linux with the given compiler and more flags; returns the units that failed. */
export async function buildWith(compiler, folder, more = []) {
  const words = compiler.split(' ');
  const objects = path.join(folder, 'obj');
  mkdirSync(objects, { recursive: true });
  const failed = await compileAll(words, objects, more);
  if (failed.length) return failed;
  const files = listLines('sources.txt').map((name) => path.join(objects, `${name.replaceAll('/', '_')}.o`));
  const link = ['-shared', '-static-libstdc++', '-static-libgcc', '-pthread', '-Wl,--gc-sections'];
  const exports = `-Wl,--version-script=${path.join(root, 'native', 'exports.map')}`;
  const linked = await run(words, [
    ...link,
    ...more,
    exports,
    ...files,
    '-o',
    path.join(folder, 'lanegrad.node'),
  ]);
  return linked ? [] : ['lanegrad.node'];
}
