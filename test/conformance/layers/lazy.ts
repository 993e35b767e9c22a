import { layer, type Layers } from './layer.js';

const conv = layer('out_channels kernel_size | stride padding dilation groups bias padding_mode');
const convTranspose = layer(
  'out_channels kernel_size | stride padding output_padding groups bias dilation padding_mode',
);

export const lazy: Layers = {
  LazyLinear: layer('out_features | bias'),
  LazyConv1d: conv,
  LazyConv2d: conv,
  LazyConv3d: conv,
  LazyConvTranspose1d: convTranspose,
  LazyConvTranspose2d: convTranspose,
  LazyConvTranspose3d: convTranspose,
  LazyBatchNorm2d: layer('| eps momentum affine track_running_stats'),
};
