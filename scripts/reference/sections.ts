import type { Item, Member } from './model.js';
import type { Op, Surface } from './surface.js';

// Which page has what.

export interface Entry {
  /** The heading: `F.relu`, `x.repeat`, `nn.Linear`. */
  readonly name: string;
  /** Other names of the same. */
  readonly aliases: readonly string[];
  readonly target: Item | Member;
  /** The page that it has for itself, from docs/. */
  readonly page?: string;
  readonly ops: readonly Op[];
}

export interface Section {
  /** The file, without its ending. */
  readonly slug: string;
  readonly title: string;
  readonly entries: readonly Entry[];
}

/** Folders whose contents are in no group of ops. */
const folders: Readonly<Record<string, readonly [slug: string, title: string]>> = {
  'lib/tensor.ts': ['tensor', 'Tensor'],
  lib: ['library', 'Gradients, memory, random numbers, settings, errors'],
  'lib/nn': ['nn', 'Modules: nn'],
  'lib/nn/activation': ['nn-activations', 'Modules: activations'],
  'lib/nn/conv': ['nn-convolutions', 'Modules: convolutions'],
  'lib/nn/init': ['nn-init', 'Modules: initial values'],
  'lib/nn/loss': ['nn-losses', 'Modules: losses'],
  'lib/nn/norm': ['nn-norms', 'Modules: normalisation'],
  'lib/nn/pad': ['nn-padding', 'Modules: padding'],
  'lib/nn/pool': ['nn-pools', 'Modules: pools'],
  'lib/optim': ['optim', 'Optimizers: optim'],
  'lib/data': ['data', 'Data: data'],
  'lib/distributions': ['distributions', 'Probability distributions: distributions'],
  'lib/func': ['func', 'Derivatives of functions: func'],
  'lib/io': ['io', 'Files: io'],
  'lib/metrics': ['metrics', 'Metrics: metrics'],
};

/** `Cumulative, sorting, searching, counting` to `cumulative`. */
function slugOf(title: string): string {
  return title
    .replace(/[,(].*$/, '')
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
}

export function isItem(target: Item | Member): target is Item {
  return 'names' in target;
}

export function sectionsOf(surface: Surface): Section[] {
  const sections = new Map<string, { title: string; entries: Entry[] }>();
  const put = ([slug, title]: readonly [string, string], entry: Entry): void => {
    const section = sections.get(slug) ?? { title, entries: [] };
    section.entries.push(entry);
    sections.set(slug, section);
  };
  // The order of the table of ops; folders, which it does not name, come behind.
  for (const { group } of surface.ops) {
    if (!sections.has(slugOf(group))) sections.set(slugOf(group), { title: group, entries: [] });
  }
  for (const item of surface.items) {
    const group = groupOf(surface, item);
    put(group === undefined ? folderOf(item.file) : [slugOf(group), group], entryOf(surface, item));
  }
  for (const member of surface.loneMembers()) {
    const ops = surface.opsOf(member);
    const group = ops[0]?.group;
    const entry = { name: `x.${member.name}`, aliases: [], target: member, ops };
    put(group === undefined ? ['tensor', 'Tensor'] : [slugOf(group), group], entry);
  }
  return [...sections]
    .filter(([, section]) => section.entries.length > 0)
    .map(([slug, { title, entries }]) => ({ slug, title, entries: entries.sort(byName) }));
}

function entryOf(surface: Surface, item: Item): Entry {
  const ops = surface.opsOf(item);
  const name = nameFor(ops[0]?.name ?? '', item);
  const aliases = item.names.filter((each) => each !== name);
  return { name, aliases, target: item, ops, ...pageOf(item, name) };
}

/** A class of a namespace has a page of its own: `nn.Conv2d` is at reference/nn/Conv2d.md. */
function pageOf({ kind }: Item, name: string): { page?: string } {
  return kind === 'class' && name.includes('.') ? { page: `reference/${name.replaceAll('.', '/')}.md` } : {};
}

/** Of several names the one in PyTorch's namespace. */
export function nameFor(op: string, item: Item): string {
  const space = op.slice(0, op.lastIndexOf('.') + 1);
  const found = item.names.find((name) => name.slice(0, name.lastIndexOf('.') + 1) === space);
  return found ?? item.names[0] ?? '';
}

/** The group of its op in the table; else the one that most functions of its file are in. */
function groupOf(surface: Surface, item: Item): string | undefined {
  const own = surface.opsOf(item)[0]?.group;
  if (own !== undefined || !item.file.startsWith('lib/ops/') || item.kind !== 'function') return own;
  const counts = new Map<string, number>();
  for (const { item: other, group } of surface.ops) {
    if (other?.file === item.file) counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

function folderOf(file: string): readonly [string, string] {
  const found = Object.keys(folders).filter((folder) => file === folder || file.startsWith(`${folder}/`));
  const longest = found.sort((a, b) => b.length - a.length)[0] ?? 'lib';
  return folders[longest] ?? ['library', 'The library'];
}

function byName(a: Entry, b: Entry): number {
  const key = ({ name }: Entry): string =>
    (name === 'Tensor' ? '' : name).replace(/^(\w+\.)+/, '').toLowerCase();
  return key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a.name < b.name ? -1 : 1;
}
