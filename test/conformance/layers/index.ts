import { activations, basic, losses, windows } from './basic.js';
import { lazy } from './lazy.js';
import type { Layer, Layers } from './layer.js';
import { sequence } from './sequence.js';

/** Every module that has reference cases, without the `nn.` in front. */
export const layers: Layers = { ...basic, ...windows, ...activations, ...losses, ...sequence, ...lazy };

/** The row of `nn.Conv2d`. */
export function layerOf(module: string): Layer {
  const found = layers[module.replace(/^nn\./, '')];
  if (found === undefined) throw new Error(`no row for ${module} in test/conformance/layers`);
  return found;
}
