import { anchorsOf, block, code, prose, table } from './markdown.js';
import type { Fields, Item, Member } from './model.js';
import { isItem, type Entry, type Section } from './sections.js';
import type { Surface } from './surface.js';

// The pages of the reference.

export const notice =
  '<!-- Generated from the doc comments by scripts/gen-reference.ts: npm run docs:reference. Do not edit. -->';

/** Where an entry stands: `reference/sorting.md#sort` seen from `docs/`. */
export class Links {
  readonly #targets = new Map<Item | Member, { readonly slug: string; readonly anchor: string }>();

  constructor(
    private readonly surface: Surface,
    sections: readonly Section[],
  ) {
    for (const { slug, entries } of sections) {
      const anchors = anchorsOf(entries.map((entry) => entry.name));
      entries.forEach(({ target }, i) => {
        const place = { slug, anchor: anchors[i] ?? '' };
        const { method, inPlace } = isItem(target) ? surface.methodsOf(target) : {};
        for (const each of [target, method, inPlace]) if (each !== undefined) this.#targets.set(each, place);
      });
    }
  }

  to(target: Item | Member, text: string, folder = ''): string {
    const place = this.#targets.get(target);
    return place === undefined ? code(text) : `[${code(text)}](${folder}${place.slug}.md#${place.anchor})`;
  }

  /** A name as a comment has it, which need not be the public path. */
  named(name: string): string {
    const target =
      this.surface.find(name) ??
      this.surface.items.find((item) => item.names.some((each) => each.endsWith(`.${name}`))) ??
      this.surface.member(name.replace(/^Tensor\./, ''));
    return target === undefined ? code(name) : this.to(target, name);
  }
}

export function page(section: Section, surface: Surface, links: Links): string {
  const { title, entries } = section;
  const parts = [
    `# ${title}`,
    notice,
    `[All pages](../reference.md) · [PyTorch to lanegrad](../pytorch.md)`,
    overview(entries, surface, links),
    ...entries.flatMap((entry) => entryText(entry, surface, links)),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const methodCell = (member: Member | undefined): string =>
  member === undefined ? '' : code(`x.${member.name}`);

function overview(entries: readonly Entry[], surface: Surface, links: Links): string {
  const rows = entries.map(({ name, target, ops }) => {
    const { method, inPlace } = isItem(target) ? surface.methodsOf(target) : {};
    return [
      links.to(target, name).replace(/\([^)#]*/, '('),
      methodCell(method),
      methodCell(inPlace),
      ops.map((op) => code(op.name)).join(', '),
    ];
  });
  const heads = ['', 'method', 'in place', 'PyTorch'];
  const used = heads.map((head, i) => head === '' || rows.some((row) => row[i] !== ''));
  const keep = (row: readonly string[]): string[] => row.filter((_, i) => used[i]);
  if (used.filter(Boolean).length === 1) return rows.map((row) => row[0]).join(' · ');
  return table(keep(heads), rows.map(keep));
}

function entryText(entry: Entry, surface: Surface, links: Links): string[] {
  const { name, aliases, target, ops } = entry;
  const link = (other: string): string => links.named(other);
  const also = [
    ...(aliases.length > 0 ? [`Also ${aliases.map(code).join(', ')}.`] : []),
    ...(ops.length > 0 ? [`PyTorch: ${ops.map((op) => code(op.name)).join(', ')}.`] : []),
  ].join(' ');
  const { comment } = target;
  return [
    `## ${code(name)}`,
    block(signatureLines(entry, surface).join('\n')),
    prose(comment.text, link),
    also,
    ...target.options.map((fields) => fieldList(fields, link)),
    ...target.results.map((fields) => fieldList(fields, link)),
    list(
      'Throws',
      comment.throws.map((text) => prose(text.replace(/^(\w+)( or )?(\w*Error)?/, named), link)),
    ),
    isItem(target) ? memberList(target, link) : '',
    ...comment.examples.map((text) => block(text)),
  ];
}

/** Names of errors as code. */
function named(_: string, first: string, or = '', second = ''): string {
  const mark = (name: string): string => (name.endsWith('Error') ? code(name) : name);
  return mark(first) + or + mark(second);
}

function signatureLines({ name, target }: Entry, surface: Surface): string[] {
  const of = (path: string, one: Item | Member): string[] =>
    one.signatures.map((signature) => `${path}${signature.text}`);
  if (!isItem(target)) return target.type === undefined ? of(name, target) : [`${name}: ${target.type}`];
  if (target.kind === 'constant') return [`${name}: ${target.type}`];
  if (target.kind === 'class')
    return target.signatures.length > 0 ? of(`new ${name}`, target) : [`class ${name}`];
  const { method, inPlace } = surface.methodsOf(target);
  return [
    ...of(name, target),
    ...(method === undefined ? [] : of(`x.${method.name}`, method)),
    ...(inPlace === undefined ? [] : of(`x.${inPlace.name}`, inPlace)),
  ];
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}:\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
}

function fieldList({ of, type, fields }: Fields, link: (name: string) => string): string {
  const what = of === '' ? 'Gives' : of === 'options' ? 'Options' : `Fields of ${code(of)}`;
  return list(
    /^\w+$/.test(type) ? `${what}, ${code(type)}` : what,
    fields.map(({ name, type: own, optional, text }) => {
      const head = code(`${name}${optional ? '?' : ''}: ${own}`);
      return text === '' ? head : `${head} ${prose(text, link)}`;
    }),
  );
}

/** What a class declares itself and says something about; those of Tensor have entries of their own. */
function memberList(item: Item, link: (name: string) => string): string {
  if (item.names.includes('Tensor')) return '';
  const lines = item.members.flatMap((member) => {
    const heads =
      member.type === undefined
        ? member.signatures.map((one) => code(`${member.name}${one.text}`))
        : [code(`${member.name}: ${member.type}`)];
    const text = prose(member.comment.text.replace(/\s+/g, ' '), link);
    return heads.map((head, i) => (i === 0 && text !== '' ? `${head} ${text}` : head));
  });
  return list('Members', lines);
}

export function indexPage(sections: readonly Section[], links: Links): string {
  const lists = sections.flatMap(({ slug, title, entries }) => [
    `## [${title}](reference/${slug}.md)`,
    entries.map(({ target, name }) => links.to(target, name, 'reference/')).join(' · '),
  ]);
  const parts = [
    '# Reference',
    notice,
    'Every function, method and class with its signature, formula, shapes, dtypes, errors and an example; made from the doc ' +
      'comments. Who comes from PyTorch finds each op by its name there in [PyTorch to lanegrad](pytorch.md).',
    ...lists,
  ];
  return `${parts.join('\n\n')}\n`;
}
