import { call, type Row, type Rows } from '../call.js';

const conv = call('input weight bias | stride padding dilation groups');
const convTranspose = call('input weight bias | stride padding output_padding groups dilation');
const avgPool = call('input kernel_size | stride padding ceil_mode count_include_pad divisor_override');
const adaptive = call('input output_size');
const lpPool = call('input norm_type kernel_size | stride ceil_mode');
const unpool = call('input indices kernel_size | stride padding output_size');
const interpolate = call('input | size scale_factor mode align_corners recompute_scale_factor antialias');

/** What gives plain tuples with `return_indices`. */
const withIndices = (signature: string): Row => call(signature, { results: ['values', 'indices'] });
const maxPool = withIndices('input kernel_size | stride padding dilation ceil_mode return_indices');
const adaptiveMaxPool = withIndices('input output_size | return_indices');

export const conv_: Rows = {
  'nn.functional.conv1d': conv,
  'nn.functional.conv2d': conv,
  'nn.functional.conv3d': conv,
  'nn.functional.conv_transpose1d': convTranspose,
  'nn.functional.conv_transpose2d': convTranspose,
  'nn.functional.conv_transpose3d': convTranspose,
  'nn.functional.max_pool1d': maxPool,
  'nn.functional.max_pool2d': maxPool,
  'nn.functional.max_pool3d': maxPool,
  'nn.functional.max_pool2d_with_indices': maxPool,
  'nn.functional.avg_pool1d': avgPool,
  'nn.functional.avg_pool2d': avgPool,
  'nn.functional.avg_pool3d': avgPool,
  'nn.functional.adaptive_avg_pool1d': adaptive,
  'nn.functional.adaptive_avg_pool2d': adaptive,
  'nn.functional.adaptive_avg_pool3d': adaptive,
  'nn.functional.adaptive_max_pool1d': adaptiveMaxPool,
  'nn.functional.adaptive_max_pool2d': adaptiveMaxPool,
  'nn.functional.adaptive_max_pool3d': adaptiveMaxPool,
  'nn.functional.max_unpool1d': unpool,
  'nn.functional.max_unpool2d': unpool,
  'nn.functional.fractional_max_pool2d': withIndices(
    'input kernel_size | output_size output_ratio return_indices',
  ),
  'nn.functional.lp_pool1d': lpPool,
  'nn.functional.lp_pool2d': lpPool,
  'nn.functional.unfold': call('input kernel_size | dilation padding stride'),
  'nn.functional.fold': call('input output_size kernel_size | dilation padding stride'),
  'nn.functional.pad': call('input pad | mode value'),
  'nn.functional.interpolate': interpolate,
  'nn.functional.grid_sample': call('input grid | mode padding_mode align_corners'),
  'nn.functional.affine_grid': call('theta size | align_corners'),
};
