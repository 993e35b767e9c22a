import { bceWithLogits, cat, F, nn, optim, randint, randn, type Tensor } from '../../lib/index.js';
import { update } from '../step.js';
import type { Workload } from '../step.js';

function double(input: number, output: number): nn.Module {
  return new nn.Sequential(
    new nn.Conv2d(input, output, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(output),
    new nn.ReLU(),
    new nn.Conv2d(output, output, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(output),
    new nn.ReLU(),
  );
}

/** Three levels down, three up (Ronneberger et al., 2015). */
class UNet extends nn.Module {
  readonly down = [double(1, 16), double(16, 32), double(32, 64)];
  readonly middle = double(64, 128);
  readonly widen = [128, 64, 32].map((width) => new nn.ConvTranspose2d(width, width / 2, 2, { stride: 2 }));
  readonly up = [double(128, 64), double(64, 32), double(32, 16)];
  readonly out = new nn.Conv2d(16, 1, 1);

  forward(x: Tensor): Tensor {
    const skipped: Tensor[] = [];
    let y = x;
    for (const level of this.down) {
      y = level.forward(y);
      skipped.push(y);
      y = F.maxPool2d(y, 2);
    }
    y = this.middle.forward(y);
    for (const [i, level] of this.up.entries()) {
      y = level.forward(cat([this.widen[i]!.forward(y), skipped.pop()!], 1));
    }
    return this.out.forward(y);
  }
}

/** A small U-Net on 64x64 images, a yes or no for each pixel; Adam. */
export const unetSmall: Workload = {
  name: 'unet_small',
  parameters: 482449,
  build() {
    const model = new UNet();
    const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
    const [x, y] = [randn([8, 1, 64, 64]), randint(0, 2, [8, 1, 64, 64]).float()];
    return { step: update(optimizer, () => bceWithLogits(model.forward(x), y)), model };
  },
};
