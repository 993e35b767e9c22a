import { backend } from '../../backend/current.js';
import { checkOptions, checkTensor, describe, product } from '../../check.js';
import { itemSize } from '../../dtype.js';
import type { DType } from '../../dtype.js';
import { OutOfMemoryError, ValueError } from '../../errors.js';
import { Module } from '../../nn/module.js';
import type { StateDict } from '../../nn/state-dict.js';
import type { Tensor } from '../../tensor.js';
import { writeAtomically } from '../atomic.js';
import { checkFile } from '../file.js';
import { bytesOf } from './elements.js';
import { lengthBytes, metadataName, mostHeaderBytes, storedNames } from './layout.js';

export interface SafetensorsOptions {
  /** Texts to note beside the tensors. */
  metadata?: Readonly<Record<string, string>>;
}

interface Part {
  readonly name: string;
  readonly tensor: Tensor;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly bytes: number;
}

/** What a file will hold: its header, and the tensors in the order of their data. */
interface Plan {
  readonly header: Uint8Array;
  readonly parts: readonly Part[];
}

/**
 * Writes tensors by name to a safetensors file, which PyTorch, MLX and others read. Whoever is killed while it writes leaves
 * the old file or the new one, never half of one. The same tensors give the same bytes.
 *
 * A tensor under two names is written twice. Missing folders are not made.
 * @throws ValueError for the name `__metadata__`, metadata that is no text, a header of more than 100 MB, or a folder's path.
 * @throws DTypeError for what is no tensor.
 * @throws Node's own error for a file that cannot be written.
 * @example
 * import { mkdtempSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { io, tensor } from 'lanegrad';
 * const file = join(mkdtempSync(join(tmpdir(), 'lanegrad-')), 'model.safetensors');
 * io.saveSafetensors(file, { scale: tensor([1, 2]) }, { metadata: { format: 'pt' } });
 * io.loadSafetensors(file).scale?.tolist(); // => [1, 2]
 */
export function saveSafetensors(
  path: string | URL,
  tensors: StateDict,
  options: SafetensorsOptions = {},
): void {
  writeAtomically(
    checkFile('saveSafetensors', 'path', path),
    chunks(planFile('saveSafetensors', tensors, options)),
  );
}

/**
 * As {@link saveSafetensors}, in memory: the bytes of the file.
 *
 * @throws ValueError for the name `__metadata__`, metadata that is no text, or a header of more than 100 MB.
 * @throws DTypeError for what is no tensor.
 * @example
 * import { io, zeros } from 'lanegrad';
 * const bytes = io.encodeSafetensors({ x: zeros([3]) });
 * io.loadSafetensors(bytes).x?.tolist(); // => [0, 0, 0]
 */
export function encodeSafetensors(tensors: StateDict, options: SafetensorsOptions = {}): Uint8Array {
  const plan = planFile('encodeSafetensors', tensors, options);
  const size = plan.parts.reduce((sum, part) => sum + part.bytes, plan.header.length);
  const bytes = room(size);
  let at = 0;
  for (const chunk of chunks(plan)) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function room(size: number): Uint8Array {
  try {
    return new Uint8Array(size);
  } catch {
    throw new OutOfMemoryError(`[encodeSafetensors] JavaScript cannot hold an array of ${size} bytes`);
  }
}

function* chunks({ header, parts }: Plan): Generator<Uint8Array> {
  yield header;
  for (const { tensor, dtype } of parts) yield bytesOf(dtype, backend.read(tensor) as never);
}

function planFile(op: string, tensors: StateDict, options: SafetensorsOptions): Plan {
  checkOptions(op, options, ['metadata']);
  if (typeof tensors !== 'object' || tensors === null || Array.isArray(tensors)) {
    throw new ValueError(`[${op}] tensors: got ${describe(tensors)}, wanted an object of tensors by name`);
  }
  if (tensors instanceof Module) {
    throw new ValueError(
      `[${op}] tensors: got ${describe(tensors)}, wanted an object of tensors by name, as model.stateDict() gives`,
    );
  }
  const given = Object.entries(tensors).map(([name, tensor]): Part => {
    checkTensor(op, name, tensor);
    if (name === metadataName) throw new ValueError(`[${op}] a tensor cannot be called ${metadataName}`);
    const { dtype, shape } = tensor;
    return { name, tensor, dtype, shape, bytes: product(shape) * itemSize(dtype) };
  });
  // The widest first, so that all of them are aligned in the file.
  const parts = [...given].sort((a, b) => itemSize(b.dtype) - itemSize(a.dtype));
  const offsets = new Map<Part, readonly [number, number]>();
  let at = 0;
  for (const part of parts) offsets.set(part, [at, (at += part.bytes)]);
  const fields: [string, unknown][] = given.map((part) => [
    part.name,
    { dtype: storedNames[part.dtype], shape: part.shape, data_offsets: offsets.get(part) },
  ]);
  const { metadata } = options;
  if (metadata !== undefined) fields.unshift([metadataName, checkMetadata(op, metadata)]);
  return { header: encodeHeader(op, Object.fromEntries(fields)), parts };
}

function checkMetadata(op: string, metadata: unknown): object {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw new ValueError(`[${op}] metadata: got ${describe(metadata)}, wanted an object of texts`);
  }
  for (const [key, text] of Object.entries(metadata)) {
    if (typeof text !== 'string') {
      throw new ValueError(`[${op}] metadata.${key}: got ${describe(text)}, wanted a text`);
    }
  }
  return metadata;
}

/** Length and text, with spaces behind it so that the data begins at a multiple of 8. */
function encodeHeader(op: string, fields: object): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(fields));
  const length = Math.ceil(text.length / lengthBytes) * lengthBytes;
  if (length > mostHeaderBytes) {
    throw new ValueError(
      `[${op}] the header takes ${length} bytes, more than the ${mostHeaderBytes} allowed`,
    );
  }
  const header = new Uint8Array(lengthBytes + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, lengthBytes);
  return header;
}
