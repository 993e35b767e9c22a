// The repository's install script: builds the addon where that is possible. It never fails an install: without the addon
// the library runs on its TypeScript backend, and one line says why.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildObstacle, compileAddon } from './compile-addon.mjs';

const root = path.dirname(import.meta.dirname);
const say = (text) => console.log(`lanegrad: ${text}`);

async function main() {
  if (process.env.LANEGRAD_SKIP_BUILD) {
    return say('LANEGRAD_SKIP_BUILD is set: no addon was built, the TypeScript backend is used.');
  }
  if (process.platform === 'win32') {
    return say(
      'on Windows the addon is built with clang or mingw (npm run build:cmake), not MSVC; until then the TypeScript backend is used.',
    );
  }
  const obstacle = buildObstacle();
  if (obstacle) {
    return say(
      `no native addon: ${obstacle}. The TypeScript backend is used; after installing run "npm run build".`,
    );
  }
  const start = Date.now();
  let log = '';
  const built = await compileAddon({ output: (text) => (log += text) });
  if (built) return say(`native addon built in ${((Date.now() - start) / 1000).toFixed(0)} s.`);

  const file = path.join('build', 'install.log');
  mkdirSync(path.join(root, 'build'), { recursive: true });
  writeFileSync(path.join(root, file), log);
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.filter((line) => /\berror\b/i.test(line) && !line.startsWith('gyp ERR!'));
  const shown = (errors.length ? errors : lines).slice(-8);
  say(`the native addon did not compile; the TypeScript backend is used. The last lines of ${file}:`);
  for (const line of shown) console.log(`  ${line}`);
  say('g++ 11 or clang 14, or newer, is needed; when that is mended run "npm run build".');
}

try {
  await main();
} catch (error) {
  say(`the native addon was not built (${error.message}); the TypeScript backend is used.`);
}
process.exitCode = 0;
