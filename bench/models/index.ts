import type { Workload } from '../step.js';
import { autoencoder } from './autoencoder.js';
import { bertSmall } from './bert_small.js';
import { dcgan28 } from './dcgan_28.js';
import { gptNano } from './gpt_nano.js';
import { gptNanoGenerate } from './gpt_nano_generate.js';
import { gruSeq2seq } from './gru_seq2seq.js';
import { lenetMnist } from './lenet_mnist.js';
import { lstmCharlm } from './lstm_charlm.js';
import { mlpB1 } from './mlp_b1.js';
import { mlpMnist } from './mlp_mnist.js';
import { mlpTiny } from './mlp_tiny.js';
import { mobilenetSmall } from './mobilenet_small.js';
import { resnet18224B1 } from './resnet18_224_b1.js';
import { resnet18Cifar } from './resnet18_cifar.js';
import { unetSmall } from './unet_small.js';

export const workloads: readonly Workload[] = [
  mlpTiny,
  mlpMnist,
  lenetMnist,
  resnet18Cifar,
  mobilenetSmall,
  unetSmall,
  dcgan28,
  autoencoder,
  lstmCharlm,
  gruSeq2seq,
  gptNano,
  bertSmall,
  mlpB1,
  resnet18224B1,
  gptNanoGenerate,
];

export const trainingWorkloads = workloads.filter(({ kind }) => kind !== 'inference');
