import { checkOptions, describe, shapeText } from '../check.js';
import { ShapeError, ValueError } from '../errors.js';
import { Metric, readBatch } from './metric.js';
import type { Numbers } from './metric.js';
import type { Tensor } from '../tensor.js';

/** What was found in an image. */
export interface Detections {
  /** [N, 4]: x1, y1, x2, y2. */
  readonly boxes: Tensor;
  /** [N]. */
  readonly scores: Numbers;
  /** [N]: classes. */
  readonly labels: Numbers;
}

/** What is in an image. */
export interface Objects {
  /** [M, 4]: x1, y1, x2, y2. */
  readonly boxes: Tensor;
  /** [M]: classes. */
  readonly labels: Numbers;
}

export interface MeanAveragePrecisionOptions {
  /** What counts as found: an overlap of this and more. Default 0.5, 0.55, ..., 0.95. */
  iouThresholds?: readonly number[];
  /** The most detections of a class in an image, the best first. Default 100. */
  maxDetections?: number;
}

export interface DetectionScores {
  /** The mean over classes and thresholds. */
  readonly map: number;
  /** The mean over classes, for each threshold. */
  readonly perThreshold: readonly number[];
  /** The mean over thresholds, for each class that occurs. */
  readonly perClass: ReadonlyMap<number, number>;
  /** The mean over classes and thresholds of the share of objects that were found. */
  readonly mar: number;
}

/** Of one class in one image: detections from the best score down, and which thresholds each one meets with an object. */
interface Matched {
  readonly scores: readonly number[];
  /** [detection][threshold]. */
  readonly hits: readonly (readonly boolean[])[];
  readonly objects: number;
}

/**
 * The mean average precision of detections as COCO computes it: detections of a class are taken from the best score down, each
 * is matched with the object of its image that overlaps it most and is free, and is right if the overlap reaches the threshold;
 * precision is made falling and averaged at the recalls 0, 0.01, ..., 1; then over thresholds and over classes that occur in
 * the images. All sizes of objects count alike, and there are no crowds. Keeps scores and matches, not boxes.
 *
 * @throws ShapeError for boxes that are not [N, 4], or another number of scores or labels.
 * @throws ValueError for another number of images in the two lists, or thresholds that are not in (0, 1].
 * @example
 * import { metrics, tensor } from 'lanegrad';
 * const map = new metrics.MeanAveragePrecision();
 * map.update(
 *   [{ boxes: tensor([[0, 0, 10, 10]]), scores: [0.9], labels: [1] }],
 *   [{ boxes: tensor([[0, 0, 10, 8]]), labels: [1] }],
 * );
 * // An overlap of 0.8 meets 7 of the 10 thresholds.
 * map.compute().map; // => 0.7
 */
export class MeanAveragePrecision extends Metric<
  [detections: readonly Detections[], objects: readonly Objects[]],
  DetectionScores
> {
  readonly #thresholds: readonly number[];
  readonly #most: number;
  #byClass = new Map<number, Matched[]>();

  constructor(options: MeanAveragePrecisionOptions = {}) {
    super();
    checkOptions('MeanAveragePrecision', options, ['iouThresholds', 'maxDetections']);
    const { iouThresholds = Array.from({ length: 10 }, (_, i) => (50 + 5 * i) / 100), maxDetections = 100 } =
      options;
    const given: unknown = iouThresholds;
    const right = Array.isArray(given) && given.length > 0 && given.every((one) => one > 0 && one <= 1);
    if (!right) {
      throw new ValueError(
        `[MeanAveragePrecision] iouThresholds: got ${describe(iouThresholds)}, wanted numbers in (0, 1]`,
      );
    }
    if (!Number.isSafeInteger(maxDetections) || maxDetections < 1) {
      throw new ValueError(
        `[MeanAveragePrecision] maxDetections: got ${describe(maxDetections)}, wanted an integer of at least 1`,
      );
    }
    this.#thresholds = iouThresholds;
    this.#most = maxDetections;
  }

  protected override settings(): string {
    return `thresholds ${this.#thresholds.join(', ')}, ${this.#most} detections`;
  }

  update(detections: readonly Detections[], objects: readonly Objects[]): void {
    const lists: readonly unknown[] = [detections, objects];
    if (!lists.every((each) => Array.isArray(each)) || detections.length !== objects.length) {
      throw new ValueError(
        `[MeanAveragePrecision] got detections of ${lengthOf(detections)} images and objects of ${lengthOf(objects)}`,
      );
    }
    detections.forEach((found, i) => {
      const image = readImage(found, objects[i]!, i);
      for (const label of image.classes) {
        const list = this.#byClass.get(label) ?? [];
        this.#byClass.set(label, list);
        list.push(match(image, label, this.#thresholds, this.#most));
      }
    });
  }

  compute(): DetectionScores {
    const rows: number[][] = [];
    const recalls: number[][] = [];
    const perClass = new Map<number, number>();
    for (const [label, images] of [...this.#byClass].sort((a, b) => a[0] - b[0])) {
      const objects = images.reduce((sum, image) => sum + image.objects, 0);
      if (objects === 0) continue;
      const curves = this.#thresholds.map((_, t) => curveOf(images, t, objects));
      rows.push(curves.map(({ precision }) => precision));
      recalls.push(curves.map(({ recall }) => recall));
      perClass.set(label, meanOf(rows.at(-1)!));
    }
    return {
      map: meanOf(rows.map(meanOf)),
      perThreshold: this.#thresholds.map((_, t) => meanOf(rows.map((row) => row[t]!))),
      perClass,
      mar: meanOf(recalls.map(meanOf)),
    };
  }

  reset(): void {
    this.#byClass = new Map();
  }

  protected override add(other: this): void {
    for (const [label, images] of other.#byClass) {
      this.#byClass.set(label, [...(this.#byClass.get(label) ?? []), ...images]);
    }
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function lengthOf(value: unknown): string {
  return Array.isArray(value) ? String(value.length) : describe(value);
}

type Box = readonly [x1: number, y1: number, x2: number, y2: number];

interface Image {
  readonly found: readonly { readonly box: Box; readonly score: number; readonly label: number }[];
  readonly objects: readonly { readonly box: Box; readonly label: number }[];
  readonly classes: ReadonlySet<number>;
}

function readImage(found: Detections, objects: Objects, i: number): Image {
  checkOptions('MeanAveragePrecision', found);
  checkOptions('MeanAveragePrecision', objects);
  const boxes = readBoxes(`detections[${i}]`, found.boxes);
  const scores = readAll(`detections[${i}].scores`, found.scores, boxes.length);
  const labels = readAll(`detections[${i}].labels`, found.labels, boxes.length);
  const places = readBoxes(`objects[${i}]`, objects.boxes);
  const truths = readAll(`objects[${i}].labels`, objects.labels, places.length);
  return {
    found: boxes.map((box, k) => ({ box, score: scores[k]!, label: labels[k]! })),
    objects: places.map((box, k) => ({ box, label: truths[k]! })),
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

/** Intersection over union. */
function overlap(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const area = (box: Box): number => (box[2] - box[0]) * (box[3] - box[1]);
  return (width * height) / (area(a) + area(b) - width * height);
}

function match(image: Image, label: number, thresholds: readonly number[], most: number): Matched {
  const objects = image.objects.filter((one) => one.label === label);
  const found = image.found
    .filter((one) => one.label === label)
    .sort((a, b) => b.score - a.score)
    .slice(0, most);
  const overlaps = found.map(({ box }) => objects.map((one) => overlap(box, one.box)));
  const taken = thresholds.map(() => new Set<number>());
  const hits = overlaps.map((row) =>
    thresholds.map((threshold, t) => {
      let best = -1;
      // Just below, so that an overlap that is the threshold but for rounding meets it.
      let least = Math.min(threshold, 1 - 1e-10);
      row.forEach((value, k) => {
        if (taken[t]!.has(k) || value < least) return;
        best = k;
        least = value;
      });
      if (best >= 0) taken[t]!.add(best);
      return best >= 0;
    }),
  );
  return { scores: found.map(({ score }) => score), hits, objects: objects.length };
}

/** Average precision at 101 recalls, and the recall of all detections. */
function curveOf(
  images: readonly Matched[],
  t: number,
  objects: number,
): { precision: number; recall: number } {
  const all = images.flatMap(({ scores, hits }) => scores.map((score, k) => ({ score, hit: hits[k]![t]! })));
  all.sort((a, b) => b.score - a.score);
  let right = 0;
  const recalls: number[] = [];
  const precisions: number[] = [];
  all.forEach(({ hit }, i) => {
    if (hit) right += 1;
    recalls.push(right / objects);
    precisions.push(right / (i + 1));
  });
  for (let i = precisions.length - 2; i >= 0; --i)
    precisions[i] = Math.max(precisions[i]!, precisions[i + 1]!);
  let sum = 0;
  let at = 0;
  for (let step = 0; step <= 100; ++step) {
    while (at < recalls.length && recalls[at]! < step / 100) at += 1;
    sum += precisions[at] ?? 0;
  }
  return { precision: sum / 101, recall: right / objects };
}
