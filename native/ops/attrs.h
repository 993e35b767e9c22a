// The attributes of one call: constants, in the order of the op's schema.
#pragma once

#include <cstdint>
#include <span>

#include "core/dims.h"
#include "core/dtype.h"
#include "core/inline_vector.h"

namespace lanegrad {

// How an attribute travels and prints. Enums travel as the index of the choice.
enum class AttrType : uint8_t { kInt, kFloat, kBool, kEnum, kDType, kInts };

class Attrs {
 public:
  // Setters append, so they are called in schema order: Attrs().add_ints(dims).add_bool(true).
  Attrs& add_int(int64_t v) { return add({.i = v}); }
  Attrs& add_float(double v) { return add({.f = v}); }
  Attrs& add_bool(bool v) { return add({.i = v}); }
  Attrs& add_enum(int v) { return add({.i = v}); }
  Attrs& add_dtype(DType v) { return add({.i = static_cast<int64_t>(v)}); }
  Attrs& add_ints(std::span<const int64_t> values) {
    Value v{.i = 0};
    v.begin = static_cast<uint32_t>(list_.size());
    v.count = static_cast<uint32_t>(values.size());
    for (int64_t x : values) list_.push_back(x);
    return add(v);
  }
  Attrs& add_ints(std::initializer_list<int64_t> values) { return add_ints({values.begin(), values.size()}); }

  int64_t get_int(int k) const { return values_[k].i; }
  double get_float(int k) const { return values_[k].f; }
  bool get_bool(int k) const { return values_[k].i != 0; }
  int get_enum(int k) const { return static_cast<int>(values_[k].i); }
  DType get_dtype(int k) const { return static_cast<DType>(values_[k].i); }
  std::span<const int64_t> get_ints(int k) const {
    return {list_.data() + values_[k].begin, values_[k].count};
  }
  size_t size() const { return values_.size(); }

 private:
  struct Value {
    union {
      int64_t i;
      double f;
    };
    uint32_t begin = 0, count = 0;  // of a list
  };
  Attrs& add(Value v) {
    values_.push_back(v);
    return *this;
  }
  InlineVector<Value, 6> values_;
  InlineVector<int64_t, 10> list_;
};

}  // namespace lanegrad
