import { describe, expect, it } from 'vitest';
import { LanegradError, nn, ones, ShapeError, ValueError, type Tensor } from '../../lib/index.js';

class Layer extends nn.Module {
  readonly linear1: nn.Linear;
  constructor(size: number) {
    super();
    this.linear1 = new nn.Linear(size, size);
  }
  forward(x: Tensor): Tensor {
    return this.linear1.forward(x).relu();
  }
}

class Encoder extends nn.Module {
  readonly layers = [new Layer(4), new Layer(5)];
  forward(x: Tensor): Tensor {
    return this.layers.reduce((value, layer) => layer.forward(value), x);
  }
}

class Net extends nn.Module {
  readonly encoder: nn.Module = new Encoder();
  forward(x: Tensor): Tensor {
    return this.encoder.forward(x);
  }
}

function thrown(fn: () => unknown): Error {
  try {
    fn();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}

describe('an error inside of a module', () => {
  it('names the path to it, in the message and in the stack', () => {
    const error = thrown(() => new Net().forward(ones([2, 4])));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toMatch(/^\[Linear\] encoder\.layers\.1\.linear1: .*\[2, 4\]/);
    expect(error.stack).toContain(`ShapeError: ${error.message}`);
  });

  it('is as it was in the module itself', () => {
    expect(thrown(() => new nn.Linear(4, 2).forward(ones([2, 3]))).message).not.toMatch(/: .*: /);
  });

  it('names layers of containers, and of containers in them', () => {
    const net = new nn.Sequential(new nn.Linear(2, 2), new nn.Sequential(new nn.ReLU(), new nn.Linear(3, 1)));
    expect(thrown(() => net.forward(ones([1, 2]))).message).toMatch(/^\[Linear\] 1\.1: /);
    const conv = new nn.Sequential(new nn.Conv2d(3, 4, 3));
    expect(thrown(() => conv.forward(ones([2, 2]))).message).toMatch(/^\[Conv2d\] 0: x: got \[2, 2\]/);
    expect(thrown(() => conv.forward(3 as never)).message).toMatch(
      /^\[Conv2d\] 0: x: got 3, wanted a tensor/,
    );
  });

  it('names the class of a module that is no part of the one that called it', () => {
    const stranger = new nn.Sequential(new nn.Linear(2, 2));
    class Caller extends nn.Module {
      forward(x: Tensor): Tensor {
        return stranger.forward(x);
      }
    }
    const net = new nn.Sequential(new Caller());
    expect(thrown(() => net.forward(ones([1, 3]))).message).toMatch(/^\[Linear\] 0\.Sequential\.0: /);
  });

  it('passes a forward that calls the one it overrides', () => {
    class Louder extends Layer {
      override forward(x: Tensor): Tensor {
        return super.forward(x).mul(2);
      }
    }
    const net = new nn.Sequential(new Louder(3));
    expect(thrown(() => net.forward(ones([1, 4]))).message).toMatch(/^\[Linear\] 0\.linear1: /);
  });

  it('of another kind, or without an op, is left alone or gets the path in front', () => {
    class Throws extends nn.Module {
      constructor(readonly error: Error) {
        super();
      }
      forward(_x: Tensor): Tensor {
        throw this.error;
      }
    }
    const plain = new TypeError('no');
    expect(thrown(() => new nn.Sequential(new Throws(plain)).forward(ones([1])))).toBe(plain);
    expect(plain.message).toBe('no');
    const own = new LanegradError('too late');
    thrown(() => new nn.Sequential(new Throws(own)).forward(ones([1])));
    expect(own.message).toBe('0: too late');
    const cost = new ValueError('[x] costs $& and $1');
    thrown(() => new nn.Sequential(new Throws(cost)).forward(ones([1])));
    expect(cost.stack).toContain('[x] 0: costs $& and $1');
  });

  it('costs no frame but one a module, and keeps the name of forward', () => {
    expect(new Net().forward.name).toBe('forward');
    expect(Object.hasOwn(new Net(), 'forward')).toBe(false);
  });
});
