#include "ops/tile/lower.h"

#include <algorithm>
#include <utility>

#include "ops/elementwise/elementwise.h"
#include "ops/elementwise/loop.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

// How often a value changes: never, from tile to tile, from element to element.
enum Level { kNever, kByTile, kByElement };

struct Value {
  DType dtype = DType::kFloat32;
  Level level = kByElement;
  int stored = -1;  // the slot that has it in its dtype
  int wide = -1;    // of a narrow one: in the dtype that it is computed in, once that is asked for
};

constexpr double kMemoryCost = 1, kCheapCost = 0.25, kCostlyCost = 10;
constexpr int64_t kCostlyGrain = 8192;

TileInstruction instruction(TileCode code, int inputs) {
  TileInstruction i{};
  i.code = code;
  i.inputs = static_cast<uint8_t>(inputs);
  return i;
}

class Lowering {
 public:
  Lowering(const TileProgram& program, const TileLoop& loop) : program_(program), loop_(loop) {}

  LoweredTiles run() {
    const int operands = program_.operand_count();
    out_.outputs.resize(program_.outputs.size() + (program_.fold.step >= 0 ? 1 : 0));
    out_.slots.resize(static_cast<size_t>(operands) + out_.outputs.size());
    for (int k = 0; k < operands; ++k) {
      const TileAccess access = loop_.lane(k).access;
      const Level level = access == TileAccess::kSame  ? kNever
                          : access == TileAccess::kOne ? kByTile
                                                       : kByElement;
      values_.push_back({program_.operands[static_cast<size_t>(k)].dtype, level, k, -1});
      if (level == kByElement) out_.cost += kMemoryCost;
    }
    for (size_t i = 0; i < program_.steps.size(); ++i)
      values_.push_back(lower(program_.steps[i], output_of(i)));
    out_.cost += kMemoryCost * static_cast<double>(program_.outputs.size());
    if (program_.fold.step >= 0) lower_fold();
    note_reads();
    for (size_t j = 0; j < program_.outputs.size(); ++j) {
      if (!folds_directly() || program_.outputs[j] != program_.fold.step) continue;
      out_.outputs[j].writer = out_.outputs.back().writer;
      out_.outputs[j].folded = true;
    }
    assign_registers();
    return std::move(out_);
  }

 private:
  int output_of(size_t step) const {
    if (folds_directly() && program_.fold.step == static_cast<int>(step))
      return static_cast<int>(program_.outputs.size());
    for (size_t j = 0; j < program_.outputs.size(); ++j)
      if (program_.outputs[j] == static_cast<int>(step)) return static_cast<int>(j);
    return -1;
  }
  // Whether the value that is folded is made where the fold wants it: not if it has to be widened for that.
  bool folds_directly() const {
    const int step = program_.fold.step;
    return step >= 0 && !is_narrow(program_.steps[static_cast<size_t>(step)].spec.dtype);
  }
  void lower_fold() {
    out_.cost += kMemoryCost;
    if (folds_directly()) return;
    Value& v = values_[static_cast<size_t>(program_.operand_count() + program_.fold.step)];
    const int slot = output_slot(static_cast<int>(program_.outputs.size()));
    const DType computed = computed_dtype(v.dtype);
    if (v.level == kByElement)
      emit_cast(slot, computed, wide(v), computed, v.level);
    else
      out_.body.push_back(fill_of(slot, wide(v), computed));
  }
  int output_slot(int output) const { return program_.operand_count() + output; }

  int new_slot(TileSlot::Kind kind, int index) {
    out_.slots.push_back({kind, index});
    return static_cast<int>(out_.slots.size()) - 1;
  }
  // Tiles are virtual registers until the end; what never changes keeps its own.
  int new_value_slot(DType dtype, Level level) {
    if (level != kByElement) return new_slot(TileSlot::kScalar, out_.scalars++);
    virtual_bytes_.push_back(static_cast<int64_t>(size_of(dtype)));
    return new_slot(TileSlot::kRegister, static_cast<int>(virtual_bytes_.size()) - 1);
  }

  void emit(TileInstruction i, Level level) {
    i.single = level != kByElement;
    (level == kNever ? out_.prologue : out_.body).push_back(i);
  }
  void emit_cast(int to, DType to_dtype, int from, DType from_dtype, Level level) {
    TileInstruction i = instruction(TileCode::kCast, 1);
    i.out = static_cast<int16_t>(to);
    i.in[0] = static_cast<int16_t>(from);
    i.cast = elementwise_table().casts[static_cast<int>(from_dtype)][static_cast<int>(to_dtype)];
    emit(i, level);
    if (level == kByElement) out_.cost += kCheapCost;
  }
  TileInstruction fill_of(int to, int from, DType dtype) const {
    TileInstruction i = instruction(TileCode::kFill, 1);
    i.out = static_cast<int16_t>(to);
    i.in[0] = static_cast<int16_t>(from);
    i.fill = elementwise_table().fill[log2_size(size_of(dtype))];
    return i;
  }

  int wide(Value& v) {
    if (!is_narrow(v.dtype)) return v.stored;
    if (v.wide < 0) {
      const DType computed = computed_dtype(v.dtype);
      v.wide = new_value_slot(computed, v.level);
      emit_cast(v.wide, computed, v.stored, v.dtype, v.level);
    }
    return v.wide;
  }
  // A tile full of what is one element, for kernels that do not take it as such.
  int spread(int slot, DType dtype, Level level) {
    for (const auto& [from, to] : spread_)
      if (from == slot) return to;
    const int to = new_value_slot(dtype, kByElement);
    // In the prologue, too, of a whole tile.
    (level == kNever ? out_.prologue : out_.body).push_back(fill_of(to, slot, dtype));
    spread_.emplace_back(slot, to);
    return to;
  }

  Value lower(const TileStep& step, int output) {
    const auto is = [&](const char* name) { return step.op == &find_op(name); };
    Value result = is("where")               ? lower_where(step, output)
                   : is("to") || is("clone") ? lower_move(step, 0, output)
                   : is("copy")              ? lower_move(step, 1, output)
                                             : lower_row(step, output);
    if (output >= 0 && result.level != kByElement) {
      out_.body.push_back(fill_of(output_slot(output), result.stored, result.dtype));
    }
    return result;
  }

  // Where a step leaves its value.
  int result_slot(DType dtype, Level level, int output) {
    return level == kByElement && output >= 0 ? output_slot(output) : new_value_slot(dtype, level);
  }

  Value lower_move(const TileStep& step, int input, int output) {
    const Value& x = values_[static_cast<size_t>(step.inputs[input])];
    const DType dtype = step.spec.dtype;
    if (dtype == x.dtype && (output < 0 || x.level != kByElement)) return x;
    Value v{dtype, x.level, result_slot(dtype, x.level, output), -1};
    emit_cast(v.stored, dtype, x.stored, x.dtype, x.level);
    return v;
  }

  Value lower_where(const TileStep& step, int output) {
    Value* const in[3] = {&values_[static_cast<size_t>(step.inputs[0])],
                          &values_[static_cast<size_t>(step.inputs[1])],
                          &values_[static_cast<size_t>(step.inputs[2])]};
    const Level level = std::max({in[0]->level, in[1]->level, in[2]->level});
    TileInstruction i = instruction(TileCode::kWhere, 3);
    for (int k = 0; k < 3; ++k) {
      int slot = in[k]->stored;
      if (level == kByElement && in[k]->level != kByElement) {
        if (k == 0)
          slot = spread(slot, in[k]->dtype, in[k]->level);
        else
          i.scalars |= static_cast<uint8_t>(1 << k);
      }
      i.in[k] = static_cast<int16_t>(slot);
    }
    i.where = elementwise_table().where[log2_size(size_of(step.spec.dtype))];
    // Values of two bytes cannot be written past the caches.
    if (size_of(step.spec.dtype) != 2) i.output = static_cast<int8_t>(output);
    Value v{step.spec.dtype, level, result_slot(step.spec.dtype, level, output), -1};
    i.out = static_cast<int16_t>(v.stored);
    emit(i, level);
    if (level == kByElement) out_.cost += kCheapCost;
    return v;
  }

  Value lower_row(const TileStep& step, int output) {
    const ElementwiseRow& row = elementwise_rows()[static_cast<size_t>(step.op->code)];
    const int count = step.op->input_count();
    const TensorSpec* specs[3];
    for (int k = 0; k < count; ++k) specs[k] = &program_.spec_of(step.inputs[k]);
    const DType dtype = operand_dtype({specs, static_cast<size_t>(count)});
    const DType computed = computed_dtype(dtype);
    Level level = kNever;
    for (int k = 0; k < count; ++k)
      level = std::max(level, values_[static_cast<size_t>(step.inputs[k])].level);
    TileInstruction i = instruction(TileCode::kRow, count);
    for (int k = 0; k < count; ++k) {
      Value& x = values_[static_cast<size_t>(step.inputs[k])];
      i.in[k] = static_cast<int16_t>(wide(x));
      if (level == kByElement && x.level != kByElement) i.scalars |= static_cast<uint8_t>(1 << k);
    }
    if (!takes_scalars(count, i.scalars)) {
      for (int k = 0; k < count; ++k) {
        if (!(i.scalars >> k & 1) || (count == 3 && k == 2)) continue;
        i.in[k] = static_cast<int16_t>(
            spread(i.in[k], computed, values_[static_cast<size_t>(step.inputs[k])].level));
        i.scalars &= static_cast<uint8_t>(~(1 << k));
      }
    }
    add_constants(step, computed, i);
    int code = step.op->code;
    if (code == kCode_nextafter && dtype == DType::kBFloat16) code = kCode_nextafterBfloat16;
    if (code == kCode_nextafter && dtype == DType::kFloat16) code = kCode_nextafterFloat16;
    const auto& kernels = elementwise_table().kernels;
    const int exponent = tile_exponent(*step.op);
    if (exponent >= 0 && !is_narrow(dtype) && program_.spec_of(step.inputs[exponent]).numel() == 1) {
      const int square = code == kCode_pow ? kCode_square : kCode_squareBackward;
      i.code = TileCode::kPower;
      i.wide = dtype == DType::kFloat64;
      i.square = kernels[square][static_cast<int>(computed)];
    }
    i.row = kernels[code][static_cast<int>(computed)];
    if (level == kByElement) out_.cost += row.grain <= kCostlyGrain ? kCostlyCost : kCheapCost;

    const DType made = row.to_bool ? DType::kBool : computed;
    Value v{step.spec.dtype, level, -1, -1};
    if (made == v.dtype) {
      v.stored = result_slot(made, level, output);
      i.out = static_cast<int16_t>(v.stored);
      if (!row.to_bool) i.output = static_cast<int8_t>(output);
      emit(i, level);
      return v;
    }
    const int unrounded = new_value_slot(made, level);
    i.out = static_cast<int16_t>(unrounded);
    emit(i, level);
    v.stored = result_slot(v.dtype, level, output);
    emit_cast(v.stored, v.dtype, unrounded, made, level);
    return v;
  }

  void add_constants(const TileStep& step, DType computed, TileInstruction& i) {
    const ElementwiseConstants constants(step.attrs, computed);
    for (int k = 0; k < constants.count; ++k) {
      std::array<unsigned char, 8> value;
      std::copy_n(constants.value[k], 8, value.begin());
      out_.constants.push_back(value);
      i.in[i.inputs++] =
          static_cast<int16_t>(new_slot(TileSlot::kConstant, static_cast<int>(out_.constants.size()) - 1));
    }
  }

  void note_reads() {
    const int operands = program_.operand_count();
    out_.last_read.assign(static_cast<size_t>(operands), -1);
    for (size_t at = 0; at < out_.body.size(); ++at) {
      TileInstruction& i = out_.body[at];
      for (int k = 0; k < i.inputs; ++k) {
        const int slot = i.in[k];
        if (slot < operands) out_.last_read[static_cast<size_t>(slot)] = static_cast<int>(at);
        if (slot >= operands && slot < operands + static_cast<int>(out_.outputs.size()))
          out_.outputs[static_cast<size_t>(slot - operands)].read_later = true;
      }
      const int output = i.out - operands;
      if (output < 0 || output >= static_cast<int>(out_.outputs.size())) continue;
      out_.outputs[static_cast<size_t>(output)].writer = static_cast<int>(at);
      out_.outputs[static_cast<size_t>(output)].streamable = i.output >= 0;
    }
  }

  // A register is free again behind its last reader, which may write to it: kernels of rows and `where` take
  // one of their operands as the result, casts do not.
  void assign_registers() {
    std::vector<int> last(virtual_bytes_.size(), -1), real(virtual_bytes_.size(), -1);
    const auto virtual_of = [&](int slot) {
      const TileSlot& s = out_.slots[static_cast<size_t>(slot)];
      return s.kind == TileSlot::kRegister ? s.index : -1;
    };
    for (size_t at = 0; at < out_.body.size(); ++at) {
      const TileInstruction& i = out_.body[at];
      for (int k = 0; k < i.inputs; ++k)
        if (const int v = virtual_of(i.in[k]); v >= 0) last[static_cast<size_t>(v)] = static_cast<int>(at);
    }
    const auto take = [&](int64_t bytes) {
      for (size_t f = 0; f < free_.size(); ++f) {
        const int r = free_[f];
        if (out_.registers[static_cast<size_t>(r)] != bytes) continue;
        free_.erase(free_.begin() + static_cast<std::ptrdiff_t>(f));
        return r;
      }
      out_.registers.push_back(bytes);
      return static_cast<int>(out_.registers.size()) - 1;
    };
    for (const TileInstruction& i : out_.prologue) {  // kept throughout
      if (const int v = virtual_of(i.out); v >= 0)
        real[static_cast<size_t>(v)] = take(virtual_bytes_[static_cast<size_t>(v)]);
    }
    std::vector<bool> kept(virtual_bytes_.size());
    for (size_t v = 0; v < real.size(); ++v) kept[v] = real[v] >= 0;
    for (int k = 0; k < program_.operand_count(); ++k) {
      const bool gathered =
          loop_.lane(k).access == TileAccess::kGathered && out_.last_read[static_cast<size_t>(k)] >= 0;
      out_.gather_register.push_back(gathered ? take(loop_.lane(k).size) : -1);
    }
    for (size_t j = 0; j < program_.outputs.size(); ++j)
      if (!out_.outputs[j].folded)
        out_.outputs[j].register_index = take(loop_.lane(output_slot(static_cast<int>(j))).size);
    for (size_t at = 0; at < out_.body.size(); ++at) {
      const TileInstruction& i = out_.body[at];
      const auto release = [&] {
        for (int k = 0; k < i.inputs; ++k) {
          const int v = virtual_of(i.in[k]);
          if (v < 0 || kept[static_cast<size_t>(v)] || last[static_cast<size_t>(v)] != static_cast<int>(at))
            continue;
          last[static_cast<size_t>(v)] = -1;  // once, also if it is read twice
          free_.push_back(real[static_cast<size_t>(v)]);
        }
      };
      const bool in_place = i.code != TileCode::kCast;
      if (in_place) release();
      if (const int v = virtual_of(i.out); v >= 0) {
        real[static_cast<size_t>(v)] = take(virtual_bytes_[static_cast<size_t>(v)]);
        if (last[static_cast<size_t>(v)] < 0) {  // nobody reads it
          kept[static_cast<size_t>(v)] = true;
          free_.push_back(real[static_cast<size_t>(v)]);
        }
      }
      if (!in_place) release();
    }
    for (TileSlot& s : out_.slots)
      if (s.kind == TileSlot::kRegister) s.index = real[static_cast<size_t>(s.index)];
  }

  const TileProgram& program_;
  const TileLoop& loop_;
  LoweredTiles out_;
  std::vector<Value> values_;
  std::vector<int64_t> virtual_bytes_;
  std::vector<std::pair<int, int>> spread_;  // single elements, and tiles full of them
  std::vector<int> free_;
};

}  // namespace

LoweredTiles lower_tiles(const TileProgram& program, const TileLoop& loop) {
  return Lowering(program, loop).run();
}

}  // namespace lanegrad
