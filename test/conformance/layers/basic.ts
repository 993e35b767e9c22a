import { layer, type Layers } from './layer.js';

const size = 'stride padding dilation groups bias padding_mode';
const conv = layer(`in_channels out_channels kernel_size | ${size}`);
const convTranspose = layer(
  'in_channels out_channels kernel_size | stride padding output_padding groups bias dilation padding_mode',
  'input | output_size',
);
const batchNorm = layer('num_features | eps momentum affine track_running_stats', 'input', {
  make: {
    // A momentum of None is one.
    run: (a, make) => make(...a.all(0, a.value('momentum') === null ? { momentum: null } : {})),
  },
});
const dropout = layer('p');

export const basic: Layers = {
  Identity: layer(),
  Flatten: layer('start_dim end_dim'),
  Unflatten: layer('dim unflattened_size'),
  Sequential: layer('...layers', 'input', {
    make: { run: (a, make) => make(...(a.value('layers') as unknown[])) },
  }),
  Linear: layer('in_features out_features | bias'),
  Bilinear: layer('in1_features in2_features out_features | bias', 'input1 input2'),
  Embedding: layer('num_embeddings embedding_dim | padding_idx max_norm norm_type scale_grad_by_freq'),
  EmbeddingBag: layer(
    'num_embeddings embedding_dim | max_norm norm_type scale_grad_by_freq mode',
    'input | offsets per_sample_weights',
  ),
  Conv1d: conv,
  Conv2d: conv,
  Conv3d: conv,
  ConvTranspose1d: convTranspose,
  ConvTranspose2d: convTranspose,
  ConvTranspose3d: convTranspose,
  Fold: layer('output_size kernel_size | dilation padding stride'),
  Unfold: layer('kernel_size | dilation padding stride'),
  BatchNorm1d: batchNorm,
  BatchNorm2d: batchNorm,
  BatchNorm3d: batchNorm,
  InstanceNorm1d: batchNorm,
  InstanceNorm2d: batchNorm,
  InstanceNorm3d: batchNorm,
  LayerNorm: layer('normalized_shape | eps elementwise_affine bias'),
  RMSNorm: layer('normalized_shape | eps elementwise_affine'),
  GroupNorm: layer('num_groups num_channels | eps affine'),
  LocalResponseNorm: layer('size | alpha beta k'),
  Dropout: dropout,
  Dropout1d: dropout,
  Dropout2d: dropout,
  Dropout3d: dropout,
  AlphaDropout: dropout,
  FeatureAlphaDropout: dropout,
  CosineSimilarity: layer('| dim eps', 'x1 x2'),
  PairwiseDistance: layer('| p eps keepdim', 'x1 x2'),
};

const maxPool = layer('kernel_size | stride padding dilation return_indices ceil_mode');
const avgPool = layer('kernel_size | stride padding ceil_mode count_include_pad divisor_override');
const lpPool = layer('norm_type kernel_size | stride ceil_mode');
const adaptiveAvg = layer('output_size');
const adaptiveMax = layer('output_size | return_indices');
const unpool = layer('kernel_size | stride padding', 'input indices | output_size');
const padding = layer('padding');
const constantPad = layer('padding value');

export const windows: Layers = {
  MaxPool1d: maxPool,
  MaxPool2d: maxPool,
  MaxPool3d: maxPool,
  AvgPool1d: avgPool,
  AvgPool2d: avgPool,
  AvgPool3d: avgPool,
  LPPool1d: lpPool,
  LPPool2d: lpPool,
  LPPool3d: lpPool,
  AdaptiveAvgPool1d: adaptiveAvg,
  AdaptiveAvgPool2d: adaptiveAvg,
  AdaptiveAvgPool3d: adaptiveAvg,
  AdaptiveMaxPool1d: adaptiveMax,
  AdaptiveMaxPool2d: adaptiveMax,
  AdaptiveMaxPool3d: adaptiveMax,
  MaxUnpool1d: unpool,
  MaxUnpool2d: unpool,
  MaxUnpool3d: unpool,
  ZeroPad1d: padding,
  ZeroPad2d: padding,
  ZeroPad3d: padding,
  ConstantPad1d: constantPad,
  ConstantPad2d: constantPad,
  ConstantPad3d: constantPad,
  ReflectionPad1d: padding,
  ReflectionPad2d: padding,
  ReflectionPad3d: padding,
  ReplicationPad1d: padding,
  ReplicationPad2d: padding,
  ReplicationPad3d: padding,
  CircularPad1d: padding,
  CircularPad2d: padding,
  CircularPad3d: padding,
  Upsample: layer('| size scale_factor mode align_corners recompute_scale_factor'),
  PixelShuffle: layer('upscale_factor'),
  PixelUnshuffle: layer('downscale_factor'),
  ChannelShuffle: layer('groups'),
};

const plain = layer();
const alpha = layer('| alpha');
const lambd = layer('| lambd');
const dim = layer('dim');

export const activations: Layers = {
  ReLU: plain,
  ReLU6: plain,
  LeakyReLU: layer('| negative_slope'),
  PReLU: layer('| num_parameters init'),
  RReLU: layer('| lower upper'),
  ELU: alpha,
  CELU: alpha,
  SELU: plain,
  GELU: layer('| approximate'),
  SiLU: plain,
  Mish: plain,
  Hardswish: plain,
  Hardsigmoid: plain,
  Hardtanh: layer('| min_val max_val'),
  Hardshrink: lambd,
  Softshrink: lambd,
  Tanhshrink: plain,
  Softplus: layer('| beta threshold'),
  Softsign: plain,
  Sigmoid: plain,
  LogSigmoid: plain,
  Tanh: plain,
  Threshold: layer('threshold value'),
  GLU: layer('| dim'),
  Softmax: dim,
  LogSoftmax: dim,
  Softmin: dim,
  Softmax2d: plain,
  AdaptiveLogSoftmaxWithLoss: layer('in_features n_classes cutoffs | div_value head_bias', 'input target', {
    forward: { results: ['output', 'loss'] },
  }),
};

const reduction = layer('| reduction', 'input target');
const margin = layer('| margin reduction', 'input target');

export const losses: Layers = {
  CrossEntropyLoss: layer('| weight ignore_index reduction label_smoothing', 'input target'),
  NLLLoss: layer('| weight ignore_index reduction', 'input target'),
  BCELoss: layer('| weight reduction', 'input target'),
  BCEWithLogitsLoss: layer('| weight reduction pos_weight', 'input target'),
  MSELoss: reduction,
  L1Loss: reduction,
  SmoothL1Loss: layer('| reduction beta', 'input target'),
  HuberLoss: layer('| reduction delta', 'input target'),
  KLDivLoss: layer('| reduction log_target', 'input target'),
  CTCLoss: layer('| blank reduction zero_infinity', 'log_probs targets input_lengths target_lengths'),
  CosineEmbeddingLoss: layer('| margin reduction', 'input1 input2 target'),
  TripletMarginLoss: layer('| margin p eps swap reduction', 'anchor positive negative'),
  MarginRankingLoss: layer('| margin reduction', 'input1 input2 target'),
  HingeEmbeddingLoss: margin,
  MultiMarginLoss: layer('| p margin weight reduction', 'input target'),
  MultiLabelMarginLoss: reduction,
  MultiLabelSoftMarginLoss: layer('| weight reduction', 'input target'),
  SoftMarginLoss: reduction,
  PoissonNLLLoss: layer('| log_input full eps reduction', 'input target'),
  GaussianNLLLoss: layer('| full eps reduction', 'input target var'),
  LinearCrossEntropyLoss: layer(
    'in_features num_classes | out_features bias reduction weight ignore_index label_smoothing options',
    'input target',
  ),
};
