import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FormatError, io, memory, ones } from '../../lib/index.js';
import { f32, fileOf, withLength } from './bytes.js';

const text = (value: string): Uint8Array => Buffer.from(value);
const whole = io.encodeSafetensors({ a: ones([2, 3]), b: ones([4]) }, { metadata: { k: 'v' } });
const entry = f32([2], 0, 8);

// Name, bytes, what the error says.
const damaged: readonly (readonly [name: string, bytes: Uint8Array, message: RegExp])[] = [
  ['nothing', new Uint8Array(0), /got 0 bytes, wanted at least 8/],
  ['less than a length', new Uint8Array(7), /got 7 bytes, wanted at least 8/],
  ['an archive of torch.save', withLength(0x0000_0000_0403_4b50n), /zip archive, as torch\.save writes/],
  ['a length alone', withLength(2n), /header is said to have 2 bytes, the file has 0/],
  ['a header of no bytes', withLength(0n), /begins with "", wanted "{"/],
  ['a length beyond the file', withLength(11n, text('{"a":1}   ')), /said to have 11 bytes, the file has 10/],
  ['a length beyond what is allowed', withLength(100_000_001n), /100000001 bytes, more than the 100000000/],
  [
    'a length beyond 2^53',
    withLength(0xffff_ffff_ffff_ffffn, text('{}')),
    /18446744073709551615 bytes, more/,
  ],
  ['a length that is big-endian', withLength(2n << 56n, text('{}')), /more than the 100000000/],
  ['a cut header', whole.subarray(0, 60), /header is said to have/],
  ['cut data', whole.subarray(0, -1), /ends 1 bytes before the end of tensor "b": it was cut short/],
  ['data of which nothing is left', whole.subarray(0, -40), /ends 40 bytes before/],
  ['bytes behind the data', new Uint8Array([...whole, 0]), /1 bytes behind tensor "b" belong to no tensor/],
  ['bytes where there are no tensors', fileOf({}, 4), /4 bytes behind the header belong to no tensor/],
  [
    'text that is not UTF-8',
    withLength(5n, text('{"'), new Uint8Array([0xff]), text('":')),
    /not valid UTF-8/,
  ],
  ['a byte order mark', fileOf('\ufeff{}'), /begins with "\ufeff"/],
  ['a space in front', fileOf(' {}'), /begins with " ", wanted "{"/],
  ['an array', fileOf('[]'), /begins with "\["/],
  ['a number', fileOf('1'), /begins with "1"/],
  ['no JSON', fileOf('{"a":}'), /no JSON/],
  ['JSON that does not end', fileOf('{"a": {"dtype": "F32"'), /no JSON/],
  ['text behind the JSON', fileOf('{} x'), /no JSON/],
  ['NUL bytes behind the JSON', fileOf('{}\0\0'), /no JSON/],
  ['NaN', fileOf('{"a": NaN}'), /no JSON/],
  [
    'a name twice',
    fileOf(`{"a":${JSON.stringify(entry)},"a":${JSON.stringify(entry)}}`, 8),
    /name "a" twice/,
  ],
  ['a name twice, escaped', fileOf(`{"a":1, "\\u0061":2}`), /name "a" twice/],
  [
    'a field twice',
    fileOf('{"a":{"dtype":"F32","dtype":"I32","shape":[],"data_offsets":[0,4]}}', 4),
    /"dtype" twice/,
  ],
  ['metadata twice', fileOf('{"__metadata__":{},"__metadata__":{}}'), /"__metadata__" twice/],
  ['metadata that is no object', fileOf({ __metadata__: [] }), /__metadata__ is \[\], wanted an object/],
  ['metadata that is null', fileOf({ __metadata__: null }), /__metadata__ is null/],
  ['metadata of numbers', fileOf({ __metadata__: { epoch: 3 } }), /"epoch" is 3, wanted a text/],
  ['an entry that is no object', fileOf({ a: 3 }), /tensor "a": got 3, wanted dtype/],
  ['an entry that is null', fileOf({ a: null }), /tensor "a": got null/],
  ['an entry that is an array', fileOf({ a: [1] }), /tensor "a": got \[1\]/],
  ['no dtype', fileOf({ a: { shape: [], data_offsets: [0, 4] } }, 4), /dtype is undefined/],
  ['an unknown dtype', fileOf({ a: { ...entry, dtype: 'F31' } }, 8), /dtype is "?F31"?, wanted one of .*F32/],
  ['a dtype in lower case', fileOf({ a: { ...entry, dtype: 'f32' } }, 8), /dtype is/],
  ['a dtype that is a method of objects', fileOf({ a: { ...entry, dtype: 'constructor' } }, 8), /dtype is/],
  ['a dtype that is a number', fileOf({ a: { ...entry, dtype: 32 } }, 8), /dtype is 32/],
  ['no shape', fileOf({ a: { dtype: 'F32', data_offsets: [0, 4] } }, 4), /shape is undefined/],
  ['a negative size', fileOf({ a: f32([-2], 0, 8) }, 8), /shape is/],
  ['a broken size', fileOf({ a: f32([1.5], 0, 6) }, 6), /shape is/],
  ['a size that is text', fileOf({ a: { ...entry, shape: ['2'] } }, 8), /shape is/],
  ['a size beyond 2^53', fileOf('{"a":{"dtype":"F32","shape":[1e300],"data_offsets":[0,8]}}', 8), /shape is/],
  [
    'a shape whose product overflows',
    fileOf({ a: f32([2 ** 52, 2 ** 52, 2 ** 24], 0, 8) }, 8),
    /takes \d{30,} bytes/,
  ],
  ['no offsets', fileOf({ a: { dtype: 'F32', shape: [] } }, 4), /data_offsets is undefined/],
  ['one offset', fileOf({ a: { ...entry, data_offsets: [0] } }, 8), /data_offsets is/],
  ['three offsets', fileOf({ a: { ...entry, data_offsets: [0, 4, 8] } }, 8), /data_offsets is/],
  ['a negative offset', fileOf({ a: f32([2], -8, 0) }, 8), /data_offsets is/],
  ['an offset beyond 2^53', fileOf({ a: f32([2], 2 ** 60, 2 ** 60 + 8) }, 8), /data_offsets is/],
  ['data that ends before it begins', fileOf({ a: f32([2], 8, 0) }, 8), /ends before it begins/],
  [
    'too few bytes for the shape',
    fileOf({ a: f32([3], 0, 8) }, 8),
    /\[3\] takes 12 bytes, data_offsets gives 8/,
  ],
  [
    'too many bytes for the shape',
    fileOf({ a: f32([1], 0, 8) }, 8),
    /\[1\] takes 4 bytes, data_offsets gives 8/,
  ],
  [
    'bytes of another dtype',
    fileOf({ a: { ...entry, dtype: 'F64' } }, 8),
    /F64 of shape \[2\] takes 16 bytes/,
  ],
  ['a part of a byte', fileOf({ a: { dtype: 'F4', shape: [3], data_offsets: [0, 1] } }, 1), /takes 12 bits/],
  ['bytes for no elements', fileOf({ a: f32([0], 0, 4) }, 4), /\[0\] takes 0 bytes/],
  [
    'tensors that overlap',
    fileOf({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12),
    /"b" begins 4 bytes before .*"a"/,
  ],
  ['tensors that share their data', fileOf({ a: entry, b: entry }, 8), /"b" begins 8 bytes before .*overlap/],
  ['a tensor inside of another', fileOf({ a: f32([4], 0, 16), b: f32([1], 4, 8) }, 16), /overlap/],
  ['a hole in front', fileOf({ a: f32([2], 4, 12) }, 12), /4 bytes between the header and tensor "a"/],
  [
    'a hole between',
    fileOf({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12),
    /4 bytes between tensor "a" and tensor "b"/,
  ],
  ['an empty tensor behind the end', fileOf({ a: f32([0], 4, 4) }, 0), /4 bytes between/],
  ['a tensor behind the end', fileOf({ a: f32([4], 0, 16) }, 8), /ends 8 bytes before the end of tensor "a"/],
  [
    'a bool that is neither',
    fileOf({ a: { dtype: 'BOOL', shape: [3], data_offsets: [0, 3] } }, new Uint8Array([0, 1, 2])),
    /BOOL 2 is the byte 2/,
  ],
];

describe('a damaged file', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'lanegrad-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(damaged)('with %s is refused by name', (name, bytes, message) => {
    const file = path.join(folder, 'damaged.safetensors');
    writeFileSync(file, bytes);
    for (const source of [bytes, file]) {
      expect(() => io.loadSafetensors(source)).toThrow(FormatError);
      expect(() => io.loadSafetensors(source)).toThrow(message);
    }
    expect(() => io.loadSafetensors(file)).toThrow(`[loadSafetensors] ${file}: `);
    // The values of bools are no matter of the header.
    if (name !== 'a bool that is neither') expect(() => io.inspectSafetensors(file)).toThrow(message);
  });

  it('leaves no tensors behind when a later one is wrong', () => {
    const bytes = fileOf(
      { a: f32([2], 0, 8), b: { dtype: 'BOOL', shape: [1], data_offsets: [8, 9] } },
      new Uint8Array(9).fill(7),
    );
    const before = memory().tensors;
    expect(() => io.loadSafetensors(bytes)).toThrow(/tensor "b": BOOL 0 is the byte 7/);
    expect(memory().tensors).toBe(before);
  });

  it('never gives another error than a named one, whichever byte of the header is changed', () => {
    for (let at = 0; at < whole.length - 40; ++at) {
      for (const change of [1, 0x20, 0x80, 0xff]) {
        const bytes = whole.slice();
        bytes[at] = bytes[at]! ^ change;
        try {
          for (const tensor of Object.values(io.loadSafetensors(bytes))) tensor.dispose();
        } catch (error) {
          // A letter of a name, or of the metadata, may well be another; a dtype may become one that exists.
          expect((error as Error).name).toMatch(/^(FormatError|DTypeError)$/);
        }
      }
    }
  });
});
