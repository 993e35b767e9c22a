// Random kernels, once for all levels. Philox runs on sixteen blocks side by side in plain loops that the compiler
// vectorizes for the level; the words of a tile are then turned into numbers. Limit: the ten rounds of multiplications.

namespace {

constexpr int kLanes = 16;            // blocks side by side
constexpr int kTileWords = 4 * 4 * kLanes;  // words made at a time

// Words of blocks [block, block + kLanes), in order of blocks.
static inline void philox_lanes(uint32_t* out, uint64_t seed, uint64_t block) {
  uint32_t x0[kLanes], x1[kLanes], x2[kLanes], x3[kLanes];
  for (int i = 0; i < kLanes; ++i) {
    const uint64_t counter = block + static_cast<uint64_t>(i);
    x0[i] = static_cast<uint32_t>(counter);
    x1[i] = static_cast<uint32_t>(counter >> 32);
    x2[i] = x3[i] = 0;
  }
  uint32_t k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < kLanes; ++i) {
      const uint64_t p0 = uint64_t{0xD2511F53} * x0[i], p1 = uint64_t{0xCD9E8D57} * x2[i];
      x0[i] = static_cast<uint32_t>(p1 >> 32) ^ x1[i] ^ k0;
      x1[i] = static_cast<uint32_t>(p1);
      x2[i] = static_cast<uint32_t>(p0 >> 32) ^ x3[i] ^ k1;
      x3[i] = static_cast<uint32_t>(p0);
    }
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  for (int i = 0; i < kLanes; ++i) {
    out[4 * i] = x0[i];
    out[4 * i + 1] = x1[i];
    out[4 * i + 2] = x2[i];
    out[4 * i + 3] = x3[i];
  }
}

// At least `count` words, count <= kTileWords, from `block` on.
static inline void philox_tile(uint32_t* out, int64_t count, uint64_t seed, uint64_t block) {
  for (int64_t done = 0; done < count; done += 4 * kLanes) {
    philox_lanes(out + done, seed, block + static_cast<uint64_t>(done / 4));
  }
}

void uniform_float_row(float* out, int64_t n, uint64_t seed, uint64_t block) {
  alignas(64) uint32_t words[kTileWords];
  for (int64_t first = 0; first < n; first += kTileWords) {
    const int64_t count = n - first < kTileWords ? n - first : kTileWords;
    philox_tile(words, count, seed, block + static_cast<uint64_t>(first / 4));
    for (int64_t i = 0; i < count; ++i) out[first + i] = static_cast<float>(static_cast<int32_t>(words[i] >> 8)) * 0x1p-24f;
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
  alignas(64) uint32_t words[kTileWords];
  alignas(64) float radius[kPairs], angle[kPairs], sine[kPairs];
  for (int64_t first = 0; first < n; first += kTileWords) {
    const int64_t count = n - first < kTileWords ? n - first : kTileWords;
    philox_tile(words, count, seed, block + static_cast<uint64_t>(first / 4));
    // A tile is always computed whole: what lies beyond `count` is old or random, and not written out.
    const int64_t pairs = (count + 1) / 2;
    for (int64_t i = 0; i < kPairs; ++i) {
      const bool used = i < pairs;
      const uint32_t a = used ? words[2 * i] : 0, b = used ? words[2 * i + 1] : 0;
      radius[i] = 1.0f - static_cast<float>(static_cast<int32_t>(a >> 8)) * 0x1p-24f;
      angle[i] = static_cast<float>(static_cast<int32_t>(b >> 8)) * 0x1p-24f * 6.2831853071795865f;
    }
    for (int64_t i = 0; i < pairs; i += V::kWidth) {
      const V turn = V::load(angle + i);
      const V r = sqrt(V::broadcast(-2.0f) * log(V::load(radius + i)));
      (r * sin(turn)).store(sine + i);
      (r * cos(turn)).store(radius + i);
    }
    for (int64_t i = 0; i + 1 < count; i += 2) {
      out[first + i] = radius[i / 2];
      out[first + i + 1] = sine[i / 2];
    }
    if (count & 1) out[first + count - 1] = radius[count / 2];
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

template <class T>
void dropout_row(T* out, const T* in, int64_t n, uint64_t seed, uint64_t block, uint32_t threshold, T scale) {
  alignas(64) uint32_t words[kTileWords];
  for (int64_t first = 0; first < n; first += kTileWords) {
    const int64_t count = n - first < kTileWords ? n - first : kTileWords;
    philox_tile(words, count, seed, block + static_cast<uint64_t>(first / 4));
    for (int64_t i = 0; i < count; ++i) {
      const T kept = in[first + i] * scale;
      out[first + i] = (words[i] >> 8) >= threshold ? kept : T(0);
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
    t.dropout_float = dropout_row<float>;
    t.dropout_double = dropout_row<double>;
    return t;
  }();
  return instance;
}
