export { Optimizer } from './optimizer.js';
export type { GroupOptions, OptimizerStateDict, Params } from './optimizer.js';
export { ParamGroup } from './param-group.js';
export type { GroupOf, ParamState } from './param-group.js';
export type { LearningRate } from './rule.js';
export { SGD } from './sgd.js';
export type { SGDOptions } from './sgd.js';
export { Adam, AdamW } from './adam.js';
export type { AdamOptions, AdamWOptions } from './adam.js';
