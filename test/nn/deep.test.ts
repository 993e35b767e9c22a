import { describe, expect, it } from 'vitest';
import { nn, ones, snapshot, ValueError, type Tensor } from '../../lib/index.js';

// A tree of modules that is deeper than the stack of JavaScript: what walks it works, and only `forward` cannot.

const levels = 5000;

function nested(depth: number): nn.Module {
  let module: nn.Module = new nn.Linear(1, 1);
  for (let i = 0; i < depth; i++) module = new nn.Sequential(module);
  return module;
}

describe('modules nested 5,000 deep', () => {
  const module = nested(levels);
  const path = Array<string>(levels).fill('0').join('.');

  it('are walked, named and found', () => {
    expect(module.modules()).toHaveLength(levels + 1);
    expect(module.namedParameters().map(([name]) => name)).toEqual([`${path}.weight`, `${path}.bias`]);
    expect(module.getSubmodule(path)).toBeInstanceOf(nn.Linear);
    expect(module.getParameter(`${path}.bias`).shape).toEqual([1]);
    expect(() => module.getSubmodule(`${path}.1`)).toThrow(ValueError);
    const order: boolean[] = [];
    module.apply((each) => order.push(each instanceof nn.Linear));
    expect([order.length, order.indexOf(true)]).toEqual([levels + 1, 0]);
  });

  it('have modes, dtypes and state', () => {
    expect(module.eval().modules().some((each) => each.training)).toBe(false); // prettier-ignore
    expect(module.to('float64').parameters()[0]!.dtype).toBe('float64');
    const other = nested(levels);
    expect(other.loadStateDict(module.stateDict())).toEqual({ missing: [], unexpected: [] });
    expect(other.parameters()[0]!.item()).toBeCloseTo(module.parameters()[0]!.item(), 6);
  });

  it('are shown down to a hundred levels', () => {
    expect(String(module)).toMatch(/\(0\): Sequential\(\.\.\.\)/);
    expect(String(module).split('\n')).toHaveLength(2 * 99 + 3);
  });

  it('say of forward that it goes too deep', () => {
    const x = ones([1, 1], { dtype: 'float64' });
    const wanted = /^\[Sequential\] forward goes deeper than the stack/;
    for (const call of [() => module.forward(x), () => snapshot(module).forward(x)]) {
      expect(call).toThrow(ValueError);
      expect(call).toThrow(wanted);
    }
    expect(nested(100).forward(ones([1, 1])).shape).toEqual([1, 1]);
  });
});

it('a module that calls itself without end says so', () => {
  class Endless extends nn.Module {
    forward(x: Tensor): Tensor {
      return this.forward(x);
    }
  }
  expect(() => new Endless().forward(ones([1]))).toThrow(/^\[Endless\] forward goes deeper .* calls itself$/);
});
