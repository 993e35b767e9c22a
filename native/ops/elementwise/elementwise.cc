// The ops that are a row of elementwise.def: shape rule and evaluation, the same for all.
#include "ops/elementwise/elementwise.h"

#include <algorithm>
#include <deque>
#include <string>

#include "core/streaming.h"
#include "kernels/elementwise/elementwise.h"
#include "ops/elementwise/loop.h"
#include "ops/elementwise/integer_operands.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

// A thread's share: about 10 us of memory-bound work, or of many instructions an element.
constexpr int64_t kCheapGrain = 32768;
constexpr int64_t kPlainGrain = kCheapGrain;
constexpr int64_t kCostlyGrain = 8192;

// Threads part at whole cache lines: elements of one byte.
constexpr int64_t kLine = 64;

constexpr uint32_t kFused = 0;  // as a row's flag: neither primitive nor internal

constexpr ElementwiseRow kRows[] = {
#define LANEGRAD_ELEMENTWISE(name, operands, constants, output, dtypes, promotion, flags, cost, value) \
  {#name, operands, constants, #output[0] == 'B', dtypes, Promotion::k##promotion, flags, k##cost##Grain},
#include "kernels/elementwise/elementwise.def"
#include "kernels/elementwise/functions.def"
#undef LANEGRAD_ELEMENTWISE
};

std::string dtype_names(unsigned set) {
  std::string text;
  for (int t = 0; t < kDTypeCount; ++t) {
    if ((set & dtype_bit(static_cast<DType>(t))) == 0) continue;
    if (!text.empty()) text += ", ";
    text += name_of(static_cast<DType>(t));
  }
  return text;
}

void infer(InferContext& c) {
  const ElementwiseRow& row = kRows[c.op().code];
  const int count = c.op().input_count();
  const TensorSpec* specs[kMaxElementwiseOperands] = {};
  for (int i = 0; i < count; ++i) specs[i] = &c.in(i);
  const DType dtype = operand_dtype({specs, static_cast<size_t>(count)});
  if ((row.dtypes & dtype_bit(dtype)) == 0) {
    c.fail(ErrorKind::kDType, name_of(dtype), " is not supported, wanted one of ", dtype_names(row.dtypes));
  }
  for (int i = 0; i < count; ++i) {
    const bool wide_number =
        c.op().is(kWideNumbers) && specs[i]->rank() == 0 && specs[i]->dtype == computed_dtype(dtype);
    if (specs[i]->dtype != dtype && !wide_number) {
      c.fail(ErrorKind::kDType, "operands differ in dtype: ", name_of(dtype), " and ",
             name_of(specs[i]->dtype));
    }
  }
  const DType out = row.to_bool ? DType::kBool : dtype;
  c.add_output(broadcast_output(c.op().name, out, {specs, static_cast<size_t>(count)}));
}

bool divides_integers(int code) {
  return code == kCode_floorDivide || code == kCode_truncDivide || code == kCode_remainder ||
         code == kCode_fmod;
}

// A square is a product, to the last bit as well as the general power, and many times as fast.
bool is_square(const TensorView& exponent) {
  if (exponent.spec->numel() != 1) return false;
  if (exponent.spec->dtype == DType::kFloat32) return *exponent.as<float>() == 2.0f;
  return exponent.spec->dtype == DType::kFloat64 && *exponent.as<double>() == 2.0;
}

// A result that replaces an operand is in the caches already.
bool goes_past_caches(const TensorView& out, const TensorView* const* in, int count) {
  for (int k = 0; k < count; ++k)
    if (in[k]->data == out.data) return false;
  return exceeds_caches(out.spec->bytes());
}

void eval(const EvalContext& c) {
  int code = c.op().code;
  int count = 1;
  const TensorView& out = c.out(0);
  const TensorView* in[kMaxElementwiseOperands] = {&c.in(0)};
  for (const char* names = kRows[code].operands; *names; ++names) {
    if (*names == ',') {
      in[count] = &c.in(count);
      ++count;
    }
  }
  if (code == kCode_pow) {
    if (!is_floating(in[0]->spec->dtype)) {
      refuse_negative(c, *in[1]);
    } else if (is_square(*in[1])) {
      code = kCode_square;
      count = 1;
    }
  } else if (code == kCode_powBackwardBase && is_square(*in[2])) {
    code = kCode_squareBackward;
    count = 2;
  } else if (divides_integers(code) && out.spec->numel() > 0) {
    refuse_zero(c, *in[1]);
  }
  const TensorSpec* specs[kMaxElementwiseOperands];
  for (int k = 0; k < count; ++k) specs[k] = in[k]->spec;
  const DType dtype = operand_dtype({specs, static_cast<size_t>(count)});
  // Computed in float32, as all of them: the next float32 would be rounded back.
  if (code == kCode_nextafter && dtype == DType::kBFloat16) code = kCode_nextafterBfloat16;
  if (code == kCode_nextafter && dtype == DType::kFloat16) code = kCode_nextafterFloat16;
  const DType computed = computed_dtype(dtype);
  const ElementwiseKernel kernel = elementwise_table().kernels[code][static_cast<int>(computed)];
  const ElementwiseConstants constants(c.attrs(), computed);
  const size_t in_size = size_of(dtype), out_size = size_of(out.spec->dtype);
  const int64_t grain = kRows[code].grain;
  ElementwiseCall call{kernel, constants, dtype, out.spec->dtype, grain, goes_past_caches(out, in, count)};
  for (int k = 0; k < count; ++k)
    if (in[k]->spec->dtype != dtype) call.wide_numbers |= 1u << k;
  if (is_narrow(dtype)) return run_elementwise(make_loop(out, in, count), call);
  unsigned scalars;
  if (is_flat(out, in, count, scalars) && takes_scalars(count, scalars)) {
    const int64_t n = out.spec->numel();
    if (n == 0) return;
    const unsigned past = call.past_caches && is_stream_aligned(out.data) ? kPastCaches : 0;
    const auto body = [&](int64_t first, int64_t last) {
      const int64_t begin = first * kLine, end = std::min(last * kLine, n);
      const void* at[kMaxElementwiseOperands + kMaxElementwiseConstants];
      for (int k = 0; k < count; ++k) {
        const int64_t skip = scalars >> k & 1 ? 0 : begin * static_cast<int64_t>(in_size);
        at[k] = static_cast<const char*>(in[k]->data) + skip;
      }
      for (int k = 0; k < constants.count; ++k) at[count + k] = constants.value[k];
      kernel(static_cast<char*>(out.data) + begin * static_cast<int64_t>(out_size), at, end - begin,
             scalars | past);
      if (past) end_streams();
    };
    parallel_for((n + kLine - 1) / kLine, grain / kLine, body);
    return;
  }
  run_elementwise(make_loop(out, in, count), call);
}

// The names in "a,b", kept for good: records hold pointers to them.
std::deque<std::string> split_names(const char* names) {
  std::deque<std::string> list;
  std::string name;
  for (;; ++names) {
    if (*names != ',' && *names != 0) {
      name += *names;
      continue;
    }
    if (!name.empty()) list.push_back(name);
    name.clear();
    if (*names == 0) return list;
  }
}

Op make_op(int code, std::deque<std::string>& names) {
  const ElementwiseRow& row = kRows[code];
  Op op{.name = row.name};
  op.flags = row.flags | kElementwise | kTakesNarrow;
  op.promotion = row.promotion;
  op.infer = infer;
  op.eval = eval;
  op.code = code;
  // Comparisons take part in promotion, so their operands count as differentiable; the output never is.
  const bool inert = row.to_bool && row.promotion == Promotion::kNone;
  int i = 0;
  for (std::string& name : split_names(row.operands)) {
    op.inputs[i++] = {.name = names.emplace_back(std::move(name)).c_str(), .differentiable = !inert};
  }
  i = 0;
  for (std::string& name : split_names(row.constants)) {
    op.attrs[i++] = {names.emplace_back(std::move(name)).c_str(), AttrType::kFloat};
  }
  op.outputs[0] = {"out", !row.to_bool};
  for (const auto& gradients : {elementwise_gradients(), activation_gradients(), function_gradients()}) {
    for (const ElementwiseGradient& gradient : gradients) {
      if (gradient.name != row.name) continue;
      op.saves = gradient.saves;
      op.vjp = gradient.vjp;
    }
  }
  return op;
}

}  // namespace

std::span<const ElementwiseRow> elementwise_rows() { return kRows; }

DType operand_dtype(std::span<const TensorSpec* const> operands) {
  for (const TensorSpec* spec : operands)
    if (is_narrow(spec->dtype)) return spec->dtype;
  return operands[0]->dtype;
}

TensorSpec broadcast_output(const char* op, DType dtype, std::span<const TensorSpec* const> inputs) {
  const TensorSpec& first = *inputs[0];
  bool same = true;
  for (size_t i = 1; i < inputs.size(); ++i) same = same && inputs[i]->shape == first.shape;
  if (same) return {dtype, first.shape, dense_strides_like(first.shape, first.strides)};
  Dims shape = first.shape;
  for (size_t i = 1; i < inputs.size(); ++i) {
    if (inputs[i]->rank() > 0) shape = broadcast_shapes(op, shape, inputs[i]->shape);
  }
  for (const TensorSpec* in : inputs) {
    if (in->shape == shape) return {dtype, shape, dense_strides_like(shape, in->strides)};
  }
  return TensorSpec::contiguous(dtype, shape);
}

void register_move_ops(Registry& r);

void register_elementwise_ops(Registry& r) {
  static std::deque<std::string>* const names = new std::deque<std::string>;
  static std::deque<Op>* const ops = [] {
    auto* made = new std::deque<Op>;
    for (int code = 0; code < kElementwiseCount; ++code) made->push_back(make_op(code, *names));
    return made;
  }();
  for (const Op& op : *ops) r.add(op);
  register_move_ops(r);
}

}  // namespace lanegrad
