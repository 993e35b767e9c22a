import { nn } from '../../lib/index.js';
import { layers } from '../../test/nn/catalog.js';

// What the layers keep, read from one of each.

export interface State {
  /** The call that made it. */
  readonly made: string;
  readonly tensors: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly kind: string;
  }[];
}

/** By the names of classes, `nn.Linear`; of those that keep something. */
export function readStates(): Map<string, State> {
  const states = new Map<string, State>();
  for (const [name, { make, inputs }] of Object.entries(layers)) {
    const module = make();
    if (module instanceof nn.LazyModule) (module as nn.Module<unknown[], unknown>).forward(...inputs());
    const made = /\bnew nn\.\w+\([\s\S]*\)/.exec(make.toString())?.[0];
    const parameters = new Set(module.namedParameters().map(([each]) => each));
    const tensors = Object.entries(module.stateDict()).map(([each, { shape }]) => ({
      name: each,
      shape,
      kind: parameters.has(each) ? 'parameter' : 'buffer',
    }));
    if (made === undefined || tensors.length === 0) continue;
    states.set(`nn.${name}`, { made: callText(made), tensors });
  }
  return states;
}

/** Without the options that a test passes in. */
function callText(text: string): string {
  return text
    .replace(/,\s*/g, ', ')
    .replace(/\s+/g, ' ')
    .replace(/,? ?\bo\)/, ')')
    .replace(/,? \{ ?\.\.\.o ?\}/, '');
}
