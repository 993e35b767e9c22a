// Gradients that are written in TypeScript, called from a backward pass.
//
// Ids go to JavaScript in the shared ints (the JavaScript side binds objects to them) and come back the same
// way.
#include "binding/addon_data.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

class JavaScriptHooks final : public Hooks {
 public:
  explicit JavaScriptHooks(AddonData& data) : data_(data) {}

  // customBackward(function, grads, saved, createGraph, attrs) -> number of results
  std::vector<Tensor> custom_backward(const CustomCall& call, std::span<const Tensor> grads,
                                      std::span<const Tensor> saved, bool create_graph) override {
    const napi_env env = data_.env;
    const Scope scope(env);
    size_t at = write(0, grads);
    write(at, saved);
    napi_value arguments[5];
    check(env, napi_create_int32(env, call.function, &arguments[0]));
    check(env, napi_create_int32(env, static_cast<int32_t>(grads.size()), &arguments[1]));
    check(env, napi_create_int32(env, static_cast<int32_t>(saved.size()), &arguments[2]));
    check(env, napi_get_boolean(env, create_graph, &arguments[3]));
    check(env, napi_create_string_utf8(env, call.attrs.data(), call.attrs.size(), &arguments[4]));
    return invoke(data_.custom_backward, 5, arguments, call.name.c_str());
  }

  // compositeVjp(op, inputs, grads): ints hold per schema input an id (slot -1: absent), then the gradients;
  // floats the attributes as run takes them.
  std::vector<Tensor> composite_vjp(const Op& op, const Attrs& attrs, std::span<const Tensor> inputs,
                                    std::span<const Start> starts, std::span<const Tensor> grads) override {
    const napi_env env = data_.env;
    const Scope scope(env);
    std::vector<Tensor> by_schema(static_cast<size_t>(op.input_count()));
    for (size_t i = 0; i < by_schema.size(); ++i) {
      if (starts[i] != starts[i + 1]) by_schema[i] = inputs[starts[i]];
    }
    const size_t at = write(0, by_schema);
    write(at, grads);
    write_attrs(op, attrs);
    napi_value arguments[3];
    check(env, napi_create_string_utf8(env, op.name, NAPI_AUTO_LENGTH, &arguments[0]));
    check(env, napi_create_int32(env, static_cast<int32_t>(by_schema.size()), &arguments[1]));
    check(env, napi_create_int32(env, static_cast<int32_t>(grads.size()), &arguments[2]));
    const std::vector<Tensor> results = invoke(data_.composite_vjp, 3, arguments, op.name);
    std::vector<Tensor> flat(inputs.size());
    for (size_t i = 0; i < by_schema.size() && i < results.size(); ++i) {
      if (starts[i] != starts[i + 1]) flat[starts[i]] = results[i];
    }
    return flat;
  }

  bool reclaim() override {
    if (data_.borrowing) return false;
    data_.handles.collect_all();
    return true;
  }

 private:
  struct Scope {
    explicit Scope(napi_env e) : env(e) { check(env, napi_open_handle_scope(env, &scope)); }
    ~Scope() { napi_close_handle_scope(env, scope); }
    napi_env env;
    napi_handle_scope scope;
  };

  size_t write(size_t at, std::span<const Tensor> tensors) {
    if (at + 2 * tensors.size() > data_.shared.int_count)
      fail(ErrorKind::kInternal, "hooks", "too many tensors for one call");
    for (const Tensor& t : tensors) {
      data_.write_id(at, t ? data_.handles.add(t, nullptr) : HandleId());
      at += 2;
    }
    return at;
  }

  void write_attrs(const Op& op, const Attrs& attrs) {
    size_t at = 0;
    for (int k = 0; k < op.attr_count(); ++k) {
      switch (op.attrs[static_cast<size_t>(k)].type) {
        case AttrType::kFloat:
          data_.shared.float_at(at++) = attrs.get_float(k);
          break;
        case AttrType::kInts: {
          const auto list = attrs.get_ints(k);
          data_.shared.float_at(at++) = static_cast<double>(list.size());
          for (int64_t v : list) data_.shared.float_at(at++) = static_cast<double>(v);
          break;
        }
        default:
          data_.shared.float_at(at++) = static_cast<double>(attrs.get_int(k));
      }
    }
  }

  std::vector<Tensor> invoke(napi_ref callback, size_t count, const napi_value* arguments, const char* op) {
    const napi_env env = data_.env;
    if (!callback) fail(ErrorKind::kInternal, op, "needs the functions that open takes");
    napi_value function, receiver, result;
    check(env, napi_get_reference_value(env, callback, &function));
    check(env, napi_get_undefined(env, &receiver));
    check(env, napi_call_function(env, receiver, function, count, arguments, &result));
    std::vector<Tensor> out(count_argument(data_, result));
    for (size_t i = 0; i < out.size(); ++i) {
      const HandleId id = data_.read_id(2 * i);
      if (id.slot != -1) out[i] = data_.handles.get(id, op);
    }
    return out;
  }

  AddonData& data_;
};

}  // namespace

std::unique_ptr<Hooks> make_hooks(AddonData& data) { return std::make_unique<JavaScriptHooks>(data); }

}  // namespace lanegrad
