import type { ModuleManifest, ModulesIndex } from '../read/format.js';
import { replayModule } from '../replay-module.js';
import type { Kind, Unit } from './kind.js';

export const modules: Kind = {
  names: (cases) => (cases.index as ModulesIndex).modules.map((module) => module.name),
  unit(cases, name): Unit {
    const entry = (cases.index as ModulesIndex).modules.find((module) => module.name === name)!;
    const { manifest, tensors } = cases.read(entry.file);
    const { samples } = manifest as ModuleManifest;
    return {
      name,
      tier: null,
      lacks: [],
      jobs: samples.map((sample) => ({
        id: sample.id,
        dtype: 'float32',
        run: () => replayModule(name, sample, tensors),
      })),
    };
  },
};
