import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join('docs', name)),
];

const isThere = (file: string, ...folders: string[]) =>
  folders.some((folder) => existsSync(path.join(root, folder, file)));

const sources = ['native', 'lib', 'scripts', 'test', '.ci']
  .flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.json') && entry.name !== 'docs.test.ts')
      .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8')),
  )
  .concat(
    readFileSync(path.join(root, 'package.json'), 'utf8'),
    readFileSync(path.join(root, 'binding.gyp'), 'utf8'),
  )
  .join('\n');
const words = new Set(sources.match(/\w+/g));
// What the pages say is not there yet.
const planned = new Set([
  'setFloat32MatmulPrecision',
  'BusyError',
  'run2',
  'replay',
  'snapshot',
  'keepGrads',
]);

// Documents outlive the code that they describe: what they name must be there.
describe.each(documents)('%s', (document) => {
  const text = readFileSync(path.join(root, document), 'utf8').replace(/^( *)```[\s\S]*?^\1```/gm, '');

  it('links to files that are there', () => {
    const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map((match) => match[1]!);
    const missing = links.filter((link) => !link.includes('://') && !isThere(link, path.dirname(document)));
    expect(missing).toEqual([]);
  });

  it('names sources and tests that are there', () => {
    const names = [...text.matchAll(/`([\w./-]+\.(?:cc|h|inl|def|ts|mjs|cts|mts|md|gyp|py))`/g)].map(
      (match) => match[1]!,
    );
    // A bare name is short for one that stands beside it; a path is one from the root, or of a test.
    const paths = names.filter((name) => name.includes('/'));
    expect(
      paths.filter((name) => !isThere(name, '.', 'test', 'native') && !/^(dist|build)/.test(name)),
    ).toEqual([]);
  });

  it.runIf(/architecture|walkthrough/.test(document))('names functions that are there', () => {
    const names = [...text.matchAll(/`#?((?:\w+(?:::|\.))*\w+)(?:\(\w*\))?`/g)].flatMap((match) =>
      match[1]!.split(/::|\./),
    );
    expect(names.filter((name) => !words.has(name) && !planned.has(name))).toEqual([]);
  });
});
