// Compiles the addon: with node-gyp into build/Release, or with --cmake by cmake-js into build-cmake/Release; there
// --unoptimized is enough to see whether it compiles and links.
// Nothing comes from the network: the headers are those of the npm package node-api-headers.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { findCompiler, findPython, missingText, missingTools } from './toolchain.mjs';

const root = path.dirname(import.meta.dirname);
const require = createRequire(import.meta.url);

/** Why the build cannot even start, as one sentence; undefined when it can. */
export function buildObstacle({ cmake = false } = {}) {
  const missing = missingTools(cmake ? ['compiler', 'make', 'cmake'] : undefined);
  if (missing.length) return missingText(missing);
  for (const name of ['node-api-headers', cmake ? 'cmake-js' : 'node-gyp']) {
    if (!resolves(name)) return `the npm package ${name} is not installed (npm ci, without --omit=dev)`;
  }
  return undefined;
}

function resolves(name) {
  try {
    return require.resolve(`${name}/package.json`);
  } catch {
    return undefined;
  }
}

/**
 * A folder laid out as an installed Node, for node-gyp's --nodedir, with the Node-API headers alone: an addon that
 * keeps to Node-API needs no more, and the same binary then serves every Node.
 */
function makeNodeDir() {
  const nodeDir = path.join(root, 'build', 'nodedir');
  const include = path.join(nodeDir, 'include', 'node');
  mkdirSync(include, { recursive: true });
  const settings = `{ 'target_defaults': { 'default_configuration': 'Release', 'configurations': { 'Release': {}, 'Debug': {} } } }\n`;
  if (!existsSync(path.join(include, 'common.gypi'))) {
    cpSync(path.join(path.dirname(resolves('node-api-headers')), 'include'), include, { recursive: true });
    writeFileSync(path.join(include, 'common.gypi'), settings);
  }
  return nodeDir;
}

/**
 * Runs the build. `output` gets what the tools print, piece by piece; resolves to whether it succeeded.
 * @param {{ cmake?: boolean, optimize?: boolean, output?: (text: string) => void }} [options]
 */
export function compileAddon({
  cmake = false,
  optimize = true,
  output = (text) => process.stdout.write(text),
} = {}) {
  const jobs = String(Math.max(1, availableParallelism()));
  const env = { ...process.env };
  env.CXX ??= findCompiler();
  const bin = (name, file) => path.join(path.dirname(resolves(name)), file);
  const args = cmake
    ? [
        bin('cmake-js', 'bin/cmake-js'),
        'compile',
        '--out',
        'build-cmake',
        '--parallel',
        jobs,
        '--log-level',
        'error',
        `--CDLANEGRAD_OPTIMIZE=${optimize ? 'ON' : 'OFF'}`,
      ]
    : [
        bin('node-gyp', 'bin/node-gyp.js'),
        'configure',
        'build',
        '--release',
        `--nodedir=${makeNodeDir()}`,
        '--force-process-config',
        `--python=${findPython()}`,
        '--jobs',
        jobs,
        '--loglevel=warn',
      ];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (piece) => output(String(piece)));
    child.stderr.on('data', (piece) => output(String(piece)));
    child.on('error', (error) => {
      output(`${error.message}\n`);
      resolve(false);
    });
    child.on('close', (code) => resolve(code === 0));
  });
}

if (process.argv[1] === import.meta.filename) {
  const cmake = process.argv.includes('--cmake');
  const obstacle = buildObstacle({ cmake });
  if (obstacle) {
    console.error(`lanegrad: cannot build the addon: ${obstacle}`);
    process.exit(1);
  }
  const start = Date.now();
  const optimize = !process.argv.includes('--unoptimized');
  if (!(await compileAddon({ cmake, optimize }))) process.exit(1);
  const file = cmake ? 'build-cmake/Release/lanegrad.node' : 'build/Release/lanegrad.node';
  console.log(`${file} built in ${((Date.now() - start) / 1000).toFixed(1)} s`);
}
