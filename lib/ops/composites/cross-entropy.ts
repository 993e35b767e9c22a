import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { noAttrs, product } from '../../check.js';
import type { Tensor } from '../../tensor.js';
import { detach } from '../convert.js';
import { gather, indexSelect } from '../indexing.js';
import { reshape, squeeze, unsqueeze } from '../view.js';

/** log Σ exp x along `dim`, stable: the maximum is taken out first. */
function logSumExp(x: Tensor, dim: number): Tensor {
  const peak = detach(backend.run1('amax', [x], { dims: [dim], keepdim: true }));
  const exps = backend.run1('exp', [backend.run1('sub', [x, peak], noAttrs)], noAttrs);
  const total = backend.run1('sum', [exps], { dims: [dim], keepdim: true });
  return backend.run1('add', [backend.run1('log', [total], noAttrs), peak], noAttrs);
}

type Reduction = 'none' | 'mean' | 'sum';
type Binary = 'add' | 'sub' | 'mul' | 'div' | 'ne';

const run = (op: Binary, a: Tensor | number, b: Tensor | number): Tensor => backend.run1(op, [a, b], noAttrs);
const sumAll = (x: Tensor): Tensor => backend.run1('sum', [x], { dims: [], keepdim: false });
const sumOver = (x: Tensor, dim: number): Tensor => backend.run1('sum', [x], { dims: [dim], keepdim: false });
const classDim = (logits: Tensor): number => (logits.shape.length > 1 ? 1 : 0);

/** The sum of the losses over that of what each weighs. */
function reduced(losses: Tensor, weights: Tensor | number, reduction: Reduction): Tensor {
  if (reduction === 'none') return losses;
  const total = sumAll(losses);
  if (reduction === 'sum') return total;
  return run('div', total, typeof weights === 'number' ? weights : sumAll(weights));
}

/** A weight per class, [C], along the classes of x. */
function alongClasses(weight: Tensor, x: Tensor): Tensor {
  const dim = classDim(x);
  return reshape(
    weight,
    x.shape.map((size, i) => (i === dim ? size : 1)),
  );
}

/**
 * -w[target] log softmax(logits)[target], logits: [N, C, ...] or [C], target: class indices [N, ...] or [], w: class
 * weights [C], or ones. With smoothing s it is 1 - s of that, and s / C of the same for every class. The mean is weighted.
 * Gives the loss and log Σ exp per target.
 */
export function crossEntropy(inputs: readonly OpInput<Tensor>[], attrs: OpAttrs['crossEntropy']): Tensor[] {
  const [logits, target, weight] = inputs as [Tensor, Tensor, Tensor | null];
  const { reduction, ignoreIndex, labelSmoothing } = attrs;
  const dim = classDim(logits);
  const lse = logSumExp(logits, dim);
  const logProbabilities = run('sub', logits, lse);
  const counts = run('ne', target, ignoreIndex);
  const safe = backend.run1('where', [counts, target, 0], noAttrs);
  const picked = squeeze(gather(logProbabilities, dim, unsqueeze(safe, dim)), dim);
  let losses = backend.run1('neg', [picked], noAttrs);
  let weights = counts;
  if (weight) {
    const flat = indexSelect(weight, 0, reshape(safe, [-1]));
    weights = backend.run1('where', [counts, reshape(flat, target.shape), 0], noAttrs);
    losses = run('mul', losses, weights);
  }
  if (labelSmoothing !== 0) {
    const everywhere = weight ? run('mul', logProbabilities, alongClasses(weight, logits)) : logProbabilities;
    const spread = run('mul', sumOver(everywhere, dim), labelSmoothing / logits.shape[dim]!);
    losses = run('sub', run('mul', losses, 1 - labelSmoothing), spread);
  }
  losses = backend.run1('where', [counts, losses, 0], noAttrs);
  return [reduced(losses, weights, reduction), squeeze(lse, dim)];
}

/**
 * -Σ_c w_c q_c log softmax(logits)_c with q = (1 - s) target + s / C; target: probabilities in the shape of logits, w:
 * class weights [C], or ones. Gives the loss, and log Σ exp and Σ_c w_c q_c per row.
 */
export function softCrossEntropy(
  inputs: readonly OpInput<Tensor>[],
  attrs: OpAttrs['softCrossEntropy'],
): Tensor[] {
  const [logits, target, weight] = inputs as [Tensor, Tensor, Tensor | null];
  const { reduction, labelSmoothing } = attrs;
  const dim = classDim(logits);
  const lse = logSumExp(logits, dim);
  let wanted = target;
  if (labelSmoothing !== 0) {
    wanted = run('add', run('mul', target, 1 - labelSmoothing), labelSmoothing / logits.shape[dim]!);
  }
  if (weight) wanted = run('mul', wanted, alongClasses(weight, logits));
  const terms = run('mul', wanted, run('sub', lse, logits));
  const losses = sumOver(terms, dim);
  return [reduced(losses, product(losses.shape), reduction), squeeze(lse, dim), sumOver(wanted, dim)];
}
