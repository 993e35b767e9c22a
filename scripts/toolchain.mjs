// What the build needs and what is missing of it.
import { spawnSync } from 'node:child_process';

const runs = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** The C++ compiler to use: CXX when set, else g++, else clang++; undefined where there is none. */
export function findCompiler() {
  return [process.env.CXX, 'g++', 'clang++', 'c++'].find(
    (name) => name && runs(name.split(' ')[0], '--version'),
  );
}

/** A python3 as node-gyp would find it. */
export function findPython() {
  return [process.env.npm_config_python, process.env.PYTHON, 'python3', 'python'].find(
    (name) => name && runs(name, '-c', 'import sys; sys.exit(sys.version_info < (3, 8))'),
  );
}

/** What is missing for a build, each with the Debian package that has it; empty when all is there. */
export function missingTools(needed = ['compiler', 'make', 'python3']) {
  const missing = [];
  if (needed.includes('compiler') && !findCompiler())
    missing.push({ what: 'C++20 compiler', package: 'g++' });
  if (needed.includes('make') && !runs('make', '--version')) missing.push({ what: 'make', package: 'make' });
  if (needed.includes('python3') && !findPython()) missing.push({ what: 'python3', package: 'python3' });
  if (needed.includes('cmake') && !runs('cmake', '--version'))
    missing.push({ what: 'cmake', package: 'cmake' });
  return missing;
}

/** "no make and no python3 (Debian, Ubuntu: apt-get install make python3)" */
export function missingText(missing) {
  const packages = missing.map((tool) => tool.package).join(' ');
  return `no ${missing.map((tool) => tool.what).join(' and no ')} found (Debian, Ubuntu: apt-get install ${packages})`;
}
