import { refusePrinting } from './backend/recording.js';
import { isFloat } from './dtype.js';
import { noGrad } from './grad-mode.js';
import { cat } from './ops/join.js';
import { narrow } from './ops/view.js';
import { scoped } from './scope.js';
import { toItems } from './tensor.js';
import type { Tensor } from './tensor.js';

// The text of a tensor follows PyTorch's: 4 digits, scientific where the values need it, the first and last three of
// each dim above 1000 elements, lines of 80 columns.
const precision = 4;
const threshold = 1000;
const edge = 3;
const lineWidth = 80;
const prefix = 'tensor(';

type Format = (value: number | boolean) => string;

/** The text of a tensor, as PyTorch prints it. */
export function formatTensor(tensor: Tensor): string {
  const { dtype, shape } = tensor;
  const suffixes: string[] = [];
  let text = '[]';
  const empty = shape.includes(0);
  if (empty) {
    if (shape.length !== 1) suffixes.push(`size=[${shape.join(', ')}]`);
  } else {
    text = formatElements(tensor);
  }
  const isDefault = dtype === 'float32' || (!empty && (dtype === 'int64' || dtype === 'bool'));
  if (!isDefault) suffixes.push(`dtype=${dtype}`);
  const gradFn = tensor.gradFn;
  if (gradFn !== null) suffixes.push(`grad_fn=<${gradFn}>`);
  else if (tensor.requiresGrad) suffixes.push('requires_grad=true');

  let result = prefix + text;
  let column = result.length - result.lastIndexOf('\n');
  for (const suffix of suffixes) {
    if (column + suffix.length + 2 > lineWidth) {
      result += `,\n${' '.repeat(prefix.length)}${suffix}`;
      column = prefix.length + suffix.length;
    } else {
      result += `, ${suffix}`;
      column += suffix.length + 2;
    }
  }
  return `${result})`;
}

function formatElements(tensor: Tensor): string {
  refusePrinting();
  const summarize = tensor.numel() > threshold;
  // Only what is shown is read.
  const { shape, values } = scoped(() =>
    noGrad(() => {
      const shown = summarize ? edges(tensor) : tensor;
      return { shape: shown.shape, values: toItems('toString', shown.dtype, shown.data) };
    }),
  );
  const { format, width } = makeFormat(values, isFloat(tensor.dtype));
  if (shape.length === 0) return format(values[0]!).trimStart();
  let next = 0;
  const block = (dim: number, indent: number): string => {
    const size = shape[dim]!;
    const cut = summarize && tensor.shape[dim]! > 2 * edge;
    const parts: string[] = [];
    for (let i = 0; i < size; ++i) {
      if (cut && i === edge) parts.push(dim === shape.length - 1 ? ' ...' : '...');
      parts.push(dim === shape.length - 1 ? format(values[next++]!) : block(dim + 1, indent + 1));
    }
    const gap = ' '.repeat(indent + 1);
    if (dim < shape.length - 1) return `[${parts.join(`,${'\n'.repeat(shape.length - 1 - dim)}${gap}`)}]`;
    const perLine = Math.max(1, Math.floor((lineWidth - indent) / (width + 2)));
    const lines: string[] = [];
    for (let i = 0; i < parts.length; i += perLine) lines.push(parts.slice(i, i + perLine).join(', '));
    return `[${lines.join(`,\n${gap}`)}]`;
  };
  return block(0, prefix.length);
}

/** The first and last elements of every long dim. */
function edges(tensor: Tensor): Tensor {
  let result = tensor;
  tensor.shape.forEach((size, dim) => {
    if (size > 2 * edge) {
      result = cat([narrow(result, dim, 0, edge), narrow(result, dim, size - edge, edge)], dim);
    }
  });
  return result;
}

function makeFormat(
  values: readonly (number | boolean)[],
  floating: boolean,
): { format: Format; width: number } {
  let write: Format = String;
  let sample: readonly (number | boolean)[] = values;
  if (floating) {
    const plain = (values as readonly number[]).filter((value) => Number.isFinite(value) && value !== 0);
    sample = plain;
    let largest = 0;
    let smallest = Infinity;
    for (const value of plain) {
      largest = Math.max(largest, Math.abs(value));
      smallest = Math.min(smallest, Math.abs(value));
    }
    const whole = plain.every(Number.isInteger);
    const wide = largest / smallest > 1000 || largest > 1e8 || (!whole && smallest < 1e-4);
    const finite = plain.length > 0 && wide ? exponential : whole ? wholeNumber : fixed;
    write = (value) => (Number.isFinite(value) ? finite(value as number) : nonFinite(value as number));
  }
  let width = 1;
  for (const value of sample) width = Math.max(width, write(value).length);
  return { format: (value) => write(value).padStart(width), width };
}

function nonFinite(value: number): string {
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

function wholeNumber(value: number): string {
  return `${Object.is(value, -0) ? '-0' : value.toFixed(0)}.`;
}

function fixed(value: number): string {
  // Ties go to even, as in C; toFixed sends them up. A value ties at 4 digits only if it is a multiple of 1/32.
  const scaled = Math.abs(value) * 10 ** precision;
  if (Number.isInteger(value * 32) && scaled % 1 === 0.5) {
    const down = Math.floor(scaled);
    return (Math.sign(value) * ((down % 2 === 0 ? down : down + 1) / 10 ** precision)).toFixed(precision);
  }
  return `${Object.is(value, -0) ? '-' : ''}${value.toFixed(precision)}`;
}

function exponential(value: number): string {
  const [mantissa = '', exponent = ''] = value.toExponential(precision).split('e');
  return `${mantissa}e${exponent.charAt(0)}${exponent.slice(1).padStart(2, '0')}`;
}
