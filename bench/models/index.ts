import type { Workload } from '../step.js';
import { gruSeq2seq } from './gru_seq2seq.js';
import { lenetMnist } from './lenet_mnist.js';
import { lstmCharlm } from './lstm_charlm.js';
import { mlpMnist } from './mlp_mnist.js';
import { mlpTiny } from './mlp_tiny.js';

export const workloads: readonly Workload[] = [mlpTiny, mlpMnist, lenetMnist, lstmCharlm, gruSeq2seq];
