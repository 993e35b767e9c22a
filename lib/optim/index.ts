export { Optimizer } from './optimizer.js';
export type { GroupOptions, OptimizerStateDict, Params } from './optimizer.js';
export { ParamGroup } from './param-group.js';
export type { ParamState } from './param-group.js';
export { SGD, SGDGroup } from './sgd.js';
export type { SGDOptions } from './sgd.js';
export { Adam, AdamGroup, AdamW } from './adam.js';
export type { AdamOptions } from './adam.js';
