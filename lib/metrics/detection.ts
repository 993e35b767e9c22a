import { checkOptions, describe } from '../check.js';
import { ValueError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { matchClass, readImage, sizes } from './detection-match.js';
import type { Matched, Size } from './detection-match.js';
import { Metric, refuseUpdate } from './metric.js';
import type { Numbers } from './metric.js';

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
  /** [M]: areas of the objects, which say whether they are small. Default those of the boxes. */
  readonly areas?: Numbers;
  /** [M]: 1 for a box around many objects: what is found there is neither right nor wrong. Default none. */
  readonly isCrowd?: Numbers;
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
  /** `map` and `mar` of objects of some size alone: below 32² pixels, from there to 96², and above. NaN without such objects. */
  readonly bySize: Readonly<
    Record<'small' | 'medium' | 'large', { readonly map: number; readonly mar: number }>
  >;
}

type SizeScores = Omit<DetectionScores, 'bySize'>;

/**
 * The mean average precision of detections as COCO computes it: detections of a class are taken from the best score down, each
 * is matched with the object of its image that overlaps it most and is free, and is right if the overlap reaches the threshold;
 * precision is made falling and averaged at the recalls 0, 0.01, ..., 1; then over thresholds and over classes that occur in
 * the images. Keeps scores and matches, not boxes.
 *
 * @throws ShapeError for boxes that are not [N, 4], or another number of scores, labels, areas or crowds.
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
    refuseUpdate('MeanAveragePrecision');
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
        list.push(matchClass(image, label, this.#thresholds, this.#most));
      }
    });
  }

  compute(): DetectionScores {
    const [all, small, medium, large] = sizes.map((size) => this.#ofSize(size));
    const part = ({ map, mar }: SizeScores): { map: number; mar: number } => ({ map, mar });
    return { ...all!, bySize: { small: part(small!), medium: part(medium!), large: part(large!) } };
  }

  #ofSize(size: Size): SizeScores {
    const rows: number[][] = [];
    const recalls: number[][] = [];
    const perClass = new Map<number, number>();
    for (const [label, images] of [...this.#byClass].sort((a, b) => a[0] - b[0])) {
      const objects = images.reduce((sum, image) => sum + image[size].objects, 0);
      if (objects === 0) continue;
      const curves = this.#thresholds.map((_, t) => curveOf(images, size, t, objects));
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

/** Average precision at 101 recalls, and the recall of all detections. */
function curveOf(
  images: readonly Matched[],
  size: Size,
  t: number,
  objects: number,
): { precision: number; recall: number } {
  const all = images
    .flatMap((image) => image.scores.map((score, k) => ({ score, outcome: image[size].outcomes[k]![t]! })))
    .filter(({ outcome }) => outcome !== 'ignored');
  all.sort((a, b) => b.score - a.score);
  let right = 0;
  const recalls: number[] = [];
  const precisions: number[] = [];
  all.forEach(({ outcome }, i) => {
    if (outcome === 'right') right += 1;
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
