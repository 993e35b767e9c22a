// batchNormTrain(x, weight?, bias?){eps} and its fused gradient: statistics over all dims but 1.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/streaming.h"
#include "core/threads.h"
#include "kernels/norm/norm.h"
#include "kernels/reduce/reduce.h"
#include "ops/layout/copy.h"
#include "ops/norm/common.h"
#include "ops/reduce/dims.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

constexpr int64_t kGrain = 16384;

// How x is read. Rows: [outer, C, inner] in memory, each channel in runs of `inner`. Columns: [outer, C],
// channels side by side ([N, C], and channels-last memory), or [outer, C * fold] where runs are so short that
// each of their elements is better a column of its own. Statistics come from parts of constant size, combined
// in their order.
struct Layout {
  bool columns = false;
  Dims strides;  // of x if it is read in place, and of the output
  int64_t outer = 1, channels = 1, inner = 1;
  int64_t fold = 1;       // columns of a channel
  int64_t parts = 0;      // of each channel, or of each of its columns
  int64_t run_parts = 1;  // rows: parts of one run

  int64_t width() const { return channels * fold; }
  int64_t elements() const { return outer * inner * fold; }  // of a channel
  int64_t part_size(int64_t part) const {
    if (columns) return std::min(kStripRows, outer - part * kStripRows);
    return std::min(kRowChunk, inner - part % run_parts * kRowChunk);
  }
  bool empty() const { return elements() == 0 || channels == 0; }

  // Rows: channels that fit the cache of a core go through all passes one by one, so that memory is read
  // once.
  bool by_channel() const {
    constexpr int64_t kCached = int64_t{1} << 17, kManyChannels = 8;
    return !columns && channels >= kManyChannels && elements() <= kCached;
  }
  int64_t offset(int64_t part, int64_t channel) const {  // rows
    return (part / run_parts * channels + channel) * inner + part % run_parts * kRowChunk;
  }
};

Layout layout_of(const TensorSpec& x) {
  Layout l;
  l.channels = x.shape[1];
  for (int i = 0; i < x.rank(); ++i)
    if (i != 1) (i == 0 ? l.outer : l.inner) *= x.shape[i];
  const bool last = !x.is_contiguous() && is_channels_last(x);
  l.strides = last ? x.strides : contiguous_strides(x.shape);
  constexpr int64_t kShortRun = 32, kManyRuns = 8;
  if (last || l.inner == 1) {
    l.columns = true;
    l.outer *= l.inner;
    l.inner = 1;
    l.parts = (l.outer + kStripRows - 1) / kStripRows;
  } else if (l.inner > 0 && l.inner <= kShortRun && l.outer >= kManyRuns) {
    l.columns = true;
    l.fold = l.inner;
    l.inner = 1;
    l.parts = (l.outer + kStripRows - 1) / kStripRows;
  } else if (l.inner > 0) {
    l.run_parts = (l.inner + kRowChunk - 1) / kRowChunk;
    l.parts = l.outer * l.run_parts;
  }
  return l;
}

// Calls run(part, channel, offset, count) for each part of each channel, or block(part, first channel,
// channels, offset, rows) for strips of columns. The result of a call goes to slot part * width +
// channel, whoever makes it. Of columns a channel is one of them.
template <class Run, class Block, class Finish>
void for_each_part(const Layout& l, const Run& run, const Block& block, const Finish& finish) {
  if (l.columns) {
    const int64_t tiles = (l.width() + kStripColumns - 1) / kStripColumns;
    const int64_t work = kStripRows * std::min(l.width(), kStripColumns);
    parallel_for(l.parts * tiles, std::max<int64_t>(1, kGrain / work), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t part = i / tiles, first = i % tiles * kStripColumns;
        block(part, first, std::min(kStripColumns, l.width() - first), part * kStripRows * l.width() + first,
              l.part_size(part));
      }
      finish();
    });
    return;
  }
  const int64_t grain = std::max<int64_t>(1, kGrain / std::min(l.inner, kRowChunk));
  parallel_for(l.parts * l.channels, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {  // in memory order: outer, channel, part of the run
      const int64_t k = i % l.run_parts, row = i / l.run_parts;
      const int64_t part = row / l.channels * l.run_parts + k;
      run(part, row % l.channels, row * l.inner + k * kRowChunk, l.part_size(part));
    }
    finish();
  });
}

// first for every part of every channel, join for every channel, second for every part again; `finish` after
// the last part that a task writes.
template <class First, class FirstBlock, class Join, class Second, class SecondBlock, class Finish>
void in_two_passes(const Layout& l, const First& first, const FirstBlock& first_block, const Join& join,
                   const Second& second, const SecondBlock& second_block, const Finish& finish) {
  if (l.by_channel()) {
    parallel_for(l.channels, std::max<int64_t>(1, kGrain / l.elements()), [&](int64_t begin, int64_t end) {
      for (int64_t ch = begin; ch < end; ++ch) {
        for (int64_t p = 0; p < l.parts; ++p) first(p, ch, l.offset(p, ch), l.part_size(p));
        join(ch);
        for (int64_t p = 0; p < l.parts; ++p) second(p, ch, l.offset(p, ch), l.part_size(p));
      }
      finish();
    });
    return;
  }
  for_each_part(l, first, first_block, [] {});
  parallel_for(l.channels, std::max<int64_t>(1, 4096 / l.parts), [&](int64_t begin, int64_t end) {
    for (int64_t ch = begin; ch < end; ++ch) join(ch);
  });
  for_each_part(l, second, second_block, finish);
}

void check_rank(const InferContext& c, const TensorSpec& x) {
  if (x.rank() < 2) c.fail(ErrorKind::kShape, "wants x of shape [N, C, ...], got ", x.shape);
}

void batch_norm_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  check_floating(c, x);
  check_rank(c, x);
  const Dims channels{x.shape[1]};
  const DType wide = computed_dtype(x.dtype);
  check_affine(c, 1, "weight", x, channels);
  check_affine(c, 2, "bias", x, channels);
  c.add_output(TensorSpec{x.dtype, x.shape, layout_of(x).strides});
  c.add_output(wide, channels);
  c.add_output(wide, channels);
}

// Two numbers for each part and column, three for each column, and copies of strided parameters.
size_t batch_norm_workspace(const InferContext& c) {
  const Layout l = layout_of(c.in(0));
  const size_t item = size_of(c.in(0).dtype);
  Scratch s;
  for (int i = 0; i < 2; ++i) s.add(static_cast<size_t>(l.parts * l.width()) * item);
  for (int i = 0; i < 3; ++i) s.add(static_cast<size_t>(l.width()) * item);
  for (int i = 1; i < 3; ++i)
    if (c.has(i)) s.add_copy(c.in(i));
  return s.bytes();
}

void batch_norm_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &out = c.out(0);
  const Layout l = layout_of(*x.spec);
  Scratch s(c.workspace());
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    T *mean = c.out(1).as<T>(), *variance = c.out(2).as<T>();
    if (l.empty()) {
      for (int64_t i = 0; i < l.channels; ++i) mean[i] = variance[i] = std::numeric_limits<T>::quiet_NaN();
      return;
    }
    T *part_mean = s.take<T>(l.parts * l.width()), *part_m2 = s.take<T>(l.parts * l.width());
    T *center = s.take<T>(l.width()), *scale = s.take<T>(l.width()), *shift = s.take<T>(l.width());
    const T* weight = c.has(1) ? static_cast<const T*>(s.contiguous(c.in(1))) : nullptr;
    const T* bias = c.has(2) ? static_cast<const T*>(s.contiguous(c.in(2))) : nullptr;
    const bool in_place = !laid_out(*x.spec, l.strides);
    if (in_place) copy_view(out, x);
    T* to = out.as<T>();
    const T* from = in_place ? to : x.as<T>();
    const NormKernels<T>& kernels = norm_table().of<T>();

    const double eps = c.attrs().get_float(0);
    const bool past = !in_place && exceeds_caches(out.spec->bytes());
    in_two_passes(
        l,
        [&](int64_t part, int64_t channel, int64_t at, int64_t n) {
          const int64_t slot = part * l.width() + channel;
          kernels.row_moments(from + at, n, part_mean + slot, part_m2 + slot);
        },
        [&](int64_t part, int64_t first, int64_t channels, int64_t at, int64_t rows) {
          const int64_t slot = part * l.width() + first;
          kernels.column_moments(from + at, rows, channels, l.width(), part_mean + slot, part_m2 + slot);
        },
        [&](int64_t ch) {
          const auto [m, v] = join_moments(part_mean + ch * l.fold, part_m2 + ch * l.fold, l.parts, l.fold,
                                           l.width(), [&](int64_t part) { return l.part_size(part); });
          mean[ch] = static_cast<T>(m);
          variance[ch] = static_cast<T>(v);
          const double share = (weight ? static_cast<double>(weight[ch]) : 1.0) / std::sqrt(v + eps);
          std::fill_n(center + ch * l.fold, l.fold, mean[ch]);
          std::fill_n(scale + ch * l.fold, l.fold, static_cast<T>(share));
          std::fill_n(shift + ch * l.fold, l.fold, bias ? bias[ch] : T(0));
        },
        [&](int64_t, int64_t channel, int64_t at, int64_t n) {
          kernels.normalize_rows(from + at, 1, n, mean + channel, scale + channel, shift + channel, past,
                                 to + at);
        },
        [&](int64_t, int64_t first, int64_t channels, int64_t at, int64_t rows) {
          kernels.normalize_columns(from + at, rows, channels, l.width(), center + first, scale + first,
                                    shift + first, past, to + at);
        },
        [&] {
          if (past) end_streams();
        });
  });
}

void batch_norm_vjp(VjpContext& c) {
  if (!c.grad(0)) return;
  static const Op& op = find_op("batchNormBackward");
  const Tensor weight = c.has_input(1) ? c.input(1) : Tensor();
  Tensor grads[3];
  c.apply(op, {c.grad(0), c.input(0), weight, c.output(1), c.output(2)}, c.attrs(), grads);
  set_grads(c, grads);
}

// ---- batchNormBackward(grad, x, weight?, mean, variance){eps} -> dx, weightGrad, biasGrad

void backward_infer(InferContext& c) {
  const TensorSpec &grad = c.in(0), &x = c.in(1);
  check_floating(c, x);
  check_rank(c, x);
  const Dims channels{x.shape[1]};
  const DType wide = computed_dtype(x.dtype);
  check_parameter(c, "grad", grad, x.dtype, x.shape);
  check_affine(c, 2, "weight", x, channels);
  check_parameter(c, "mean", c.in(3), wide, channels);
  check_parameter(c, "variance", c.in(4), wide, channels);
  c.add_output(TensorSpec{x.dtype, x.shape, layout_of(x).strides});
  c.add_output(wide, channels);
  c.add_output(wide, channels);
}

size_t backward_workspace(const InferContext& c) {
  const TensorSpec& x = c.in(1);
  const Layout l = layout_of(x);
  const size_t item = size_of(x.dtype);
  Scratch s;
  for (int i = 0; i < 2; ++i) s.add(static_cast<size_t>(l.parts * l.width()) * item);
  for (int i = 0; i < 4; ++i) s.add(static_cast<size_t>(l.width()) * item);
  if (!laid_out(x, l.strides)) s.add(x.bytes());
  for (int i = 2; i < 5; ++i)
    if (c.has(i)) s.add_copy(c.in(i));
  return s.bytes();
}

// With d = x - mean, r = 1 / sqrt(variance + eps), m elements a channel:
// dx = weight r (grad - sum(grad) / m - d r^2 sum(grad d) / m).
void backward_eval(const EvalContext& c) {
  const TensorView &grad = c.in(0), &x = c.in(1), &dx = c.out(0);
  const Layout l = layout_of(*x.spec);
  Scratch s(c.workspace());
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    T *weight_grad = c.out(1).as<T>(), *bias_grad = c.out(2).as<T>();
    if (l.empty()) {
      for (int64_t i = 0; i < l.channels; ++i) weight_grad[i] = bias_grad[i] = 0;
      return;
    }
    T *part_sum = s.take<T>(l.parts * l.width()), *part_dot = s.take<T>(l.parts * l.width());
    T *a = s.take<T>(l.width()), *b = s.take<T>(l.width()), *k = s.take<T>(l.width());
    T* center = s.take<T>(l.width());
    const T* from = x.as<T>();
    if (!laid_out(*x.spec, l.strides)) {
      const TensorView copy{s.take<T>(x.spec->numel()), dx.spec};
      copy_view(copy, x);
      from = copy.as<T>();
    }
    const T* weight = c.has(2) ? static_cast<const T*>(s.contiguous(c.in(2))) : nullptr;
    const T* mean = static_cast<const T*>(s.contiguous(c.in(3)));
    const T* variance = static_cast<const T*>(s.contiguous(c.in(4)));
    for (int64_t ch = 0; ch < l.channels; ++ch) std::fill_n(center + ch * l.fold, l.fold, mean[ch]);
    const bool in_place = !laid_out(*grad.spec, l.strides);
    if (in_place) copy_view(dx, grad);
    T* to = dx.as<T>();
    const T* g = in_place ? to : grad.as<T>();
    const NormKernels<T>& kernels = norm_table().of<T>();

    const double eps = c.attrs().get_float(0), m = static_cast<double>(l.elements());
    const bool past = !in_place && exceeds_caches(dx.spec->bytes());
    in_two_passes(
        l,
        [&](int64_t part, int64_t channel, int64_t at, int64_t n) {
          const int64_t slot = part * l.width() + channel;
          kernels.row_grad_sums(g + at, from + at, 1, n, mean + channel, part_sum + slot, part_dot + slot);
        },
        [&](int64_t part, int64_t first, int64_t channels, int64_t at, int64_t rows) {
          const int64_t slot = part * l.width() + first;
          kernels.column_grad_sums(g + at, from + at, rows, channels, l.width(), center + first,
                                   part_sum + slot, part_dot + slot);
        },
        [&](int64_t ch) {
          double sum = 0, dot = 0;
          for (int64_t p = 0; p < l.parts; ++p) {
            for (int64_t i = 0; i < l.fold; ++i) {
              sum += part_sum[p * l.width() + ch * l.fold + i];
              dot += part_dot[p * l.width() + ch * l.fold + i];
            }
          }
          const double rstd = 1.0 / std::sqrt(static_cast<double>(variance[ch]) + eps);
          const double scale = (weight ? static_cast<double>(weight[ch]) : 1.0) * rstd;
          weight_grad[ch] = static_cast<T>(dot * rstd);
          bias_grad[ch] = static_cast<T>(sum);
          std::fill_n(a + ch * l.fold, l.fold, static_cast<T>(scale));
          std::fill_n(b + ch * l.fold, l.fold, static_cast<T>(-scale * rstd * rstd * dot / m));
          std::fill_n(k + ch * l.fold, l.fold, static_cast<T>(-scale * sum / m));
        },
        [&](int64_t, int64_t channel, int64_t at, int64_t n) {
          kernels.combine_rows(g + at, from + at, 1, n, mean + channel, a + channel, b + channel, k + channel,
                               past, to + at);
        },
        [&](int64_t, int64_t first, int64_t channels, int64_t at, int64_t rows) {
          kernels.combine_columns(g + at, from + at, rows, channels, l.width(), center + first, a + first,
                                  b + first, k + first, past, to + at);
        },
        [&] {
          if (past) end_streams();
        });
  });
}

// The channels: dim 1 of x, the only one of all else. Where they are neighbours in memory, a slice would be
// short pieces.
Slices slices(const InferContext& c) {
  if (!c.in(0).is_contiguous() && is_channels_last(c.in(0))) return {};
  Slices s = Slices::along(0, c.in(0).shape[1]);
  s.inputs[0] = s.outputs[0] = 1;
  return s;
}

Slices backward_slices(const InferContext& c) {
  if (!c.in(1).is_contiguous() && is_channels_last(c.in(1))) return {};
  Slices s = Slices::along(0, c.in(1).shape[1]);
  s.inputs[0] = s.inputs[1] = s.outputs[0] = 1;
  return s;
}

const Op kOps[] = {
    {.name = "batchNormTrain",
     .inputs = {{{"x"}, {"weight", InputKind::kOptional}, {"bias", InputKind::kOptional}}},
     .outputs = {{{"out"}, {"mean", false}, {"variance", false}}},
     .attrs = {{{"eps", AttrType::kFloat}}},
     .infer = batch_norm_infer,
     .workspace = batch_norm_workspace,
     .eval = batch_norm_eval,
     .slices = slices,
     .saves = {.inputs = 7, .outputs = 6},
     .vjp = batch_norm_vjp},
    {.name = "batchNormBackward",
     .inputs = {{{"grad"}, {"x"}, {"weight", InputKind::kOptional}, {"mean"}, {"variance"}}},
     .outputs = {{{"xGrad"}, {"weightGrad"}, {"biasGrad"}}},
     .attrs = {{{"eps", AttrType::kFloat}}},
     .flags = kInternal,
     .infer = backward_infer,
     .workspace = backward_workspace,
     .eval = backward_eval,
     .slices = backward_slices},
};

}  // namespace

void register_group_norm_ops(Registry& r);  // group_norm.cc
void register_layer_norm_ops(Registry& r);  // layer_norm.cc

void register_norm_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
  register_group_norm_ops(r);
  register_layer_norm_ops(r);
}

}  // namespace lanegrad
