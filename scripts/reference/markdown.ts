// Plain text and names as Markdown.

/** The anchor that GitHub gives a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

/** Anchors of the headings of one page: the second `t` is `t-1`. */
export function anchorsOf(headings: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return headings.map((heading) => {
    const anchor = anchorOf(heading);
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

/** What formulas hold and Markdown would take for its own is escaped, but for code; `{@link x}` becomes what `link` gives. */
export function prose(text: string, link: (name: string) => string): string {
  return text
    .split(/(```[\s\S]*?```|`[^`]*`)/)
    .map((part, i) => (i % 2 === 1 ? part : escapeProse(part, link)))
    .join('');
}

function escapeProse(text: string, link: (name: string) => string): string {
  return text
    .split(/(\{@link [^}]+\})/)
    .map((part) => {
      const name = /^\{@link\s+([\w.]+)/.exec(part)?.[1];
      if (name !== undefined) return link(name);
      return part.replace(/[*~]|<(?=[A-Za-z/!])|(?<=\])\(|^[+=](?= |$)/gm, '\\$&');
    })
    .join('');
}

export const code = (text: string): string => `\`${text}\``;

/** Shown, not run: examples are run where they stand, in the doc comments. */
export const block = (lines: string): string => `\`\`\`ts ignore\n${lines}\n\`\`\``;

export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`.replace(/ +/g, ' ');
  const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
  return [line(heads), line(heads.map(() => '---')), ...rows.map((row) => line(row.map(cell)))].join('\n');
}
