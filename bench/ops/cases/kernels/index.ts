import type { OpCase } from '../../case.js';
import { convolutions } from './convolutions.js';
import { layers } from './layers.js';
import { norms } from './norms.js';
import { optimizerCases } from './optimizers.js';
import { kernels } from './pointwise.js';
import { products } from './products.js';
import { tiny } from './tiny.js';

/** What networks are made of, in their shapes. */
export const kernelCases: readonly OpCase[] = [
  ...tiny,
  ...products,
  ...kernels,
  ...norms,
  ...layers,
  ...optimizerCases,
  ...convolutions,
];
