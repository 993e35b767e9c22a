#include "graph/autocast.h"

#include "graph/record.h"
#include "ops/functions.h"

namespace lanegrad {
namespace {

// Numbers promote by their kind, and float64 is asked for by name: both stay.
bool is_cast(const Tensor& t) {
  return t && t->storage && is_floating(t->spec.dtype) && t->spec.dtype != DType::kFloat64;
}

bool is_float32_leaf(const Tensor& t) {
  const AutogradMeta* meta = meta_of(t);
  return t->spec.dtype == DType::kFloat32 && meta && meta->requires_grad && !meta->grad_fn && !meta->view;
}

bool has_float32(const Call& call) {
  for (const Tensor& t : call.flat)
    if (is_cast(t) && t->spec.dtype == DType::kFloat32) return true;
  return false;
}

Tensor cast(Environment& env, const Tensor& t, DType dtype) {
  EnvironmentApplier c(env);
  return fn::to(c, t, dtype);
}

}  // namespace

Tensor cast_to_scope(Environment& env, const Tensor& t) {
  if (!env.autocast.dtype || !is_cast(t)) return t;
  const DType dtype = *env.autocast.dtype;
  if (t->spec.dtype == dtype) return t;
  if (!is_float32_leaf(t)) return cast(env, t, dtype);
  CachedCast& entry = env.autocast.casts[t.get()];
  const uint32_t version = t->storage->version();
  const bool fits = entry.cast && entry.version == version && entry.cast->spec.dtype == dtype;
  if (fits && (entry.recorded || !env.grad_mode)) return entry.cast;
  entry = {t, version, cast(env, t, dtype), env.grad_mode};
  return entry.cast;
}

InlineVector<Tensor, 8> cast_operands(Environment& env, const Call& call) {
  Autocast policy = call.op.autocast;
  if (policy == Autocast::kPromote) policy = has_float32(call) ? Autocast::kFloat32 : Autocast::kLower;
  InlineVector<Tensor, 8> out;
  for (const Tensor& t : call.flat) {
    if (!is_cast(t))
      out.push_back(t);
    else
      out.push_back(policy == Autocast::kLower ? cast_to_scope(env, t) : cast(env, t, DType::kFloat32));
  }
  return out;
}

}  // namespace lanegrad
