import { call, type Arguments, type Row, type Rows } from '../call.js';
import type { Callable } from '../library.js';

const conv = call('input weight bias | stride padding dilation groups');
const convTranspose = call('input weight bias | stride padding output_padding groups dilation');
const avgPool = call('input kernel_size | stride padding ceil_mode count_include_pad divisor_override');
const adaptive = call('input output_size');
const lpPool = call('input norm_type kernel_size | stride ceil_mode');
const unpool = call('input indices kernel_size | stride padding output_size');
const interpolate = call('input | size scale_factor mode align_corners recompute_scale_factor antialias');

/** With indices it is a function of its own, so that the type of the result does not hang on a flag. */
const withIndices = (name: string, signature: string): Row =>
  call(signature, {
    results: ['values', 'indices'],
    run: (a: Arguments, fn: Callable) =>
      (a.value('return_indices') === true ? a.lib(`F.${name}WithIndices`) : fn)(
        ...a.all(0, {}, ['return_indices']),
      ),
  });

const maxPool = (name: string): Row =>
  withIndices(name, 'input kernel_size | stride padding dilation ceil_mode return_indices');

export const conv_: Rows = {
  'nn.functional.conv1d': conv,
  'nn.functional.conv2d': conv,
  'nn.functional.conv3d': conv,
  'nn.functional.conv_transpose1d': convTranspose,
  'nn.functional.conv_transpose2d': convTranspose,
  'nn.functional.conv_transpose3d': convTranspose,
  'nn.functional.max_pool1d': maxPool('maxPool1d'),
  'nn.functional.max_pool2d': maxPool('maxPool2d'),
  'nn.functional.max_pool3d': maxPool('maxPool3d'),
  'nn.functional.max_pool2d_with_indices': call('input kernel_size | stride padding dilation ceil_mode', {
    results: ['values', 'indices'],
  }),
  'nn.functional.avg_pool1d': avgPool,
  'nn.functional.avg_pool2d': avgPool,
  'nn.functional.avg_pool3d': avgPool,
  'nn.functional.adaptive_avg_pool1d': adaptive,
  'nn.functional.adaptive_avg_pool2d': adaptive,
  'nn.functional.adaptive_avg_pool3d': adaptive,
  'nn.functional.adaptive_max_pool1d': withIndices('adaptiveMaxPool1d', 'input output_size | return_indices'),
  'nn.functional.adaptive_max_pool2d': withIndices('adaptiveMaxPool2d', 'input output_size | return_indices'),
  'nn.functional.adaptive_max_pool3d': withIndices('adaptiveMaxPool3d', 'input output_size | return_indices'),
  'nn.functional.max_unpool1d': unpool,
  'nn.functional.max_unpool2d': unpool,
  'nn.functional.fractional_max_pool2d': withIndices(
    'fractionalMaxPool2d',
    'input kernel_size | output_size output_ratio return_indices',
  ),
  'nn.functional.lp_pool1d': lpPool,
  'nn.functional.lp_pool2d': lpPool,
  'nn.functional.unfold': call('input kernel_size | dilation padding stride'),
  'nn.functional.fold': call('input output_size kernel_size | dilation padding stride'),
  'nn.functional.pad': call('input pad | mode value'),
  'nn.functional.interpolate': interpolate,
  'nn.functional.grid_sample': call('input grid | mode padding_mode align_corners'),
};
