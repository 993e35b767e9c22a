// The public surface of `nn`.
export { AdaptiveLogSoftmaxWithLoss } from './activation/adaptive-softmax.js';
export type { AdaptiveLogSoftmaxOptions, AdaptiveLogSoftmaxOutput } from './activation/adaptive-softmax.js';
export {
  CELU,
  ELU,
  Hardtanh,
  LeakyReLU,
  PReLU,
  ReLU,
  ReLU6,
  RReLU,
  SELU,
  Threshold,
} from './activation/rectified.js';
export type { PReLULayerOptions, RReLULayerOptions } from './activation/rectified.js';
export { Hardshrink, Softshrink, Tanhshrink } from './activation/shrink.js';
export {
  GELU,
  GLU,
  Hardsigmoid,
  Hardswish,
  LogSigmoid,
  Mish,
  Sigmoid,
  SiLU,
  Softplus,
  Softsign,
  Tanh,
} from './activation/smooth.js';
export { LogSoftmax, Softmax, Softmax2d, Softmin } from './activation/softmax.js';
export { ModuleDict, ModuleList, ParameterDict, ParameterList } from './container.js';
export { Conv1d, Conv2d, Conv3d, Convolution } from './conv/conv.js';
export type {
  Conv1dLayerOptions,
  Conv2dLayerOptions,
  Conv3dLayerOptions,
  ConvLayerOptions,
  ConvPaddingMode,
} from './conv/conv.js';
export { Fold, Unfold } from './conv/fold.js';
export { ConvolutionTranspose, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from './conv/transpose.js';
export type {
  ConvTranspose1dLayerOptions,
  ConvTranspose2dLayerOptions,
  ConvTranspose3dLayerOptions,
  ConvTransposeCallOptions,
  ConvTransposeLayerOptions,
} from './conv/transpose.js';
export { CosineSimilarity, PairwiseDistance } from './distance.js';
export {
  AlphaDropout,
  Dropout,
  Dropout1d,
  Dropout2d,
  Dropout3d,
  DropPath,
  FeatureAlphaDropout,
  GaussianNoise,
} from './dropout.js';
export { Embedding, EmbeddingBag } from './embedding.js';
export type {
  EmbeddingBagCallOptions,
  EmbeddingBagLayerOptions,
  EmbeddingLayerOptions,
  PretrainedOptions,
} from './embedding.js';
export type { Gradients } from './backward-hooks.js';
export { Graph } from './graph/graph.js';
export type { GraphOutputs, GraphResult } from './graph/graph.js';
export { input, node } from './graph/node.js';
export type { Node, NodeOptions, Nodes, ValueOf, ValuesOf } from './graph/node.js';
export type { HookHandle } from '../hook-handle.js';
export type { HookOptions } from './hooks.js';
export * as init from './init.js';
export {
  LazyConv1d,
  LazyConv2d,
  LazyConv3d,
  LazyConvTranspose1d,
  LazyConvTranspose2d,
  LazyConvTranspose3d,
} from './lazy/conv.js';
export {
  LazyBatchNorm1d,
  LazyBatchNorm2d,
  LazyBatchNorm3d,
  LazyInstanceNorm1d,
  LazyInstanceNorm2d,
  LazyInstanceNorm3d,
} from './lazy/norm.js';
export { LazyLinear } from './lazy/linear.js';
export { LazyModule } from './lazy/lazy.js';
export { Bilinear, Linear } from './linear.js';
export type { LinearOptions } from './linear.js';
export {
  BCELoss,
  BCEWithLogitsLoss,
  HingeLoss,
  MultiLabelSoftMarginLoss,
  SigmoidFocalLoss,
  SoftMarginLoss,
  SquaredHingeLoss,
} from './loss/binary.js';
export {
  CrossEntropyLoss,
  FocalLoss,
  LinearCrossEntropyLoss,
  MultiLabelMarginLoss,
  MultiMarginLoss,
  NLLLoss,
} from './loss/classes.js';
export type { LinearCrossEntropyLossOptions } from './loss/classes.js';
export {
  DiceLoss,
  HuberLoss,
  L1Loss,
  LogCoshLoss,
  MSELoss,
  SmoothL1Loss,
  TverskyLoss,
} from './loss/distance.js';
export { CTCLoss, GaussianNLLLoss, KLDivLoss, PoissonNLLLoss } from './loss/likelihood.js';
export {
  CosineEmbeddingLoss,
  HingeEmbeddingLoss,
  MarginRankingLoss,
  TripletMarginLoss,
  TripletMarginWithDistanceLoss,
} from './loss/margin.js';
export { Module } from './module.js';
export type { AnyModule, BufferOptions, InputsOf, LayerShapes, OutputOf } from './module.js';
export { BatchNorm, BatchNorm1d, BatchNorm2d, BatchNorm3d } from './norm/batch-norm.js';
export type { BatchNormLayerOptions } from './norm/batch-norm.js';
export { GroupNorm, LocalResponseNorm } from './norm/group-norm.js';
export type { GroupNormLayerOptions } from './norm/group-norm.js';
export { InstanceNorm, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d } from './norm/instance-norm.js';
export type { InstanceNormLayerOptions } from './norm/instance-norm.js';
export { LayerNorm, RMSNorm } from './norm/layer-norm.js';
export type { LayerNormLayerOptions, RMSNormLayerOptions } from './norm/layer-norm.js';
export type { LayerOptions } from './options.js';
export { CircularPad1d, CircularPad2d, CircularPad3d } from './pad/circular.js';
export {
  ConstantPad1d,
  ConstantPad2d,
  ConstantPad3d,
  ZeroPad1d,
  ZeroPad2d,
  ZeroPad3d,
} from './pad/constant.js';
export type { Padding1d, Padding2d, Padding3d } from './pad/pad.js';
export { ReflectionPad1d, ReflectionPad2d, ReflectionPad3d } from './pad/reflection.js';
export { ReplicationPad1d, ReplicationPad2d, ReplicationPad3d } from './pad/replication.js';
export { isParameter, parameter } from './parameter.js';
export type { Parameter, ParameterOptions } from './parameter.js';
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
} from './pool/adaptive.js';
export type { AdaptiveMaxPoolLayerOptions } from './pool/adaptive.js';
export { AvgPool1d, AvgPool2d, AvgPool3d } from './pool/average.js';
export { FractionalMaxPool2d } from './pool/fractional.js';
export type { FractionalMaxPool2dLayerOptions } from './pool/fractional.js';
export { LPPool1d, LPPool2d, LPPool3d } from './pool/lp.js';
export { MaxPool1d, MaxPool2d, MaxPool3d } from './pool/max.js';
export type { MaxPoolLayerOptions, MaxPoolOutput } from './pool/max.js';
export { MaxUnpool1d, MaxUnpool2d, MaxUnpool3d } from './pool/unpool.js';
export type { MaxUnpoolCallOptions, MaxUnpoolLayerOptions } from './pool/unpool.js';
export {
  ChannelShuffle,
  PixelShuffle,
  PixelUnshuffle,
  Upsample,
  UpsamplingBilinear2d,
  UpsamplingNearest2d,
} from './resize.js';
export type { UpsampleImageOptions, UpsampleLayerOptions } from './resize.js';
export { Sequential } from './sequential.js';
export { GRUCell, LSTMCell, RecurrentCell, RNNCell } from './recurrent/cells.js';
export type { RecurrentCellOptions, RNNCellOptions } from './recurrent/cells.js';
export { GRU } from './recurrent/gru.js';
export { RecurrentLayer } from './recurrent/layer.js';
export type { RecurrentLayerOptions, Sequences } from './recurrent/layer.js';
export { LSTM } from './recurrent/lstm.js';
export type { LSTMOptions, LSTMState } from './recurrent/lstm.js';
export { RNN } from './recurrent/rnn.js';
export type { RNNOptions } from './recurrent/rnn.js';
export type { ChainInputs, Chained, ChainOutput } from './sequential.js';
export { Flatten, Identity, Lambda, Unflatten } from './shape.js';
export type { LoadOptions, LoadReport, StateDict } from './state-dict.js';
export { TransformerDecoder, TransformerDecoderLayer } from './transformer/decoder.js';
export type { DecoderCall, DecoderLayerCall } from './transformer/decoder.js';
export { TransformerEncoder, TransformerEncoderLayer } from './transformer/encoder.js';
export type { EncoderCall, EncoderLayerCall, StackOptions } from './transformer/encoder.js';
export type { TransformerActivation, TransformerLayerOptions } from './transformer/feed-forward.js';
export { KVCache } from './transformer/kv-cache.js';
export type { KVCacheOptions } from './transformer/kv-cache.js';
export { MultiheadAttention } from './transformer/multihead-attention.js';
export type { AttendOptions, MultiheadAttentionOptions } from './transformer/multihead-attention.js';
export { alibi, RoPE, SinusoidalPositionalEncoding } from './transformer/positions.js';
export type { PositionCall, RotaryOptions, SinusoidalPositionsOptions } from './transformer/positions.js';
export { Transformer } from './transformer/transformer.js';
export type { TransformerCall, TransformerOptions } from './transformer/transformer.js';
export * as utils from './utils/index.js';
