import { nn, randn } from '../../lib/index.js';
import { inferenceStep } from '../step.js';
import type { Workload } from '../step.js';
import { ResNet18 } from './resnet18.js';

/** ResNet-18 for ImageNet, for one image of 224x224. */
export const resnet18224B1: Workload = {
  name: 'resnet18_224_b1',
  kind: 'inference',
  parameters: 11689512,
  build() {
    const stem = new nn.Sequential(
      new nn.Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false }),
      new nn.BatchNorm2d(64),
      new nn.ReLU(),
      new nn.MaxPool2d(3, { stride: 2, padding: 1 }),
    );
    return inferenceStep(new ResNet18(stem, 1000), randn([1, 3, 224, 224]));
  },
};
