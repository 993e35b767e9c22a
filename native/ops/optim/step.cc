#include "ops/optim/step.h"

namespace lanegrad {
namespace {

bool same_strides(const TensorSpec& a, const TensorSpec& b) {
  for (int i = 0; i < a.rank(); ++i)
    if (a.shape[i] > 1 && a.strides[i] != b.strides[i]) return false;
  return true;
}

bool is_flat(const Group& g, size_t k) {
  const TensorSpec& param = *g.lists[0][k].spec;
  if (!is_dense(param.shape, param.strides)) return false;
  for (int i = 1; i < kMaxStates; ++i)
    if (!g.lists[i].empty() && !same_strides(param, *g.lists[i][k].spec)) return false;
  return true;
}

// Elements [begin, end) of tensors that do not share their strides: gathered into buffers, updated, written
// back (all but the gradient).
template <class T>
void update_strided(const Group& g, size_t k, int64_t begin, int64_t end, typename OptimKernels<T>::Fn update,
                    const void* step) {
  constexpr int64_t kBuffer = 256;
  T buffers[kMaxStates][kBuffer];
  const TensorSpec& param = *g.lists[0][k].spec;
  Walk<kMaxStates> walk;
  for (int d = 0; d < param.rank(); ++d) {
    std::array<int64_t, kMaxStates> strides{};
    for (int i = 0; i < kMaxStates; ++i)
      if (!g.lists[i].empty()) strides[i] = g.lists[i][k].spec->strides[d];
    walk.add(param.shape[d], strides);
  }
  std::array<T*, kMaxStates> pointers{};
  for (int i = 0; i < kMaxStates; ++i)
    if (!g.lists[i].empty()) pointers[i] = buffers[i];
  for (int64_t at = begin; at < end; at += kBuffer) {
    const int64_t n = std::min(kBuffer, end - at);
    walk.seek(at);
    for (int64_t j = 0; j < n; ++j, walk.advance(1))
      for (int i = 0; i < kMaxStates; ++i)
        if (pointers[i]) buffers[i][j] = g.lists[i][k].as<T>()[walk.offset(i)];
    update(pointers.data(), n, step);
    walk.seek(at);
    for (int64_t j = 0; j < n; ++j, walk.advance(1))
      for (int i = 0; i < kMaxStates; ++i)
        if (pointers[i] && i != 1) g.lists[i][k].as<T>()[walk.offset(i)] = buffers[i][j];
  }
}

}  // namespace

void check_number(const InferContext& c, int i) {
  const TensorSpec& spec = c.in(i);
  if (spec.numel() != 1 || !is_floating(spec.dtype)) {
    c.fail(ErrorKind::kShape, c.op().inputs[i].name, " is a ", name_of(spec.dtype), " of shape ", spec.shape,
           ", wants one float64 number");
  }
}

void check_params(const InferContext& c) {
  const auto params = c.list(0);
  const char* name = c.op().inputs[0].name;
  for (size_t k = 0; k < params.size(); ++k) {
    if (!params[k]) c.fail(ErrorKind::kValue, name, "[", k, "] is undefined");
    if (!is_floating(params[k]->dtype)) {
      c.fail(ErrorKind::kDType, name, "[", k, "] is ", name_of(params[k]->dtype), ", wants a floating dtype");
    }
  }
}

void check_list(const InferContext& c, int i, bool may_be_undefined) {
  const auto params = c.list(0), list = c.list(i);
  const char* name = c.op().inputs[i].name;
  if (list.size() != params.size()) {
    c.fail(ErrorKind::kShape, name, " has ", list.size(), " entries, ", c.op().inputs[0].name, " has ",
           params.size());
  }
  for (size_t k = 0; k < list.size(); ++k) {
    if (!list[k]) {
      if (may_be_undefined) continue;
      c.fail(ErrorKind::kValue, name, "[", k, "] is undefined");
    }
    if (list[k]->dtype != params[k]->dtype) {
      c.fail(ErrorKind::kDType, name, "[", k, "] is ", name_of(list[k]->dtype),
             ", wants the dtype of the parameter, ", name_of(params[k]->dtype));
    }
    if (!(list[k]->shape == params[k]->shape)) {
      c.fail(ErrorKind::kShape, name, "[", k, "] is ", list[k]->shape, ", wants the shape of the parameter, ",
             params[k]->shape);
    }
  }
}

void check_row(const InferContext& c, int i) {
  const TensorSpec& spec = c.in(i);
  const auto count = static_cast<int64_t>(c.list(0).size());
  if (spec.dtype != DType::kFloat32 || spec.rank() != 1 || spec.shape[0] != count) {
    c.fail(ErrorKind::kShape, c.op().inputs[i].name, " is a ", name_of(spec.dtype), " of shape ", spec.shape,
           ", wants float32 [", count, "]");
  }
}

double read_number(const TensorView& x) {
  return x.spec->dtype == DType::kFloat32 ? static_cast<double>(*x.as<float>()) : *x.as<double>();
}

void update_all(const Group& g, std::span<ParamRun> runs, Update update) {
  // Updates are elementwise, so that the division into tasks changes no bits.
  int64_t tasks = 0, elements = 0;
  for (size_t k = 0; k < runs.size(); ++k) {
    runs[k].first_task = tasks;
    if (!g.lists[1][k].defined()) continue;
    const int64_t n = g.lists[0][k].spec->numel();
    tasks += optim_chunks(n);
    elements += n;
  }
  parallel_chunks(tasks, elements, [&](int64_t index) {
    const ParamRun& run = run_of(runs, index);
    const auto k = static_cast<size_t>(&run - runs.data());
    const TensorSpec& spec = *g.lists[0][k].spec;
    const int64_t begin = (index - run.first_task) * kOptimChunk,
                  end = std::min(begin + kOptimChunk, spec.numel());
    dispatch_floating(spec.dtype, [&]<class T>(T) {
      const auto kernel = optim_table().of<T>().update[static_cast<int>(update)];
      if (!is_flat(g, k)) return update_strided<T>(g, k, begin, end, kernel, run.step);
      std::array<T*, kMaxStates> tensors{};
      for (int i = 0; i < kMaxStates; ++i)
        if (!g.lists[i].empty()) tensors[i] = g.lists[i][k].as<T>() + begin;
      kernel(tensors.data(), end - begin, run.step);
    });
  });
}

}  // namespace lanegrad
