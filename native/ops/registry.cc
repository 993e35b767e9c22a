#include "ops/registry.h"

#include <unordered_map>

#include "core/error.h"

namespace lanegrad {

// The explicit list: nothing registers itself, so the linker cannot drop a family unseen.
void register_adafactor_ops(Registry&);
void register_attention_ops(Registry&);
void register_average_pool_ops(Registry&);
void register_check_ops(Registry&);
void register_clip_ops(Registry&);
void register_conv_ops(Registry&);
void register_conv_finished_ops(Registry&);
void register_conv_gradients_ops(Registry&);
void register_scale_channels_ops(Registry&);
void register_create_ops(Registry&);
void register_ctc_ops(Registry&);
void register_elementwise_ops(Registry&);
void register_embedding_ops(Registry&);
void register_grid_sample_ops(Registry&);
void register_index_ops(Registry&);
void register_lamb_ops(Registry&);
void register_linalg_ops(Registry&);
void register_linear_ops(Registry&);
void register_loss_ops(Registry&);
void register_matmul_ops(Registry&);
void register_max_pool_ops(Registry&);
void register_muon_ops(Registry&);
void register_window_max_ops(Registry&);
void register_norm_ops(Registry&);
void register_optim_ops(Registry&);
void register_pad_ops(Registry&);
void register_random_ops(Registry&);
void register_rearrange_ops(Registry&);
void register_recurrent_ops(Registry&);
void register_reduce_ops(Registry&);
void register_resample_ops(Registry&);
void register_scan_ops(Registry&);
void register_soft_loss_ops(Registry&);
void register_softmax_ops(Registry&);
void register_sort_ops(Registry&);
void register_view_ops(Registry&);

void Registry::add(const Op& op) { ops_.push_back(&op); }

const Registry& registry() {
  static const Registry* const instance = [] {
    Registry* r = new Registry;
    register_create_ops(*r);
    register_random_ops(*r);
    register_elementwise_ops(*r);
    register_check_ops(*r);
    register_view_ops(*r);
    register_rearrange_ops(*r);
    register_reduce_ops(*r);
    register_scan_ops(*r);
    register_sort_ops(*r);
    register_softmax_ops(*r);
    register_matmul_ops(*r);
    register_linear_ops(*r);
    register_linalg_ops(*r);
    register_index_ops(*r);
    register_conv_ops(*r);
    register_conv_finished_ops(*r);
    register_conv_gradients_ops(*r);
    register_scale_channels_ops(*r);
    register_max_pool_ops(*r);
    register_window_max_ops(*r);
    register_average_pool_ops(*r);
    register_pad_ops(*r);
    register_resample_ops(*r);
    register_grid_sample_ops(*r);
    register_attention_ops(*r);
    register_norm_ops(*r);
    register_recurrent_ops(*r);
    register_loss_ops(*r);
    register_soft_loss_ops(*r);
    register_ctc_ops(*r);
    register_embedding_ops(*r);
    register_optim_ops(*r);
    register_adafactor_ops(*r);
    register_lamb_ops(*r);
    register_muon_ops(*r);
    register_clip_ops(*r);
    return r;
  }();
  return *instance;
}

const Op* find_op_or_null(std::string_view name) {
  static const auto* const index = [] {
    auto* map = new std::unordered_map<std::string_view, const Op*>;
    for (const Op* op : registry().all()) map->emplace(op->name, op);
    return map;
  }();
  const auto found = index->find(name);
  return found == index->end() ? nullptr : found->second;
}

const Op& find_op(std::string_view name) {
  const Op* op = find_op_or_null(name);
  if (!op) fail(ErrorKind::kInternal, "registry", "no op is called ", name);
  return *op;
}

}  // namespace lanegrad
