import { checkOptions, shapeText } from '../check.js';
import { ShapeError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import type { Detections, Objects } from './detection.js';
import { readBatch } from './metric.js';
import type { Numbers } from './metric.js';

export const sizes = ['all', 'small', 'medium', 'large'] as const;
export type Size = (typeof sizes)[number];

/** Areas in pixels, as COCO has them. */
const ranges: Readonly<Record<Size, readonly [least: number, largest: number]>> = {
  all: [0, Infinity],
  small: [0, 32 ** 2],
  medium: [32 ** 2, 96 ** 2],
  large: [96 ** 2, Infinity],
};

/** What becomes of a detection: `ignored` where it has found an object that does not count, or none and has another size. */
type Outcome = 'right' | 'wrong' | 'ignored';

interface Outcomes {
  /** [detection][threshold]. */
  readonly outcomes: readonly (readonly Outcome[])[];
  /** How many count. */
  readonly objects: number;
}

/** Of one class in one image: detections from the best score down, and what they are where objects of some size count. */
export interface Matched extends Readonly<Record<Size, Outcomes>> {
  readonly scores: readonly number[];
}

type Box = readonly [x1: number, y1: number, x2: number, y2: number];

interface Target {
  readonly box: Box;
  readonly label: number;
  readonly area: number;
  readonly crowd: boolean;
}

export interface Image {
  readonly found: readonly { readonly box: Box; readonly score: number; readonly label: number }[];
  readonly objects: readonly Target[];
  readonly classes: ReadonlySet<number>;
}

export function readImage(found: Detections, objects: Objects, i: number): Image {
  checkOptions('MeanAveragePrecision', found);
  checkOptions('MeanAveragePrecision', objects);
  const boxes = readBoxes(`detections[${i}]`, found.boxes);
  const scores = readAll(`detections[${i}].scores`, found.scores, boxes.length);
  const labels = readAll(`detections[${i}].labels`, found.labels, boxes.length);
  const places = readBoxes(`objects[${i}]`, objects.boxes);
  const truths = readAll(`objects[${i}].labels`, objects.labels, places.length);
  const optional = (name: 'areas' | 'isCrowd'): number[] | undefined =>
    objects[name] && readAll(`objects[${i}].${name}`, objects[name], places.length);
  const [areas, crowds] = [optional('areas'), optional('isCrowd')];
  return {
    found: boxes.map((box, k) => ({ box, score: scores[k]!, label: labels[k]! })),
    objects: places.map((box, k) => ({
      box,
      label: truths[k]!,
      area: areas?.[k] ?? areaOf(box),
      crowd: crowds?.[k] === 1,
    })),
    classes: new Set([...labels, ...truths]),
  };
}

function readBoxes(name: string, given: Tensor): Box[] {
  const { values, shape } = readBatch('MeanAveragePrecision', `${name}.boxes`, given);
  // No boxes may well come as [0].
  if (values.length > 0 && (shape.length !== 2 || shape[1] !== 4)) {
    throw new ShapeError(`[MeanAveragePrecision] ${name}.boxes are ${shapeText(shape)}, wanted [N, 4]`);
  }
  return Array.from({ length: values.length / 4 }, (_, k) => [
    values[4 * k]!,
    values[4 * k + 1]!,
    values[4 * k + 2]!,
    values[4 * k + 3]!,
  ]);
}

function readAll(name: string, given: Numbers, count: number): number[] {
  const { values } = readBatch('MeanAveragePrecision', name, given);
  if (values.length !== count) {
    throw new ShapeError(
      `[MeanAveragePrecision] ${name}: got ${values.length}, wanted ${count}, one for each box`,
    );
  }
  return Array.from(values);
}

const areaOf = (box: Box): number => (box[2] - box[0]) * (box[3] - box[1]);

/** Intersection over union; with a crowd, over the detection alone. */
function overlap(found: Box, { box, crowd }: Target): number {
  const width = Math.min(found[2], box[2]) - Math.max(found[0], box[0]);
  const height = Math.min(found[3], box[3]) - Math.max(found[1], box[1]);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  return both / (crowd ? areaOf(found) : areaOf(found) + areaOf(box) - both);
}

/** The detections of one class in one image, from the best score down, matched with objects of each size. */
export function matchClass(
  image: Image,
  label: number,
  thresholds: readonly number[],
  most: number,
): Matched {
  const objects = image.objects.filter((one) => one.label === label);
  const found = image.found
    .filter((one) => one.label === label)
    .sort((a, b) => b.score - a.score)
    .slice(0, most);
  const overlaps = found.map(({ box }) => objects.map((one) => overlap(box, one)));
  const ofSize = (size: Size): Outcomes => {
    const [least, largest] = ranges[size];
    const inside = (area: number): boolean => area >= least && area <= largest;
    const counts = objects.map(({ area, crowd }) => !crowd && inside(area));
    const taken = thresholds.map(() => new Set<number>());
    const outcomes = found.map(({ box }, d) =>
      thresholds.map((threshold, t): Outcome => {
        const best = bestObject(
          overlaps[d]!,
          counts,
          threshold,
          (k) => taken[t]!.has(k) && !objects[k]!.crowd,
        );
        if (best === undefined) return inside(areaOf(box)) ? 'wrong' : 'ignored';
        taken[t]!.add(best);
        return counts[best] === true ? 'right' : 'ignored';
      }),
    );
    return { outcomes, objects: counts.filter(Boolean).length };
  };
  return {
    scores: found.map(({ score }) => score),
    all: ofSize('all'),
    small: ofSize('small'),
    medium: ofSize('medium'),
    large: ofSize('large'),
  };
}

/** The free object that overlaps most, if any meets the threshold; one that counts goes before all that do not. */
function bestObject(
  overlaps: readonly number[],
  counts: readonly boolean[],
  threshold: number,
  taken: (k: number) => boolean,
): number | undefined {
  for (const counted of [true, false]) {
    let best: number | undefined;
    // Just below, so that an overlap that is the threshold but for rounding meets it.
    let least = Math.min(threshold, 1 - 1e-10);
    overlaps.forEach((value, k) => {
      if (counts[k] !== counted || taken(k) || value < least) return;
      best = k;
      least = value;
    });
    if (best !== undefined) return best;
  }
  return undefined;
}
