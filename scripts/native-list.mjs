// Answers binding.gyp: the translation units, the compiler flags, where the Node-API headers are.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const require = createRequire(import.meta.url);

/** The lines of a list file that are neither empty nor comments. */
export function listLines(name) {
  return readFileSync(path.join(root, 'native', name), 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** The flags of every translation unit; warnings are errors where CI is set. */
export function compilerFlags() {
  return [...listLines('flags.txt'), ...(process.env.CI ? ['-Werror'] : [])];
}

const answers = {
  sources: () => listLines('sources.txt').join('\n'),
  flags: () => compilerFlags().join('\n'),
  'node-api-headers': () =>
    path.join(path.dirname(require.resolve('node-api-headers/package.json')), 'include'),
  'refuse-msvc': () => {
    throw new Error(
      'lanegrad does not compile with MSVC. On Windows install clang or mingw-w64 and run "npm run build:cmake", ' +
        'or use the package without building: it then runs on the TypeScript backend.',
    );
  },
};

if (process.argv[1] === import.meta.filename) {
  try {
    console.log(answers[process.argv[2]]());
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
