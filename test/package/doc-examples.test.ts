import { describe, expect, it } from 'vitest';
import { checkedModule, commentExamples, markdownExamples, sameText } from '../../scripts/doc-examples.mjs';

describe('doc examples', () => {
  it('finds the blocks of a document, but not those that are only shown', () => {
    const text = '# A\n```ts\na();\n```\n```ts ignore\nb();\n```\n```sh\nc\n```\n';
    expect(markdownExamples('a.md', text)).toEqual([{ file: 'a.md', line: 3, code: 'a();' }]);
  });

  it('finds the examples of doc comments', () => {
    const text = '/**\n * Sums.\n *\n * @example\n * sum(2 * 3);\n * @see other\n */\nfunction sum() {}\n';
    expect(commentExamples('a.ts', text)).toEqual([{ file: 'a.ts', line: 5, code: 'sum(2 * 3);' }]);
  });

  it('checks statements, declarations, what is logged and what is thrown', () => {
    const code = 'f(1); // => 2\nconst y = f(2); // => 3\nconsole.log(y); // => 3\nf(); // plain';
    const { text, checks } = checkedModule(code);
    expect(checks).toBe(3);
    expect(text).toContain('globalThis.checkExample(() => (f(1)), "2");');
    expect(text).toContain('globalThis.checkExample(() => y, "3");');
    expect(text).not.toContain('console.log');
  });

  it('takes an expectation of several lines', () => {
    expect(checkedModule('x; // => [1,\n   //     2]\n').text).toContain(JSON.stringify('[1,\n    2]'));
  });

  it('compares numbers as exactly as they are written', () => {
    expect(sameText('0.84147098', '0.8415')).toBe(true);
    expect(sameText('0.84147098', '0.8416')).toBe(false);
    expect(sameText('[ 1, 2 ]', '[1, 2]')).toBe(true);
    expect(sameText('[ 1, 3 ]', '[1, 2]')).toBe(false);
    expect(sameText('[ 1, 2, 3 ]', '[1, 2]')).toBe(false);
    expect(sameText('Tensor { a, b }', 'Tensor {...')).toBe(true);
  });
});
