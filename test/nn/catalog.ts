import { nn, ones, tensor, type Tensor } from '../../lib/index.js';

// One of each layer and loss, with a call that works: for what holds of all of them.

export interface Entry {
  /** With options, made with those; undefined: none are taken. */
  readonly make: (options?: object) => nn.AnyModule;
  readonly options: boolean;
  readonly inputs: () => readonly unknown[];
}

const row = (options: boolean, make: Entry['make'], ...shapes: (readonly number[])[]): Entry => ({
  make,
  options,
  inputs: () => shapes.map((shape) => ones(shape)),
});
const plain = (make: () => nn.AnyModule, ...shapes: (readonly number[])[]) => row(false, make, ...shapes);
const opted = (make: Entry['make'], ...shapes: (readonly number[])[]) => row(true, make, ...shapes);
const given = (options: boolean, make: Entry['make'], inputs: () => readonly unknown[]): Entry => ({
  make,
  options,
  inputs,
});

const signal = [2, 4, 6];
const image = [2, 4, 6, 6];
const volume = [2, 4, 6, 6, 6];
const half = (shape: readonly number[]): Tensor => ones(shape).mul(0.5);

export const layers: Readonly<Record<string, Entry>> = {
  Identity: plain(() => new nn.Identity(), [2]),
  Flatten: plain(() => new nn.Flatten(), image),
  Unflatten: plain(() => new nn.Unflatten(1, [2, 2]), image),
  Lambda: plain(() => new nn.Lambda((x: Tensor) => x.mul(2)), [2]),
  Linear: opted((o) => new nn.Linear(3, 2, o), [2, 3]),
  Bilinear: opted((o) => new nn.Bilinear(3, 2, 4, o), [2, 3], [2, 2]),
  Embedding: given(
    true,
    (o) => new nn.Embedding(4, 2, o),
    () => [tensor([1, 3])],
  ),
  EmbeddingBag: given(
    true,
    (o) => new nn.EmbeddingBag(4, 2, o),
    () => [tensor([[1, 3]])],
  ),
  Conv1d: opted((o) => new nn.Conv1d(4, 2, 3, o), signal),
  Conv2d: opted((o) => new nn.Conv2d(4, 2, 3, o), image),
  Conv3d: opted((o) => new nn.Conv3d(4, 2, 3, o), volume),
  ConvTranspose1d: opted((o) => new nn.ConvTranspose1d(4, 2, 3, o), signal),
  ConvTranspose2d: opted((o) => new nn.ConvTranspose2d(4, 2, 3, o), image),
  ConvTranspose3d: opted((o) => new nn.ConvTranspose3d(4, 2, 3, o), volume),
  Unfold: opted((o) => new nn.Unfold(2, o), image),
  Fold: opted((o) => new nn.Fold([4, 5], 2, o), [2, 8, 12]),
  MaxPool1d: opted((o) => new nn.MaxPool1d(2, o), signal),
  MaxPool2d: opted((o) => new nn.MaxPool2d(2, o), image),
  MaxPool3d: opted((o) => new nn.MaxPool3d(2, o), volume),
  AvgPool1d: opted((o) => new nn.AvgPool1d(2, o), signal),
  AvgPool2d: opted((o) => new nn.AvgPool2d(2, o), image),
  AvgPool3d: opted((o) => new nn.AvgPool3d(2, o), volume),
  LPPool1d: opted((o) => new nn.LPPool1d(2, 2, o), signal),
  LPPool2d: opted((o) => new nn.LPPool2d(2, 2, o), image),
  LPPool3d: opted((o) => new nn.LPPool3d(2, 2, o), volume),
  AdaptiveAvgPool1d: plain(() => new nn.AdaptiveAvgPool1d(2), signal),
  AdaptiveAvgPool2d: plain(() => new nn.AdaptiveAvgPool2d([2, null]), image),
  AdaptiveAvgPool3d: plain(() => new nn.AdaptiveAvgPool3d(2), volume),
  AdaptiveMaxPool1d: opted((o) => new nn.AdaptiveMaxPool1d(2, o), signal),
  AdaptiveMaxPool2d: opted((o) => new nn.AdaptiveMaxPool2d(2, o), image),
  AdaptiveMaxPool3d: opted((o) => new nn.AdaptiveMaxPool3d(2, o), volume),
  FractionalMaxPool2d: opted((o) => new nn.FractionalMaxPool2d(2, { outputRatio: 0.5, ...o }), image),
  MaxUnpool1d: given(
    true,
    (o) => new nn.MaxUnpool1d(2, o),
    () => [ones([1, 1, 1]), tensor([[[1]]])],
  ),
  MaxUnpool2d: given(
    true,
    (o) => new nn.MaxUnpool2d(2, o),
    () => [ones([1, 1, 1]), tensor([[[1]]])],
  ),
  MaxUnpool3d: given(
    true,
    (o) => new nn.MaxUnpool3d(2, o),
    () => [ones([1, 1, 1, 1]), tensor([[[[1]]]])],
  ),
  ZeroPad1d: plain(() => new nn.ZeroPad1d(1), signal),
  ZeroPad2d: plain(() => new nn.ZeroPad2d(1), image),
  ZeroPad3d: plain(() => new nn.ZeroPad3d(1), volume),
  ConstantPad1d: plain(() => new nn.ConstantPad1d(1, 2), signal),
  ConstantPad2d: plain(() => new nn.ConstantPad2d(1, 2), image),
  ConstantPad3d: plain(() => new nn.ConstantPad3d(1, 2), volume),
  ReflectionPad1d: plain(() => new nn.ReflectionPad1d(1), signal),
  ReflectionPad2d: plain(() => new nn.ReflectionPad2d(1), image),
  ReflectionPad3d: plain(() => new nn.ReflectionPad3d(1), volume),
  ReplicationPad1d: plain(() => new nn.ReplicationPad1d(1), signal),
  ReplicationPad2d: plain(() => new nn.ReplicationPad2d(1), image),
  ReplicationPad3d: plain(() => new nn.ReplicationPad3d(1), volume),
  CircularPad1d: plain(() => new nn.CircularPad1d(1), signal),
  CircularPad2d: plain(() => new nn.CircularPad2d(1), image),
  CircularPad3d: plain(() => new nn.CircularPad3d(1), volume),
  Upsample: opted((o) => new nn.Upsample({ scaleFactor: 2, ...o }), image),
  UpsamplingNearest2d: opted((o) => new nn.UpsamplingNearest2d({ scaleFactor: 2, ...o }), image),
  UpsamplingBilinear2d: opted((o) => new nn.UpsamplingBilinear2d({ scaleFactor: 2, ...o }), image),
  PixelShuffle: plain(() => new nn.PixelShuffle(2), image),
  PixelUnshuffle: plain(() => new nn.PixelUnshuffle(2), image),
  ChannelShuffle: plain(() => new nn.ChannelShuffle(2), image),
  BatchNorm1d: opted((o) => new nn.BatchNorm1d(4, o), signal),
  BatchNorm2d: opted((o) => new nn.BatchNorm2d(4, o), image),
  BatchNorm3d: opted((o) => new nn.BatchNorm3d(4, o), volume),
  InstanceNorm1d: opted((o) => new nn.InstanceNorm1d(4, o), signal),
  InstanceNorm2d: opted((o) => new nn.InstanceNorm2d(4, o), image),
  InstanceNorm3d: opted((o) => new nn.InstanceNorm3d(4, o), volume),
  LayerNorm: opted((o) => new nn.LayerNorm(6, o), image),
  RMSNorm: opted((o) => new nn.RMSNorm(6, o), image),
  GroupNorm: opted((o) => new nn.GroupNorm(2, 4, o), image),
  LocalResponseNorm: opted((o) => new nn.LocalResponseNorm(2, o), image),
  ReLU: plain(() => new nn.ReLU(), [3]),
  ReLU6: plain(() => new nn.ReLU6(), [3]),
  LeakyReLU: opted((o) => new nn.LeakyReLU(o), [3]),
  PReLU: opted((o) => new nn.PReLU(o), [3]),
  RReLU: opted((o) => new nn.RReLU(o), [3]),
  ELU: opted((o) => new nn.ELU(o), [3]),
  CELU: opted((o) => new nn.CELU(o), [3]),
  SELU: plain(() => new nn.SELU(), [3]),
  GELU: opted((o) => new nn.GELU(o), [3]),
  SiLU: plain(() => new nn.SiLU(), [3]),
  Mish: plain(() => new nn.Mish(), [3]),
  Hardswish: plain(() => new nn.Hardswish(), [3]),
  Hardsigmoid: plain(() => new nn.Hardsigmoid(), [3]),
  Hardtanh: opted((o) => new nn.Hardtanh(o), [3]),
  Hardshrink: opted((o) => new nn.Hardshrink(o), [3]),
  Softshrink: opted((o) => new nn.Softshrink(o), [3]),
  Tanhshrink: plain(() => new nn.Tanhshrink(), [3]),
  Softplus: opted((o) => new nn.Softplus(o), [3]),
  Softsign: plain(() => new nn.Softsign(), [3]),
  Sigmoid: plain(() => new nn.Sigmoid(), [3]),
  LogSigmoid: plain(() => new nn.LogSigmoid(), [3]),
  Tanh: plain(() => new nn.Tanh(), [3]),
  Threshold: plain(() => new nn.Threshold(1, 2), [3]),
  GLU: opted((o) => new nn.GLU(o), [4]),
  Softmax: plain(() => new nn.Softmax(0), [3]),
  LogSoftmax: plain(() => new nn.LogSoftmax(0), [3]),
  Softmin: plain(() => new nn.Softmin(0), [3]),
  Softmax2d: plain(() => new nn.Softmax2d(), image),
  Dropout: plain(() => new nn.Dropout(), [3]),
  Dropout1d: plain(() => new nn.Dropout1d(), signal),
  Dropout2d: plain(() => new nn.Dropout2d(), image),
  Dropout3d: plain(() => new nn.Dropout3d(), volume),
  AlphaDropout: plain(() => new nn.AlphaDropout(), [3]),
  FeatureAlphaDropout: plain(() => new nn.FeatureAlphaDropout(), image),
  DropPath: plain(() => new nn.DropPath(0.5), image),
  GaussianNoise: plain(() => new nn.GaussianNoise(), [3]),
  CosineSimilarity: opted((o) => new nn.CosineSimilarity(o), [2, 3], [2, 3]),
  PairwiseDistance: opted((o) => new nn.PairwiseDistance(o), [2, 3], [2, 3]),
  TransformerEncoderLayer: opted((o) => new nn.TransformerEncoderLayer(4, 2, o), [3, 2, 4]),
  TransformerDecoderLayer: opted((o) => new nn.TransformerDecoderLayer(4, 2, o), [3, 2, 4], [5, 2, 4]),
  TransformerEncoder: opted(
    (o) => new nn.TransformerEncoder(new nn.TransformerEncoderLayer(4, 2), 2, o),
    [3, 2, 4],
  ),
  TransformerDecoder: opted(
    (o) => new nn.TransformerDecoder(new nn.TransformerDecoderLayer(4, 2), 2, o),
    [3, 2, 4],
    [5, 2, 4],
  ),
  RoPE: opted((o) => new nn.RoPE(4, o), [3, 4]),
  SinusoidalPositionalEncoding: opted((o) => new nn.SinusoidalPositionalEncoding(4, o), [3, 4]),
};

const classes = () => [ones([2, 3]), tensor([0, 2])];
const pair = () => [half([2, 3]), half([2, 3])];
const triplet = () => [half([2, 3]), ones([2, 3]), half([2, 3])];

export const losses: Readonly<Record<string, Entry>> = {
  CrossEntropyLoss: given(true, (o) => new nn.CrossEntropyLoss(o), classes),
  NLLLoss: given(true, (o) => new nn.NLLLoss(o), classes),
  FocalLoss: given(true, (o) => new nn.FocalLoss(o), classes),
  MultiMarginLoss: given(true, (o) => new nn.MultiMarginLoss(o), classes),
  MultiLabelMarginLoss: given(
    true,
    (o) => new nn.MultiLabelMarginLoss(o),
    () => [
      ones([2, 3]),
      tensor([
        [1, -1, -1],
        [0, 2, -1],
      ]),
    ],
  ),
  LinearCrossEntropyLoss: given(true, (o) => new nn.LinearCrossEntropyLoss(3, 4, o), classes),
  BCELoss: given(true, (o) => new nn.BCELoss(o), pair),
  BCEWithLogitsLoss: given(true, (o) => new nn.BCEWithLogitsLoss(o), pair),
  MultiLabelSoftMarginLoss: given(true, (o) => new nn.MultiLabelSoftMarginLoss(o), pair),
  SoftMarginLoss: given(true, (o) => new nn.SoftMarginLoss(o), pair),
  HingeLoss: given(true, (o) => new nn.HingeLoss(o), pair),
  SquaredHingeLoss: given(true, (o) => new nn.SquaredHingeLoss(o), pair),
  SigmoidFocalLoss: given(true, (o) => new nn.SigmoidFocalLoss(o), pair),
  MSELoss: given(true, (o) => new nn.MSELoss(o), pair),
  L1Loss: given(true, (o) => new nn.L1Loss(o), pair),
  SmoothL1Loss: given(true, (o) => new nn.SmoothL1Loss(o), pair),
  HuberLoss: given(true, (o) => new nn.HuberLoss(o), pair),
  LogCoshLoss: given(true, (o) => new nn.LogCoshLoss(o), pair),
  DiceLoss: given(true, (o) => new nn.DiceLoss(o), pair),
  TverskyLoss: given(true, (o) => new nn.TverskyLoss(o), pair),
  KLDivLoss: given(true, (o) => new nn.KLDivLoss(o), pair),
  PoissonNLLLoss: given(true, (o) => new nn.PoissonNLLLoss(o), pair),
  GaussianNLLLoss: given(true, (o) => new nn.GaussianNLLLoss(o), triplet),
  CTCLoss: given(
    true,
    (o) => new nn.CTCLoss(o),
    () => [half([2, 1, 2]).log(), tensor([[1]]), [2], [1]],
  ),
  HingeEmbeddingLoss: given(
    true,
    (o) => new nn.HingeEmbeddingLoss(o),
    () => [ones([2]), tensor([1, -1])],
  ),
  CosineEmbeddingLoss: given(
    true,
    (o) => new nn.CosineEmbeddingLoss(o),
    () => [ones([2, 3]), ones([2, 3]), tensor([1, -1])],
  ),
  MarginRankingLoss: given(
    true,
    (o) => new nn.MarginRankingLoss(o),
    () => [ones([2]), ones([2]), tensor([1, -1])],
  ),
  TripletMarginLoss: given(true, (o) => new nn.TripletMarginLoss(o), triplet),
  TripletMarginWithDistanceLoss: given(true, (o) => new nn.TripletMarginWithDistanceLoss(o), triplet),
};
