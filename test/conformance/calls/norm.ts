import { call, type Rows } from '../call.js';

const dropout = call('input | p training');

export const norm: Rows = {
  'nn.functional.embedding': call('input weight | padding_idx max_norm norm_type scale_grad_by_freq sparse'),
  'nn.functional.embedding_bag': call(
    'input weight | offsets max_norm norm_type scale_grad_by_freq mode sparse per_sample_weights include_last_offset padding_idx',
  ),
  'nn.functional.batch_norm': call('input running_mean running_var | weight bias training momentum eps'),
  'nn.functional.layer_norm': call('input normalized_shape | weight bias eps'),
  'nn.functional.group_norm': call('input num_groups | weight bias eps'),
  'nn.functional.instance_norm': call(
    'input | running_mean running_var weight bias use_input_stats momentum eps',
  ),
  'nn.functional.rms_norm': call('input normalized_shape | weight eps'),
  'nn.functional.local_response_norm': call('input size | alpha beta k'),
  'nn.functional.normalize': call('input | p dim eps'),
  renorm: call('self p dim maxnorm'),
  'nn.functional.cosine_similarity': call('x1 x2 | dim eps'),
  'nn.functional.pairwise_distance': call('x1 x2 | p eps keepdim'),
  'nn.functional.pdist': call('input | p'),
  'nn.functional.scaled_dot_product_attention': call('query key value | attn_mask dropout_p is_causal'),
  'nn.functional.multi_head_attention_forward': call(
    'query key value | embed_dim_to_check num_heads in_proj_weight in_proj_bias bias_k bias_v add_zero_attn dropout_p ' +
      'out_proj_weight out_proj_bias training key_padding_mask need_weights attn_mask',
  ),
  'nn.functional.dropout': dropout,
  'nn.functional.dropout2d': dropout,
  'nn.functional.dropout3d': dropout,
  'nn.functional.alpha_dropout': dropout,
  'nn.functional.feature_alpha_dropout': dropout,
};
