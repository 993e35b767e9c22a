import { bullets, fieldsTitle, memberLines, parameterLines, signatureBlock, throwLines } from './entry.js';
import type { PageLinks } from './links.js';
import { block, code, prose, table } from './markdown.js';
import type { Field, Fields, Item } from './model.js';
import { notice } from './pages.js';
import type { Entry, Section } from './sections.js';
import type { State } from './states.js';
import type { Surface } from './surface.js';
import { torchName } from './torch-names.js';

// The page of one class.

export function classPage(
  entry: Entry & { readonly target: Item },
  section: Section,
  surface: Surface,
  links: PageLinks,
  state: State | undefined,
): string {
  const { name, aliases, target } = entry;
  const link = (other: string): string => links.named(other);
  const theirs = torchName(name);
  const parts = [
    `# ${code(name)}`,
    notice,
    `[All pages](${links.page('reference.md')}) · [${section.title}](${links.page(`reference/${section.slug}.md`)})`,
    signatureBlock(entry, surface),
    prose(target.comment.text, link),
    ...(aliases.length > 0 ? [`Also ${aliases.map(code).join(', ')}.`] : []),
    theirs === undefined ? '' : `PyTorch: ${code(theirs)}.`,
    ...headed('Parameters', bullets(parameterLines(target, link))),
    ...target.options.flatMap((fields) => headed(fieldsTitle(fields), optionTable(fields, link))),
    ...headed('State', state === undefined ? '' : stateText(state)),
    ...target.members
      .filter((member) => member.name === 'forward')
      .flatMap((member) => member.options)
      .flatMap((fields) =>
        headed(`${fieldsTitle(fields)}, of ${code('forward')}`, optionTable(fields, link)),
      ),
    ...headed('Members', bullets(memberLines(target, link))),
    ...headed('Throws', bullets(throwLines(target, link))),
    ...headed('Example', target.comment.examples.map(block).join('\n\n')),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const headed = (title: string, text: string): string[] => (text === '' ? [] : [`## ${title}`, text]);

function optionTable({ fields }: Fields, link: (name: string) => string): string {
  const rows = fields.map((field) => {
    const { initial, text } = withoutDefault(field);
    const given = initial === '' ? (field.optional ? '' : 'must be given') : prose(initial, link);
    return [code(field.name), code(field.type), given, prose(text, link)];
  });
  return table(['option', 'type', 'default', ''], rows);
}

/** `Added to the variance. Default 1e-5.` in its two parts. */
function withoutDefault({ text }: Field): { initial: string; text: string } {
  const at = text.search(/\bDefault\b/);
  if (at < 0) return { initial: '', text };
  const rest = text.slice(at).replace(/^Default:? /, '');
  const end = rest.search(/\.(\s|$)/);
  const initial = end < 0 ? rest : rest.slice(0, end);
  const behind = end < 0 ? '' : rest.slice(end + 1);
  return { initial, text: `${text.slice(0, at)}${behind}`.replace(/\s+/g, ' ').trim() };
}

function stateText({ made, tensors }: State): string {
  const rows = tensors.map(({ name, shape, kind }) => [code(name), code(`[${shape.join(', ')}]`), kind]);
  return `Of ${code(made)}, as ${code('stateDict')} has it:\n\n${table(['name', 'shape', ''], rows)}`;
}
