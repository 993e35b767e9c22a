import { layer, type Layers } from './layer.js';

const recurrent = layer(
  'input_size hidden_size | num_layers bias batch_first dropout bidirectional proj_size nonlinearity',
  'input hx',
);
const cell = layer('input_size hidden_size | bias nonlinearity', 'input hx');
const transformerLayer =
  'd_model nhead | dim_feedforward dropout activation layer_norm_eps batch_first norm_first bias';

export const sequence: Layers = {
  RNN: recurrent,
  LSTM: recurrent,
  GRU: recurrent,
  RNNCell: cell,
  LSTMCell: cell,
  GRUCell: cell,
  MultiheadAttention: layer(
    'embed_dim num_heads | dropout bias add_bias_kv add_zero_attn kdim vdim batch_first',
    'query key value | key_padding_mask need_weights attn_mask average_attn_weights is_causal',
  ),
  TransformerEncoderLayer: layer(transformerLayer, 'src | src_mask src_key_padding_mask is_causal'),
  TransformerDecoderLayer: layer(
    transformerLayer,
    'tgt memory | tgt_mask memory_mask tgt_key_padding_mask memory_key_padding_mask tgt_is_causal memory_is_causal',
  ),
  TransformerEncoder: layer(
    'encoder_layer num_layers | norm enable_nested_tensor',
    'src | mask src_key_padding_mask',
  ),
  TransformerDecoder: layer(
    'decoder_layer num_layers | norm',
    'tgt memory | tgt_mask memory_mask tgt_key_padding_mask memory_key_padding_mask',
  ),
  Transformer: layer(
    '| d_model nhead num_encoder_layers num_decoder_layers dim_feedforward dropout activation batch_first norm_first bias',
    'src tgt | src_mask tgt_mask memory_mask src_key_padding_mask tgt_key_padding_mask memory_key_padding_mask',
  ),
};
