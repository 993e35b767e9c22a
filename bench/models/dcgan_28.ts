import { bceWithLogits, nn, noGrad, ones, optim, randn, zeros, type Tensor } from '../../lib/index.js';
import { update } from '../step.js';
import type { Workload } from '../step.js';

class Networks extends nn.Module<never[], never> {
  readonly generator = new nn.Sequential(
    new nn.ConvTranspose2d(64, 128, 7, { bias: false }),
    new nn.BatchNorm2d(128),
    new nn.ReLU(),
    new nn.ConvTranspose2d(128, 64, 4, { stride: 2, padding: 1, bias: false }),
    new nn.BatchNorm2d(64),
    new nn.ReLU(),
    new nn.ConvTranspose2d(64, 1, 4, { stride: 2, padding: 1 }),
    new nn.Tanh(),
  );
  readonly discriminator = new nn.Sequential(
    new nn.Conv2d(1, 64, 4, { stride: 2, padding: 1 }),
    new nn.LeakyReLU({ negativeSlope: 0.2 }),
    new nn.Conv2d(64, 128, 4, { stride: 2, padding: 1, bias: false }),
    new nn.BatchNorm2d(128),
    new nn.LeakyReLU({ negativeSlope: 0.2 }),
    new nn.Conv2d(128, 1, 7),
    new nn.Flatten(),
  );

  forward(): never {
    throw new Error('two networks: call one of them');
  }
}

/** A generator and a discriminator of 28x28 images (Radford et al., 2016): one update of each is a step; Adam. */
export const dcgan28: Workload = {
  name: 'dcgan_28',
  parameters: 672578,
  build() {
    const model = new Networks();
    const { generator, discriminator } = model;
    const adam = (part: nn.AnyModule): optim.Adam =>
      new optim.Adam(part.parameters(), { lr: 2e-4, betas: [0.5, 0.999] });
    const [real, noise] = [randn([64, 1, 28, 28]).tanh(), randn([64, 64, 1, 1])];
    const [yes, no] = [ones([64, 1]), zeros([64, 1])];
    const judge = (images: Tensor, answer: Tensor): Tensor =>
      bceWithLogits(discriminator.forward(images), answer);
    const discriminate = update(adam(discriminator), () => {
      const fake = noGrad(() => generator.forward(noise));
      return judge(real, yes).add(judge(fake, no));
    });
    const generate = update(adam(generator), () => judge(generator.forward(noise), yes));
    const step = (): Tensor => {
      discriminate();
      return generate();
    };
    return { step, model };
  },
};
