import { baseName } from './names.js';

// What the library means to have: PyTorch's ops by group and tier. Tier 1: every user needs it; 2: expected of a complete
// library; 3: rare. Names are PyTorch's, F. for nn.functional.

export type Tier = 1 | 2 | 3;

type Groups = Readonly<Record<string, Readonly<Partial<Record<Tier, string>>>>>;

const groups: Groups = {
  Creation: {
    1: 'tensor zeros ones full zeros_like ones_like full_like arange linspace eye meshgrid clone F.one_hot',
    2:
      'as_tensor empty empty_like new_zeros new_ones new_full logspace tril_indices triu_indices block_diag ' +
      'signal.windows.hann signal.windows.hamming signal.windows.blackman F.affine_grid',
    3:
      'new_empty cartesian_prod combinations scalar_tensor signal.windows.bartlett signal.windows.kaiser ' +
      'signal.windows.gaussian vander',
  },
  'Dtype, copy, autograd-level tensor methods': {
    1: 'to contiguous detach requires_grad_ backward item tolist numpy copy_ float zero_ allclose',
    2: 'bool double long int half bfloat16 fill is_contiguous equal isclose',
    3: 'type_as',
  },
  'Elementwise unary': {
    1:
      'abs neg sign exp log log2 log1p sqrt rsqrt square reciprocal sin cos tanh floor ceil round erf isnan ' +
      'isinf isfinite clamp',
    2:
      'exp2 expm1 log10 tan asin acos atan sinh cosh asinh acosh atanh trunc frac sinc erfc erfinv lgamma ' +
      'digamma logit nan_to_num clamp_min clamp_max special.ndtr special.entr',
    3:
      'positive sgn signbit frexp deg2rad rad2deg polygamma isposinf isneginf isreal i0 special.ndtri ' +
      'special.log_ndtr special.i1 special.erfcx special.bessel_j0 special.bessel_j1 special.zeta mvlgamma',
  },
  'Elementwise binary and ternary': {
    1: 'add sub mul div floor_divide remainder pow maximum minimum lerp',
    2:
      'fmod fmax fmin atan2 hypot logaddexp copysign xlogy addcmul addcdiv heaviside bitwise_and bitwise_or ' +
      'bitwise_xor bitwise_not bitwise_left_shift bitwise_right_shift',
    3: 'rsub true_divide float_power logaddexp2 nextafter ldexp special.xlog1py gcd lcm igamma igammac',
  },
  'Comparison and logic': {
    1: 'eq ne lt le gt ge logical_and logical_or logical_not where all any',
    2: 'logical_xor isin',
  },
  Reduction: {
    1: 'sum mean prod max min amax amin argmax argmin std var logsumexp norm median',
    2: 'aminmax std_mean var_mean nansum nanmean quantile count_nonzero cov corrcoef',
    3: 'nanmedian mode nanquantile dist',
  },
  'Cumulative, sorting, searching, counting': {
    1: 'cumsum sort argsort topk unique nonzero',
    2:
      'cumprod cummax cummin logcumsumexp diff trapezoid kthvalue searchsorted bucketize unique_consecutive ' +
      'bincount histc histogram argwhere',
    3: 'cumulative_trapezoid msort',
  },
  'Indexing, slicing, gather, scatter': {
    1:
      '__getitem__ index_put select narrow slice index_select gather masked_select masked_fill scatter ' +
      'scatter_add tril triu diag',
    2:
      'take take_along_dim masked_scatter index_add index_copy index_fill scatter_reduce diagonal ' +
      'diag_embed trace',
    3:
      'index_reduce put select_scatter slice_scatter diagonal_scatter diagflat unravel_index ' +
      '_segment_reduce',
  },
  'Shape and view': {
    1:
      'reshape view flatten unflatten squeeze unsqueeze transpose permute t T movedim expand broadcast_to ' +
      'repeat repeat_interleave cat stack split chunk unbind flip roll',
    2:
      'ravel mT swapaxes expand_as broadcast_tensors tile hstack vstack split_with_sizes tensor_split ' +
      'unfold as_strided',
    3:
      'view_as reshape_as broadcast_shapes dstack column_stack hsplit vsplit dsplit fliplr flipud rot90 ' +
      'atleast_1d atleast_2d atleast_3d',
  },
  'Products, matmul, einsum': {
    1: 'matmul mm bmm dot outer addmm einsum',
    2: 'mv inner addmv baddbmm tensordot kron cross cdist linalg.multi_dot linalg.vecdot',
    3: 'vdot addbmm addr linalg.cross',
  },
  'Linear algebra': {
    1: 'linalg.norm linalg.inv linalg.solve linalg.cholesky linalg.qr linalg.svd linalg.eigh',
    2:
      'linalg.vector_norm linalg.matrix_norm linalg.det linalg.slogdet linalg.solve_triangular linalg.lstsq ' +
      'cholesky_solve linalg.svdvals linalg.eigvalsh linalg.eig linalg.eigvals linalg.lu linalg.lu_factor ' +
      'linalg.lu_solve linalg.pinv linalg.matrix_rank linalg.matrix_power linalg.matrix_exp',
    3:
      'logdet cholesky_inverse linalg.cond linalg.householder_product linalg.tensorsolve linalg.tensorinv ' +
      'linalg.ldl_factor',
  },
  Activations: {
    1: 'F.relu F.leaky_relu F.elu F.gelu F.silu F.softplus F.logsigmoid sigmoid softmax log_softmax',
    2:
      'F.relu6 F.prelu F.celu F.selu F.mish F.glu F.hardswish F.hardsigmoid F.hardtanh F.hardshrink ' +
      'F.softshrink F.tanhshrink F.softsign F.threshold F.softmin F.gumbel_softmax',
    3: 'F.rrelu',
  },
  'Convolution, pooling, padding, resizing': {
    1:
      'F.conv1d F.conv2d F.conv_transpose2d F.max_pool1d F.max_pool2d F.avg_pool1d F.avg_pool2d ' +
      'F.adaptive_avg_pool2d F.pad F.interpolate',
    2:
      'F.conv3d F.conv_transpose1d F.conv_transpose3d F.max_pool3d F.avg_pool3d F.adaptive_avg_pool1d ' +
      'F.adaptive_max_pool1d F.adaptive_max_pool2d F.max_unpool2d F.lp_pool2d F.unfold F.fold F.grid_sample ' +
      'F.pixel_shuffle F.pixel_unshuffle',
    3:
      'F.adaptive_avg_pool3d F.adaptive_max_pool3d F.max_unpool1d F.fractional_max_pool2d F.lp_pool1d ' +
      'F.channel_shuffle',
  },
  'Normalisation, linear, embedding, attention, dropout': {
    1:
      'F.linear F.embedding F.batch_norm F.layer_norm F.group_norm F.rms_norm F.normalize ' +
      'F.cosine_similarity F.scaled_dot_product_attention F.dropout',
    2:
      'F.bilinear F.embedding_bag F.instance_norm F.local_response_norm F.pairwise_distance ' +
      'F.multi_head_attention_forward F.dropout2d F.alpha_dropout',
    3: 'renorm F.pdist F.dropout3d F.feature_alpha_dropout',
  },
  'Losses (functional)': {
    1:
      'F.cross_entropy F.nll_loss F.binary_cross_entropy F.binary_cross_entropy_with_logits F.mse_loss ' +
      'F.l1_loss F.smooth_l1_loss F.huber_loss F.kl_div',
    2:
      'F.ctc_loss F.cosine_embedding_loss F.margin_ranking_loss F.triplet_margin_loss ' +
      'F.hinge_embedding_loss F.multi_margin_loss F.multilabel_margin_loss F.multilabel_soft_margin_loss ' +
      'F.soft_margin_loss F.poisson_nll_loss F.gaussian_nll_loss F.linear_cross_entropy',
    3: 'F.triplet_margin_with_distance_loss',
  },
  Random: {
    1:
      'rand randn rand_like randn_like randint randperm normal uniform normal/in_place bernoulli ' +
      'multinomial',
    2: 'exponential poisson',
    3: 'randint_like cauchy geometric log_normal',
  },
  'FFT and signal': {
    2:
      'fft.fft fft.ifft fft.rfft fft.irfft fft.fft2 fft.ifft2 fft.rfft2 fft.irfft2 fft.fftn fft.ifftn ' +
      'fft.fftshift fft.ifftshift fft.fftfreq fft.rfftfreq stft istft',
    3: 'fft.rfftn fft.irfftn fft.hfft fft.ihfft',
  },
  Complex: {
    2: 'complex real imag angle conj view_as_real view_as_complex',
    3: 'polar',
  },
  'Sparse and quantised': {
    2: 'quantize_per_tensor dequantize',
    3: 'to_sparse sparse.mm fake_quantize_per_tensor_affine',
  },
  'Vision ops outside torch core (torchvision.ops names)': {
    2: 'nms box_iou roi_align',
    3: 'deform_conv2d dilation2d',
  },
};

/** Groups that are left out: a dtype and storage layouts that the library does not have. */
const outsideGroups = ['Complex', 'FFT and signal', 'Sparse and quantised'];

/** Of linear algebra only these, and their variants. */
const linearAlgebra =
  'linalg.norm linalg.vector_norm linalg.matrix_norm linalg.det linalg.slogdet linalg.inv linalg.solve ' +
  'linalg.solve_triangular linalg.cholesky cholesky_solve linalg.qr linalg.eigh linalg.svd linalg.lstsq linalg.pinv ' +
  'linalg.matrix_power linalg.multi_dot';

/** Cases whose name differs from the table's. */
const sameAs: Readonly<Record<string, string>> = {
  matrix_exp: 'linalg.matrix_exp',
  'linalg.vander': 'vander',
};

export interface Place {
  readonly group: string;
  readonly tier: Tier;
}

const places = new Map<string, Place>(
  Object.entries(groups).flatMap(([group, tiers]) =>
    Object.entries(tiers).flatMap(([tier, names]) =>
      names.split(' ').map((name): [string, Place] => [name, { group, tier: Number(tier) as Tier }]),
    ),
  ),
);

/** All ops of the table, in its order. */
export const tableOps: readonly string[] = [...places.keys()];

/** Group and tier of an op or of a variant of one; undefined for an op that the table does not name. */
export function placeOf(op: string): Place | undefined {
  const short = (sameAs[op] ?? op).replace(/^nn\.functional\./, 'F.');
  return places.get(short) ?? places.get(baseName(short));
}

/** Why the library need not have an op, or undefined if it must. */
export function outsideOf(op: string): string | undefined {
  const place = placeOf(op);
  if (place === undefined) return 'not in the table of ops';
  if (outsideGroups.includes(place.group)) return `the group ${place.group} is left out`;
  if (place.tier === 3) return 'tier 3';
  const name = baseName(op);
  if (place.group === 'Linear algebra' && !linearAlgebra.split(' ').includes(name))
    return 'not among the linear algebra that is in scope';
  return undefined;
}
