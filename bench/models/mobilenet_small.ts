import { nn, optim, randint, randn } from '../../lib/index.js';
import { trainingStep } from '../step.js';
import type { Workload } from '../step.js';

/** Input, output and stride of the depthwise-separable blocks. */
const blocks = [
  [32, 64, 1],
  [64, 128, 2],
  [128, 128, 1],
  [128, 256, 2],
  [256, 256, 1],
  [256, 512, 2],
  [512, 512, 1],
] as const;

function block([input, output, stride]: readonly [number, number, number]): nn.Module[] {
  return [
    new nn.Conv2d(input, input, 3, { stride, padding: 1, groups: input, bias: false }),
    new nn.BatchNorm2d(input),
    new nn.ReLU6(),
    new nn.Conv2d(input, output, 1, { bias: false }),
    new nn.BatchNorm2d(output),
    new nn.ReLU6(),
  ];
}

/** Depthwise-separable convolutions (Howard et al., 2017) on 64x64 images; SGD with momentum. */
export const mobilenetSmall: Workload = {
  name: 'mobilenet_small',
  parameters: 543050,
  build() {
    const layers: nn.Module[] = [
      new nn.Conv2d(3, 32, 3, { stride: 2, padding: 1, bias: false }),
      new nn.BatchNorm2d(32),
      new nn.ReLU6(),
      ...blocks.flatMap(block),
      new nn.AdaptiveAvgPool2d(1),
      new nn.Flatten(),
      new nn.Linear(512, 10),
    ];
    const model = new nn.Sequential(...layers);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
    return trainingStep(model, optimizer, randn([16, 3, 64, 64]), randint(0, 10, [16]));
  },
};
