// The namespace nn.init: functions that overwrite a tensor with initial values, and return it.
export { constant_, normal_, ones_, truncNormal_, uniform_, zeros_ } from './init/fill.js';
export type { NormalOptions, TruncNormalOptions, UniformOptions } from './init/fill.js';
export { dirac_, eye_, orthogonal_, sparse_ } from './init/structure.js';
export type { DiracOptions, SparseOptions } from './init/structure.js';
export {
  calculateGain,
  kaimingNormal_,
  kaimingUniform_,
  lecunNormal_,
  lecunUniform_,
  xavierNormal_,
  xavierUniform_,
} from './init/variance.js';
export type { KaimingOptions, Nonlinearity, XavierOptions } from './init/variance.js';
