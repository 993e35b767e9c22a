import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { noAttrs } from '../../check.js';
import type { Tensor } from '../../tensor.js';
import { detach } from '../convert.js';
import { gather } from '../indexing.js';
import { squeeze, unsqueeze } from '../view.js';

/** log Σ exp x along `dim`, stable: the maximum is taken out first. */
function logSumExp(x: Tensor, dim: number): Tensor {
  const peak = detach(backend.run1('amax', [x], { dims: [dim], keepdim: true }));
  const exps = backend.run1('exp', [backend.run1('sub', [x, peak], noAttrs)], noAttrs);
  const total = backend.run1('sum', [exps], { dims: [dim], keepdim: true });
  return backend.run1('add', [backend.run1('log', [total], noAttrs), peak], noAttrs);
}

/**
 * -log softmax(logits)[target], logits: [N, C, ...] or [C], target: class indices [N, ...] or []. With smoothing s the
 * target distribution is (1 - s) at the target plus s / C everywhere. Gives the loss and log Σ exp per target.
 */
export function crossEntropy(inputs: readonly OpInput<Tensor>[], attrs: OpAttrs['crossEntropy']): Tensor[] {
  const [logits, target] = inputs as [Tensor, Tensor];
  const { reduction, ignoreIndex, labelSmoothing } = attrs;
  const dim = logits.shape.length > 1 ? 1 : 0;
  const lse = logSumExp(logits, dim);
  const logProbabilities = backend.run1('sub', [logits, lse], noAttrs);
  const counts = backend.run1('ne', [target, ignoreIndex], noAttrs);
  const safe = backend.run1('where', [counts, target, 0], noAttrs);
  const picked = squeeze(gather(logProbabilities, dim, unsqueeze(safe, dim)), dim);
  let losses = backend.run1('neg', [picked], noAttrs);
  if (labelSmoothing !== 0) {
    const everywhere = backend.run1('mean', [logProbabilities], { dims: [dim], keepdim: false });
    losses = backend.run1(
      'sub',
      [
        backend.run1('mul', [losses, 1 - labelSmoothing], noAttrs),
        backend.run1('mul', [everywhere, labelSmoothing], noAttrs),
      ],
      noAttrs,
    );
  }
  losses = backend.run1('where', [counts, losses, 0], noAttrs);
  const all = { dims: [], keepdim: false };
  let loss = losses;
  if (reduction !== 'none') loss = backend.run1('sum', [losses], all);
  if (reduction === 'mean') loss = backend.run1('div', [loss, backend.run1('sum', [counts], all)], noAttrs);
  return [loss, squeeze(lse, dim)];
}
