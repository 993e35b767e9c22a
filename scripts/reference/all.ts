import { classPage } from './class-page.js';
import { Links } from './links.js';
import type { Item } from './model.js';
import { indexPage, sectionPage } from './pages.js';
import { mark, portingPage } from './porting.js';
import { isItem, sectionsOf } from './sections.js';
import type { Section } from './sections.js';
import type { State } from './states.js';
import { Surface } from './surface.js';

/**
 * All generated documents by their path. `porting` is docs/pytorch.md as it is: what stands above its mark is kept. `states` says
 * what classes keep.
 */
export function referencePages(
  items: readonly Item[],
  porting: string,
  states: ReadonlyMap<string, State> = new Map(),
): Map<string, string> {
  const surface = new Surface(items);
  const sections = sectionsOf(surface);
  const links = new Links(surface, sections);
  const head = porting.split(mark)[0] ?? '';
  return new Map([
    ['docs/reference.md', indexPage(sections, links)],
    ['docs/pytorch.md', portingPage(head, surface, links)],
    ...sections.map((section): [string, string] => [
      `docs/reference/${section.slug}.md`,
      sectionPage(section, surface, links.from(`reference/${section.slug}.md`)),
    ]),
    ...sections.flatMap((section) => classPages(section, surface, links, states)),
  ]);
}

function classPages(
  section: Section,
  surface: Surface,
  links: Links,
  states: ReadonlyMap<string, State>,
): [string, string][] {
  return section.entries.flatMap((entry) => {
    const { page, target } = entry;
    if (page === undefined || !isItem(target)) return [];
    const text = classPage({ ...entry, target }, section, surface, links.from(page), states.get(entry.name));
    return [[`docs/${page}`, text]];
  });
}

/** What comments lack: of exported functions, an error; of options, results and methods without a function, a hint. */
export function incomplete(items: readonly Item[]): { errors: string[]; hints: string[] } {
  const functions = items.filter((item) => item.kind === 'function');
  const errors = functions.flatMap(({ names, file, comment }) => {
    if (comment.text === '') return [`${file}: ${names[0]} has no doc comment`];
    return comment.examples.length === 0 ? [`${file}: ${names[0]} has no @example`] : [];
  });
  const fields = items.flatMap(({ options, results }) => [...options, ...results]);
  const silent = fields.flatMap(({ type, fields: each }) =>
    each.filter((field) => field.text === '').map((field) => `${type}.${field.name} has no doc comment`),
  );
  const members = new Surface(items)
    .loneMembers()
    .filter((member) => member.comment.text === '')
    .map((member) => `Tensor.${member.name} has no doc comment`);
  return { errors, hints: [...new Set([...silent, ...members])] };
}
