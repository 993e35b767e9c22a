import type { Tensor } from '../tensor.js';
import { Distribution, type DistributionOptions } from './distribution.js';
import { broadcastParameters, checkDistributionOptions } from './parameters.js';
import { positive, real } from './support.js';

/** A family that is symmetric about `loc` and as wide as `scale`: of both there is one for each distribution. */
export abstract class LocationScale extends Distribution {
  /** The centre, which is the mean. */
  readonly loc: Tensor;
  /** The width. */
  readonly scale: Tensor;
  override readonly hasRsample = true;

  constructor(loc: Tensor | number, scale: Tensor | number, options: DistributionOptions = {}) {
    const family = new.target.name;
    checkDistributionOptions(family, options);
    const [center, width] = broadcastParameters(family, { loc, scale });
    super(center!.shape, [], options);
    this.loc = center!;
    this.scale = width!;
    this.checkParameter('loc', this.loc, real);
    this.checkParameter('scale', this.scale, positive);
  }

  override get mean(): Tensor {
    return this.loc;
  }

  override get mode(): Tensor {
    return this.loc;
  }

  /** What makes the same distribution with its parameters broadcast. */
  protected expanded(
    batchShape: readonly number[],
  ): [loc: Tensor, scale: Tensor, options: DistributionOptions] {
    return [this.loc.expand(batchShape), this.scale.expand(batchShape), { validateArgs: this.validateArgs }];
  }
}
