// groupNorm(x, weight?, bias?){groups, eps} and its fused gradient: statistics over groups of the channels of
// a sample. instanceNorm is that with a channel a group. Statistics are of the dtype that x is computed in.
#include <cmath>
#include <limits>

#include "ops/layout/copy.h"
#include "ops/norm/group_layout.h"
#include "ops/norm/common.h"
#include "ops/norm/rows.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

using Part = GroupLayout::Part;

GroupLayout checked_layout(const InferContext& c, const TensorSpec& x) {
  check_floating(c, x);
  if (x.rank() < 2) c.fail(ErrorKind::kShape, "wants x of shape [N, C, ...], got ", x.shape);
  const int64_t groups = c.attrs().get_int(0);
  if (groups < 1 || x.shape[1] % groups != 0)
    c.fail(ErrorKind::kValue, "groups is ", groups, ", wants a divisor of ", x.shape[1], " channels");
  return group_layout(x, groups);
}

NormRows rows_of(const GroupLayout& l) {
  return {.rows = l.samples * l.groups,
          .n = l.group_channels() * l.inner,
          .groups = l.groups,
          .fold = std::max<int64_t>(1, l.inner)};
}

// A number for each channel, as one for each element of a sample.
template <class T>
const T* for_elements(const GroupLayout& l, const T* values, Scratch& s) {
  if (!values || l.inner == 1) return values;
  T* const copy = s.take<T>(l.channels * l.inner);
  for (int64_t ch = 0; ch < l.channels; ++ch) std::fill_n(copy + ch * l.inner, l.inner, values[ch]);
  return copy;
}

void add_numbers(Scratch& s, int64_t n, DType dtype) { s.add(static_cast<size_t>(n) * size_of(dtype)); }

void group_norm_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  const GroupLayout l = checked_layout(c, x);
  check_affine(c, 1, "weight", x, {l.channels});
  check_affine(c, 2, "bias", x, {l.channels});
  c.add_output(TensorSpec{x.dtype, x.shape, l.strides});
  for (int i = 0; i < 2; ++i) c.add_output(computed_dtype(x.dtype), {l.samples, l.groups});
}

// Numbers of a unit that its parts leave behind, two for each.
int64_t slots_of(const GroupLayout& l) { return l.columns() ? l.runs() * l.channels : l.parts(); }

size_t group_norm_workspace(const InferContext& c) {
  const TensorSpec& x = c.in(0);
  const GroupLayout l = group_layout(x, c.attrs().get_int(0));
  Scratch s;
  if (l.empty()) return 0;
  for (int i = 1; i < 3; ++i) {
    if (!c.has(i)) continue;
    s.add_copy(c.in(i));
    if (l.kind == GroupLayout::Kind::kRows) add_numbers(s, l.channels * l.inner, x.dtype);
  }
  if (l.kind == GroupLayout::Kind::kRows) return s.bytes();
  for (int i = 0; i < 2; ++i) add_numbers(s, l.units() * slots_of(l), x.dtype);
  for (int i = 0; i < 3; ++i) add_numbers(s, l.samples * l.channels, x.dtype);
  return s.bytes();
}

template <class T>
struct Forward {
  const T *x, *weight, *bias;
  T *out, *mean, *rstd;
  double eps;
};

template <class T>
void normalize_units(const GroupLayout& l, const Forward<T>& f, Scratch& s) {
  const int64_t slots = slots_of(l), width = l.unit_channels(), size = l.unit_elements();
  T *part_mean = s.take<T>(l.units() * slots), *part_m2 = s.take<T>(l.units() * slots);
  T* const center = s.take<T>(l.samples * l.channels);  // these three for each channel of each sample
  T* const scale = s.take<T>(l.samples * l.channels);
  T* const shift = s.take<T>(l.samples * l.channels);
  const NormKernels<T>& kernels = norm_table().of<T>();

  const auto fold = [&](int64_t u, const Part& p) {
    const T* const from = f.x + u * size + p.offset;
    if (l.columns()) {
      const int64_t slot = u * slots + p.run * width + p.channel;
      kernels.column_moments(from, p.n, p.channels, width, part_mean + slot, part_m2 + slot);
    } else {
      const int64_t slot = u * slots + p.channel / l.tile_channels() * l.runs() + p.run;
      kernels.row_moments(from, p.channels * p.n, part_mean + slot, part_m2 + slot);
    }
  };
  const auto join = [&](int64_t u) {
    for (int64_t g = 0; g < l.unit_groups(); ++g) {
      const int64_t group = u * l.unit_groups() + g, slot = u * slots + g * l.group_channels();
      const Moments m =
          l.columns() ? join_moments(part_mean + slot, part_m2 + slot, l.runs(), l.group_channels(), width,
                                     [&](int64_t run) { return l.run_size(run); })
                      : join_moments(part_mean + u * slots, part_m2 + u * slots, slots, 1, 1, [&](int64_t i) {
                          const Part p = l.part(i);
                          return p.channels * p.n;
                        });
      const double rstd = 1.0 / std::sqrt(m.variance + f.eps);
      f.mean[group] = static_cast<T>(m.mean);
      f.rstd[group] = static_cast<T>(rstd);
      const int64_t first = group * l.group_channels(), channel = first % l.channels;
      for (int64_t i = 0; i < l.group_channels(); ++i) {
        center[first + i] = static_cast<T>(m.mean);
        scale[first + i] =
            static_cast<T>(f.weight ? static_cast<double>(f.weight[channel + i]) * rstd : rstd);
        shift[first + i] = f.bias ? f.bias[channel + i] : T(0);
      }
    }
  };
  const bool past = f.x != f.out && exceeds_caches(static_cast<size_t>(l.units() * size) * sizeof(T));
  const auto normalize = [&](int64_t u, const Part& p) {
    const int64_t at = u * size + p.offset, ch = u * width + p.channel;
    if (l.columns())
      kernels.normalize_columns(f.x + at, p.n, p.channels, width, center + ch, scale + ch, shift + ch, past,
                                f.out + at);
    else
      kernels.normalize_rows(f.x + at, p.channels, p.n, center + ch, scale + ch, shift + ch, past,
                             f.out + at);
    if (past) end_streams();
  };
  for_each_unit(l, fold, join, normalize);
}

// An x of other strides is copied into the output first and replaced there.
void group_norm_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &out = c.out(0);
  const GroupLayout l = group_layout(*x.spec, c.attrs().get_int(0));
  Scratch s(c.workspace());
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    T *mean = c.out(1).as<T>(), *rstd = c.out(2).as<T>();
    if (l.empty()) {
      std::fill_n(mean, l.samples * l.groups, std::numeric_limits<T>::quiet_NaN());
      std::fill_n(rstd, l.samples * l.groups, std::numeric_limits<T>::quiet_NaN());
      return;
    }
    const T* weight = c.has(1) ? static_cast<const T*>(s.contiguous(c.in(1))) : nullptr;
    const T* bias = c.has(2) ? static_cast<const T*>(s.contiguous(c.in(2))) : nullptr;
    const bool in_place = !laid_out(*x.spec, l.strides);
    if (in_place) copy_view(out, x);
    T* const to = out.as<T>();
    const T* const from = in_place ? to : x.as<T>();
    const double eps = c.attrs().get_float(1);
    if (l.kind == GroupLayout::Kind::kRows)
      run_norm_rows<T>(rows_of(l), from, for_elements(l, weight, s), for_elements(l, bias, s),
                       static_cast<T>(eps), to, mean, rstd);
    else
      normalize_units<T>(l, {from, weight, bias, to, mean, rstd, eps}, s);
  });
}

void group_norm_vjp(VjpContext& c) {
  if (!c.grad(0)) return;
  static const Op& op = find_op("groupNormBackward");
  const Tensor weight = c.has_input(1) ? c.input(1) : Tensor();
  Tensor grads[3];
  c.apply(op, {c.grad(0), c.input(0), weight, c.output(1), c.output(2)},
          Attrs().add_int(c.attrs().get_int(0)), grads);
  set_grads(c, grads);
}

// ---- groupNormBackward(grad, x, weight?, mean, rstd){groups} -> dx, weightGrad, biasGrad

void backward_infer(InferContext& c) {
  const TensorSpec& x = c.in(1);
  const GroupLayout l = checked_layout(c, x);
  const DType wide = computed_dtype(x.dtype);
  check_parameter(c, "grad", c.in(0), x.dtype, x.shape);
  check_affine(c, 2, "weight", x, {l.channels});
  check_parameter(c, "mean", c.in(3), wide, {l.samples, l.groups});
  check_parameter(c, "rstd", c.in(4), wide, {l.samples, l.groups});
  c.add_output(TensorSpec{x.dtype, x.shape, l.strides});
  for (int i = 0; i < 2; ++i) c.add_output(wide, {l.channels});
}

size_t backward_workspace(const InferContext& c) {
  const TensorSpec& x = c.in(1);
  const GroupLayout l = group_layout(x, c.attrs().get_int(0));
  if (l.empty()) return 0;
  Scratch s;
  if (!laid_out(x, l.strides)) add_numbers(s, x.numel(), x.dtype);
  for (int i = 2; i < 5; ++i)
    if (c.has(i)) s.add_copy(c.in(i));
  if (l.kind == GroupLayout::Kind::kRows) {
    if (c.has(2)) add_numbers(s, l.channels * l.inner, x.dtype);
    add_norm_rows_scratch(s, rows_of(l), x.dtype);
    return s.bytes();
  }
  for (int i = 0; i < 2; ++i) add_numbers(s, l.samples * l.channels * l.runs(), x.dtype);
  for (int i = 0; i < 4; ++i) add_numbers(s, l.samples * l.channels, x.dtype);
  return s.bytes();
}

template <class T>
struct Backward {
  const T *grad, *x, *weight, *mean, *rstd;
  T *dx, *weight_grad, *bias_grad;
};

// With d = x - mean, r = rstd, m elements a group, sums over the group:
// dx = weight r grad - r sum(weight grad) / m - d r^3 sum(weight grad d) / m.
template <class T>
void differentiate_units(const GroupLayout& l, const Backward<T>& f, Scratch& s) {
  const int64_t width = l.unit_channels(), size = l.unit_elements(), slots = l.runs() * width;
  T *part_sum = s.take<T>(l.units() * slots), *part_dot = s.take<T>(l.units() * slots);
  T* const center = s.take<T>(l.samples * l.channels);  // these four for each channel of each sample
  T* const a = s.take<T>(l.samples * l.channels);
  T* const b = s.take<T>(l.samples * l.channels);
  T* const k = s.take<T>(l.samples * l.channels);
  for (int64_t g = 0; g < l.samples * l.groups; ++g)
    std::fill_n(center + g * l.group_channels(), l.group_channels(), f.mean[g]);
  const NormKernels<T>& kernels = norm_table().of<T>();

  const auto fold = [&](int64_t u, const Part& p) {
    const int64_t at = u * size + p.offset, slot = u * slots + p.run * width + p.channel;
    const T* const mean = center + u * width + p.channel;
    if (l.columns())
      kernels.column_grad_sums(f.grad + at, f.x + at, p.n, p.channels, width, mean, part_sum + slot,
                               part_dot + slot);
    else
      kernels.row_grad_sums(f.grad + at, f.x + at, p.channels, p.n, mean, part_sum + slot, part_dot + slot);
  };
  // Leaves the sums of each channel in the place of its first run.
  const auto join = [&](int64_t u) {
    for (int64_t g = 0; g < l.unit_groups(); ++g) {
      const int64_t group = u * l.unit_groups() + g, first = group * l.group_channels();
      const T* const weight = f.weight ? f.weight + first % l.channels : nullptr;
      double group_sum = 0, group_dot = 0;
      for (int64_t i = 0; i < l.group_channels(); ++i) {
        const int64_t slot = u * slots + g * l.group_channels() + i;
        double sum = 0, dot = 0;
        for (int64_t run = 0; run < l.runs(); ++run) {
          sum += static_cast<double>(part_sum[slot + run * width]);
          dot += static_cast<double>(part_dot[slot + run * width]);
        }
        part_sum[slot] = static_cast<T>(sum);
        part_dot[slot] = static_cast<T>(dot);
        const double w = weight ? static_cast<double>(weight[i]) : 1.0;
        group_sum += w * sum;
        group_dot += w * dot;
      }
      const double rstd = static_cast<double>(f.rstd[group]);
      const double share = rstd / static_cast<double>(l.group_channels() * l.inner);
      for (int64_t i = 0; i < l.group_channels(); ++i) {
        a[first + i] = static_cast<T>(weight ? static_cast<double>(weight[i]) * rstd : rstd);
        b[first + i] = static_cast<T>(-share * rstd * rstd * group_dot);
        k[first + i] = static_cast<T>(-share * group_sum);
      }
    }
  };
  const bool past = f.grad != f.dx && exceeds_caches(static_cast<size_t>(l.units() * size) * sizeof(T));
  const auto combine = [&](int64_t u, const Part& p) {
    const int64_t at = u * size + p.offset, ch = u * width + p.channel;
    if (l.columns())
      kernels.combine_columns(f.grad + at, f.x + at, p.n, p.channels, width, center + ch, a + ch, b + ch,
                              k + ch, past, f.dx + at);
    else
      kernels.combine_rows(f.grad + at, f.x + at, p.channels, p.n, center + ch, a + ch, b + ch, k + ch, past,
                           f.dx + at);
    if (past) end_streams();
  };
  for_each_unit(l, fold, join, combine);

  parallel_for(l.channels, std::max<int64_t>(1, 4096 / l.samples), [&](int64_t begin, int64_t end) {
    for (int64_t ch = begin; ch < end; ++ch) {
      double sum = 0, dot = 0;
      for (int64_t n = 0; n < l.samples; ++n) {
        const int64_t at = n * l.channels + ch, slot = at / width * slots + at % width;
        sum += static_cast<double>(part_sum[slot]);
        dot += static_cast<double>(part_dot[slot]) * static_cast<double>(f.rstd[at / l.group_channels()]);
      }
      f.weight_grad[ch] = static_cast<T>(dot);
      f.bias_grad[ch] = static_cast<T>(sum);
    }
  });
}

// A gradient of other strides is copied into dx first and replaced there.
void backward_eval(const EvalContext& c) {
  const TensorView &grad = c.in(0), &x = c.in(1), &dx = c.out(0);
  const GroupLayout l = group_layout(*x.spec, c.attrs().get_int(0));
  Scratch s(c.workspace());
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    T *weight_grad = c.out(1).as<T>(), *bias_grad = c.out(2).as<T>();
    if (l.empty()) {
      std::fill_n(weight_grad, l.channels, T(0));
      std::fill_n(bias_grad, l.channels, T(0));
      return;
    }
    const T* from = x.as<T>();
    if (!laid_out(*x.spec, l.strides)) {
      const TensorView copy{s.take<T>(x.spec->numel()), dx.spec};
      copy_view(copy, x);
      from = copy.as<T>();
    }
    const auto dense = [&](int i) { return static_cast<const T*>(s.contiguous(c.in(i))); };
    const T* const weight = c.has(2) ? dense(2) : nullptr;
    const T* const mean = dense(3);
    const T* const rstd = dense(4);
    const bool in_place = !laid_out(*grad.spec, l.strides);
    if (in_place) copy_view(dx, grad);
    T* const to = dx.as<T>();
    const T* const g = in_place ? to : grad.as<T>();
    if (l.kind == GroupLayout::Kind::kRows)
      run_norm_rows_backward<T>(rows_of(l), g, from, mean, rstd, for_elements(l, weight, s), to, weight_grad,
                                bias_grad, s);
    else
      differentiate_units<T>(l, {g, from, weight, mean, rstd, to, weight_grad, bias_grad}, s);
  });
}

// The samples.
Slices slices(const InferContext& c) {
  Slices s = Slices::of_leading(c.in(0).shape, 1);
  s.inputs[1] = s.inputs[2] = Slices::kWhole;
  return s;
}

Slices backward_slices(const InferContext& c) {
  Slices s = Slices::of_leading(c.in(1).shape, 1);
  s.inputs[2] = Slices::kWhole;
  s.outputs[1] = s.outputs[2] = Slices::kSummed;
  return s;
}

const Op kOps[] = {
    {.name = "groupNorm",
     .inputs = {{{"x"}, {"weight", InputKind::kOptional}, {"bias", InputKind::kOptional}}},
     .outputs = {{{"out"}, {"mean", false}, {"rstd", false}}},
     .attrs = {{{"groups", AttrType::kInt}, {"eps", AttrType::kFloat}}},
     .infer = group_norm_infer,
     .workspace = group_norm_workspace,
     .eval = group_norm_eval,
     .slices = slices,
     .saves = {.inputs = 7, .outputs = 6},
     .vjp = group_norm_vjp},
    {.name = "groupNormBackward",
     .inputs = {{{"grad"}, {"x"}, {"weight", InputKind::kOptional}, {"mean"}, {"rstd"}}},
     .outputs = {{{"xGrad"}, {"weightGrad"}, {"biasGrad"}}},
     .attrs = {{{"groups", AttrType::kInt}}},
     .flags = kInternal,
     .infer = backward_infer,
     .workspace = backward_workspace,
     .eval = backward_eval,
     .slices = backward_slices},
};

}  // namespace

void register_group_norm_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad
