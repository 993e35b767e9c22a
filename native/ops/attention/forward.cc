// The forward pass of attention. Scores exist for a few rows and one block of keys at a time; the output is
// the accumulator of the weighted values and is brought to each new maximum (Rabe and Staats, "Self-attention
// does not need O(n^2) memory", 2021; Milakov and Gimelshein, "Online normalizer calculation for softmax",
// 2018).
//
// An element's bits depend on how the keys are cut into blocks and parts, which follows from the sizes alone,
// and on nothing else: rows may be taken together in any way.
#include <limits>

#include "ops/scratch.h"
#include "ops/attention/attention.h"

namespace lanegrad {
namespace {

constexpr int64_t kBlockKeys = 256;
constexpr int64_t kRowPad = 16;      // between rows of scores, which would else share cache sets
constexpr int64_t kSubRows = 28;     // with kBlockKeys scores each: what stays in the L1 cache
constexpr int64_t kCausalRows = 14;  // less is computed above the diagonal
constexpr int64_t kLeastRows = 112;  // of an item, which packs all of its keys
constexpr int64_t kMostFew = 4;      // rows that are multiplied key by key

template <class T>
struct Plan {
  AttentionSizes sizes;
  bool few = false;       // rows per head of keys are few: products with vectors
  int64_t rows = 0;       // of an item
  int64_t sub_rows = 0;   // that are taken together
  int64_t chunks = 1;     // items of a head: of rows, or of keys if they are few
  int64_t part_keys = 0;  // of a chunk of keys
  int64_t items = 0;
  int64_t most_items = 0;  // of a call with fewer keys too
  int64_t row = 0;         // from row to row of scores
  size_t packed_bytes = 0, score_bytes = 0, state_bytes = 0;

  size_t slice_bytes() const {
    return packed_bytes + score_bytes * (1 + sizes.has_mask + sizes.drops) + state_bytes;
  }
  bool serial() const {
    return sizes.heads * sizes.queries * sizes.keys * (sizes.width + sizes.value_width) < kAttentionSerial;
  }
};

template <class T>
Plan<T> make_plan(const AttentionSizes& z) {
  const GemmTable<T>& table = gemm_table<T>();
  Plan<T> p{.sizes = z};
  p.row = std::min(kBlockKeys, round_up(z.keys, table.columns)) + kRowPad;
  // One query of each head of a group: rows of one product.
  const bool across = z.queries == 1;
  p.few = across || z.queries <= kMostFew;
  const int64_t heads = across ? z.key_heads() : z.heads;
  const int64_t wanted = divide_up(kAttentionSlices, std::max<int64_t>(heads, 1));
  if (p.few) {
    p.rows = p.sub_rows = across ? z.group : z.queries;
    const int64_t blocks = std::max<int64_t>(1, divide_up(z.keys, kBlockKeys));
    p.part_keys = divide_up(blocks, std::min(wanted, blocks)) * kBlockKeys;
    p.chunks = std::max<int64_t>(1, divide_up(z.keys, p.part_keys));
    p.most_items = heads * std::min(wanted, blocks);
    p.packed_bytes = line_up(sizeof(T) * static_cast<size_t>(p.rows * z.width));
  } else {
    const int64_t most = std::max<int64_t>(1, z.queries / kLeastRows);
    p.sub_rows = divide_up(z.queries, divide_up(z.queries, z.causal ? kCausalRows : kSubRows));
    p.rows = round_up(divide_up(z.queries, std::min(wanted, most)), p.sub_rows);
    p.chunks = divide_up(z.queries, p.rows);
    p.packed_bytes = line_up(sizeof(T) * static_cast<size_t>(p.row * z.width));
  }
  p.items = heads * p.chunks;
  p.most_items = std::max(p.most_items, p.items);
  p.score_bytes = line_up(sizeof(T) * static_cast<size_t>(p.sub_rows * p.row));
  p.state_bytes = 2 * line_up(sizeof(T) * static_cast<size_t>(p.rows));
  return p;
}

template <class T>
struct Forward {
  const EvalContext& c;
  const Plan<T> plan;
  HeadRows<T> query, key, value, out;
  const AttentionMasks<T> masks;
  const AttentionKernels<T>& kernels = attention_table().of<T>();
  const GemmTable<T>& table = gemm_table<T>();
  T scale;
  char* slices;
  // Of the parts of few rows: [item][rows], [item][rows], [item][rows][value_width].
  T *tops = nullptr, *totals = nullptr, *partial = nullptr;

  T* log_sum() const { return c.out(1).as<T>(); }
  T* out_head(int64_t head) const { return const_cast<T*>(out.head(head)); }

  void run_rows(int64_t item, int64_t slice) const;
  void attend(ScoreBlock<T>& b, int64_t head, int64_t i, int64_t j, const T* keys, T* bias, T* keep, T* top,
              T* total) const;
  void run_few(int64_t item, int64_t slice) const;
  void merge(int64_t head) const;
};

// Workspace of a slice.
template <class T>
struct Slice {
  T *packed, *scores, *bias, *keep, *top, *total;
  Slice(const Plan<T>& p, char* at) {
    const auto take = [&](size_t bytes) {
      T* const piece = reinterpret_cast<T*>(at);
      at += bytes;
      return piece;
    };
    packed = take(p.packed_bytes);
    scores = take(p.score_bytes);
    bias = p.sizes.has_mask ? take(p.score_bytes) : nullptr;
    keep = p.sizes.drops ? take(p.score_bytes) : nullptr;
    top = take(p.state_bytes / 2);
    total = take(p.state_bytes / 2);
  }
};

// Rows b.rows of queries from i on against a block of keys from j on, packed and scaled.
template <class T>
void Forward<T>::attend(ScoreBlock<T>& b, int64_t head, int64_t i, int64_t j, const T* keys, T* bias, T* keep,
                        T* top, T* total) const {
  const AttentionSizes& z = plan.sizes;
  const int64_t block_keys = b.keys;
  if (z.causal) {
    b.seen = i + 1 + z.past - j;
    b.seen_step = 1;
    b.keys = std::min(b.keys, i + b.rows + z.past - j);
  } else {
    b.seen = b.keys;
    b.seen_step = 0;
  }
  const int64_t padded = std::min(block_keys, round_up(b.keys, table.columns));  // whole panels
  multiply<T>(b.rows, padded, z.width, {query.head(head) + i * query.row(), query.row(), 1}, {keys, 0, true},
              {b.scores, b.row}, false);
  masks.set(b, head, i, j, bias, keep);
  T* const to = out_head(head) + i * out.row();
  kernels.fold(b, top, total, to, out.row(), z.value_width);
  multiply<T>(b.rows, z.value_width, b.keys, {b.scores, b.row, 1},
              {value.head(head / z.group) + j * value.row(), value.row()}, {to, out.row()}, j > 0);
}

// Some rows of a head: block of keys by block of keys, each packed once and met by all rows.
template <class T>
void Forward<T>::run_rows(int64_t item, int64_t slice) const {
  const AttentionSizes& z = plan.sizes;
  const Slice<T> s(plan, slices + plan.slice_bytes() * static_cast<size_t>(slice));
  const int64_t head = item / plan.chunks;
  // The last rows see most keys: they go first.
  const int64_t first = (plan.chunks - 1 - item % plan.chunks) * plan.rows;
  const int64_t last = std::min(first + plan.rows, z.queries);
  std::fill(s.top, s.top + (last - first), -std::numeric_limits<T>::infinity());
  std::fill(s.total, s.total + (last - first), T{0});
  const T* const from = key.head(head / z.group);
  const int64_t end = z.end_of_keys(last - 1);
  for (int64_t j = 0; j < end; j += kBlockKeys) {
    const int64_t n = std::min(kBlockKeys, end - j);
    table.pack_b(from + j * key.row(), 1, key.row(), z.width, n, s.packed);
    kernels.scale(s.packed, round_up(n, table.lanes) * z.width, scale, s.packed);
    for (int64_t i = first; i < last; i += plan.sub_rows) {
      ScoreBlock<T> b{};
      b.rows = std::min(plan.sub_rows, last - i);
      if (z.causal && i + b.rows + z.past <= j) continue;
      b.keys = n;
      b.scores = s.scores;
      b.row = plan.row;
      attend(b, head, i, j, s.packed, s.bias, s.keep, s.top + (i - first), s.total + (i - first));
    }
  }
  kernels.finish(s.top, s.total, last - first, z.value_width, out_head(head) + first * out.row(), out.row(),
                 log_sum() + head * z.queries + first);
}

// A few rows against a part of the keys: bound by reading them.
template <class T>
void Forward<T>::run_few(int64_t item, int64_t slice) const {
  const AttentionSizes& z = plan.sizes;
  const Slice<T> s(plan, slices + plan.slice_bytes() * static_cast<size_t>(slice));
  const bool across = z.queries == 1;
  const int64_t head = item / plan.chunks * (across ? z.group : 1);
  T *const top = tops + item * plan.rows, *const total = totals + item * plan.rows;
  T* const to = partial + item * plan.rows * z.value_width;
  std::fill(top, top + plan.rows, -std::numeric_limits<T>::infinity());
  std::fill(total, total + plan.rows, T{0});
  std::fill(to, to + plan.rows * z.value_width, T{0});
  for (int64_t r = 0; r < plan.rows; ++r) {
    const T* const from = across ? query.head(head + r) : query.head(head) + r * query.row();
    kernels.scale(from, z.width, scale, s.packed + r * z.width);
  }
  const int64_t begin = item % plan.chunks * plan.part_keys;
  const int64_t end = std::min(begin + plan.part_keys, z.end_of_keys(z.queries - 1));
  for (int64_t j = begin; j < end; j += kBlockKeys) {
    ScoreBlock<T> b{};
    b.rows = plan.rows;
    b.keys = std::min(kBlockKeys, end - j);
    b.scores = s.scores;
    b.row = plan.row;
    b.seen = z.causal ? 1 + z.past - j : b.keys;
    b.seen_step = z.causal && !across;
    const T* const values = value.head(head / z.group) + j * value.row();
    for (int64_t r = 0; r < plan.rows; r += kWeighRows) {
      DotBlock<T> d{};
      d.many = b.keys;
      d.few = std::min<int64_t>(kWeighRows, plan.rows - r);
      d.k = z.width;
      d.a = key.head(head / z.group) + j * key.row();
      d.a_step = key.row();
      d.b = s.packed + r * z.width;
      d.b_step = z.width;
      d.out = b.scores + r * b.row;
      d.out_many = 1;
      d.out_few = b.row;
      table.dot(d);
    }
    if (across)
      masks.set_across(b, head, j, s.bias, s.keep);
    else
      masks.set(b, head, 0, j, s.bias, s.keep);
    kernels.fold(b, top, total, to, z.value_width, z.value_width);
    for (int64_t r = 0; r < plan.rows; r += kWeighRows) {
      kernels.weigh(b.scores + r * b.row, b.row, std::min<int64_t>(kWeighRows, plan.rows - r), b.keys, values,
                    value.row(), z.value_width, to + r * z.value_width, z.value_width);
    }
  }
}

// What the parts of a head's keys gave.
template <class T>
void Forward<T>::merge(int64_t head) const {
  const AttentionSizes& z = plan.sizes;
  const int64_t item = head * plan.chunks, first = z.queries == 1 ? head * z.group : head;
  const int64_t out_row = z.queries > 1 ? out.row() : z.group > 1 ? out.spec.strides[out.spec.rank() - 3] : 0;
  kernels.merge(tops + item * plan.rows, totals + item * plan.rows,
                partial + item * plan.rows * z.value_width, plan.chunks, plan.rows, z.value_width,
                out_head(first), out_row, log_sum() + first * z.queries);
}

template <class T>
void run_forward(const EvalContext& c, const AttentionSizes& z) {
  if (z.heads * z.queries == 0) return;
  Scratch s(c.workspace());
  const Plan<T> plan = make_plan<T>(z);
  Forward<T> f{.c = c,
               .plan = plan,
               .query = take_rows<T>(s, c.in(kQuery)),
               .key = take_rows<T>(s, c.in(kKey)),
               .value = take_rows<T>(s, c.in(kValue)),
               .out = {c.out(0).as<const T>(), *c.out(0).spec},
               .masks = AttentionMasks<T>(c, z, 0),
               .scale = static_cast<T>(c.attrs().get_float(kScale)),
               .slices = nullptr};
  f.slices = static_cast<char*>(
      s.take(plan.slice_bytes() * static_cast<size_t>(std::min(plan.items, kAttentionSlices))));
  if (!plan.few) {
    return for_each_item(plan.items, plan.serial(),
                         [&](int64_t item, int64_t slice) { f.run_rows(item, slice); });
  }
  const size_t states = static_cast<size_t>(plan.items * plan.rows) * sizeof(T);
  f.tops = static_cast<T*>(s.take(states));
  f.totals = static_cast<T*>(s.take(states));
  f.partial = static_cast<T*>(s.take(states * static_cast<size_t>(z.value_width)));
  for_each_item(plan.items, plan.serial(), [&](int64_t item, int64_t slice) { f.run_few(item, slice); });
  for (int64_t head = 0; head < plan.items / plan.chunks; ++head) f.merge(head);
}

}  // namespace

size_t attention_forward_workspace(const InferContext& c) {
  const AttentionSizes z = attention_sizes(c, 0);
  if (z.heads * z.queries == 0) return 0;
  Scratch s;
  for (int i : {kQuery, kKey, kValue}) add_rows(s, c.in(i));
  const auto add = [&]<class T>(T) {
    const Plan<T> plan = make_plan<T>(z);
    s.add(plan.slice_bytes() * static_cast<size_t>(std::min(plan.most_items, kAttentionSlices)));
    if (!plan.few) return;
    const size_t states = static_cast<size_t>(plan.most_items * plan.rows) * sizeof(T);
    s.add(states);
    s.add(states);
    s.add(states * static_cast<size_t>(z.value_width));
  };
  if (c.in(kQuery).dtype == DType::kFloat64)
    add(double{});
  else
    add(float{});
  return s.bytes();
}

void run_attention(const EvalContext& c, const AttentionSizes& z) {
  if (c.out(0).spec->dtype == DType::kFloat64)
    run_forward<double>(c, z);
  else
    run_forward<float>(c, z);
}

void attention_forward(const EvalContext& c) { run_attention(c, attention_sizes(c, 0)); }

}  // namespace lanegrad
