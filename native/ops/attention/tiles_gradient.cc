// As backward.cc, with its five products on tiles (kernels/amx/attention_gradient.h). A run of keys
// is made into tiles once; then all queries pass by, in blocks that are made into tiles once for all keys of
// the run. Sums are float32 until all that belongs to them has passed, are scaled then, and rounded once.
#include "ops/scratch.h"
#include "ops/attention/tiles_gradient.h"

#include <atomic>

#include "ops/attention/tile_operands.h"

namespace lanegrad {
namespace {

constexpr int64_t kBlock = 128;  // queries, and keys, whose scores exist at a time
constexpr int64_t kRunKeys = 4 * kBlock;

struct Plan {
  AttentionSizes sizes;
  KeyParts parts;
  int64_t items;
  int64_t width, value_width;  // in whole panels
  int64_t queries;             // of a head, in whole panels
  int64_t rows, row;           // of a block in whole panels; from row to row of scores
  int64_t run_keys, run_row;   // in whole panels; from row to row of their turned gradients
  int64_t line;                // of a column of a block of queries, whose steps stand twice
  int64_t step;                // of the pairs of a block of keys

  explicit Plan(const AttentionSizes& z) : sizes(z), parts(z, kBlock) {
    items = z.key_heads() * parts.count;
    width = round_up(z.width, kAmxPanel);
    value_width = round_up(z.value_width, kAmxPanel);
    queries = round_up(z.queries, kAmxPanel);
    rows = std::min(kBlock, queries);
    const int64_t keys = round_up(z.keys, kAmxPanel);
    row = std::min(kBlock, keys) + kTileRowPad;
    run_keys = std::min({kRunKeys, parts.keys, keys});
    run_row = run_keys + kTileRowPad;
    line = 2 * rows + kAmxStep;  // an odd number of cache lines: sixteen lie in as many sets
    step = std::min(kBlock, keys) * kAmxStep;
  }
  // Sums of the gradients of the queries of a head.
  int64_t query_sums() const { return queries * width; }
  // Where a head has several parts: [parts][heads] such sums.
  size_t partial_bytes() const {
    return parts.count == 1 ? 0
                            : sizeof(float) * static_cast<size_t>(parts.count * sizes.heads * query_sums());
  }
  size_t delta_bytes() const { return sizeof(float) * static_cast<size_t>(sizes.heads * sizes.queries); }
  size_t slice_bytes() const;
  size_t slices_bytes() const {
    return slice_bytes() * static_cast<size_t>(std::min(items, kAttentionSlices));
  }
  bool serial() const {
    return sizes.heads * sizes.queries * sizes.keys * (sizes.width + sizes.value_width) <
           kAttentionSerial / 2;
  }
};

// Workspace of a slice.
struct Slice {
  size_t bytes = 0;
  uint16_t *keys, *key_pairs, *values, *lines;                       // of a run
  float *key_sums, *value_sums;                                      // of a run, turned
  uint16_t *queries, *query_columns, *out_grads, *out_grad_columns;  // of a block of queries
  float *scores, *grads, *bias, *keep;                               // of a block of both
  uint16_t *weights, *slopes, *split;                                // their parts
  float* query_sums;                                                 // of all heads that share the keys
  int64_t* offsets;

  // Without memory it counts the bytes.
  Slice(const Plan& p, char* memory) {
    const AttentionSizes& z = p.sizes;
    const auto take = [&]<class T>(T*& piece, int64_t n) {
      piece = memory ? reinterpret_cast<T*>(memory + bytes) : nullptr;
      bytes += line_up(sizeof(T) * static_cast<size_t>(n));
    };
    take(keys, p.run_keys * p.width);
    take(key_pairs, p.run_keys * p.width);
    take(values, p.run_keys * p.value_width);
    take(lines, 16 * std::max(p.width, p.value_width));
    take(key_sums, p.width * p.run_row);
    take(value_sums, p.value_width * p.run_row);
    take(queries, p.rows * p.width);
    take(query_columns, p.width * p.line);
    take(out_grads, p.rows * p.value_width);
    take(out_grad_columns, p.value_width * p.line);
    const int64_t block = p.rows * p.row, split_block = 2 * p.rows / kAmxStep * p.step;
    take(scores, block);
    take(grads, block);
    take(bias, z.has_mask ? block : 0);
    take(keep, z.drops ? block : 0);
    take(weights, split_block);
    take(slopes, split_block);
    take(split, split_block);
    take(query_sums, p.parts.count == 1 ? z.group * p.query_sums() : 0);
    take(offsets, 2 * kBlock / kAmxStep);
  }
};

size_t Plan::slice_bytes() const { return Slice(*this, nullptr).bytes; }

// Keys [begin, begin + n) of a head of keys.
struct KeyRun {
  int64_t head, begin, n;
  PanelRange keys, values;
};

// Queries [i, i + rows) of a head.
struct QueryBlock {
  int64_t head, i, rows;
  float* sums;  // of these rows
  PanelRange queries, out_grads;
};

// The range of factors in parts, given that of what was seen of them, and their least exponent but for
// weights: what is smaller because its weight is counts nothing beside the others.
PanelRange factor_range(const PanelRange& seen, int least) {
  if (seen.least > seen.greatest) return seen;
  const auto from = static_cast<int16_t>(least);
  return {from, std::max(from, seen.greatest), false};
}

struct Gradient {
  const Plan plan;
  HeadRows<BFloat16> out_grad, query, key, value, out;
  const AttentionMasks<float> masks;
  float scale;
  const float* log_sum;
  const TensorView &query_grad, &key_grad, &value_grad;
  float *delta, *partial;
  char* slices;
  const AttentionKernels<float>& kernels = attention_table().f32;
  const AmxAttentionOps& ops = amx_table()->attention;
  const AmxAttentionGradientOps& gradient_ops = amx_table()->attention_gradient;

  void make_delta() const {
    const AttentionSizes& z = plan.sizes;
    parallel_for(z.heads, divide_up(kAttentionSerial / 4, z.queries * z.value_width),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t head = begin; head < end; ++head) {
                     gradient_ops.row_dots(out_grad.head(head), out_grad.row(), out.head(head), out.row(),
                                           z.queries, z.value_width, delta + head * z.queries);
                   }
                 });
  }

  KeyRun pack_keys(const Slice& s, int64_t head, int64_t begin, int64_t n) const {
    const AttentionSizes& z = plan.sizes;
    KeyRun run{.head = head, .begin = begin, .n = n, .keys = {}, .values = {}};
    run.keys = pack_columns(key, head, begin, n, plan.width, s.lines, s.keys);
    run.values = pack_columns(value, head, begin, n, plan.value_width, s.lines, s.values);
    ops.pairs(key.head(head) + begin * key.row(), key.row(), n, z.width, round_up(n, kAmxStep), s.key_pairs);
    std::fill(s.key_sums, s.key_sums + plan.width * plan.run_row, 0.0f);
    std::fill(s.value_sums, s.value_sums + plan.value_width * plan.run_row, 0.0f);
    return run;
  }

  QueryBlock pack_queries(const Slice& s, int64_t head, int64_t i, float* sums) const {
    const AttentionSizes& z = plan.sizes;
    QueryBlock block{.head = head,
                     .i = i,
                     .rows = std::min(plan.rows, z.queries - i),
                     .sums = sums + i * plan.width,
                     .queries = {},
                     .out_grads = {}};
    const BFloat16* const q = query.head(head) + i * query.row();
    const BFloat16* const g = out_grad.head(head) + i * out_grad.row();
    block.queries = ops.lines(q, query.row(), block.rows, z.width, plan.rows, s.queries);
    block.out_grads = ops.lines(g, out_grad.row(), block.rows, z.value_width, plan.rows, s.out_grads);
    gradient_ops.columns(q, query.row(), block.rows, z.width, s.query_columns, plan.line);
    gradient_ops.columns(g, out_grad.row(), block.rows, z.value_width, s.out_grad_columns, plan.line);
    return block;
  }

  // Scores become weights, and their gradients those of the scores but for the scale.
  ScoreBlock<float> weigh(const Slice& s, const KeyRun& run, const QueryBlock& q, int64_t j) const {
    const AttentionSizes& z = plan.sizes;
    const int64_t first_key = run.begin + j, n = std::min(kBlock, run.n - j);
    ScoreBlock<float> b{};
    b.rows = q.rows;
    b.keys = z.causal ? std::min(n, q.i + q.rows - first_key) : n;
    b.scores = s.scores;
    b.row = plan.row;
    b.seen = z.causal ? q.i + 1 - first_key : b.keys;
    b.seen_step = z.causal;
    const int64_t keys = round_up(b.keys, kAmxPanel);
    ops.scores(s.queries, s.keys + j * plan.width, 16 * plan.width, q.rows, keys, plan.width / kAmxStep,
               scale, s.scores, plan.row);
    ops.scores(s.out_grads, s.values + j * plan.value_width, 16 * plan.value_width, q.rows, keys,
               plan.value_width / kAmxStep, 1, s.grads, plan.row);
    masks.set(b, q.head, q.i, first_key, s.bias, s.keep);
    const int64_t place = q.head * z.queries + q.i;
    kernels.gradient(b, s.grads, log_sum + place, delta + place, 1);
    return b;
  }

  // What a block of queries and the keys of a run from its j-th on give to all three gradients; false when it
  // is not for tiles.
  bool visit(const Slice& s, const KeyRun& run, const QueryBlock& q, int64_t j) const {
    const AttentionSizes& z = plan.sizes;
    const ScoreBlock<float> b = weigh(s, run, q, j);
    const PanelRange weights =
        gradient_ops.split_pairs(s.scores, b.row, b.rows, b.keys, plan.step, s.weights);
    const PanelRange slopes = gradient_ops.split_pairs(s.grads, b.row, b.rows, b.keys, plan.step, s.slopes);
    // Without any value but zeros the gradients of the scores are what the sums of rows make of them.
    const bool empty = run.values.least > run.values.greatest;
    const PanelRange slope_range =
        empty ? slopes : factor_range(slopes, q.out_grads.least + run.values.least - kWeightRange.least);
    if (!parts_hold(factor_range(weights, kWeightRange.least), q.out_grads) ||
        !parts_hold(slope_range, q.queries) || !parts_hold(slope_range, run.keys))
      return false;
    const int64_t keys = round_up(b.keys, kAmxPanel);
    gradient_ops.add_products(s.out_grad_columns, plan.line, b.rows, z.value_width, s.weights, plan.step,
                              keys, s.value_sums + j, plan.run_row);
    gradient_ops.add_products(s.query_columns, plan.line, b.rows, z.width, s.slopes, plan.step, keys,
                              s.key_sums + j, plan.run_row);
    ops.weigh(s.grads, b.row, b.rows, b.keys, s.key_pairs + j * plan.width, plan.width, s.offsets, s.split,
              q.sums, true);
    return true;
  }

  // All queries of a head against a run of keys.
  bool pass(const Slice& s, const KeyRun& run, int64_t head, float* sums) const {
    const AttentionSizes& z = plan.sizes;
    // Of the first queries that see any of these keys, all are taken.
    for (int64_t i = z.causal ? run.begin / kBlock * kBlock : 0; i < z.queries; i += kBlock) {
      const QueryBlock q = pack_queries(s, head, i, sums);
      if (!parts_hold(q.queries, run.keys) || !parts_hold(q.out_grads, run.values)) return false;
      const int64_t end = z.causal ? std::min(run.n, i + q.rows - run.begin) : run.n;
      for (int64_t j = 0; j < end; j += kBlock)
        if (!visit(s, run, q, j)) return false;
    }
    return true;
  }

  bool run(int64_t item, int64_t slice) const {
    const AttentionSizes& z = plan.sizes;
    const Slice s(plan, slices + plan.slice_bytes() * static_cast<size_t>(slice));
    for (int64_t k = 0; k < kBlock / kAmxStep; ++k)
      s.offsets[2 * k] = s.offsets[2 * k + 1] = k * kAmxStep * plan.width;
    const int64_t key_head = item / plan.parts.count, part = item % plan.parts.count;
    const int64_t head = key_head * z.group;  // the first of those that share the keys
    float* const sums =
        plan.parts.count == 1 ? s.query_sums : partial + (part * z.heads + head) * plan.query_sums();
    std::fill(sums, sums + z.group * plan.query_sums(), 0.0f);
    const int64_t begin = part * plan.parts.keys, end = std::min(begin + plan.parts.keys, z.keys);
    for (int64_t j = begin; j < end; j += kRunKeys) {
      const KeyRun keys = pack_keys(s, key_head, j, std::min(kRunKeys, end - j));
      for (int64_t g = 0; g < z.group; ++g)
        if (!pass(s, keys, head + g, sums + g * plan.query_sums())) return false;
      round_keys(s, keys);
    }
    for (int64_t g = 0; plan.parts.count == 1 && g < z.group; ++g)
      round_queries(head + g, 0, z.queries, sums + g * plan.query_sums());
    return true;
  }

  void round_keys(const Slice& s, const KeyRun& run) const {
    const MatrixRows<BFloat16> keys = rows_of_head<BFloat16>(key_grad, run.head),
                               values = rows_of_head<BFloat16>(value_grad, run.head);
    gradient_ops.round_turned(s.key_sums, plan.run_row, run.n, plan.sizes.width, scale, keys.at(run.begin),
                              keys.row);
    gradient_ops.round_turned(s.value_sums, plan.run_row, run.n, plan.sizes.value_width, 1,
                              values.at(run.begin), values.row);
  }

  // Scales the sums of queries [i, i + rows), and rounds them.
  void round_queries(int64_t head, int64_t i, int64_t rows, float* sums) const {
    const MatrixRows<BFloat16> to = rows_of_head<BFloat16>(query_grad, head);
    kernels.scale(sums, rows * plan.width, scale, sums);
    ops.round(sums, plan.width, rows, plan.sizes.width, to.at(i), to.row);
  }

  void sum_parts() const {
    const AttentionSizes& z = plan.sizes;
    const int64_t grain = divide_up(kAttentionSerial / 16, plan.width);
    parallel_for(z.heads * z.queries, grain, [&](int64_t begin, int64_t end) {
      for (int64_t place = begin; place < end; ++place) {
        const int64_t head = place / z.queries, i = place % z.queries;
        float* const sums = partial + head * plan.query_sums() + i * plan.width;
        for (int64_t part = 1; part < plan.parts.count; ++part) {
          const float* const from = sums + part * z.heads * plan.query_sums();
          for (int64_t e = 0; e < plan.width; ++e) sums[e] += from[e];
        }
        round_queries(head, i, 1, sums);
      }
    });
  }
};

constexpr int kOperands[] = {kOutGrad, kGradOperands + kQuery, kGradOperands + kKey, kGradOperands + kValue,
                             kSavedOut};

}  // namespace

bool attention_gradient_suits_tiles(const InferContext& c) { return operands_suit_tiles(c, kGradOperands); }
bool attention_gradient_suits_tiles(const EvalContext& c) { return operands_suit_tiles(c, kGradOperands); }

size_t attention_gradient_tiles_workspace(const InferContext& c) {
  Scratch s;
  for (int i : kOperands) add_rows(s, c.in(i));
  s.add_copy(c.in(kSavedLogSum));
  const Plan plan(attention_sizes(c, kGradOperands));
  s.add(plan.delta_bytes());
  s.add(plan.partial_bytes());
  s.add(plan.slices_bytes());
  return s.bytes();
}

bool attention_gradient_on_tiles(const EvalContext& c) {
  const AttentionSizes z = attention_sizes(c, kGradOperands);
  Scratch s(c.workspace());
  const Plan plan(z);
  const auto rows = [&](int i) { return take_rows<BFloat16>(s, c.in(i)); };
  const Gradient g{.plan = plan,
                   .out_grad = rows(kOutGrad),
                   .query = rows(kGradOperands + kQuery),
                   .key = rows(kGradOperands + kKey),
                   .value = rows(kGradOperands + kValue),
                   .out = rows(kSavedOut),
                   .masks = AttentionMasks<float>(c, z, kGradOperands),
                   .scale = static_cast<float>(c.attrs().get_float(kScale)),
                   .log_sum = static_cast<const float*>(s.contiguous(c.in(kSavedLogSum))),
                   .query_grad = c.out(0),
                   .key_grad = c.out(1),
                   .value_grad = c.out(2),
                   .delta = static_cast<float*>(s.take(plan.delta_bytes())),
                   .partial = static_cast<float*>(s.take(plan.partial_bytes())),
                   .slices = static_cast<char*>(s.take(plan.slices_bytes()))};
  g.make_delta();
  std::atomic<bool> held{true};
  for_each_item(plan.items, plan.serial(), [&](int64_t item, int64_t slice) {
    if (held.load(std::memory_order_relaxed) && !g.run(item, slice))
      held.store(false, std::memory_order_relaxed);
  });
  if (held.load() && plan.parts.count > 1) g.sum_parts();
  return held.load();
}

}  // namespace lanegrad
