#include "graph/observer.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <unordered_map>

#include "graph/apply.h"
#include "graph/node.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

// Of a list of a thousand parameters the first few say enough.
constexpr size_t kTensorsNoted = 8;

double index_of(const Op& op) {
  static const auto* const indices = [] {
    auto* map = new std::unordered_map<const Op*, double>;
    double index = 0;
    for (const Op* each : registry().all()) (*map)[each] = index++;
    return map;
  }();
  return indices->at(&op);
}

Finite worst_of(const Tensor& t) {
  return t ? lanegrad::worst_of(TensorView{t->data(), &t->spec}) : Finite::kFinite;
}

Finite worst_of(std::span<const Tensor> tensors) {
  Finite worst = Finite::kFinite;
  for (const Tensor& t : tensors) worst = std::max(worst, worst_of(t));
  return worst;
}

// An infinity or NaN that the caller named is wanted: masks are made of them.
bool names_infinity(const Call& call) {
  for (int k = 0; k < call.op.attr_count(); ++k) {
    if (call.op.attrs[static_cast<size_t>(k)].type == AttrType::kFloat &&
        !std::isfinite(call.attrs.get_float(k)))
      return true;
  }
  return std::any_of(call.flat.begin(), call.flat.end(), [](const Tensor& t) {
    return t && t->wrapped_number && worst_of(t) != Finite::kFinite;
  });
}

bool is_wrong(AnomalyCheck check, Finite found) {
  return found == Finite::kNan || (found == Finite::kInfinite && check == AnomalyCheck::kNanOrInf);
}

[[noreturn]] void report(Environment& env, const Anomaly& anomaly, const std::string& what) {
  env.observer->anomaly = anomaly;
  fail(ErrorKind::kAnomaly, anomaly.op.c_str(), what);
}

const char* name_of(Finite found) { return found == Finite::kNan ? "NaN" : "infinity"; }

}  // namespace

double Profile::now() const {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - origin_).count();
}

void Profile::add(const Call& call, std::span<const Tensor> outputs, bool backward, double start,
                  double end) {
  if (events_ == most_events_) {
    ++dropped_;
    return;
  }
  ++events_;
  double bytes = 0;
  for (const Tensor& t : outputs) bytes += t ? static_cast<double>(t->spec.bytes()) : 0;
  const auto inputs = call.flat.first(std::min(call.flat.size(), kTensorsNoted));
  const double head[] = {index_of(call.op),
                         backward ? 1.0 : 0.0,
                         start,
                         end - start,
                         bytes,
                         static_cast<double>(inputs.size()),
                         static_cast<double>(outputs.size())};
  rows_.insert(rows_.end(), std::begin(head), std::end(head));
  const auto note = [&](const Tensor& t) {
    rows_.push_back(t ? static_cast<double>(t->spec.dtype) : -1);
    rows_.push_back(t ? t->spec.rank() : 0);
    if (!t) return;
    for (int64_t size : t->spec.shape) rows_.push_back(static_cast<double>(size));
  };
  for (const Tensor& t : inputs) note(t);
  for (const Tensor& t : outputs) note(t);
}

ObservedCall::ObservedCall(Environment& env, const Call& call, bool in_place)
    : env_(env), call_(call), overwrites_(in_place) {
  for (const InputDef& def : call.op.inputs) overwrites_ |= def.name && def.mutates;
  const Observer& observer = *env.observer;
  if (overwrites_ && observer.check != AnomalyCheck::kNone && env.passes == 0) before_ = worst_of(call.flat);
  if (observer.profile) start_ = observer.profile->now();
}

void ObservedCall::finish(std::span<const Tensor> outputs) {
  Observer& observer = *env_.observer;
  if (observer.profile)
    observer.profile->add(call_, outputs, env_.passes > 0, start_, observer.profile->now());
  // Within a backward pass it is the gradient of a node that counts, not the steps on the way to it.
  if (observer.check != AnomalyCheck::kNone && env_.passes == 0) check(outputs);
}

void ObservedCall::check(std::span<const Tensor> outputs) {
  const Op& op = call_.op;
  if (call_.flat.empty() || names_infinity(call_)) return;
  Finite found = Finite::kFinite;
  size_t at = 0;
  for (size_t j = 0; j < outputs.size(); ++j) {
    // What only a gradient reads may hold infinities that mean something (the sum of an empty row).
    if (!op.outputs[j].differentiable && !overwrites_) continue;
    const Finite now = worst_of(outputs[j]);
    if (now > found) found = now, at = j;
  }
  for (int i = 0; i < op.input_count(); ++i) {
    if (!op.inputs[i].mutates) continue;
    found =
        std::max(found, worst_of(call_.flat.subspan(call_.starts[i], call_.starts[i + 1] - call_.starts[i])));
  }
  const AnomalyCheck check = env_.observer->check;
  if (!is_wrong(check, found)) return;
  const Finite given = overwrites_ ? before_ : worst_of(call_.flat);
  // Infinities that came in may go out; NaN is reported where it is first seen, even if it came in.
  if (found == Finite::kInfinite && given != Finite::kFinite) return;
  std::ostringstream text;
  if (outputs.empty())
    text << "what it writes";
  else
    text << "its result of shape " << outputs[at]->spec.shape;
  if (given == Finite::kNan)
    text << " holds NaN, which an input of it held before";
  else
    text << " holds the first " << name_of(found);
  report(env_, {op.name, false, found == Finite::kNan, 0}, text.str());
}

void check_gradients(Environment& env, const Node& node, std::span<const Tensor> arrived,
                     std::span<const Tensor> gradients) {
  for (size_t i = 0; i < gradients.size(); ++i) {
    const Finite found = worst_of(gradients[i]);
    if (!is_wrong(env.observer->check, found)) continue;
    const Finite given = worst_of(arrived);
    if (found == Finite::kInfinite && given != Finite::kFinite) continue;
    std::ostringstream text;
    text << "the gradient of its input " << i << " of shape " << gradients[i]->spec.shape;
    if (given == Finite::kNan)
      text << " holds NaN, which the gradient that came in held before";
    else
      text << " holds the first " << name_of(found);
    report(env, {node.name(), true, found == Finite::kNan, node.sequence}, text.str());
  }
}

}  // namespace lanegrad
