import { block, code, prose } from './markdown.js';
import type { Fields, Item, Member } from './model.js';
import { isItem, type Entry } from './sections.js';
import type { Surface } from './surface.js';

// What every entry has, on a page of its own or among others.

type Link = (name: string) => string;

export function signatureBlock({ name, target }: Entry, surface: Surface): string {
  return block(signatureLines(name, target, surface).join('\n'));
}

function signatureLines(name: string, target: Item | Member, surface: Surface): string[] {
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

export function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

export function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}:\n\n${bullets(lines)}`;
}

export function parameterLines({ comment }: Item | Member, link: Link): string[] {
  return comment.params.map(({ name, text }) => `${code(name)} ${prose(text, link)}`);
}

export function throwLines({ comment }: Item | Member, link: Link): string[] {
  return comment.throws.map((text) => prose(text.replace(/^(\w+)( or )?(\w*Error)?/, named), link));
}

/** Names of errors as code. */
function named(_: string, first: string, or = '', second = ''): string {
  const mark = (name: string): string => (name.endsWith('Error') ? code(name) : name);
  return mark(first) + or + mark(second);
}

/** What an object of options or a result is called. */
export function fieldsTitle({ of, type }: Fields): string {
  const what = of === '' ? 'Gives' : of === 'options' ? 'Options' : `Fields of ${code(of)}`;
  return /^\w+$/.test(type) ? `${what}, ${code(type)}` : what;
}

export function fieldList(fields: Fields, link: Link): string {
  return list(
    fieldsTitle(fields),
    fields.fields.map(({ name, type, optional, text }) => {
      const head = code(`${name}${optional ? '?' : ''}: ${type}`);
      return text === '' ? head : `${head} ${prose(text, link)}`;
    }),
  );
}

/** What a class declares itself and says something about; those of Tensor have entries of their own. */
export function memberLines(item: Item, link: Link): string[] {
  if (item.names.includes('Tensor')) return [];
  return item.members.flatMap((member) => {
    const heads =
      member.type === undefined
        ? member.signatures.map((one) => code(`${member.name}${one.text}`))
        : [code(`${member.name}: ${member.type}`)];
    const text = prose(member.comment.text.replace(/\s+/g, ' '), link);
    return heads.map((head, i) => (i === 0 && text !== '' ? `${head} ${text}` : head));
  });
}
