import type { Workload } from '../step.js';
import { lenetMnist } from './lenet_mnist.js';
import { mlpMnist } from './mlp_mnist.js';
import { mlpTiny } from './mlp_tiny.js';

export const workloads: readonly Workload[] = [mlpTiny, mlpMnist, lenetMnist];
