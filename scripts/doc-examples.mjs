// Finds the runnable examples of the documents and of doc comments, and turns one into a module that checks itself.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** @typedef {{ file: string, line: number, code: string }} Example */

/** The ```ts blocks of a markdown text. ```ts ignore is shown only. */
export function markdownExamples(file, text) {
  const found = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const fence = /^(\s*)```(?:ts|typescript)(\s+ignore)?\s*$/.exec(lines[i]);
    if (!fence) continue;
    const start = i + 1;
    while (i + 1 < lines.length && lines[i + 1].trim() !== '```') i++;
    const body = lines.slice(start, i + 1).map((line) => line.slice(fence[1].length));
    if (!fence[2]) found.push({ file, line: start + 1, code: body.join('\n') });
    i++;
  }
  return found;
}

/** The @example parts of the doc comments of a TypeScript text, fenced or bare. */
export function commentExamples(file, text) {
  const found = [];
  for (const comment of text.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    const firstLine = text.slice(0, comment.index).split('\n').length;
    const lines = comment[0]
      .replace(/^\/\*\*/, '')
      .replace(/\*\/$/, '')
      .split('\n')
      .map((line) => line.replace(/^\s*\* ?/, ''));
    for (let i = 0; i < lines.length; i++) {
      if (!/^@example\b/.test(lines[i])) continue;
      const start = i + 1;
      while (i + 1 < lines.length && !/^@\w/.test(lines[i + 1])) i++;
      const code = lines
        .slice(start, i + 1)
        .map((line) => (/^```/.test(line.trim()) ? '' : line))
        .join('\n');
      if (code.trim()) found.push({ file, line: firstLine + start, code });
    }
  }
  return found;
}

/** All examples of the repository. */
export function allExamples(root) {
  const list = (folder, ending) =>
    readdirSync(path.join(root, folder), { recursive: true })
      .filter((name) => name.endsWith(ending))
      .map((name) => path.join(folder, name))
      .sort();
  const read = (file) => readFileSync(path.join(root, file), 'utf8');
  return [
    ...['README.md', ...list('docs', '.md')].flatMap((file) => markdownExamples(file, read(file))),
    ...list('lib', '.ts').flatMap((file) => commentExamples(file, read(file))),
  ];
}

/** What the comment after a statement expects: the text behind `// =>`, with the comment lines right below it. */
function expectationAfter(code, end) {
  const rest = code.slice(end);
  const match = /^[ \t]*\/\/ ?=> ?(.*)((?:\n[ \t]*\/\/(?! ?=>).*)*)/.exec(rest);
  if (!match) return undefined;
  const more = match[2]
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/^[ \t]*\/\/ ?/, ''));
  return [match[1], ...more].join('\n').trim();
}

/**
 * The example as a module in which every statement with a `// =>` is followed by a check of its value. A declaration
 * is checked by what it declares, `console.log(x)` by x. The number of checks comes with it.
 */
export function checkedModule(code) {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2022, true);
  const edits = [];
  let checks = 0;
  const visit = (node) => {
    if (ts.isExpressionStatement(node) || ts.isVariableStatement(node)) {
      const expected = expectationAfter(code, node.end);
      if (expected !== undefined) {
        checks += 1;
        const wanted = JSON.stringify(expected);
        if (ts.isVariableStatement(node)) {
          const name = node.declarationList.declarations.at(-1).name.getText(source);
          edits.push({
            from: node.end,
            to: node.end,
            text: ` globalThis.checkExample(() => ${name}, ${wanted});`,
          });
        } else {
          const { expression } = node;
          const logged =
            ts.isCallExpression(expression) && expression.expression.getText(source) === 'console.log'
              ? expression.arguments[0]
              : expression;
          const isAsync = /\bawait\b/.test(logged.getText(source));
          const text = `${isAsync ? 'await ' : ''}globalThis.checkExample(${isAsync ? 'async ' : ''}() => (${logged.getText(source)}), ${wanted});`;
          edits.push({ from: node.getStart(source), to: node.end, text });
        }
        return;
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  let text = code;
  for (const edit of edits.sort((a, b) => b.from - a.from)) {
    text = text.slice(0, edit.from) + edit.text + text.slice(edit.to);
  }
  return { text, checks };
}

const numberPattern = /[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?)/gi;

/** Equal but for white space; numbers as exact as the expected text writes them; a final `...` stands for any rest. */
export function sameText(actual, expected) {
  const squeeze = (text) =>
    text
      .replace(/\s+/g, ' ')
      .replace(/([[({]) /g, '$1')
      .replace(/ ([\])}])/g, '$1')
      .trim();
  const a = squeeze(actual);
  const open = /\.\.\.$/.test(expected.trim());
  const e = squeeze(open ? expected.trim().slice(0, -3) : expected);
  if (open && a.startsWith(e)) return true;
  const rest = (text) => text.replace(numberPattern, '#');
  if (open ? !rest(a).startsWith(rest(e)) : rest(a) !== rest(e)) return false;
  const numbers = a.match(numberPattern) ?? [];
  return (e.match(numberPattern) ?? []).every((text, i) => {
    const decimals = /\.(\d*)/.exec(text)?.[1].length ?? 0;
    const exponent = Number(/e([-+]?\d+)/i.exec(text)?.[1] ?? 0);
    const margin = text.includes('.') ? 0.500001 * 10 ** (exponent - decimals) : 0;
    return Math.abs(Number(numbers[i]) - Number(text)) <= margin;
  });
}
