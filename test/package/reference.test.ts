import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { incomplete, referencePages } from '../../scripts/reference/all.js';
import { readApi } from '../../scripts/reference/api.js';
import { anchorsOf, prose } from '../../scripts/reference/markdown.js';
import type { Item } from '../../scripts/reference/model.js';
import { mark } from '../../scripts/reference/porting.js';

// A library of a few lines, read as the real one is.
const files = {
  'index.ts': `
    export { cumsum, silent } from './ops/cumulative.js';
    export { mse, spare } from './ops/loss.js';
    export * as F from './ops/functional.js';
    export * as nn from './nn/index.js';
    export { Tensor } from './tensor.js';
  `,
  'tensor.ts': `
    /** Numbers. */
    export class Tensor {
      cumsum(dim: number, options?: { dtype?: string }): Tensor { return dim ? this : this; }
      cumsum_(dim: number): this { return dim ? this : this; }
      unfold(dim: number): Tensor { return dim ? this : this; }
      /** @internal */ handle = 1;
      private secret = 2;
      /** Copies. */
      copy_(source: Tensor): this { return source && this.secret ? this : this; }
    }
  `,
  'ops/cumulative.ts': `
    import type { Tensor } from '../tensor.js';
    export interface Base {
      /** The dim. */
      dim?: number;
    }
    export interface CumsumOptions extends Base {
      /** Cast first. Default: that of x. */
      dtype?: 'float32' | 'int64';
    }
    /**
     * The running sum a * b * c, if x <y. Floats, as in PyTorch. In PyTorch it hums. See {@link mse}.
     *
     * x: [N, (M)](any).
     * @throws IndexError for a dim out of range.
     * @example
     * cumsum(x, 0); // => [1, 3]
     */
    export function cumsum(x: Tensor, options: CumsumOptions & { dim: number }): Tensor;
    export function cumsum(x: Tensor, options?: CumsumOptions): Tensor;
    export function cumsum(x: Tensor): Tensor { return x; }
    export function silent(x: Tensor): Tensor { return x; }
  `,
  'ops/loss.ts': `
    import type { Tensor } from '../tensor.js';
    /** Squared. */
    export function mse(input: Tensor, target: Tensor): { readonly loss: Tensor } { return { loss: input ?? target }; }
    /** In no table.
     * @example
     * spare();
     */
    export const spare = (): number => 1;
  `,
  'nn/index.ts': `
    import type { Tensor } from '../tensor.js';
    export interface LinearOptions {
      /** Whether there is a bias, | or not. Default true. */
      bias?: boolean;
      /** A name. */
      name?: string;
    }
    /** All.
     * @example
     * nn.make();
     */
    export abstract class Module {
      /** Computes. */
      forward(x: Tensor): Tensor { return x; }
      other(): number { return 1; }
    }
    abstract class Base<Width> extends Module {
      /** Of a base without a page. */
      readonly width!: Width;
    }
    /**
     * A product, see {@link mse}. And a sum.
     *
     * @param inputs How many.
     * @throws ValueError for none.
     * @example
     * new nn.Linear(1);
     */
    export class Linear extends Base<string[]> {
      readonly size: number;
      constructor(inputs: number, options: LinearOptions = {}) { super(); this.size = options.bias ? inputs : 0; }
    }
    /** Makes one.
     * @example
     * nn.make();
     */
    export function make(): Linear { return new Linear(1); }
  `,
  'ops/functional.ts': `
    import type { Tensor } from '../tensor.js';
    export { mse as mseLoss } from './loss.js';
    /** Blocks.
     * @example
     * F.unfold(x);
     */
    export function unfold(x: Tensor, kernel = 3): Tensor { return kernel ? x : x; }
  `,
};

let root: string;
let items: Item[];
let pages: Map<string, string>;

const page = (name: string): string => pages.get(`docs/${name}.md`) ?? '';
const lineOf = (text: string, start: string): string =>
  text.split('\n').find((line) => line.startsWith(start)) ?? '';

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'lanegrad-reference-'));
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, 'lib', name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  items = readApi(root);
  const state = { made: 'new nn.Linear(2)', tensors: [{ name: 'weight', shape: [3, 2], kind: 'parameter' }] };
  pages = referencePages(items, `# By hand\n\n${mark}\n\nold`, new Map([['nn.Linear', state]]));
}, 60_000);

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('reference pages', () => {
  it('have every signature, methods with them, and overloads as one list of options', () => {
    const text = page('reference/cumulative');
    expect(text).toContain(
      [
        'cumsum(x: Tensor, options: CumsumOptions & { dim: number }): Tensor',
        'cumsum(x: Tensor, options?: CumsumOptions): Tensor',
        'x.cumsum(dim: number, options?: { dtype?: string }): Tensor',
        'x.cumsum_(dim: number): this',
      ].join('\n'),
    );
    expect(text.match(/Options, `CumsumOptions`:/g)).toHaveLength(1);
    expect(text).toContain("- `dtype?: 'float32' | 'int64'` Cast first. Default: that of x.");
    expect(text).toContain('- `dim?: number` The dim.');
    expect(text).toContain('- `IndexError` for a dim out of range.');
    expect(text).toContain('cumsum(x, 0); // => [1, 3]');
  });

  it('escape what Markdown would take for its own, and link', () => {
    const text = page('reference/cumulative');
    expect(text).toContain('a \\* b \\* c, if x \\<y');
    expect(text).toContain('[N, (M)]\\(any)');
    expect(text).toContain('See [`mse`](losses.md#fmseloss).');
  });

  it('tell a function of two names once, under PyTorch’s', () => {
    const text = page('reference/losses');
    expect(text.match(/^## .*/gm)).toEqual(['## `F.mseLoss`', '## `spare`']);
    expect(text).toContain('Also `mse`. PyTorch: `F.mse_loss`.');
    expect(text).toContain('- `loss: Tensor`');
  });

  it('show the members of Tensor that no function is, and nothing internal', () => {
    expect(page('reference/dtype')).toContain('x.copy_(source: Tensor): this');
    expect(page('reference/shape-and-view')).toContain('## `x.unfold`');
    expect([...pages.values()].join()).not.toMatch(/handle|secret/);
  });

  it('list all of it on the index', () => {
    expect(page('reference')).toContain('[`cumsum`](reference/cumulative.md#cumsum)');
    expect(page('reference')).toContain('[`F.mseLoss`](reference/losses.md#fmseloss)');
  });
});

describe('a class of a namespace', () => {
  it('has a page of its own, with a table of its options', () => {
    const text = page('reference/nn/Linear');
    expect(text).toContain('# `nn.Linear`');
    expect(text).toContain('new nn.Linear(inputs: number, options?: LinearOptions)');
    expect(text).toContain('A product, see [`mse`](../losses.md#fmseloss). And a sum.');
    expect(text).toContain('PyTorch: `torch.nn.Linear`.');
    expect(text).toContain('- `inputs` How many.');
    expect(lineOf(text, '| `bias`')).toBe(
      '| `bias` | `boolean` | true | Whether there is a bias, \\| or not. |',
    );
    expect(lineOf(text, '| `name`')).toBe('| `name` | `string` | | A name. |');
    expect(text).toContain('- `forward(x: Tensor): Tensor` Computes.');
    expect(text).toContain('- `size: number`');
    expect(text).toContain('- `width: string[]` Of a base without a page.');
    expect(text).not.toContain('other');
    expect(text).toContain('- `ValueError` for none.');
    expect(text).toContain('## State\n\nOf `new nn.Linear(2)`');
    expect(lineOf(text, '| `weight`')).toBe('| `weight` | `[3, 2]` | parameter |');
  });

  it('stands in the table of its section, before what has none', () => {
    const text = page('reference/nn');
    expect(lineOf(text, '| [`nn.Linear`]')).toBe(
      '| [`nn.Linear`](nn/Linear.md) | A product, see [`mse`](losses.md#fmseloss). | `torch.nn.Linear` |',
    );
    expect(text.match(/^## .*/gm)).toEqual(['## `nn.make`']);
    expect(page('reference')).toContain('[`nn.Linear`](reference/nn/Linear.md)');
    expect(page('pytorch')).toContain('[`nn.Linear`](reference/nn/Linear.md)');
  });
});

describe('the table for those who port code', () => {
  it('keeps what is written by hand, and only that', () => {
    expect(page('pytorch').startsWith(`# By hand\n\n${mark}\n\n###`)).toBe(true);
    expect(page('pytorch')).not.toContain('\nold');
  });

  it('gives function, method, in-place form and what the comment says of PyTorch', () => {
    expect(lineOf(page('pytorch'), '| `cumsum`')).toBe(
      '| `cumsum` | [`cumsum(x, { dtype, dim })`](reference/cumulative.md#cumsum) | `x.cumsum` | `x.cumsum_` | In PyTorch it hums. |',
    );
  });

  it('does not take another op’s method for one of the same name', () => {
    const lines = page('pytorch').split('\n');
    expect(lines).toContain(
      '| `F.unfold` | [`F.unfold(x, kernel)`](reference/convolution.md#funfold) | | | |',
    );
    expect(lines).toContain('| `unfold` | [`x.unfold(dim)`](reference/shape-and-view.md#xunfold) | | | |');
  });

  it('has a dash for what is not there', () => {
    expect(lineOf(page('pytorch'), '| `cumprod`')).toBe('| `cumprod` | – | | | |');
  });
});

describe('what is incomplete', () => {
  it('is an error for functions, a hint for the rest', () => {
    const { errors, hints } = incomplete(items);
    expect(errors).toEqual([
      'lib/ops/cumulative.ts: silent has no doc comment',
      'lib/ops/loss.ts: mse has no @example',
    ]);
    expect(hints).toContain('Tensor.unfold has no doc comment');
    expect(hints).toContain('{ readonly loss: Tensor }.loss has no doc comment');
  });
});

describe('Markdown', () => {
  it('has GitHub’s anchors, numbered where they would be the same', () => {
    expect(anchorsOf(['F.maxPool2d', 'T', 't', 'nn.init.ones_'])).toEqual([
      'fmaxpool2d',
      't',
      't-1',
      'nninitones_',
    ]);
  });

  it('leaves code as it is', () => {
    expect(prose('`a * b` and a * b', (name) => name)).toBe('`a * b` and a \\* b');
  });
});
