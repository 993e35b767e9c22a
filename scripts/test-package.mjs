// Installs the tarballs of dist-pack/ in empty folders, with npm and pnpm, with and without install scripts, and trains XOR
// on both backends as ESM and as CommonJS; compiles the same programs against the packed types, and asks what an editor shows
// of them. Every check is one line.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { shownInCall, shownOfExports } from './editor-view.mjs';
import { glibcFloor, highestGlibc } from './glibc-floor.mjs';

const root = path.dirname(import.meta.dirname);
const packed = path.join(root, 'dist-pack');
const bin = path.join(root, 'node_modules', '.bin');
const consumer = path.join(root, 'test', 'package', 'consumer');

const { version, optionalDependencies } = JSON.parse(
  spawnSync('tar', ['-xOzf', tarball(/^lanegrad-\d/), 'package/package.json'], { encoding: 'utf8' }).stdout,
);
const [platformPackage] = Object.keys(optionalDependencies);

let passed = 0;
let failed = 0;

function tarball(pattern) {
  const name = existsSync(packed) && readdirSync(packed).find((file) => pattern.test(file));
  if (!name) throw new Error('dist-pack/ has no tarballs: npm run pack:local');
  return path.join(packed, name);
}

function check(name, ok, detail = '') {
  if (ok) {
    passed += 1;
    console.log(`ok ${name}`);
  } else {
    failed += 1;
    console.log(`not ok ${name}\n${detail.trim().split('\n').slice(-15).join('\n')}`);
  }
  return ok;
}

function run(command, args, cwd, env = {}) {
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^(npm_|LANEGRAD_)/i.test(key)),
  );
  const result = spawnSync(command, args, { cwd, env: { ...clean, ...env }, encoding: 'utf8', input: '' });
  return {
    ok: result.status === 0,
    out: result.stdout ?? '',
    all: `${result.stdout ?? ''}${result.stderr ?? ''}`,
  };
}

/** An empty project that takes both packages from their tarballs. */
function makeProject(withPlatform = true) {
  const folder = mkdtempSync(path.join(tmpdir(), 'lanegrad-consumer-'));
  const main = `file:${tarball(/^lanegrad-\d/)}`;
  const platform = `file:${tarball(/^lanegrad-[a-z]/)}`;
  const dependencies = { lanegrad: main, ...(withPlatform ? { [platformPackage]: platform } : {}) };
  const manifest = { name: 'consumer', version: '1.0.0', private: true, dependencies };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  // The version in optionalDependencies is in no registry yet: every reference to it is the tarball.
  if (withPlatform) {
    writeFileSync(
      path.join(folder, 'pnpm-workspace.yaml'),
      `overrides:\n  '${platformPackage}': '${platform}'\n`,
    );
  }
  return folder;
}

function trainXor(folder, label, backends) {
  for (const [module, ending] of [
    ['ESM', 'mjs'],
    ['CommonJS', 'cjs'],
  ]) {
    for (const [backend, env] of backends) {
      const file = path.join(folder, 'out', `xor.${ending}`);
      const { ok, out, all } = run(process.execPath, [file], folder, env);
      let good = ok;
      try {
        const result = JSON.parse(out.trim().split('\n').at(-1));
        good &&= result.backend === backend && result.loss < 0.1 && result.wrong === 0;
      } catch {
        good = false;
      }
      check(`${label}: XOR on ${backend} as ${module}`, good, all);
    }
  }
}

const pnpm = path.join(bin, 'pnpm');

const installers = {
  npm: (folder, flags) => run('npm', ['install', '--no-audit', '--no-fund', ...flags], folder),
  pnpm: (folder, flags) => run(pnpm, ['install', ...flags], folder, { CI: 'true' }),
};

// The programs are compiled once; the JavaScript of that is what every install runs.
const compiled = path.join(mkdtempSync(path.join(tmpdir(), 'lanegrad-compiled-')), 'out');

function checkTypes(folder) {
  for (const name of readdirSync(consumer)) cpSync(path.join(consumer, name), path.join(folder, name));
  mkdirSync(path.join(folder, 'node_modules', '@types'), { recursive: true });
  for (const name of ['@types/node', 'undici-types']) {
    cpSync(path.join(root, 'node_modules', name), path.join(folder, 'node_modules', name), {
      recursive: true,
    });
  }
  const { ok, all } = run(path.join(bin, 'tsc'), ['-p', 'tsconfig.json'], folder);
  check('types: ESM and CommonJS programs compile against the packed declarations', ok, all);
  cpSync(path.join(folder, 'out'), compiled, { recursive: true });
}

/** What an editor shows of the packed declarations: doc comments under every name, and the choices of an option. */
function checkEditor(folder) {
  const shown = shownOfExports(folder);
  const bare = shown.filter(({ name, hover, completion }) => {
    const called = new RegExp(`\\b(class|function) ${name.slice(name.lastIndexOf('.') + 1)}\\b`);
    return [hover, completion].some((view) => !view.comment || !called.test(view.shown));
  });
  const wanted = ['nn.Linear', 'optim.AdamW', 'data.DataLoader', 'F.relu', 'randn'];
  const all = bare.length === 0 && wanted.every((wish) => shown.some(({ name }) => name === wish));
  check(
    `editor: kind and doc comment of all ${shown.length} functions and classes`,
    all,
    bare.map(({ name, hover }) => `${name}: ${hover.shown}`).join('\n'),
  );
  const classes = ['nn.Linear(2, 3', 'optim.AdamW([]', 'data.DataLoader('];
  const silent = classes.filter((made) => !shownInCall(folder, `new lanegrad.${made})`).comment);
  check('editor: the doc comment of a class where it is made', silent.length === 0, silent.join('\n'));
  const offers = (call, least) => shownInCall(folder, call).offered.length >= least;
  const few = [
    ["lanegrad.zeros([2], { dtype: '' })", 10],
    ["lanegrad.randn([2], { dtype: '' })", 4],
    ["lanegrad.signal.windows.hann(2, { dtype: '' })", 4],
  ].filter(([call, least]) => !offers(call, least));
  check('editor: all dtypes where one is chosen', few.length === 0, few.join('\n'));
}

/** The addon as packed loads on the oldest systems that the library supports, whatever system built it. */
function checkAddon(folder) {
  if (process.platform !== 'linux') return;
  const { floor, above } = glibcFloor(path.join(folder, 'node_modules', platformPackage, 'lanegrad.node'));
  check(
    `platform package: needs glibc ${floor}, at most ${highestGlibc}`,
    above.length === 0,
    above.join('\n'),
  );
}

const both = [
  ['native', {}],
  ['js', { LANEGRAD_BACKEND: 'js' }],
];
const folders = [];
for (const [installer, install] of Object.entries(installers)) {
  for (const flags of [[], ['--ignore-scripts']]) {
    const label = [installer, ...flags].join(' ');
    const folder = makeProject();
    folders.push(folder);
    const { ok, all } = install(folder, flags);
    if (!check(`${label}: installs`, ok, all)) continue;
    const installed = JSON.parse(
      readFileSync(path.join(folder, 'node_modules', 'lanegrad', 'package.json'), 'utf8'),
    );
    check(
      `${label}: ${installed.version} without install script`,
      installed.version === version && !installed.scripts,
    );
    if (folders.length === 1) {
      checkTypes(folder);
      checkEditor(folder);
      checkAddon(folder);
    }
    if (existsSync(compiled)) cpSync(compiled, path.join(folder, 'out'), { recursive: true });
    trainXor(folder, label, both);
    const shown = run(path.join(folder, 'node_modules', '.bin', 'lanegrad'), ['info'], folder);
    check(`${label}: lanegrad info`, shown.ok && /^backend +native/m.test(shown.out), shown.all);
  }
}

// Without the platform package: one warning that names the remedy, and the TypeScript backend; then `lanegrad build`.
const bare = makeProject(false);
folders.push(bare);
if (check('no platform package: installs', installers.npm(bare, ['--omit=optional']).ok)) {
  cpSync(compiled, path.join(bare, 'out'), { recursive: true });
  trainXor(bare, 'no platform package', [['js', {}]]);
  const warned = run(process.execPath, [path.join(bare, 'out', 'xor.cjs')], bare);
  const warnings = warned.all.match(/npx lanegrad build/g) ?? [];
  check('no platform package: one warning with the remedy', warnings.length === 1, warned.all);
  const built = run(path.join(bare, 'node_modules', '.bin', 'lanegrad'), ['build'], bare, {
    CXXFLAGS: '-O1',
  });
  if (check('lanegrad build: builds from the packed sources', built.ok, built.all)) {
    trainXor(bare, 'lanegrad build', [['native', {}]]);
  }
}

for (const folder of [...folders, path.dirname(compiled)]) rmSync(folder, { recursive: true, force: true });
console.log(`package: ${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
