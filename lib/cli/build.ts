import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';

import { packageInfo } from '../package-info.js';

export interface BuildOptions {
  /** The file to write; by default build/Release/lanegrad.node in the package, where the loader looks first. */
  readonly output?: string;
  readonly jobs?: number;
  /** Told once what is about to take minutes. */
  readonly onStart?: (what: string) => void;
}

const listLines = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));

/** The words of the command: `ccache g++` is a compiler too. */
function findCompiler(): readonly string[] | undefined {
  const works = ([name = '', ...args]: readonly string[]) =>
    spawnSync(name, [...args, '--version'], { stdio: 'ignore' }).status === 0;
  const chosen = process.env['CXX']?.trim();
  if (!chosen) return [['g++'], ['clang++'], ['c++']].find(works);
  const words = chosen.split(/\s+/);
  if (!works(words)) throw new Error(`CXX=${chosen} does not run: name a compiler, or unset CXX`);
  return words;
}

/** The folder with node_api.h: packed with the sources, or a development dependency in the repository. */
function headerFolder(root: string): string | undefined {
  const prefix = path.dirname(path.dirname(process.execPath));
  const places = [
    path.join(root, 'native', 'node-api-headers', 'include'),
    path.join(root, 'node_modules', 'node-api-headers', 'include'),
    path.join(prefix, 'include', 'node'),
  ];
  return places.find((place) => existsSync(path.join(place, 'node_api.h')));
}

interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

function run(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (piece: Buffer) => (output += piece.toString()));
    child.stderr.on('data', (piece: Buffer) => (output += piece.toString()));
    child.on('error', (error) => {
      resolve({ ok: false, output: error.message });
    });
    child.on('close', (code) => {
      resolve({ ok: code === 0, output });
    });
  });
}

/** Compiles the sources `jobs` at a time; stops at the first that fails. */
async function compileAll(
  [compiler = '', ...first]: readonly string[],
  sources: readonly string[],
  flags: readonly string[],
  folder: string,
  root: string,
  jobs: number,
): Promise<string[]> {
  const objects = sources.map((source) => path.join(folder, `${source.replace(/[/\\]/g, '_')}.o`));
  let next = 0;
  let failure: Error | undefined;
  const worker = async (): Promise<void> => {
    while (!failure && next < sources.length) {
      const i = next++;
      const [source, object] = [sources[i] ?? '', objects[i] ?? ''];
      const { ok, output } = await run(compiler, [...first, ...flags, '-c', source, '-o', object], root);
      if (!ok) failure ??= new Error(`${source} did not compile with ${compiler}:\n${lastLines(output)}`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  if (failure) throw failure;
  return objects;
}

const lastLines = (text: string): string => text.trimEnd().split('\n').slice(-12).join('\n');

const linkFlags = (root: string): string[] =>
  process.platform === 'darwin'
    ? ['-shared', '-undefined', 'dynamic_lookup']
    : [
        '-shared',
        '-static-libstdc++',
        '-static-libgcc',
        '-pthread',
        '-Wl,--gc-sections',
        `-Wl,--version-script=${path.join(root, 'native', 'exports.map')}`,
      ];

/**
 * Builds the addon from the sources that the package carries, with a C++ compiler alone: no make, no python, nothing from
 * the network. Returns the file.
 */
export async function buildAddon(options: BuildOptions = {}): Promise<string> {
  const { root } = packageInfo();
  if (process.platform === 'win32') {
    throw new Error(
      'on Windows the addon is built in the repository, with clang or mingw: npm run build:cmake',
    );
  }
  const sourceList = path.join(root, 'native', 'sources.txt');
  if (!existsSync(sourceList))
    throw new Error(`${sourceList} is not there: this copy of lanegrad has no sources`);
  const compiler = findCompiler();
  if (!compiler) {
    throw new Error(
      'no C++20 compiler found: install g++ 11 or clang 14, or newer (Debian, Ubuntu: apt-get install g++; macOS: ' +
        'xcode-select --install), or name one in CXX',
    );
  }
  const headers = headerFolder(root);
  if (!headers) throw new Error('node_api.h was not found in the package nor beside the running Node');

  const output = path.resolve(options.output ?? path.join(root, 'build', 'Release', 'lanegrad.node'));
  mkdirSync(path.dirname(output), { recursive: true });
  const folder = mkdtempSync(path.join(tmpdir(), 'lanegrad-build-'));
  try {
    const flags = [
      ...listLines(path.join(root, 'native', 'flags.txt')),
      '-DNAPI_VERSION=8',
      `-I${path.join(root, 'native')}`,
      `-I${headers}`,
      ...(process.env['CXXFLAGS']?.match(/\S+/g) ?? []),
    ];
    const jobs = options.jobs ?? Math.max(1, availableParallelism());
    const sources = listLines(sourceList);
    options.onStart?.(`compiling ${sources.length} files with ${compiler.join(' ')}, ${jobs} at a time`);
    const objects = await compileAll(compiler, sources, flags, folder, root, jobs);
    // To a name of its own first: a build that is killed leaves no half addon where the loader looks.
    const partial = `${output}.${process.pid}`;
    const [linker = '', ...first] = compiler;
    const { ok, output: text } = await run(
      linker,
      [...first, ...linkFlags(root), ...objects, '-o', partial],
      root,
    );
    if (!ok) throw new Error(`linking failed:\n${lastLines(text)}`);
    renameSync(partial, output);
    return output;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
