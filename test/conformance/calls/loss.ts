import { call, type Rows } from '../call.js';

// PyTorch's size_average and reduce, long deprecated, are left out: everything but the weight comes by name.

const plain = call('input target');
const weighted = call('input target | weight');

export const loss: Rows = {
  'nn.functional.cross_entropy': weighted,
  'nn.functional.nll_loss': weighted,
  'nn.functional.binary_cross_entropy': weighted,
  'nn.functional.binary_cross_entropy_with_logits': weighted,
  'nn.functional.mse_loss': plain,
  'nn.functional.l1_loss': plain,
  'nn.functional.smooth_l1_loss': plain,
  'nn.functional.huber_loss': call('input target | reduction delta'),
  'nn.functional.kl_div': plain,
  'nn.functional.ctc_loss': call(
    'log_probs targets input_lengths target_lengths | blank reduction zero_infinity',
  ),
  'nn.functional.cosine_embedding_loss': call('input1 input2 target | margin'),
  'nn.functional.margin_ranking_loss': call('input1 input2 target | margin'),
  'nn.functional.triplet_margin_loss': call('anchor positive negative | margin p eps swap'),
  'nn.functional.triplet_margin_with_distance_loss': call('anchor positive negative'),
  'nn.functional.hinge_embedding_loss': call('input target | margin'),
  'nn.functional.multi_margin_loss': call('input target | p margin weight'),
  'nn.functional.multilabel_margin_loss': plain,
  'nn.functional.multilabel_soft_margin_loss': weighted,
  'nn.functional.soft_margin_loss': plain,
  'nn.functional.poisson_nll_loss': call('input target | log_input full'),
  'nn.functional.gaussian_nll_loss': call('input target &var | full eps reduction'),
  'nn.functional.linear_cross_entropy': call('input linear_weight target'),
};
