// As forward.cc, with both products on tiles (kernels/amx/attention.h): scores of 32 queries
// against a block of keys, the streaming softmax of the vectors, weights in two parts against the values. The
// output is a buffer of float32 until all keys have passed, and is rounded once.
#include "ops/attention/tiles.h"

#include <atomic>
#include <limits>

#include "ops/attention/tile_operands.h"

namespace lanegrad {
namespace {

constexpr int64_t kBlockKeys = 256;
constexpr int64_t kRows = kAmxPanel;
constexpr int64_t kLeastRows = 128;  // of an item, which packs all of its keys

struct Plan {
  AttentionSizes sizes;
  int64_t width, value_width;  // in whole steps and panels
  int64_t rows, chunks, items;
  int64_t block_keys, row;  // keys of a block in whole panels; from row to row of scores
  size_t query_bytes, key_bytes, value_bytes, score_bytes, split_bytes, out_bytes, state_bytes, list_bytes;

  explicit Plan(const AttentionSizes& z) : sizes(z) {
    width = round_up(z.width, kAmxStep);
    value_width = round_up(z.value_width, kAmxPanel);
    const int64_t wanted = divide_up(kAttentionSlices, z.heads);
    const int64_t most = std::max<int64_t>(1, z.queries / kLeastRows);
    rows = round_up(divide_up(z.queries, std::min(wanted, most)), kRows);
    chunks = divide_up(z.queries, rows);
    items = z.heads * chunks;
    block_keys = std::min(kBlockKeys, round_up(z.keys, kAmxPanel));
    row = block_keys + kTileRowPad;
    const auto bytes = [](size_t size, int64_t n) { return line_up(size * static_cast<size_t>(n)); };
    query_bytes = bytes(2, rows * width);
    key_bytes = bytes(2, (block_keys + 16) * width);  // turned, and sixteen lines
    value_bytes = bytes(2, block_keys * value_width);
    score_bytes = bytes(4, kRows * row);
    split_bytes = bytes(2, kRows * 2 * block_keys);
    out_bytes = bytes(4, rows * value_width);
    state_bytes = bytes(4, rows);
    list_bytes = bytes(8, 2 * block_keys / kAmxStep);
  }
  size_t slice_bytes() const {
    return query_bytes + key_bytes + value_bytes + score_bytes * (1 + sizes.has_mask + sizes.drops) +
           split_bytes + out_bytes + 2 * state_bytes + list_bytes;
  }
  size_t slices_bytes() const {
    return slice_bytes() * static_cast<size_t>(std::min(items, kAttentionSlices));
  }
  bool serial() const {
    return sizes.heads * sizes.queries * sizes.keys * (sizes.width + sizes.value_width) < kAttentionSerial;
  }
};

struct Slice {
  uint16_t *queries, *keys, *values, *split;
  float *scores, *bias, *keep, *out, *top, *total;
  int64_t* offsets;

  Slice(const Plan& p, char* at) {
    const auto take = [&]<class T>(T*& piece, size_t bytes) {
      piece = reinterpret_cast<T*>(at);
      at += bytes;
    };
    take(queries, p.query_bytes);
    take(keys, p.key_bytes);
    take(values, p.value_bytes);
    take(split, p.split_bytes);
    take(scores, p.score_bytes);
    take(bias, p.sizes.has_mask ? p.score_bytes : 0);
    take(keep, p.sizes.drops ? p.score_bytes : 0);
    take(out, p.out_bytes);
    take(top, p.state_bytes);
    take(total, p.state_bytes);
    take(offsets, p.list_bytes);
  }
};

struct Forward {
  const Plan plan;
  HeadRows<BFloat16> query, key, value, out;
  const AttentionMasks<float> masks;
  float scale;
  float* log_sum;
  char* slices;
  const AttentionKernels<float>& kernels = attention_table().f32;
  const AmxAttentionOps& ops = amx_table()->attention;

  // Keys and values [j, j + n) of a head, as tiles; false when they are not for tiles.
  bool pack(const Slice& s, int64_t head, int64_t j, int64_t n, const PanelRange& queries) const {
    const AttentionSizes& z = plan.sizes;
    const PanelRange range =
        pack_columns(key, head, j, n, plan.width, s.keys + plan.block_keys * plan.width, s.keys);
    const PanelRange values = ops.pairs(value.head(head) + j * value.row(), value.row(), n, z.value_width,
                                        round_up(n, kAmxStep), s.values);
    return parts_hold(queries, range) && parts_hold(kWeightRange, values);
  }

  // Rows [i, i + rows) against the block of keys [j, j + n).
  void attend(const Slice& s, int64_t head, int64_t first, int64_t i, int64_t rows, int64_t j,
              int64_t n) const {
    const AttentionSizes& z = plan.sizes;
    ScoreBlock<float> b{};
    b.rows = rows;
    b.keys = z.causal ? std::min(n, i + rows - j) : n;
    b.scores = s.scores;
    b.row = plan.row;
    b.seen = z.causal ? i + 1 - j : b.keys;
    b.seen_step = z.causal;
    const int64_t at = i - first;
    ops.scores(s.queries + at * plan.width, s.keys, 16 * plan.width, rows, round_up(b.keys, kAmxPanel),
               plan.width / kAmxStep, scale, s.scores, plan.row);
    masks.set(b, head, i, j, s.bias, s.keep);
    float* const to = s.out + at * plan.value_width;
    kernels.fold(b, s.top + at, s.total + at, to, plan.value_width, plan.value_width);
    ops.weigh(s.scores, plan.row, rows, b.keys, s.values, plan.value_width, s.offsets, s.split, to, j > 0);
  }

  bool run(int64_t item, int64_t slice) const {
    const AttentionSizes& z = plan.sizes;
    const Slice s(plan, slices + plan.slice_bytes() * static_cast<size_t>(slice));
    const int64_t head = item / plan.chunks;
    // The last rows see most keys: they go first.
    const int64_t first = (plan.chunks - 1 - item % plan.chunks) * plan.rows;
    const int64_t last = std::min(first + plan.rows, z.queries);
    std::fill(s.top, s.top + (last - first), -std::numeric_limits<float>::infinity());
    std::fill(s.total, s.total + (last - first), 0.0f);
    std::fill(s.out, s.out + plan.rows * plan.value_width, 0.0f);
    for (int64_t k = 0; k < plan.block_keys / kAmxStep; ++k)
      s.offsets[2 * k] = s.offsets[2 * k + 1] = k * kAmxStep * plan.value_width;
    const PanelRange queries = ops.lines(query.head(head) + first * query.row(), query.row(), last - first,
                                         z.width, plan.rows, s.queries);
    const int64_t end = z.end_of_keys(last - 1);
    for (int64_t j = 0; j < end; j += kBlockKeys) {
      const int64_t n = std::min(kBlockKeys, end - j);
      if (!pack(s, head / z.group, j, n, queries)) return false;
      for (int64_t i = first; i < last; i += kRows) {
        const int64_t rows = std::min(kRows, last - i);
        if (!z.causal || i + rows > j) attend(s, head, first, i, rows, j, n);
      }
    }
    kernels.finish(s.top, s.total, last - first, plan.value_width, s.out, plan.value_width,
                   log_sum + head * z.queries + first);
    BFloat16* const to = const_cast<BFloat16*>(out.head(head)) + first * out.row();
    ops.round(s.out, plan.value_width, last - first, z.value_width, to, out.row());
    return true;
  }
};

template <class Context>
bool suits(const Context& c) {
  if (!operands_suit_tiles(c, 0)) return false;
  for (int i : {kQuery, kKey, kValue})
    if (!has_rows(spec_of(c, i))) return false;
  return true;
}

}  // namespace

bool attention_suits_tiles(const InferContext& c) { return suits(c); }
bool attention_suits_tiles(const EvalContext& c) { return suits(c); }

size_t attention_tiles_workspace(const InferContext& c) { return Plan(attention_sizes(c, 0)).slices_bytes(); }

bool attention_on_tiles(const EvalContext& c) {
  const AttentionSizes z = attention_sizes(c, 0);
  const auto rows = [](const TensorView& x) { return HeadRows<BFloat16>{x.as<const BFloat16>(), *x.spec}; };
  const Forward f{.plan = Plan(z),
                  .query = rows(c.in(kQuery)),
                  .key = rows(c.in(kKey)),
                  .value = rows(c.in(kValue)),
                  .out = rows(c.out(0)),
                  .masks = AttentionMasks<float>(c, z, 0),
                  .scale = static_cast<float>(c.attrs().get_float(kScale)),
                  .log_sum = c.out(1).as<float>(),
                  .slices = static_cast<char*>(c.workspace())};
  std::atomic<bool> held{true};
  for_each_item(f.plan.items, f.plan.serial(), [&](int64_t item, int64_t slice) {
    if (held.load(std::memory_order_relaxed) && !f.run(item, slice))
      held.store(false, std::memory_order_relaxed);
  });
  return held.load();
}

}  // namespace lanegrad
