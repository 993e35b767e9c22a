import { describe, expect, it } from 'vitest';
import { metrics, ShapeError, tensor, ValueError, zeros } from '../../lib/index.js';

type Box = [number, number, number, number];

const found = (boxes: Box[], scores: number[], labels: number[]): metrics.Detections => ({
  boxes: boxes.length === 0 ? zeros([0, 4]) : tensor(boxes),
  scores,
  labels,
});
const there = (boxes: Box[], labels: number[]): metrics.Objects => ({
  boxes: boxes.length === 0 ? zeros([0, 4]) : tensor(boxes),
  labels,
});

const unit = (x: number): Box => [x, 0, x + 10, 10];
/** A box that overlaps `unit(x)` by this share. */
const partOf = (x: number, share: number): Box => [x, 0, x + 10, 10 * share];

describe('MeanAveragePrecision', () => {
  it('is 1 for all found, 0 for none', () => {
    const map = new metrics.MeanAveragePrecision();
    map.update([found([unit(0), unit(20)], [0.9, 0.8], [1, 2])], [there([unit(20), unit(0)], [2, 1])]);
    expect(map.compute()).toMatchObject({ map: 1, mar: 1 });
    expect([...map.compute().perClass]).toEqual([
      [1, 1],
      [2, 1],
    ]);
    map.reset();
    map.update([found([unit(0)], [0.9], [1])], [there([unit(20)], [1])]);
    expect(map.compute()).toMatchObject({ map: 0, mar: 0 });
    map.reset();
    expect(map.compute().map).toBeNaN();
  });

  it('averages over 101 recalls, with falling precision', () => {
    // Right, wrong, right of two objects: precision 1 to recall 0.5, then 2/3.
    const map = new metrics.MeanAveragePrecision({ iouThresholds: [0.5] });
    map.update(
      [found([unit(0), unit(100), unit(20)], [0.9, 0.8, 0.7], [1, 1, 1])],
      [there([unit(0), unit(20)], [1, 1])],
    );
    expect(map.compute().map).toBeCloseTo((51 * 1 + 50 * (2 / 3)) / 101, 12);
    // An object that nobody found: recall ends at 0.5.
    const half = new metrics.MeanAveragePrecision({ iouThresholds: [0.5] });
    half.update([found([unit(0)], [0.9], [1])], [there([unit(0), unit(20)], [1, 1])]);
    expect(half.compute().map).toBeCloseTo(51 / 101, 12);
    expect(half.compute().mar).toBe(0.5);
  });

  it('meets thresholds by overlap, each object once', () => {
    const map = new metrics.MeanAveragePrecision();
    map.update([found([partOf(0, 0.75)], [0.9], [1])], [there([unit(0)], [1])]);
    expect(map.compute().perThreshold).toEqual([1, 1, 1, 1, 1, 1, 0, 0, 0, 0]);
    expect(map.compute().map).toBeCloseTo(0.6, 12);
    // The second detection of one object is wrong, though it fits better.
    const twice = new metrics.MeanAveragePrecision({ iouThresholds: [0.5] });
    twice.update(
      [found([partOf(0, 0.6), unit(0)], [0.9, 0.8], [1, 1])],
      [there([unit(0), unit(20)], [1, 1])],
    );
    expect(twice.compute().map).toBeCloseTo(51 / 101, 12);
    expect(twice.compute().mar).toBe(0.5);
  });

  it('counts objects of each size by themselves, and leaves out what was found of others', () => {
    const square = (x: number, side: number): Box => [x, 0, x + side, side];
    const map = new metrics.MeanAveragePrecision({ iouThresholds: [0.5] });
    // A small, a medium and a large object; the medium one is not found, and something small that is not there is.
    map.update(
      [found([square(0, 20), square(1000, 200), square(3000, 10)], [0.6, 0.9, 0.95], [1, 1, 1])],
      [there([square(0, 20), square(300, 50), square(1000, 200)], [1, 1, 1])],
    );
    const { bySize, map: all, mar } = map.compute();
    // Wrong, right, right of three: precision 2/3 to a recall of 2/3, which 67 of 101 recalls do not exceed.
    expect(all).toBeCloseTo((67 * (2 / 3)) / 101, 12);
    expect(mar).toBeCloseTo(2 / 3, 12);
    expect(bySize.small).toEqual({ map: 0.5, mar: 1 });
    expect(bySize.medium).toEqual({ map: 0, mar: 0 });
    expect(bySize.large).toEqual({ map: 1, mar: 1 });
  });

  it('takes areas that are given for those of boxes', () => {
    const map = new metrics.MeanAveragePrecision({ iouThresholds: [0.5] });
    map.update([found([[0, 0, 40, 40]], [0.9], [1])], [{ ...there([[0, 0, 40, 40]], [1]), areas: [900] }]);
    expect(map.compute().bySize.small.map).toBe(1);
    expect(map.compute().bySize.medium.map).toBeNaN();
    expect(() => map.update([found([], [], [])], [{ ...there([unit(0)], [1]), areas: [1, 2] }])).toThrow(
      /objects\[0\].areas: got 2, wanted 1/,
    );
  });

  it('does not count what is found in a crowd', () => {
    const map = new metrics.MeanAveragePrecision({ iouThresholds: [0.5] });
    map.update(
      [found([unit(0), unit(100), unit(120)], [0.7, 0.9, 0.8], [1, 1, 1])],
      [{ ...there([unit(0), [95, 0, 195, 10]], [1, 1]), isCrowd: [0, 1] }],
    );
    expect(map.compute()).toMatchObject({ map: 1, mar: 1 });
  });

  it('takes the best object for each detection', () => {
    const map = new metrics.MeanAveragePrecision({ iouThresholds: [0.5] });
    // The first fits both objects, the second only the one that the first fits less.
    map.update(
      [
        found(
          [
            [0, 0, 10, 9],
            [0, 0, 10, 5],
          ],
          [0.9, 0.8],
          [1, 1],
        ),
      ],
      [there([[0, 0, 10, 6], unit(0)], [1, 1])],
    );
    expect(map.compute().map).toBe(1);
  });

  it('ranks over all images, keeps classes apart, and takes the best of each image', () => {
    const images: [metrics.Detections[], metrics.Objects[]][] = [
      [[found([unit(0), unit(50)], [0.6, 0.5], [1, 2])], [there([unit(0)], [1])]],
      [[found([unit(90)], [0.9], [1])], [there([unit(0)], [1])]],
      [[found([], [], [])], [there([], [])]],
    ];
    const map = new metrics.MeanAveragePrecision({ iouThresholds: [0.5] });
    for (const image of images) map.update(...image);
    // Wrong, then right: precision 1/2 to recall 1/2. Class 2 has no objects and does not count.
    expect(map.compute().map).toBeCloseTo((51 * 0.5) / 101, 12);
    expect([...map.compute().perClass.keys()]).toEqual([1]);
    const parts = images.map((image) => {
      const part = new metrics.MeanAveragePrecision({ iouThresholds: [0.5] });
      part.update(...image);
      return part;
    });
    expect(parts[2]!.merge(parts[1]!).merge(parts[0]!).compute()).toEqual(map.compute());
    const few = new metrics.MeanAveragePrecision({ iouThresholds: [0.5], maxDetections: 1 });
    few.update([found([unit(90), unit(0)], [0.9, 0.8], [1, 1])], [there([unit(0)], [1])]);
    expect(few.compute().mar).toBe(0);
    expect(() => few.merge(map)).toThrow(/options differ/);
  });

  it('refuses what does not fit', () => {
    const map = new metrics.MeanAveragePrecision();
    const none = there([], []);
    expect(() => map.update([], [none])).toThrow(/detections of 0 images and objects of 1/);
    expect(() => map.update(null as never, [none])).toThrow(ValueError);
    expect(() => map.update([{ boxes: zeros([2, 3]), scores: [1, 1], labels: [1, 1] }], [none])).toThrow(
      ShapeError,
    );
    expect(() => map.update([found([unit(0)], [], [1])], [none])).toThrow(
      /detections\[0\]\.scores: got 0, wanted 1/,
    );
    expect(() => map.update([found([], [], [])], [there([unit(0)], [1, 2])])).toThrow(
      /objects\[0\]\.labels: got 2/,
    );
    expect(() => new metrics.MeanAveragePrecision({ iouThresholds: [] })).toThrow(ValueError);
    expect(() => new metrics.MeanAveragePrecision({ iouThresholds: [1.5] })).toThrow(ValueError);
    expect(() => new metrics.MeanAveragePrecision({ maxDetections: 0 })).toThrow(ValueError);
  });
});
