// What PyTorch calls a class of ours. Nearly all have the name that they have there.

const ownClasses = new Set([
  'nn.BatchNorm',
  'nn.Convolution',
  'nn.ConvolutionTranspose',
  'nn.DiceLoss',
  'nn.DropPath',
  'nn.FocalLoss',
  'nn.GaussianNoise',
  'nn.Graph',
  'nn.HingeLoss',
  'nn.InstanceNorm',
  'nn.KVCache',
  'nn.Lambda',
  'nn.LazyModule',
  'nn.LogCoshLoss',
  'nn.RecurrentCell',
  'nn.RecurrentLayer',
  'nn.RoPE',
  'nn.SigmoidFocalLoss',
  'nn.SinusoidalPositionalEncoding',
  'nn.SquaredHingeLoss',
  'nn.TverskyLoss',
  'optim.Lamb',
  'optim.Lion',
  'optim.ParamGroup',
]);

const elsewhere: Readonly<Record<string, string>> = {
  'optim.AveragedModel': 'torch.optim.swa_utils.AveragedModel',
  'optim.lrScheduler.SWALR': 'torch.optim.swa_utils.SWALR',
  'data.DataLoader': 'torch.utils.data.DataLoader',
  'data.TensorDataset': 'torch.utils.data.TensorDataset',
};

export function torchName(name: string): string | undefined {
  if (ownClasses.has(name)) return undefined;
  if (elsewhere[name] !== undefined) return elsewhere[name];
  if (name.startsWith('optim.lrScheduler.'))
    return name.replace('optim.lrScheduler', 'torch.optim.lr_scheduler');
  return /^(nn|optim|distributions)\.\w+$/.test(name) ? `torch.${name}` : undefined;
}
