import type { Cases } from '../read/cases.js';
import type { OptimIndex, OptimManifest, ScheduleSample, SchedulesManifest } from '../read/format.js';
import { replayOptimizer } from '../replay-optimizer.js';
import { replaySchedule } from '../replay-schedule.js';
import type { Kind, Unit } from './kind.js';

const prefix = 'lr_scheduler.';

const schedulesOf = (cases: Cases): readonly ScheduleSample[] =>
  (cases.read('lr_schedulers').manifest as SchedulesManifest).samples;

const optimizersOf = (cases: Cases) => (cases.index as OptimIndex).optimizers;

/** Optimizers, and schedules as `lr_scheduler.StepLR`; by the tolerances of the files, or by those of rounding. */
const kind = (strict: boolean): Kind => ({
  names: (cases) => [
    ...optimizersOf(cases).map(({ name }) => name),
    ...new Set(schedulesOf(cases).map(({ scheduler }) => prefix + scheduler)),
  ],
  unit(cases, name): Unit {
    const base = { name, tier: null, lacks: [] };
    if (name.startsWith(prefix)) {
      const samples = schedulesOf(cases).filter(({ scheduler }) => prefix + scheduler === name);
      return {
        ...base,
        jobs: samples.map((sample) => ({
          id: sample.id,
          dtype: 'float64',
          run: () => replaySchedule(name, sample),
        })),
      };
    }
    const { manifest, tensors } = cases.read(optimizersOf(cases).find((one) => one.name === name)!.file);
    return {
      ...base,
      jobs: (manifest as OptimManifest).samples.map((sample) => ({
        id: sample.id,
        dtype: 'float32',
        run: () => replayOptimizer(name, sample, tensors, strict),
      })),
    };
  },
});

export const optim = kind(false);
export const optimStrictly = kind(true);
