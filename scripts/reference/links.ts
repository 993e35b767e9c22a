import path from 'node:path';
import { anchorsOf, code } from './markdown.js';
import type { Item, Member } from './model.js';
import { isItem, type Section } from './sections.js';
import type { Surface } from './surface.js';

// Where everything stands, and how one page points to another.

/** A page below docs/, and a heading on it; none: all of it. */
interface Place {
  readonly page: string;
  readonly anchor: string;
}

export class Links {
  readonly #places = new Map<Item | Member, Place>();

  constructor(
    private readonly surface: Surface,
    sections: readonly Section[],
  ) {
    for (const { slug, entries } of sections) {
      const shared = entries.filter((entry) => entry.page === undefined);
      const anchors = anchorsOf(shared.map((entry) => entry.name));
      for (const entry of entries) {
        const { target } = entry;
        const place =
          entry.page === undefined
            ? { page: `reference/${slug}.md`, anchor: `#${anchors[shared.indexOf(entry)] ?? ''}` }
            : { page: entry.page, anchor: '' };
        const { method, inPlace } = isItem(target) ? surface.methodsOf(target) : {};
        for (const each of [target, method, inPlace]) if (each !== undefined) this.#places.set(each, place);
      }
    }
  }

  /** As they are written on a page, which is named from docs/: `reference/sorting.md`. */
  from(page: string): PageLinks {
    const folder = path.posix.dirname(page);
    const to = (target: Item | Member, text: string): string => {
      const place = this.#places.get(target);
      if (place === undefined) return code(text);
      const file = place.page === page ? '' : path.posix.relative(folder, place.page);
      return `[${code(text)}](${file}${place.anchor})`;
    };
    return {
      to,
      page: (other) => path.posix.relative(folder, other),
      named: (name) => {
        const target = this.#find(name);
        return target === undefined ? code(name) : to(target, name);
      },
    };
  }

  /** A name as a comment has it, which need not be the public path. */
  #find(name: string): Item | Member | undefined {
    return (
      this.surface.find(name) ??
      this.surface.items.find((item) => item.names.some((each) => each.endsWith(`.${name}`))) ??
      this.surface.member(name.replace(/^Tensor\./, ''))
    );
  }
}

export interface PageLinks {
  /** To what a declaration has, under a text. */
  to(target: Item | Member, text: string): string;
  /** To what a comment names. */
  named(name: string): string;
  /** The way to another page, which is named from docs/. */
  page(other: string): string;
}
