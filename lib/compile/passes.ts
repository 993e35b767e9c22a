import { checkChoice, describe } from '../check.js';
import { ValueError } from '../errors.js';

// The names of passes, in their order: those of native/program/passes.cc. Here too, so that a wrong one is refused when the
// function is compiled, and on the backend that has no programs.

export const passNames: readonly string[] = [
  'constantFolding',
  'commonSubexpressions',
  'scatterSums',
  'deadCode',
  'hoistState',
  'foldBatchNorm',
  'chooseLayout',
  'finishProducts',
  'finishConvolutions',
  'packWeights',
  'fuseOptimizers',
  'viewElimination',
  'fuseElementwise',
  'inPlace',
];

/** Complains of what is neither a set of passes nor a list of their names. */
export function checkPasses(passes: unknown): void {
  if (!Array.isArray(passes)) return checkChoice('compile', 'passes', passes, ['all', 'exact']);
  const names: readonly unknown[] = passes;
  if (!names.every((name) => typeof name === 'string'))
    throw new ValueError(`[compile] passes: got ${describe(passes)}, wanted names of passes`);
  const unknown = names.find((name) => !passNames.includes(name));
  if (unknown !== undefined)
    throw new ValueError(`[compile] got the pass ${unknown}, wanted one of: ${passNames.join(' ')}`);
}
