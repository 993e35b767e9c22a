import { nn, optim, randint, randn } from '../../lib/index.js';
import { trainingStep } from '../step.js';
import type { Workload } from '../step.js';
import { ResNet18 } from './resnet18.js';

/** ResNet-18 for 32x32 images: 3x3 stem, no pooling before the blocks; SGD with momentum and weight decay. */
export const resnet18Cifar: Workload = {
  name: 'resnet18_cifar',
  parameters: 11173962,
  build() {
    const stem = new nn.Sequential(
      new nn.Conv2d(3, 64, 3, { padding: 1, bias: false }),
      new nn.BatchNorm2d(64),
      new nn.ReLU(),
    );
    const model = new ResNet18(stem, 10);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9, weightDecay: 5e-4 });
    return trainingStep(model, optimizer, randn([32, 3, 32, 32]), randint(0, 10, [32]));
  },
};
