// Makes in dist-pack/ what would be published: lanegrad-<version>.tgz, and the package of this machine's platform with
// the addon alone. Both come from folders of their own, so that a manifest in the tarball never has an install script.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const out = path.join(root, 'dist-pack');
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const { version } = manifest;
const platform = `${process.platform}-${process.arch}`;
const platformPackage = `@lanegrad/${platform}`;
const addon = path.join(root, 'build', 'Release', 'lanegrad.node');

for (const needed of [addon, path.join(root, 'dist', 'index.cjs')]) {
  if (!existsSync(needed)) throw new Error(`${path.relative(root, needed)} is not there: npm run build`);
}

const stage = mkdtempSync(path.join(tmpdir(), 'lanegrad-pack-'));
const copy = (from, to = from) =>
  cpSync(path.join(root, from), path.join(stage, 'main', to), { recursive: true });
const json = (file, value) => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);

function pack(folder) {
  const args = ['pack', '--ignore-scripts', '--pack-destination', out, '--json'];
  const [{ filename, size, files }] = JSON.parse(
    execFileSync('npm', args, { cwd: folder, encoding: 'utf8' }),
  );
  const refused = files.map((file) => file.path).filter((name) => /(^|\/)binding\.gyp$/.test(name));
  if (refused.length)
    throw new Error(`${refused.join(', ')} must not be packed: package managers would build it`);
  console.log(`dist-pack/${filename}: ${files.length} files, ${(size / 1024).toFixed(0)} KiB`);
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out);

// The library: JavaScript, types, and the C++ sources for `lanegrad build`.
mkdirSync(path.join(stage, 'main'));
for (const name of ['dist', 'native', 'README.md', 'CHANGELOG.md', 'LICENSE']) copy(name);
const headers = path.dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json'));
for (const name of ['include', 'LICENSE']) {
  cpSync(path.join(headers, name), path.join(stage, 'main', 'native', 'node-api-headers', name), {
    recursive: true,
  });
}
const packed = { ...manifest, optionalDependencies: { [platformPackage]: version } };
for (const key of ['private', 'scripts', 'devDependencies', 'binary']) delete packed[key];
json(path.join(stage, 'main', 'package.json'), packed);
pack(path.join(stage, 'main'));

// The platform package: the addon, and where it may be installed.
mkdirSync(path.join(stage, 'platform'));
cpSync(addon, path.join(stage, 'platform', 'lanegrad.node'));
cpSync(path.join(root, 'LICENSE'), path.join(stage, 'platform', 'LICENSE'));
json(path.join(stage, 'platform', 'package.json'), {
  name: platformPackage,
  version,
  description: `The native addon of lanegrad for ${platform}`,
  license: manifest.license,
  main: 'lanegrad.node',
  files: ['lanegrad.node'],
  os: [process.platform],
  cpu: [process.arch],
  ...(process.platform === 'linux' ? { libc: ['glibc'] } : {}),
  engines: manifest.engines,
});
pack(path.join(stage, 'platform'));
rmSync(stage, { recursive: true, force: true });
