import { checkInts, checkRange, checkTensor, shapeText } from '../../check.js';
import { ShapeError, ValueError } from '../../errors.js';
import { add, ge, lt, sub, where } from '../../ops/binary.js';
import { gather, indexAdd, indexSelect } from '../../ops/indexing.js';
import { nonzero } from '../../ops/counting.js';
import { logicalAnd } from '../../ops/logic.js';
import { cat } from '../../ops/join.js';
import { argmax, logSoftmax, mean } from '../../ops/reduction.js';
import { neg } from '../../ops/unary.js';
import { narrow, reshape, squeeze, unsqueeze } from '../../ops/view.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { ModuleList } from '../container.js';
import { Linear } from '../linear.js';
import { Module } from '../module.js';
import { checkSize, layerDType, readOptions } from '../options.js';
import type { LayerOptions } from '../options.js';
import { Sequential } from '../sequential.js';

export interface AdaptiveLogSoftmaxOptions extends LayerOptions {
  /** How much narrower each cluster is than the one before it. Default 4. */
  divValue?: number;
  /** Whether the head has a bias. Default false. */
  headBias?: boolean;
}

/** What {@link AdaptiveLogSoftmaxWithLoss} gives. */
export interface AdaptiveLogSoftmaxOutput {
  /** [N]: the log probability of each target. */
  readonly output: Tensor;
  /** []: minus their mean. */
  readonly loss: Tensor;
}

/**
 * Softmax for very many classes (Grave et al., 2017): the frequent ones, below cutoffs[0], in a head, the others in clusters
 * [cutoffs[i], cutoffs[i + 1]) of ever narrower layers, which only the samples that need them are put through. Classes must
 * be sorted by how frequent they are, the most frequent first.
 *
 * input: [N, inFeatures] or [inFeatures]; target (int64): [N] or []; gives the log probability of each target and the loss.
 * Cluster i has inFeatures / divValue^(i + 1) features inside.
 * @throws ValueError for cutoffs that do not rise within (0, nClasses), or clusters without features.
 * @throws ShapeError from `forward`, if input and target do not fit; IndexError for a target that is no class.
 * @example
 * import { nn, ones, tensor } from 'lanegrad';
 * const layer = new nn.AdaptiveLogSoftmaxWithLoss(8, 12, [4, 8], { divValue: 2 });
 * const { output, loss } = layer.forward(ones([3, 8]), tensor([0, 5, 11]));
 * [output.shape, loss.shape]; // => [[3], []]
 * layer.logProb(ones([3, 8])).exp().sum().item().toFixed(3); // => '3.000'
 */
export class AdaptiveLogSoftmaxWithLoss extends Module<
  [input: Tensor, target: Tensor],
  AdaptiveLogSoftmaxOutput
> {
  /** Where the head and the clusters end. */
  readonly cutoffs: readonly number[];
  readonly divValue: number;
  readonly head: Linear;
  readonly tail: ModuleList<Sequential<readonly [Linear, Linear]>>;

  constructor(
    readonly inFeatures: number,
    readonly nClasses: number,
    cutoffs: readonly number[],
    options: AdaptiveLogSoftmaxOptions = {},
  ) {
    super();
    const op = 'AdaptiveLogSoftmaxWithLoss';
    checkSize(op, 'inFeatures', inFeatures);
    checkSize(op, 'nClasses', nClasses);
    checkInts(op, 'cutoffs', cutoffs);
    const ends = [...cutoffs, nClasses];
    if (cutoffs.length === 0 || !ends.every((end, i) => end > (i === 0 ? 0 : ends[i - 1]!))) {
      throw new ValueError(
        `[${op}] cutoffs: got ${shapeText(cutoffs)}, wanted them rising between 0 and nClasses, ${nClasses}`,
      );
    }
    const { divValue, headBias } = readOptions(op, options, {
      divValue: 4,
      headBias: false,
      dtype: 'float32',
    });
    checkRange(op, 'divValue', divValue, Number.MIN_VALUE, Infinity);
    const dtype = layerDType(op, options);
    this.cutoffs = ends;
    this.divValue = divValue;
    this.head = new Linear(inFeatures, ends[0]! + cutoffs.length, { bias: headBias, dtype });
    this.tail = new ModuleList(
      cutoffs.map((start, i) => {
        const inside = Math.floor(inFeatures / divValue ** (i + 1));
        if (inside < 1) {
          throw new ValueError(`[${op}] divValue: got ${divValue}, which leaves cluster ${i} no features`);
        }
        return new Sequential(
          new Linear(inFeatures, inside, { bias: false, dtype }),
          new Linear(inside, ends[i + 1]! - start, { bias: false, dtype }),
        );
      }),
    );
  }

  forward(input: Tensor, target: Tensor): AdaptiveLogSoftmaxOutput {
    checkTensor('AdaptiveLogSoftmaxWithLoss', 'input', input);
    checkTensor('AdaptiveLogSoftmaxWithLoss', 'target', target);
    const fits =
      (input.ndim === 2 && target.ndim === 1 && input.shape[0] === target.shape[0]) ||
      (input.ndim === 1 && target.ndim === 0);
    if (!fits) {
      throw new ShapeError(
        `[AdaptiveLogSoftmaxWithLoss] got input ${shapeText(input.shape)} and target ${shapeText(target.shape)}, ` +
          'wanted [N, inFeatures] and [N]',
      );
    }
    return scoped(() => {
      const rows = input.ndim === 1 ? unsqueeze(input, 0) : input;
      const output = this.#targetLogProb(rows, reshape(target, [-1]));
      return { output: reshape(output, target.shape), loss: neg(mean(output)) };
    });
  }

  /** The log probability of one class for each row. */
  #targetLogProb(rows: Tensor, target: Tensor): Tensor {
    const shortlist = this.cutoffs[0]!;
    const inCluster = this.cutoffs.slice(0, -1).map((start, i) => {
      return logicalAnd(ge(target, start), lt(target, this.cutoffs[i + 1]!));
    });
    // In the head a class of a cluster is the cluster.
    let places = target;
    inCluster.forEach((members, i) => {
      places = where(members, shortlist + i, places);
    });
    const head = logSoftmax(this.head.forward(rows), 1);
    let output = squeeze(gather(head, 1, unsqueeze(places, 1)), 1);
    inCluster.forEach((members, i) => {
      const named = squeeze(nonzero(members), 1);
      if (named.numel() === 0) return;
      const logs = logSoftmax(this.tail.at(i).forward(indexSelect(rows, 0, named)), 1);
      const local = sub(indexSelect(target, 0, named), this.cutoffs[i]!);
      output = indexAdd(output, 0, named, squeeze(gather(logs, 1, unsqueeze(local, 1)), 1));
    });
    return output;
  }

  /**
   * The log probabilities of all classes. input: [N, inFeatures]; gives [N, nClasses]. PyTorch's log_prob.
   */
  logProb(input: Tensor): Tensor {
    return scoped(() => {
      const shortlist = this.cutoffs[0]!;
      const head = logSoftmax(this.head.forward(input), 1);
      const parts = [narrow(head, 1, 0, shortlist)];
      [...this.tail].forEach((cluster, i) => {
        parts.push(add(logSoftmax(cluster.forward(input), 1), narrow(head, 1, shortlist + i, 1)));
      });
      return cat(parts, 1);
    });
  }

  /** The most probable class of each row. input: [N, inFeatures]; gives int64 [N]. */
  predict(input: Tensor): Tensor {
    return scoped(() => argmax(this.logProb(input), { dim: 1 }));
  }
}
