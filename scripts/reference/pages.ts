import {
  bullets,
  fieldList,
  list,
  memberLines,
  parameterLines,
  signatureBlock,
  throwLines,
} from './entry.js';
import type { Links, PageLinks } from './links.js';
import { block, code, prose, table } from './markdown.js';
import type { Member } from './model.js';
import { isItem, type Entry, type Section } from './sections.js';
import type { Surface } from './surface.js';
import { torchName } from './torch-names.js';

// The pages of many entries: of a section, and of all.

export const notice =
  '<!-- Generated from the doc comments by scripts/gen-reference.ts: npm run docs:reference. Do not edit. -->';

export function sectionPage(section: Section, surface: Surface, links: PageLinks): string {
  const { title, entries } = section;
  const own = entries.filter((entry) => entry.page !== undefined);
  const shared = entries.filter((entry) => entry.page === undefined);
  const parts = [
    `# ${title}`,
    notice,
    `[All pages](../reference.md) · [PyTorch to lanegrad](../pytorch.md)`,
    own.length > 0 ? classTable(own, links) : '',
    shared.length > 0 ? overview(shared, surface, links) : '',
    ...shared.flatMap((entry) => entryText(entry, surface, links)),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** Classes, each with what the first sentence of its comment says. */
function classTable(entries: readonly Entry[], links: PageLinks): string {
  const rows = entries.map(({ name, target }) => {
    const sentence = /^[\s\S]*?[.:](?=\s|$)/.exec(target.comment.text)?.[0] ?? target.comment.text;
    const theirs = torchName(name);
    return [
      links.to(target, name),
      prose(sentence.replace(/:$/, '.').replace(/\s+/g, ' '), (other) => links.named(other)),
      theirs === undefined ? '' : code(theirs),
    ];
  });
  const isThere = rows.some((row) => row[2] !== '');
  const heads = ['class', '', ...(isThere ? ['PyTorch'] : [])];
  return table(
    heads,
    rows.map((row) => row.slice(0, heads.length)),
  );
}

const methodCell = (member: Member | undefined): string =>
  member === undefined ? '' : code(`x.${member.name}`);

function overview(entries: readonly Entry[], surface: Surface, links: PageLinks): string {
  const rows = entries.map(({ name, target, ops }) => {
    const { method, inPlace } = isItem(target) ? surface.methodsOf(target) : {};
    return [
      links.to(target, name),
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

function entryText(entry: Entry, surface: Surface, links: PageLinks): string[] {
  const { name, aliases, target, ops } = entry;
  const link = (other: string): string => links.named(other);
  const also = [
    ...(aliases.length > 0 ? [`Also ${aliases.map(code).join(', ')}.`] : []),
    ...(ops.length > 0 ? [`PyTorch: ${ops.map((op) => code(op.name)).join(', ')}.`] : []),
  ].join(' ');
  return [
    `## ${code(name)}`,
    signatureBlock(entry, surface),
    prose(target.comment.text, link),
    also,
    bullets(parameterLines(target, link)),
    ...target.options.map((fields) => fieldList(fields, link)),
    ...target.results.map((fields) => fieldList(fields, link)),
    list('Throws', throwLines(target, link)),
    isItem(target) ? list('Members', memberLines(target, link)) : '',
    ...target.comment.examples.map((text) => block(text)),
  ];
}

export function indexPage(sections: readonly Section[], links: Links): string {
  const own = links.from('reference.md');
  const lists = sections.flatMap(({ slug, title, entries }) => [
    `## [${title}](reference/${slug}.md)`,
    entries.map(({ target, name }) => own.to(target, name)).join(' · '),
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
