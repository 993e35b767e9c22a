// The backward pass of attention: with the weights P made again from log sum exp, block by block,
//   dV = Pᵀ dO,  dP = dO Vᵀ,  dS = P (dP - delta) scale,  dQ = dS K,  dK = dSᵀ Q,  delta = sum of dO O in a
//   row.
// An item is a part of the keys of one head of key and value: its block of keys stays packed while all
// queries pass by, so that their gradients are complete. Those of the queries are summed over the blocks in
// order, and over the parts afterwards; how many parts there are follows from the sizes alone.
#include "ops/scratch.h"
#include "ops/attention/attention.h"

namespace lanegrad {
namespace {

constexpr int64_t kBlockKeys = 128;
constexpr int64_t kBlockQueries = 128;
constexpr int64_t kCausalQueries = 64;  // less is computed above the diagonal
constexpr int64_t kRowPad = 16;         // between rows of scores, which would else share cache sets

template <class T>
struct Plan {
  AttentionSizes sizes;
  KeyParts parts;
  int64_t items = 0;
  int64_t block_queries = 0, row = 0;
  size_t key_bytes = 0, value_bytes = 0, score_bytes = 0;

  size_t slice_bytes() const {
    return key_bytes + value_bytes + score_bytes * (2 + sizes.has_mask + sizes.drops);
  }
  size_t slices_bytes() const {
    return slice_bytes() * static_cast<size_t>(std::min(items, kAttentionSlices));
  }
  size_t delta_bytes() const { return sizeof(T) * static_cast<size_t>(sizes.heads * sizes.queries); }
  // Gradients of query from each part: [parts][heads, L, E].
  size_t partial_bytes() const {
    return parts.count == 1 ? 0 : delta_bytes() * static_cast<size_t>(sizes.width * parts.count);
  }
};

template <class T>
Plan<T> make_plan(const AttentionSizes& z) {
  Plan<T> p{.sizes = z, .parts = KeyParts(z, kBlockKeys)};
  p.items = z.key_heads() * p.parts.count;
  p.block_queries = divide_up(z.queries, divide_up(z.queries, z.causal ? kCausalQueries : kBlockQueries));
  p.row = std::min(kBlockKeys, round_up(z.keys, gemm_table<T>().columns)) + kRowPad;
  p.key_bytes = line_up(sizeof(T) * static_cast<size_t>(p.row * z.width));
  p.value_bytes = line_up(sizeof(T) * static_cast<size_t>(p.row * z.value_width));
  p.score_bytes = line_up(sizeof(T) * static_cast<size_t>(p.row * p.block_queries));
  return p;
}

template <class T>
void clear_rows(const MatrixRows<T>& x, int64_t begin, int64_t end, int64_t width) {
  for (int64_t i = begin; i < end; ++i) std::fill(x.at(i), x.at(i) + width, T{0});
}

// Workspace of a slice: a block of keys and of values, packed by columns, and the scores of some queries.
template <class T>
struct Slice {
  T *keys, *values, *scores, *grads, *bias, *keep;
  Slice(const Plan<T>& p, char* at) {
    const auto take = [&](size_t bytes) {
      T* const piece = reinterpret_cast<T*>(at);
      at += bytes;
      return piece;
    };
    keys = take(p.key_bytes);
    values = take(p.value_bytes);
    scores = take(p.score_bytes);
    grads = take(p.score_bytes);
    bias = p.sizes.has_mask ? take(p.score_bytes) : nullptr;
    keep = p.sizes.drops ? take(p.score_bytes) : nullptr;
  }
};

// A block of keys in work: keys [j, j + n) of a head.
template <class T>
struct KeyBlock {
  int64_t head, j, n;
  const T* keys;  // its rows
  MatrixRows<T> key_grad, value_grad;
};

template <class T>
struct Backward {
  const Plan<T> plan;
  HeadRows<T> grad, query, key, value, out;
  const AttentionMasks<T> masks;
  const AttentionKernels<T>& kernels = attention_table().of<T>();
  const GemmTable<T>& table = gemm_table<T>();
  T scale;
  const T* log_sum;
  const TensorView &query_grad, &key_grad, &value_grad;
  T *delta = nullptr, *partial = nullptr;
  char* slices = nullptr;

  void make_delta() const;
  void run(int64_t item, int64_t slice) const;
  void visit(const KeyBlock<T>& block, int64_t head, int64_t i, int64_t rows, const Slice<T>& s,
             const MatrixRows<T>& to) const;
  void sum_parts() const;
  MatrixRows<T> query_rows(int64_t head, int64_t part) const {
    if (plan.parts.count == 1) return rows_of_head<T>(query_grad, head);
    const AttentionSizes& z = plan.sizes;
    return {partial + (part * z.heads + head) * z.queries * z.width, z.width};
  }
};

template <class T>
void Backward<T>::make_delta() const {
  const AttentionSizes& z = plan.sizes;
  parallel_for(z.heads, divide_up(kAttentionSerial / 4, z.queries * std::max<int64_t>(z.value_width, 1)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t head = begin; head < end; ++head) {
                   kernels.row_dots(grad.head(head), grad.row(), out.head(head), out.row(), z.queries,
                                    z.value_width, delta + head * z.queries);
                 }
               });
}

// Queries [i, i + rows) of a head against a block of keys: their share of all three gradients.
template <class T>
void Backward<T>::visit(const KeyBlock<T>& block, int64_t head, int64_t i, int64_t rows, const Slice<T>& s,
                        const MatrixRows<T>& to) const {
  const AttentionSizes& z = plan.sizes;
  ScoreBlock<T> b{};
  b.rows = rows;
  b.keys = z.causal ? std::min(block.n, i + rows - block.j) : block.n;
  b.scores = s.scores;
  b.row = plan.row;
  b.seen = z.causal ? i + 1 - block.j : b.keys;
  b.seen_step = z.causal;
  const int64_t padded = std::min(block.n, round_up(b.keys, table.columns));  // whole panels
  const T *const q = query.head(head) + i * query.row(), *const g = grad.head(head) + i * grad.row();
  multiply<T>(rows, padded, z.width, {q, query.row(), 1}, {s.keys, 0, true}, {s.scores, b.row}, false);
  multiply<T>(rows, padded, z.value_width, {g, grad.row(), 1}, {s.values, 0, true}, {s.grads, b.row}, false);
  masks.set(b, head, i, block.j, s.bias, s.keep);
  const int64_t place = head * z.queries + i;
  kernels.gradient(b, s.grads, log_sum + place, delta + place, scale);
  const MatrixRows<T>&dk = block.key_grad, &dv = block.value_grad;
  multiply<T>(b.keys, z.value_width, rows, {s.scores, 1, b.row}, {g, grad.row()}, {dv.at(block.j), dv.row},
              true);
  multiply<T>(b.keys, z.width, rows, {s.grads, 1, b.row}, {q, query.row()}, {dk.at(block.j), dk.row}, true);
  multiply<T>(rows, z.width, b.keys, {s.grads, b.row, 1}, {block.keys, key.row()}, {to.at(i), to.row}, true);
}

template <class T>
void Backward<T>::run(int64_t item, int64_t slice) const {
  const AttentionSizes& z = plan.sizes;
  const Slice<T> s(plan, slices + plan.slice_bytes() * static_cast<size_t>(slice));
  const int64_t head = item / plan.parts.count, part = item % plan.parts.count;
  const int64_t begin = part * plan.parts.keys, end = std::min(begin + plan.parts.keys, z.keys);
  KeyBlock<T> block{.head = head,
                    .j = 0,
                    .n = 0,
                    .keys = nullptr,
                    .key_grad = rows_of_head<T>(key_grad, head),
                    .value_grad = rows_of_head<T>(value_grad, head)};
  clear_rows(block.key_grad, begin, end, z.width);
  clear_rows(block.value_grad, begin, end, z.value_width);
  for (int64_t g = 0; g < z.group; ++g)
    clear_rows(query_rows(head * z.group + g, part), 0, z.queries, z.width);
  for (block.j = begin; block.j < end; block.j += kBlockKeys) {
    block.n = std::min(kBlockKeys, end - block.j);
    block.keys = key.head(head) + block.j * key.row();
    table.pack_b(block.keys, 1, key.row(), z.width, block.n, s.keys);
    kernels.scale(s.keys, round_up(block.n, table.lanes) * z.width, scale, s.keys);
    table.pack_b(value.head(head) + block.j * value.row(), 1, value.row(), z.value_width, block.n, s.values);
    for (int64_t g = 0; g < z.group; ++g) {
      const MatrixRows<T> to = query_rows(head * z.group + g, part);
      // Of the first queries that see any of these keys, all are taken.
      const int64_t first = z.causal ? block.j / plan.block_queries * plan.block_queries : 0;
      for (int64_t i = first; i < z.queries; i += plan.block_queries)
        visit(block, head * z.group + g, i, std::min(plan.block_queries, z.queries - i), s, to);
    }
  }
}

template <class T>
void Backward<T>::sum_parts() const {
  const AttentionSizes& z = plan.sizes;
  const int64_t grain = divide_up(kAttentionSerial / 16, std::max<int64_t>(z.width, 1));
  parallel_for(z.heads * z.queries, grain, [&](int64_t begin, int64_t end) {
    for (int64_t place = begin; place < end; ++place) {
      T* const to = rows_of_head<T>(query_grad, place / z.queries).at(place % z.queries);
      const T* const first = partial + place * z.width;
      std::copy(first, first + z.width, to);
      for (int64_t part = 1; part < plan.parts.count; ++part) {
        const T* const from = first + part * z.heads * z.queries * z.width;
        for (int64_t e = 0; e < z.width; ++e) to[e] += from[e];
      }
    }
  });
}

template <class T>
void clear_all(const TensorView& x) {
  std::fill(x.as<T>(), x.as<T>() + x.spec->numel(), T{0});
}

template <class T>
void run_backward(const EvalContext& c) {
  const AttentionSizes z = attention_sizes(c, kGradOperands);
  if (z.heads * z.queries * z.keys == 0) {
    for (int j = 0; j < 3; ++j) clear_all<T>(c.out(j));
    return;
  }
  Scratch s(c.workspace());
  const Plan<T> plan = make_plan<T>(z);
  Backward<T> b{.plan = plan,
                .grad = take_rows<T>(s, c.in(kOutGrad)),
                .query = take_rows<T>(s, c.in(kGradOperands + kQuery)),
                .key = take_rows<T>(s, c.in(kGradOperands + kKey)),
                .value = take_rows<T>(s, c.in(kGradOperands + kValue)),
                .out = take_rows<T>(s, c.in(kSavedOut)),
                .masks = AttentionMasks<T>(c, z, kGradOperands),
                .scale = static_cast<T>(c.attrs().get_float(kScale)),
                .log_sum = static_cast<const T*>(s.contiguous(c.in(kSavedLogSum))),
                .query_grad = c.out(0),
                .key_grad = c.out(1),
                .value_grad = c.out(2)};
  b.delta = static_cast<T*>(s.take(plan.delta_bytes()));
  b.partial = static_cast<T*>(s.take(plan.partial_bytes()));
  b.slices = static_cast<char*>(s.take(plan.slices_bytes()));
  b.make_delta();
  const bool serial = z.heads * z.queries * z.keys * (z.width + z.value_width) < kAttentionSerial / 2;
  for_each_item(plan.items, serial, [&](int64_t item, int64_t slice) { b.run(item, slice); });
  if (plan.parts.count > 1) b.sum_parts();
}

}  // namespace

size_t attention_backward_workspace(const InferContext& c) {
  const AttentionSizes z = attention_sizes(c, kGradOperands);
  if (z.heads * z.queries * z.keys == 0) return 0;
  Scratch s;
  for (int i : {kOutGrad, kGradOperands + kQuery, kGradOperands + kKey, kGradOperands + kValue, kSavedOut})
    add_rows(s, c.in(i));
  s.add_copy(c.in(kSavedLogSum));
  const auto add = [&]<class T>(T) {
    const Plan<T> plan = make_plan<T>(z);
    s.add(plan.delta_bytes());
    s.add(plan.partial_bytes());
    s.add(plan.slices_bytes());
  };
  if (c.in(kOutGrad).dtype == DType::kFloat64)
    add(double{});
  else
    add(float{});
  return s.bytes();
}

void attention_backward(const EvalContext& c) {
  if (c.out(0).spec->dtype == DType::kFloat64)
    run_backward<double>(c);
  else
    run_backward<float>(c);
}

}  // namespace lanegrad
