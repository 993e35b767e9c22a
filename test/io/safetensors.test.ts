import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  arange,
  dtypes,
  DTypeError,
  io,
  memory,
  nn,
  ones,
  tensor,
  ValueError,
  zeros,
  type DType,
  type Tensor,
} from '../../lib/index.js';
import { f32, fileOf, withLength } from './bytes.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'lanegrad-'));
  file = path.join(folder, 'model.safetensors');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A few values that each dtype holds exactly, the extremes among them. */
function extremes(dtype: DType): Tensor {
  const values: Readonly<Record<DType, readonly (number | bigint | boolean)[]>> = {
    bool: [true, false, true],
    uint8: [0, 1, 255],
    int8: [-128, 0, 127],
    int16: [-32768, 1, 32767],
    int32: [-(2 ** 31), 1, 2 ** 31 - 1],
    int64: [-(2n ** 63n), 1n, 2n ** 63n - 1n],
    float16: [65504, -(2 ** -24), 2 ** -14, 1.5, -0, Infinity, -Infinity, NaN, 1023 * 2 ** -24],
    bfloat16: [2 ** 127 * 1.9921875, 2 ** -133, -1.5, -0, Infinity, NaN],
    float32: [3.4028234663852886e38, 2 ** -149, -0, 0.10000000149011612, Infinity, NaN],
    float64: [Number.MAX_VALUE, 5e-324, -0, 0.1, -Infinity, NaN],
  };
  return tensor(values[dtype], { dtype });
}

describe('a round trip', () => {
  it.each(dtypes)('keeps %s', (dtype) => {
    const given = { values: extremes(dtype), none: zeros([0, 3], { dtype }), one: ones([], { dtype }) };
    io.saveSafetensors(file, given);
    for (const source of [file, pathToFileURL(file), readFileSync(file), io.encodeSafetensors(given)]) {
      const loaded = io.loadSafetensors(source);
      expect(Object.keys(loaded)).toEqual(['values', 'none', 'one']);
      for (const [name, one] of Object.entries(given)) {
        expect(loaded[name]?.dtype).toBe(dtype);
        expect(loaded[name]?.shape).toEqual(one.shape);
        expect(loaded[name]?.data).toEqual(one.data);
      }
    }
  });

  it('keeps every float16 and bfloat16 but the payloads of NaN', () => {
    const stored = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
    for (const dtype of ['F16', 'BF16']) {
      const [infinity, fraction] = dtype === 'F16' ? [0x7c00, 0x3ff] : [0x7f80, 0x7f];
      const header = { all: { dtype, shape: [65536], data_offsets: [0, 131072] } };
      const bytes = fileOf(header, new Uint8Array(stored.buffer));
      const written = io.encodeSafetensors(io.loadSafetensors(bytes));
      const back = new Uint16Array(written.slice(-131072).buffer);
      stored.forEach((bits, i) => {
        const isNaN = (bits & infinity) === infinity && (bits & fraction) !== 0;
        if (!isNaN) expect(back[i]).toBe(bits);
        else expect((back[i]! & infinity) === infinity && (back[i]! & fraction) !== 0).toBe(true);
      });
    }
  });

  it('takes views as they look, and mixes dtypes', () => {
    const x = arange(6, { dtype: 'float32' }).reshape([2, 3]);
    const given = {
      odd: ones([3], { dtype: 'uint8' }),
      t: x.t(),
      row: x.select(0, 1),
      wide: ones([1], { dtype: 'int64' }),
    };
    const loaded = io.loadSafetensors(io.encodeSafetensors(given));
    expect(loaded['t']?.tolist()).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(loaded['row']?.tolist()).toEqual([3, 4, 5]);
    expect(Object.keys(loaded)).toEqual(['odd', 't', 'row', 'wide']);
    // The widest come first in the data, so that each is aligned.
    const text = new TextDecoder().decode(io.encodeSafetensors(given));
    expect(text).toContain('"wide":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}');
    expect(text).toContain('"odd":{"dtype":"U8","shape":[3],"data_offsets":[44,47]}');
  });

  it('keeps a model, buffers and all', () => {
    const net = () => new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 2));
    const [a, b] = [net(), net()];
    a.forward(arange(6, { dtype: 'float32' }).reshape([2, 3]));
    io.saveSafetensors(file, a.stateDict());
    expect(b.loadStateDict(io.loadSafetensors(file))).toEqual({ missing: [], unexpected: [] });
    const [left, right] = [a.stateDict(), b.stateDict()];
    for (const name of Object.keys(left)) expect(right[name]!.equal(left[name]!)).toBe(true);
    expect(right['1.num_batches_tracked']?.item()).toBe(1);
  });

  it('keeps names as they are, and metadata', () => {
    const names = ['', 'a.b', 'ü€😀', '__proto__', 'constructor', 'with "quotes"\n', '\\', 'x'.repeat(1000)];
    const given = Object.fromEntries(names.map((name, i) => [name, tensor([i])]));
    io.saveSafetensors(file, given, { metadata: { format: 'pt', note: 'ü"' } });
    const loaded = io.loadSafetensors(file);
    expect(Object.keys(loaded)).toEqual(names);
    names.forEach((name, i) => expect(new Map(Object.entries(loaded)).get(name)?.item()).toBe(i));
    expect(io.inspectSafetensors(file).metadata).toEqual({ format: 'pt', note: 'ü"' });
  });

  it('of nothing is a file', () => {
    io.saveSafetensors(file, {});
    expect(io.loadSafetensors(file)).toEqual({});
    expect(readFileSync(file)).toEqual(Buffer.from('\x08\0\0\0\0\0\0\0{}      '));
  });
});

describe('files of other writers', () => {
  it('are read as Python wrote them', () => {
    // save_file of the safetensors package: no spaces between, padded to 8 bytes, sorted by width and name.
    const header =
      '{"__metadata__":{"format":"pt"},"b":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},' +
      '"a":{"dtype":"BF16","shape":[2,1],"data_offsets":[8,12]},"m":{"dtype":"BOOL","shape":[3],"data_offsets":[12,15]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8, ' ');
    const data = new Uint8Array(15);
    const view = new DataView(data.buffer);
    view.setFloat64(0, -2.5, true);
    view.setUint16(8, 0x3f80, true);
    view.setUint16(10, 0xc020, true);
    data.set([1, 0, 1], 12);
    const loaded = io.loadSafetensors(fileOf(padded, data));
    expect(loaded['b']?.data).toEqual(new Float64Array([-2.5]));
    expect(loaded['a']?.dtype).toBe('bfloat16');
    expect(loaded['a']?.tolist()).toEqual([[1], [-2.5]]);
    expect(loaded['m']?.tolist()).toEqual([true, false, true]);
  });

  it('are read wherever their data lies, aligned or not', () => {
    const header = {
      one: { dtype: 'U8', shape: [1], data_offsets: [0, 1] },
      long: { dtype: 'I64', shape: [1], data_offsets: [1, 9] },
      float: f32([1], 9, 13),
    };
    const data = new Uint8Array(13);
    const view = new DataView(data.buffer);
    data[0] = 7;
    view.setBigInt64(1, -5n, true);
    view.setFloat32(9, 0.5, true);
    const bytes = fileOf(header, data);
    writeFileSync(file, bytes);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 3)).subarray(3);
    shared.set(bytes);
    const buffer = Buffer.concat([Buffer.alloc(1), bytes]).subarray(1);
    for (const source of [bytes, file, shared, buffer]) {
      const loaded = io.loadSafetensors(source);
      expect([loaded['one']?.item(), loaded['long']?.item(), loaded['float']?.item()]).toEqual([7, -5, 0.5]);
    }
  });

  it('may hold fields that nobody knows, and white space', () => {
    const header = '{ "a" : {"shape":[], "note": {"x": [1, "}"]}, "dtype":"I8","data_offsets":[0,1]} }  ';
    expect(io.loadSafetensors(fileOf(header, new Uint8Array([0xfe])))['a']?.item()).toBe(-2);
  });

  it('may hold dtypes that lanegrad has not, as long as nobody wants them', () => {
    const bytes = fileOf({ c: { dtype: 'C64', shape: [1], data_offsets: [0, 8] }, f: f32([1], 8, 12) }, 12);
    expect(io.inspectSafetensors(bytes).tensors['c']).toEqual({
      dtype: null,
      stored: 'C64',
      shape: [1],
      bytes: 8,
    });
    expect(Object.keys(io.loadSafetensors(bytes, { names: ['f'] }))).toEqual(['f']);
    expect(() => io.loadSafetensors(bytes)).toThrow(DTypeError);
    expect(() => io.loadSafetensors(bytes)).toThrow(/tensor "c" is C64, wanted one of BOOL, U8/);
  });
});

describe('loading', () => {
  it('takes names, and no others', () => {
    const bytes = io.encodeSafetensors({ a: ones([1]), b: ones([2]), c: ones([3]) });
    expect(Object.keys(io.loadSafetensors(bytes, { names: ['c', 'a'] }))).toEqual(['c', 'a']);
    expect(io.loadSafetensors(bytes, { names: [] })).toEqual({});
    expect(() => io.loadSafetensors(bytes, { names: ['a', 'd'] })).toThrow(/has no tensor "d"/);
    expect(() => io.loadSafetensors(bytes, { names: 'a' as never })).toThrow(ValueError);
    expect(() => io.loadSafetensors(bytes, { name: ['a'] } as never)).toThrow(
      /got "name", wanted only names/,
    );
    expect(() => io.loadSafetensors(3 as never)).toThrow(/source: got 3, wanted a path/);
  });

  it('copies: neither the bytes nor the file is needed afterwards', () => {
    const bytes = io.encodeSafetensors({ a: ones([2]) });
    const { a } = io.loadSafetensors(bytes);
    bytes.fill(0);
    expect(a?.tolist()).toEqual([1, 1]);
  });

  it('says with Node’s error that there is no file', () => {
    expect(() => io.loadSafetensors(path.join(folder, 'none'))).toThrow(/ENOENT/);
    expect(() => io.loadSafetensors(folder)).toThrow();
  });

  it('of a file larger than it says needs no memory for what it does not hold', () => {
    const before = process.memoryUsage().arrayBuffers;
    writeFileSync(file, withLength(99_999_999n, new Uint8Array(10)));
    expect(() => io.loadSafetensors(file)).toThrow(/said to have 99999999 bytes/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e7);
  });
});

describe('saving', () => {
  it('leaves the old file and nothing else when it fails', () => {
    io.saveSafetensors(file, { a: ones([2]) });
    const bad = ones([2]);
    const old = readFileSync(file);
    // Disposed after the plan was made is the worst moment: the file is open by then.
    const tensors = { a: ones([1000]), bad };
    Object.defineProperty(bad, 'dtype', { get: () => 'float32' });
    Object.defineProperty(bad, 'shape', { get: () => (bad.dispose(), [2]) });
    expect(() => io.saveSafetensors(file, tensors)).toThrow(/disposed|freed/);
    expect(readFileSync(file)).toEqual(old);
    expect(readdirSync(folder)).toEqual(['model.safetensors']);
  });

  it('replaces a file', () => {
    io.saveSafetensors(file, { a: ones([2]) });
    io.saveSafetensors(pathToFileURL(file), { b: ones([1]) });
    expect(Object.keys(io.loadSafetensors(file))).toEqual(['b']);
    expect(readdirSync(folder)).toEqual(['model.safetensors']);
  });

  it('gives the same bytes for the same tensors, and makes no tensors', () => {
    const given = { a: ones([2, 2]), b: ones([3], { dtype: 'float16' }) };
    const before = memory().tensors;
    const bytes = io.encodeSafetensors(given);
    expect(io.encodeSafetensors(given)).toEqual(bytes);
    io.saveSafetensors(file, given);
    expect(new Uint8Array(readFileSync(file))).toEqual(bytes);
    expect(memory().tensors).toBe(before);
  });

  it('refuses what is no state', () => {
    const save = (tensors: unknown, options?: unknown) => () =>
      io.saveSafetensors(file, tensors as never, options as never);
    expect(save({ a: [1] })).toThrow(DTypeError);
    expect(save([ones([1])])).toThrow(/tensors: got .*, wanted an object/);
    expect(save(null)).toThrow(ValueError);
    expect(save({ __metadata__: ones([1]) })).toThrow(/cannot be called __metadata__/);
    expect(save({}, { metadata: { a: 1 } })).toThrow(/metadata\.a: got 1, wanted a text/);
    expect(save({}, { metadata: 'x' })).toThrow(ValueError);
    expect(save({}, { meta: {} })).toThrow(/got "meta", wanted only metadata/);
    expect(() => io.saveSafetensors(3 as never, {})).toThrow(/path: got 3/);
    expect(() => io.saveSafetensors(path.join(folder, 'no/such/folder'), {})).toThrow(/ENOENT/);
    expect(existsSync(file)).toBe(false);
  });
});
