import { nn, type Tensor } from '../../lib/index.js';

/** Two 3x3 convolutions and a shortcut (He et al., 2016). */
class BasicBlock extends nn.Module {
  readonly first: nn.Conv2d;
  readonly firstNorm: nn.BatchNorm2d;
  readonly second: nn.Conv2d;
  readonly secondNorm: nn.BatchNorm2d;
  readonly shortcut: nn.Sequential<[nn.Conv2d, nn.BatchNorm2d]> | null;

  constructor(input: number, output: number, stride: number) {
    super();
    this.first = new nn.Conv2d(input, output, 3, { stride, padding: 1, bias: false });
    this.firstNorm = new nn.BatchNorm2d(output);
    this.second = new nn.Conv2d(output, output, 3, { padding: 1, bias: false });
    this.secondNorm = new nn.BatchNorm2d(output);
    this.shortcut =
      stride === 1 && input === output
        ? null
        : new nn.Sequential(
            new nn.Conv2d(input, output, 1, { stride, bias: false }),
            new nn.BatchNorm2d(output),
          );
  }

  forward(x: Tensor): Tensor {
    const hidden = this.firstNorm.forward(this.first.forward(x)).relu();
    const y = this.secondNorm.forward(this.second.forward(hidden));
    return y.add(this.shortcut === null ? x : this.shortcut.forward(x)).relu();
  }
}

/** ResNet-18: `stem` gives 64 channels. */
export class ResNet18 extends nn.Module {
  readonly blocks = new nn.ModuleList<BasicBlock>();
  readonly out: nn.Linear;

  constructor(
    readonly stem: nn.Sequential,
    classes: number,
  ) {
    super();
    this.out = new nn.Linear(512, classes);
    let channels = 64;
    for (const [width, stride] of [
      [64, 1],
      [128, 2],
      [256, 2],
      [512, 2],
    ] as const) {
      this.blocks.append(new BasicBlock(channels, width, stride));
      this.blocks.append(new BasicBlock(width, width, 1));
      channels = width;
    }
  }

  forward(x: Tensor): Tensor {
    let y = this.stem.forward(x);
    for (const block of this.blocks) y = block.forward(y);
    return this.out.forward(y.mean({ dim: [2, 3] }));
  }
}
