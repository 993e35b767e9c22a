import { describe, expect, it } from 'vitest';
import { metrics, ValueError } from '../../lib/index.js';
import { computed } from './computed.js';

describe('edits', () => {
  it('are the fewest', () => {
    expect(metrics.editDistance('', '')).toBe(0);
    expect(metrics.editDistance('abc', '')).toBe(3);
    expect(metrics.editDistance('', 'abc')).toBe(3);
    expect(metrics.editDistance('intention', 'execution')).toBe(5);
    expect(metrics.editDistance('😀a', '😀b')).toBe(1);
    expect(metrics.editDistance(['x', 'y'], ['y', 'x'])).toBe(2);
  });

  it('over the length of all references', () => {
    // 1 of 4 words, then 3 of 2.
    const batches: [string[], string[]][] = [
      [['the cat  sat up'], ['the cat sat down']],
      [['a b c d e'], ['a  b\n']],
    ];
    expect(computed(() => new metrics.WordErrorRate(), ...batches)).toBeCloseTo(4 / 6, 12);
    expect(computed(() => new metrics.CharErrorRate(), [['kitten'], ['sitting']])).toBeCloseTo(3 / 7, 12);
    expect(computed(() => new metrics.CharErrorRate(), [[['a', 'b']], ['a b']])).toBe(0);
    expect(new metrics.WordErrorRate().compute()).toBeNaN();
  });

  it('refuse what is no text', () => {
    const wer = new metrics.WordErrorRate();
    expect(() => wer.update(['a'], [])).toThrow(/got 1 predictions and 0 references/);
    expect(() => wer.update('a' as never, ['a'])).toThrow(/predictions: got "a", wanted an array/);
    expect(() => wer.update([1 as never], ['a'])).toThrow(ValueError);
  });
});

describe('Rouge', () => {
  it('counts runs of words and the longest common subsequence', () => {
    // police killed the gunman | the gunman police killed: all words, two of three pairs, 2 in order.
    const scores = computed(
      () => new metrics.Rouge({ kinds: [1, 2, 3, 'L'] }),
      [['the gunman police killed'], ['police killed the gunman']],
    );
    expect(scores.get(1)).toEqual({ precision: 1, recall: 1, f1: 1 });
    expect(scores.get(2)!.recall).toBeCloseTo(2 / 3, 12);
    expect(scores.get(3)).toEqual({ precision: 0, recall: 0, f1: 0 });
    expect(scores.get('L')!.f1).toBeCloseTo(0.5, 12);
  });

  it('each at most as often as on the other side; means over sentences', () => {
    const scores = computed(
      () => new metrics.Rouge({ kinds: [1, 'L'] }),
      [['a a a b'], ['a b']],
      [[['x']], [['y', 'z']]],
    );
    expect(scores.get(1)).toEqual({ precision: 0.25, recall: 0.5, f1: (2 * 2) / 6 / 2 });
    expect(scores.get('L')).toEqual({ precision: 0.25, recall: 0.5, f1: (2 * 2) / 6 / 2 });
  });

  it('of nothing is 0, of no sentences NaN', () => {
    expect(computed(() => new metrics.Rouge(), [[''], ['a']]).get(1)).toEqual({
      precision: 0,
      recall: 0,
      f1: 0,
    });
    expect(new metrics.Rouge().compute().get('L')!.f1).toBeNaN();
  });

  it('refuses other kinds', () => {
    expect(() => new metrics.Rouge({ kinds: [0] })).toThrow(ValueError);
    expect(() => new metrics.Rouge({ kinds: ['M' as never] })).toThrow(ValueError);
    expect(() => new metrics.Rouge({ kinds: [1] }).merge(new metrics.Rouge())).toThrow(/options differ/);
  });
});
