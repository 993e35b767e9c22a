import { configurationChanged } from '../backend/configuration.js';
import { checkFlag, checkOptions, describe } from '../check.js';
import { ValueError } from '../errors.js';
import { isGradEnabled } from '../grad-mode.js';
import { hookHandle } from '../hook-handle.js';
import type { HookHandle } from '../hook-handle.js';
import { checkFunction } from '../scope.js';
import { callHooked } from './backward-hooks.js';
import type { BackwardHooked } from './backward-hooks.js';
import type { AnyModule } from './module.js';

export interface HookOptions {
  /** Run before the hooks that are there, not after them. Default false. */
  prepend?: boolean;
}

type Hook = (...values: unknown[]) => unknown;
type Forward = (...inputs: unknown[]) => unknown;

/** When a hook is called. */
export type HookKind = 'forwardPre' | 'forward' | 'backwardPre' | 'backward';

/**
 * The hooks of one module. While there are any, the module has a `forward` of its own that runs them around the one of its
 * class: a module without hooks pays nothing.
 */
class ModuleHooks implements BackwardHooked {
  forwardPre: readonly Hook[] = [];
  forward: readonly Hook[] = [];
  backwardPre: readonly Hook[] = [];
  backward: readonly Hook[] = [];
  #installed: Forward | undefined;
  /** An own `forward` that was there before. */
  #former: PropertyDescriptor | undefined;

  constructor(readonly module: AnyModule) {}

  get #forBackward(): boolean {
    return this.backwardPre.length + this.backward.length > 0;
  }

  /** After each change of the lists. */
  update(): void {
    configurationChanged();
    const used = this.forwardPre.length + this.forward.length > 0 || this.#forBackward;
    if (used && this.#installed === undefined) this.#install();
    else if (!used && this.#installed !== undefined) this.#uninstall();
  }

  #install(): void {
    this.#former = Object.getOwnPropertyDescriptor(this.module, 'forward');
    const inner = Reflect.get(this.module, 'forward') as Forward;
    const value = (this.#installed = (...inputs) => this.#run(inner, inputs));
    Object.defineProperty(this.module, 'forward', { configurable: true, writable: true, value });
  }

  #uninstall(): void {
    const own: unknown = Object.getOwnPropertyDescriptor(this.module, 'forward')?.value;
    const installed = this.#installed;
    this.#installed = undefined;
    // One that was put over it since calls it still; without hooks it does no more than the one below.
    if (own !== installed) return;
    Reflect.deleteProperty(this.module, 'forward');
    if (this.#former !== undefined) Object.defineProperty(this.module, 'forward', this.#former);
  }

  #run(inner: Forward, given: unknown[]): unknown {
    const { module } = this;
    let inputs = given;
    for (const hook of this.forwardPre) {
      const changed = hook(module, inputs);
      if (changed === undefined) continue;
      if (!Array.isArray(changed)) {
        throw new ValueError(
          `[registerForwardPreHook] the hook gave ${describe(changed)}, wanted nothing or an array of inputs`,
        );
      }
      inputs = changed as unknown[];
    }
    const compute = (values: unknown[]): unknown => {
      let output = Reflect.apply(inner, module, values);
      for (const hook of this.forward) output = hook(module, values, output) ?? output;
      return output;
    };
    return this.#forBackward && isGradEnabled() ? callHooked(this, inputs, compute) : compute(inputs);
  }
}

const hooksOf = new WeakMap<AnyModule, ModuleHooks>();

export function addHook(
  op: string,
  module: AnyModule,
  kind: HookKind,
  hook: unknown,
  options: HookOptions,
): HookHandle {
  checkFunction(op, hook);
  checkOptions(op, options, ['prepend']);
  const prepend = checkFlag(op, 'prepend', options.prepend);
  let hooks = hooksOf.get(module);
  if (hooks === undefined) hooksOf.set(module, (hooks = new ModuleHooks(module)));
  // A function of its own, so that one that is registered twice is removed once.
  const entry: Hook = (...values) => (hook as Hook)(...values);
  const own = hooks;
  own[kind] = prepend ? [entry, ...own[kind]] : [...own[kind], entry];
  own.update();
  return hookHandle(() => {
    own[kind] = own[kind].filter((each) => each !== entry);
    own.update();
  });
}
