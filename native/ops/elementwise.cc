// The ops that are a row of elementwise.def: shape rule and evaluation, the same for all.
#include "ops/elementwise.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <limits>
#include <string>

#include "core/streaming.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/saturating_cast.h"
#include "kernels/elementwise/strided.h"
#include "kernels/layout/layout.h"
#include "ops/integer_operands.h"
#include "ops/registry.h"
#include "ops/strided_loop.h"

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
  const DType dtype = specs[0]->dtype;
  if ((row.dtypes & dtype_bit(dtype)) == 0) {
    c.fail(ErrorKind::kDType, name_of(dtype), " is not supported, wanted one of ", dtype_names(row.dtypes));
  }
  for (int i = 1; i < count; ++i) {
    if (specs[i]->dtype != dtype) {
      c.fail(ErrorKind::kDType, "operands differ in dtype: ", name_of(dtype), " and ",
             name_of(specs[i]->dtype));
    }
  }
  const DType out = row.to_bool ? DType::kBool : dtype;
  c.add_output(broadcast_output(c.op().name, out, {specs, static_cast<size_t>(count)}));
}

// A number out of an integer's range becomes the nearest in it: as a bound it then bounds nothing.
template <class T>
T clamped(double value) {
  if constexpr (std::is_integral_v<T> && sizeof(T) < 4) {
    constexpr double kLow = std::numeric_limits<T>::min(), kHigh = std::numeric_limits<T>::max();
    value = value < kLow ? kLow : value > kHigh ? kHigh : value;
  }
  return saturating_cast<T>(value);
}

// The constants of a call, in the dtype of its operands.
struct Constants {
  alignas(8) unsigned char value[kMaxElementwiseConstants][8];
  int count = 0;

  Constants(const Attrs& attrs, DType dtype) : count(static_cast<int>(attrs.size())) {
    for (int i = 0; i < count; ++i) {
      dispatch_dtype(dtype, [&]<class T>(T) {
        const T x = clamped<T>(attrs.get_float(i));
        std::memcpy(value[i], &x, sizeof(T));
      });
    }
  }
};

// What kernels take as single elements; others are spread into a tile.
bool takes_scalars(int operands, unsigned scalars) {
  if (scalars == 0) return true;
  if (operands == 2) return scalars != 3;
  return operands == 3 && scalars == 4;
}

constexpr int64_t kTile = 512;  // elements: with three operands and the output 16 KB, a third of L1

// A block of the matrix that a transposed operand makes with the row: 16 KB with two such operands of 8
// bytes.
constexpr int64_t kBlockRows = 16;
constexpr int64_t kBlockColumns = 64;

// Rows of any strides: operands that are not contiguous are gathered into a tile, a strided output is
// scattered. Where operands run along another dim than the output, that dim and the row are taken in blocks,
// in which the operands are transposed: row by row, every element would touch a cache line of its own.
class Evaluator {
 public:
  Evaluator(ElementwiseKernel kernel, const StridedLoop& loop, const Constants& constants, size_t in_size,
            size_t out_size, bool past_caches)
      : kernel_(kernel),
        loop_(loop),
        constants_(constants),
        in_size_(in_size),
        out_size_(out_size),
        past_caches_(past_caches) {
    operands_ = loop.operands - 1;
    const int64_t* step = loop.row_strides();
    direct_ = step[0] == static_cast<int64_t>(out_size) || loop.row_length() == 1;
    for (int k = 0; k < operands_; ++k) {
      if (step[k + 1] == 0)
        scalars_ |= 1u << k;
      else if (step[k + 1] != static_cast<int64_t>(in_size))
        direct_ = false;
    }
    if (!takes_scalars(operands_, scalars_)) direct_ = false;
    if (!direct_) find_transposed_dim();
  }

  // The whole loop, in parallel.
  void run_all(int64_t grain) const {
    const auto finish = [this] {
      if (past_caches_) end_streams();
    };
    if (dim_ < 0)
      return for_each_row(loop_, grain, [this](char* const* at, int64_t n) { run(at, n); }, finish);
    const int64_t bands = (loop_.sizes[dim_] + kBlockRows - 1) / kBlockRows;
    const int64_t outer = loop_.row_count() / loop_.sizes[dim_];
    parallel_for(outer * bands, grain / (kBlockRows * loop_.row_length()) + 1,
                 [&](int64_t begin, int64_t end) {
                   for (int64_t i = begin; i < end; ++i) run_band(i / bands, i % bands * kBlockRows);
                   finish();
                 });
  }

 private:
  void find_transposed_dim() {
    const int row = loop_.rank - 1;
    if (loop_.strides[row][0] != static_cast<int64_t>(out_size_) || loop_.sizes[row] < 8) return;
    for (int d = 0; d < row && dim_ < 0; ++d) {
      if (loop_.sizes[d] < 8) continue;
      for (int k = 0; k < operands_; ++k) {
        if (is_transposed(k, d)) dim_ = d;
      }
    }
  }

  bool is_transposed(int k, int d) const {
    const int64_t size = static_cast<int64_t>(in_size_), step = loop_.row_strides()[k + 1];
    return step != 0 && step != size && loop_.strides[d][k + 1] == size;
  }

  // kBlockRows rows along dim_, from `first` on; `which` numbers the places in the other outer dims.
  void run_band(int64_t which, int64_t first) const {
    char* at[kMaxLoopOperands];
    for (int k = 0; k <= operands_; ++k) at[k] = loop_.data[k] + first * loop_.strides[dim_][k];
    for (int d = loop_.rank - 2; d >= 0; --d) {
      if (d == dim_) continue;
      const int64_t index = which % loop_.sizes[d];
      which /= loop_.sizes[d];
      for (int k = 0; k <= operands_; ++k) at[k] += index * loop_.strides[d][k];
    }
    const int64_t left = loop_.sizes[dim_] - first, rows = left < kBlockRows ? left : kBlockRows;
    alignas(64) char blocks[kMaxElementwiseOperands][kBlockRows * kBlockColumns * 8];
    alignas(64) char tiles[kMaxElementwiseOperands][kBlockColumns * 8];
    const int64_t* step = loop_.row_strides();
    const int64_t size = static_cast<int64_t>(in_size_), block_stride = kBlockColumns * size;
    const bool keep_scalars = takes_scalars(operands_, scalars_);
    const void* in[kMaxElementwiseOperands + kMaxElementwiseConstants];
    for (int i = 0; i < constants_.count; ++i) in[operands_ + i] = constants_.value[i];
    for (int64_t column = 0; column < loop_.row_length(); column += kBlockColumns) {
      const int64_t rest = loop_.row_length() - column, columns = rest < kBlockColumns ? rest : kBlockColumns;
      for (int k = 0; k < operands_; ++k) {
        if (!is_transposed(k, dim_)) continue;
        layout_table().transpose[log2_size(in_size_)](
            {blocks[k], block_stride, at[k + 1] + column * step[k + 1], step[k + 1], rows, columns, false});
      }
      for (int64_t r = 0; r < rows; ++r) {
        for (int k = 0; k < operands_; ++k) {
          const char* source = at[k + 1] + r * loop_.strides[dim_][k + 1] + column * step[k + 1];
          if (is_transposed(k, dim_)) {
            in[k] = blocks[k] + r * block_stride;
          } else if (step[k + 1] == size || (step[k + 1] == 0 && keep_scalars)) {
            in[k] = source;
          } else {
            gather_row(tiles[k], source, step[k + 1], columns, in_size_);
            in[k] = tiles[k];
          }
        }
        char* const target = at[0] + r * loop_.strides[dim_][0] + column * step[0];
        kernel_(target, in, columns, (keep_scalars ? scalars_ : 0) | past(target));
      }
    }
  }

  void run(char* const* at, int64_t n) const {
    const void* in[kMaxElementwiseOperands + kMaxElementwiseConstants];
    for (int i = 0; i < constants_.count; ++i) in[operands_ + i] = constants_.value[i];
    if (direct_) {
      for (int k = 0; k < operands_; ++k) in[k] = at[k + 1];
      kernel_(at[0], in, n, scalars_ | past(at[0]));
      return;
    }
    alignas(64) char tiles[kMaxLoopOperands][kTile * 8];
    const int64_t* step = loop_.row_strides();
    const bool scatter = step[0] != static_cast<int64_t>(out_size_);
    for (int64_t first = 0; first < n; first += kTile) {
      const int64_t count = n - first < kTile ? n - first : kTile;
      for (int k = 0; k < operands_; ++k) {
        const char* source = at[k + 1] + first * step[k + 1];
        if (step[k + 1] == static_cast<int64_t>(in_size_)) {
          in[k] = source;
        } else {
          if (step[k + 1] != 0 || first == 0) gather_row(tiles[k], source, step[k + 1], count, in_size_);
          in[k] = tiles[k];
        }
      }
      char* const target = at[0] + first * step[0];
      kernel_(scatter ? tiles[kMaxLoopOperands - 1] : target, in, count, scatter ? 0 : past(target));
      if (scatter) scatter_row(target, step[0], tiles[kMaxLoopOperands - 1], count, out_size_);
    }
  }

  unsigned past(const void* target) const {
    return past_caches_ && is_stream_aligned(target) ? kPastCaches : 0;
  }

  ElementwiseKernel kernel_;
  const StridedLoop& loop_;
  const Constants& constants_;
  size_t in_size_, out_size_;
  int operands_ = 0;
  unsigned scalars_ = 0;
  bool direct_ = true;
  bool past_caches_;
  int dim_ = -1;  // the one along which transposed operands run, if any
};

// int8, int16 and the 16-bit floats: tiles of the operands are widened, the kernel of the wide dtype runs on
// them, and its tile is rounded into the output. All tiles together stay in L1, so memory sees 16 bits an
// element.
void run_narrow(const StridedLoop& loop, ElementwiseKernel kernel, const Constants& constants, DType dtype,
                DType out, int64_t grain) {
  const auto& casts = elementwise_table().casts;
  const int wide = static_cast<int>(computed_dtype(dtype));
  const CastKernel widen = casts[static_cast<int>(dtype)][wide];
  const CastKernel round = is_narrow(out) ? casts[wide][static_cast<int>(out)] : nullptr;
  const size_t in_size = size_of(dtype), out_size = size_of(out);
  const int operands = loop.operands - 1;
  const int64_t* step = loop.row_strides();
  for_each_row(loop, grain, [&](char* const* at, int64_t n) {
    alignas(64) char wide_tiles[kMaxElementwiseOperands][kTile * 4];
    alignas(64) char result[kTile * 4], narrow[kTile * 2];
    const void* in[kMaxElementwiseOperands + kMaxElementwiseConstants];
    for (int i = 0; i < constants.count; ++i) in[operands + i] = constants.value[i];
    for (int64_t first = 0; first < n; first += kTile) {
      const int64_t count = n - first < kTile ? n - first : kTile;
      for (int k = 0; k < operands; ++k) {
        in[k] = wide_tiles[k];
        if (step[k + 1] == 0 && first > 0) continue;
        const char* source = at[k + 1] + first * step[k + 1];
        if (step[k + 1] != static_cast<int64_t>(in_size)) {
          gather_row(narrow, source, step[k + 1], count, in_size);
          source = narrow;
        }
        widen(wide_tiles[k], source, count);
      }
      char* const target = at[0] + first * step[0];
      const bool scatter = step[0] != static_cast<int64_t>(out_size);
      char* const rounded = scatter ? narrow : target;
      kernel(round ? result : rounded, in, count, 0);
      if (round) round(rounded, result, count);
      if (scatter) scatter_row(target, step[0], narrow, count, out_size);
    }
  });
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
  const DType dtype = in[0]->spec->dtype;
  // Computed in float32, as all of them: the next float32 would be rounded back.
  if (code == kCode_nextafter && dtype == DType::kBFloat16) code = kCode_nextafterBfloat16;
  if (code == kCode_nextafter && dtype == DType::kFloat16) code = kCode_nextafterFloat16;
  const DType computed = computed_dtype(dtype);
  const ElementwiseKernel kernel = elementwise_table().kernels[code][static_cast<int>(computed)];
  const Constants constants(c.attrs(), computed);
  const size_t in_size = size_of(dtype), out_size = size_of(out.spec->dtype);
  const int64_t grain = kRows[code].grain;
  if (is_narrow(dtype)) {
    return run_narrow(make_loop(out, in, count), kernel, constants, dtype, out.spec->dtype, grain);
  }
  unsigned scalars;
  if (is_flat(out, in, count, scalars) && takes_scalars(count, scalars)) {
    const int64_t n = out.spec->numel();
    if (n == 0) return;
    const unsigned past =
        goes_past_caches(out, in, count) && is_stream_aligned(out.data) ? kPastCaches : 0;
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
  const StridedLoop loop = make_loop(out, in, count);
  const Evaluator evaluator(kernel, loop, constants, in_size, out_size, goes_past_caches(out, in, count));
  evaluator.run_all(grain);
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
