// Copies between layouts, and elementwise ops and sums on operands that are broadcast or not contiguous.
import * as lg from '../../../lib/index.js';
import { cube, flat, input, side, square } from '../case.js';
import type { Input, OpCase, View } from '../case.js';

const transposed: View = { call: (x) => lg.t(x), torch: 'x.t()' };
const everySecond: View = {
  call: (x) => lg.slice(x, 1, { step: 2 }),
  torch: 'x[:, ::2]',
};
const turned: Input = { ...square, view: transposed };
const stepped: Input = { ...input([side, 2 * side], { normal: true }), view: everySecond };
const heads = input([8, 512, 32, 128], { normal: true });
const images = input([32, 64, 64, 128], { normal: true });

function layoutCase(name: string, inputs: readonly Input[], call: OpCase['call'], torch: string): OpCase {
  return { name, group: 'layout', inputs, call, torch };
}

const pairs = [
  { name: 'add', call: lg.add, torch: 'torch.add' },
  { name: 'mul', call: lg.mul, torch: 'torch.mul' },
].flatMap(({ name, call, torch }) => [
  layoutCase(`${name}, row`, [square, input([side])], (a, b) => call(a, b), `${torch}(a, b)`),
  layoutCase(`${name}, column`, [square, input([side, 1])], (a, b) => call(a, b), `${torch}(a, b)`),
  layoutCase(`${name}, outer`, [input([side, 1]), input([side])], (a, b) => call(a, b), `${torch}(a, b)`),
  layoutCase(`${name}, middle`, [cube, input([64, 1, 64])], (a, b) => call(a, b), `${torch}(a, b)`),
  layoutCase(`${name}, number`, [flat], (a) => call(a, 2), `${torch}(a, 2)`),
  layoutCase(`${name}, one transposed`, [square, turned], (a, b) => call(a, b), `${torch}(a, b)`),
  layoutCase(`${name}, both transposed`, [turned, turned], (a, b) => call(a, b), `${torch}(a, b)`),
  layoutCase(`${name}, every second`, [square, stepped], (a, b) => call(a, b), `${torch}(a, b)`),
]);

export const layout: readonly OpCase[] = [
  ...pairs,
  layoutCase('sum, transposed', [turned], (x) => lg.sum(x), 'torch.sum(a)'),
  layoutCase('sum, transposed, last dim', [turned], (x) => lg.sum(x, { dim: 1 }), 'torch.sum(a, 1)'),
  layoutCase('sum, every second', [stepped], (x) => lg.sum(x), 'torch.sum(a)'),
  layoutCase('sum, every second, last dim', [stepped], (x) => lg.sum(x, { dim: 1 }), 'torch.sum(a, 1)'),
  layoutCase('contiguous, transposed', [turned], (x) => lg.contiguous(x), 'a.contiguous()'),
  layoutCase('contiguous, every second', [stepped], (x) => lg.contiguous(x), 'a.contiguous()'),
  layoutCase(
    'contiguous, heads 0213',
    [{ ...heads, view: { call: (x) => lg.permute(x, [0, 2, 1, 3]), torch: 'x.permute(0, 2, 1, 3)' } }],
    (x) => lg.contiguous(x),
    'a.contiguous()',
  ),
  layoutCase(
    'contiguous, channels last',
    [{ ...images, view: { call: (x) => lg.permute(x, [0, 2, 3, 1]), torch: 'x.permute(0, 2, 3, 1)' } }],
    (x) => lg.contiguous(x),
    'a.contiguous()',
  ),
  layoutCase(
    'contiguous, channels first',
    [{ ...images, view: { call: (x) => lg.permute(x, [0, 3, 1, 2]), torch: 'x.permute(0, 3, 1, 2)' } }],
    (x) => lg.contiguous(x),
    'a.contiguous()',
  ),
  layoutCase('cat, rows', [cube, cube], (a, b) => lg.cat([a, b], 0), 'torch.cat([a, b], 0)'),
  layoutCase('cat, columns', [square, square], (a, b) => lg.cat([a, b], 1), 'torch.cat([a, b], 1)'),
  layoutCase('stack', [square, square], (a, b) => lg.stack([a, b], 1), 'torch.stack([a, b], 1)'),
  layoutCase('flip, columns', [square], (x) => lg.flip(x, 1), 'torch.flip(a, (1,))'),
  layoutCase('flip, rows', [square], (x) => lg.flip(x, 0), 'torch.flip(a, (0,))'),
  layoutCase('roll', [square], (x) => lg.roll(x, 5, { dims: 1 }), 'torch.roll(a, 5, 1)'),
  layoutCase('rot90', [square], (x) => lg.rot90(x), 'torch.rot90(a)'),
  layoutCase('tril', [square], (x) => lg.tril(x), 'torch.tril(a)'),
  layoutCase('repeat', [input([side / 4, side])], (x) => lg.repeat(x, [4, 1]), 'a.repeat(4, 1)'),
  layoutCase('F.pad', [square], (x) => lg.F.pad(x, [1, 1, 1, 1]), 'F.pad(a, (1, 1, 1, 1))'),
  layoutCase('full', [], () => lg.zeros([side, side]), 'torch.zeros(4096, 4096)'),
  layoutCase(
    'arange',
    [],
    () => lg.arange(side * side, { dtype: 'float32' }),
    'torch.arange(4096 * 4096, dtype=torch.float32)',
  ),
];
