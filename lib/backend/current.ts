import type { Tensor } from '../tensor.js';
import type { Backend, BackendHooks } from './backend.js';
import { loadBackend } from './load.js';

// The backend makes tensors of a class that is itself written on the backend; the two ends meet here.
let tensorFactory: (() => Tensor) | undefined;
let compositeGradient: BackendHooks<Tensor>['compositeVjp'] | undefined;

/** Says how a backend makes tensor objects. Called once, by tensor.ts. */
export function provideTensors(factory: () => Tensor): void {
  tensorFactory = factory;
}

/** Says how the gradient of a fused op is composed. Called once, by ops/composite.ts. */
export function provideCompositeGradient(gradient: BackendHooks<Tensor>['compositeVjp']): void {
  compositeGradient = gradient;
}

let scopes: { open(): void; close(kept: readonly Tensor[]): void } | undefined;

/** Says how scopes are opened and closed so that `keep` knows of them. Called once, by scope.ts. */
export function provideScopes(open: () => void, close: (kept: readonly Tensor[]) => void): void {
  scopes = { open, close };
}

/** The backend of this environment, chosen when the library is loaded. */
export const backend: Backend<Tensor> = loadBackend({
  newTensor: () => tensorFactory!(),
  openScope: () => scopes!.open(),
  closeScope: (kept) => scopes!.close(kept),
  compositeVjp: (op, inputs, attrs, grads) => compositeGradient!(op, inputs, attrs, grads),
});
