import { describe } from '../../check.js';
import type { DType } from '../../dtype.js';
import { FormatError } from '../../errors.js';
import { duplicateName } from './json.js';

// The header of a safetensors file: 8 bytes of length, little-endian, then JSON that gives each tensor's dtype, shape and place
// in the data behind it. Every byte of the data belongs to exactly one tensor.

/** What a file says of one tensor. */
export interface Entry {
  readonly name: string;
  /** As the format calls it: F32, BF16, ... */
  readonly stored: string;
  readonly shape: readonly number[];
  /** The first byte, and the one behind the last, from the start of the file. */
  readonly from: number;
  readonly to: number;
}

export interface Layout {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of the header. */
  readonly entries: readonly Entry[];
}

/** The format's names of the dtypes that lanegrad has. */
export const storedNames: Readonly<Record<DType, string>> = {
  bool: 'BOOL',
  uint8: 'U8',
  int8: 'I8',
  int16: 'I16',
  int32: 'I32',
  int64: 'I64',
  float16: 'F16',
  bfloat16: 'BF16',
  float32: 'F32',
  float64: 'F64',
};

/** Bits of one element of every dtype of the format. */
const bitsOf = new Map<string, number>([
  ['F4', 4],
  ['F6_E2M3', 6],
  ['F6_E3M2', 6],
  ...['BOOL', 'U8', 'I8', 'F8_E4M3', 'F8_E5M2', 'F8_E8M0'].map((name): [string, number] => [name, 8]),
  ...['U16', 'I16', 'F16', 'BF16'].map((name): [string, number] => [name, 16]),
  ...['U32', 'I32', 'F32'].map((name): [string, number] => [name, 32]),
  ...['U64', 'I64', 'F64', 'C64'].map((name): [string, number] => [name, 64]),
]);

/** Bytes of the length in front of the header. */
export const lengthBytes = 8;

/** What every reader of the format refuses: a length that says more is damage, and must not be allocated. */
export const mostHeaderBytes = 100_000_000;

export const metadataName = '__metadata__';

/** Says what is wrong with the file: `[op] FILE: TEXT`. */
export type Complain = (text: string) => never;

export function complainer(op: string, file: string): Complain {
  return (text) => {
    throw new FormatError(`[${op}] ${file}: ${text}`);
  };
}

/** The length of the header, from the first bytes of a file of `size` bytes. */
export function headerLength(start: Uint8Array, size: number, complain: Complain): number {
  if (size < lengthBytes)
    complain(`got ${size} bytes, wanted at least ${lengthBytes} for the header's length`);
  if (String.fromCharCode(...start.subarray(0, 4)) === 'PK\x03\x04')
    complain(
      'it is a zip archive, as torch.save writes; in Python, save_file of safetensors.torch converts one',
    );
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(mostHeaderBytes)) {
    complain(`the header is said to have ${length} bytes, more than the ${mostHeaderBytes} that are allowed`);
  }
  if (length > BigInt(size - lengthBytes)) {
    complain(
      `the header is said to have ${length} bytes, the file has ${size - lengthBytes} behind its length`,
    );
  }
  return Number(length);
}

/** What a header says of a file of `size` bytes, all of it checked. */
export function parseHeader(header: Uint8Array, size: number, complain: Complain): Layout {
  const fields = parseObject(header, complain);
  const dataStart = lengthBytes + header.length;
  const entries: Entry[] = [];
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (name === metadataName) metadata = checkMetadata(value, complain);
    else entries.push(checkEntry(name, value, dataStart, complain));
  }
  checkPlaces(entries, dataStart, size, complain);
  return { metadata, entries };
}

function parseObject(header: Uint8Array, complain: Complain): object {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
  } catch {
    return complain('the header is not valid UTF-8');
  }
  if (!text.startsWith('{')) {
    return complain(`the header begins with ${JSON.stringify(text.slice(0, 1))}, wanted "{"`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return complain(`the header is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const twice = duplicateName(text);
  if (twice !== undefined) complain(`the header has the name ${JSON.stringify(twice)} twice`);
  return parsed as object;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkMetadata(value: unknown, complain: Complain): Readonly<Record<string, string>> {
  if (!isRecord(value)) return complain(`${metadataName} is ${describe(value)}, wanted an object of texts`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      complain(`${metadataName}: ${JSON.stringify(key)} is ${describe(text)}, wanted a text`);
    }
  }
  return value as Readonly<Record<string, string>>;
}

function checkEntry(name: string, value: unknown, dataStart: number, complain: Complain): Entry {
  const wrong = (text: string): never => complain(`tensor ${JSON.stringify(name)}: ${text}`);
  if (!isRecord(value)) return wrong(`got ${describe(value)}, wanted dtype, shape and data_offsets`);
  const { dtype, shape, data_offsets: offsets } = value;
  const bits = typeof dtype === 'string' ? bitsOf.get(dtype) : undefined;
  if (bits === undefined)
    wrong(`dtype is ${describe(dtype)}, wanted one of ${[...bitsOf.keys()].join(', ')}`);
  if (!isSizes(shape)) return wrong(`shape is ${describe(shape)}, wanted an array of sizes`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    return wrong(`data_offsets is ${describe(offsets)}, wanted where the data begins and ends`);
  }
  const [from, to] = offsets as [number, number];
  if (to < from) wrong(`data_offsets is [${from}, ${to}], which ends before it begins`);
  const wanted = shape.reduce((product, one) => product * BigInt(one), BigInt(bits!));
  if (wanted !== BigInt(to - from) * 8n) {
    const bytes = wanted % 8n === 0n ? `${wanted / 8n} bytes` : `${wanted} bits`;
    wrong(`${String(dtype)} of shape [${shape.join(', ')}] takes ${bytes}, data_offsets gives ${to - from}`);
  }
  return { name, stored: String(dtype), shape, from: dataStart + from, to: dataStart + to };
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && (one as number) >= 0);
}

/** No holes, no overlaps, nothing behind the last. */
function checkPlaces(entries: readonly Entry[], dataStart: number, size: number, complain: Complain): void {
  const sorted = [...entries].sort((a, b) => a.from - b.from || a.to - b.to);
  let at = dataStart;
  let former = 'the header';
  for (const { name, from, to } of sorted) {
    const own = `tensor ${JSON.stringify(name)}`;
    if (from < at) complain(`${own} begins ${at - from} bytes before the end of ${former}: they overlap`);
    if (from > at) complain(`${from - at} bytes between ${former} and ${own} belong to no tensor`);
    at = to;
    former = own;
  }
  if (at > size) complain(`the file ends ${at - size} bytes before the end of ${former}: it was cut short`);
  if (at < size) complain(`${size - at} bytes behind ${former} belong to no tensor`);
}
