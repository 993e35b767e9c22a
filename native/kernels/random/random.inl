// Random kernels, once for all levels. Philox runs on sixteen blocks side by side; the words of a tile are
// then turned into numbers. Limit: the ten rounds, eight instructions each for as many blocks as there are
// 64-bit lanes.

namespace {

constexpr int kBlocks = 16;                  // blocks side by side, one in each 64-bit lane
constexpr int kTileWords = 4 * 4 * kBlocks;  // words made at a time

// Words of blocks [block, block + kBlocks), in order of blocks. A word sits in the low half of a lane; the
// multiplication ignores what is above it, so that the high halves need no clearing.
static inline void philox_lanes(uint32_t* out, uint64_t seed, uint64_t block) {
  using V = Vec<int64_t>;
  constexpr int kVectors = kBlocks / V::kWidth;
  alignas(64) static constexpr int64_t kPlace[kBlocks] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                          8, 9, 10, 11, 12, 13, 14, 15};
  const V start = V::broadcast(static_cast<int64_t>(block));
  V x0[kVectors], x1[kVectors], x2[kVectors], x3[kVectors];
  for (int v = 0; v < kVectors; ++v) {
    x0[v] = V::load(kPlace + v * V::kWidth) + start;
    x1[v] = shift_right<32>(x0[v]);
    x2[v] = x3[v] = V::zero();
  }
  const V m0 = V::broadcast(0xD2511F53), m1 = V::broadcast(0xCD9E8D57);
  uint32_t k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const V key0 = V::broadcast(k0), key1 = V::broadcast(k1);
    for (int v = 0; v < kVectors; ++v) {
      const V p0 = multiply_wide(x0[v], m0), p1 = multiply_wide(x2[v], m1);
      x0[v] = shift_right<32>(p1) ^ x1[v] ^ key0;
      x1[v] = p1;
      x2[v] = shift_right<32>(p0) ^ x3[v] ^ key1;
      x3[v] = p0;
    }
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  const V low = V::broadcast(0xFFFFFFFF);
  // Little-endian, as every processor of these levels runs: word 0 is the low half.
  for (int v = 0; v < kVectors; ++v) {
    const V first = (x0[v] & low) | shift_left<32>(x1[v]), second = (x2[v] & low) | shift_left<32>(x3[v]);
    int64_t pairs[2 * V::kWidth];
    zip_low(first, second).store(pairs);
    zip_high(first, second).store(pairs + V::kWidth);
    std::memcpy(out + 4 * v * V::kWidth, pairs, sizeof(pairs));
  }
}

// At least `count` words, count <= kTileWords, from `block` on.
static inline void philox_tile(uint32_t* out, int64_t count, uint64_t seed, uint64_t block) {
  for (int64_t done = 0; done < count; done += 4 * kBlocks) {
    philox_lanes(out + done, seed, block + static_cast<uint64_t>(done / 4));
  }
}

// The top 24 bits of each word, as a number in [0, 1).
LANEGRAD_INLINE Vec<int32_t> top_bits(const uint32_t* words) {
  return shift_right<8>(Vec<int32_t>::load(reinterpret_cast<const int32_t*>(words)));
}
LANEGRAD_INLINE Vec<float> unit_floats(const uint32_t* words) {
  return to_float(top_bits(words)) * Vec<float>::broadcast(0x1p-24f);
}

void uniform_float_row(float* out, int64_t n, uint64_t seed, uint64_t block) {
  using V = Vec<float>;
  alignas(64) uint32_t words[kTileWords];
  for (int64_t first = 0; first < n; first += kTileWords) {
    const int64_t count = n - first < kTileWords ? n - first : kTileWords;
    philox_tile(words, count, seed, block + static_cast<uint64_t>(first / 4));
    for (int64_t i = 0; i < count; i += V::kWidth) {
      const V u = unit_floats(words + i);
      if (i + V::kWidth <= count)
        u.store(out + first + i);
      else
        u.store_n(out + first + i, count - i);
    }
  }
}

static inline double double_of(uint32_t high, uint32_t low) {
  return static_cast<double>((static_cast<uint64_t>(high) << 21) ^ (low >> 11)) * 0x1p-53;
}

void uniform_double_row(double* out, int64_t n, uint64_t seed, uint64_t block) {
  constexpr int64_t kTile = kTileWords / 2;
  alignas(64) uint32_t words[kTileWords];
  for (int64_t first = 0; first < n; first += kTile) {
    const int64_t count = n - first < kTile ? n - first : kTile;
    philox_tile(words, 2 * count, seed, block + static_cast<uint64_t>(first / 2));
    for (int64_t i = 0; i < count; ++i) out[first + i] = double_of(words[2 * i], words[2 * i + 1]);
  }
}

void normal_float_row(float* out, int64_t n, uint64_t seed, uint64_t block) {
  using V = Vec<float>;
  constexpr int64_t kPairs = kTileWords / 2;
  alignas(64)
      uint32_t words[kTileWords] = {};  // a short tile leaves some unset, which are computed on all the same
  alignas(64) float cosine[kPairs], sine[kPairs];
  for (int64_t first = 0; first < n; first += kTileWords) {
    const int64_t count = n - first < kTileWords ? n - first : kTileWords;
    philox_tile(words, count, seed, block + static_cast<uint64_t>(first / 4));
    // A tile is computed whole: what lies beyond `count` is not written out.
    const int64_t pairs = (count + 1) / 2;
    alignas(64) uint32_t even[kPairs], odd[kPairs];
    for (int64_t i = 0; i < kPairs; ++i) {
      even[i] = words[2 * i];
      odd[i] = words[2 * i + 1];
    }
    for (int64_t i = 0; i < pairs; i += V::kWidth) {
      const V turn = unit_floats(odd + i) * V::broadcast(6.2831853071795865f);
      const V r = sqrt(V::broadcast(-2.0f) * log(V::broadcast(1.0f) - unit_floats(even + i)));
      (r * sin(turn)).store(sine + i);
      (r * cos(turn)).store(cosine + i);
    }
    for (int64_t i = 0; i + 1 < count; i += 2) {
      out[first + i] = cosine[i / 2];
      out[first + i + 1] = sine[i / 2];
    }
    if (count & 1) out[first + count - 1] = cosine[count / 2];
  }
}

void normal_double_row(double* out, int64_t n, uint64_t seed, uint64_t block) {
  constexpr int64_t kPairs = kTileWords / 4;
  alignas(64) uint32_t words[kTileWords];
  for (int64_t first = 0; first < n; first += 2 * kPairs) {
    const int64_t count = n - first < 2 * kPairs ? n - first : 2 * kPairs;
    philox_tile(words, (count + 1) / 2 * 4, seed, block + static_cast<uint64_t>(first / 2));
    for (int64_t i = 0; i < count; i += 2) {
      const double radius = std::sqrt(-2.0 * std::log(1.0 - double_of(words[2 * i], words[2 * i + 1])));
      const double angle = double_of(words[2 * i + 2], words[2 * i + 3]) * 6.2831853071795865;
      out[first + i] = radius * std::cos(angle);
      if (i + 1 < count) out[first + i + 1] = radius * std::sin(angle);
    }
  }
}

template <class T>
void integers_row(void* target, int64_t n, uint64_t seed, uint64_t block, int64_t low, uint64_t range) {
  T* const out = static_cast<T*>(target);
  alignas(64) uint32_t words[kTileWords];
  for (int64_t first = 0; first < n; first += kTileWords) {
    const int64_t count = n - first < kTileWords ? n - first : kTileWords;
    philox_tile(words, count, seed, block + static_cast<uint64_t>(first / 4));
    for (int64_t i = 0; i < count; ++i) {
      out[first + i] = static_cast<T>(low + static_cast<int64_t>((words[i] * range) >> 32));
    }
  }
}

void dropout_float_row(float* out, const float* in, int64_t n, uint64_t seed, uint64_t block,
                       uint32_t threshold, float scale) {
  using V = Vec<float>;
  alignas(64) uint32_t words[kTileWords];
  const auto bound = Vec<int32_t>::broadcast(static_cast<int32_t>(threshold));
  const V factor = V::broadcast(scale);
  for (int64_t first = 0; first < n; first += kTileWords) {
    const int64_t count = n - first < kTileWords ? n - first : kTileWords;
    philox_tile(words, count, seed, block + static_cast<uint64_t>(first / 4));
    for (int64_t i = 0; i < count; i += V::kWidth) {
      const auto keep = ge(top_bits(words + i), bound);
      if (i + V::kWidth <= count) {
        select(keep, V::load(in + first + i) * factor, V::zero()).store(out + first + i);
      } else {
        select(keep, V::load_n(in + first + i, count - i) * factor, V::zero())
            .store_n(out + first + i, count - i);
      }
    }
  }
}

void dropout_double_row(double* out, const double* in, int64_t n, uint64_t seed, uint64_t block,
                        uint32_t threshold, double scale) {
  alignas(64) uint32_t words[kTileWords];
  for (int64_t first = 0; first < n; first += kTileWords) {
    const int64_t count = n - first < kTileWords ? n - first : kTileWords;
    philox_tile(words, count, seed, block + static_cast<uint64_t>(first / 4));
    for (int64_t i = 0; i < count; ++i) {
      const double kept = in[first + i] * scale;
      out[first + i] = (words[i] >> 8) >= threshold ? kept : 0.0;
    }
  }
}

}  // namespace

const RandomTable& make_random_table() {
  static const RandomTable instance = [] {
    RandomTable t{};
    t.uniform_float = uniform_float_row;
    t.uniform_double = uniform_double_row;
    t.normal_float = normal_float_row;
    t.normal_double = normal_double_row;
    t.integers[static_cast<int>(DType::kBool)] = integers_row<bool>;
    t.integers[static_cast<int>(DType::kUint8)] = integers_row<uint8_t>;
    t.integers[static_cast<int>(DType::kInt32)] = integers_row<int32_t>;
    t.integers[static_cast<int>(DType::kInt64)] = integers_row<int64_t>;
    t.integers[static_cast<int>(DType::kFloat32)] = integers_row<float>;
    t.integers[static_cast<int>(DType::kFloat64)] = integers_row<double>;
    t.dropout_float = dropout_float_row;
    t.dropout_double = dropout_double_row;
    return t;
  }();
  return instance;
}
