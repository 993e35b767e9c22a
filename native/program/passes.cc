#include "program/passes.h"

#include <sstream>

namespace lanegrad {
namespace {

constexpr Pass kPasses[] = {
    {"constantFolding", true, constant_folding},
    {"commonSubexpressions", true, common_subexpressions},
    {"scatterSums", true, scatter_sums},
    {"deadCode", true, dead_code},
    {"hoistState", true, hoist_state},
    {"foldBatchNorm", false, fold_batch_norm},
    {"chooseLayout", false, choose_layout},
    {"finishProducts", true, finish_products},
    {"finishConvolutions", true, finish_convolutions},
    {"packWeights", true, pack_weights},
    {"fuseOptimizers", true, fuse_optimizers},
    {"viewElimination", true, view_elimination},
    {"fuseElementwise", true, fuse_elementwise},
    {"inPlace", true, nullptr},  // plan.cc
};
static_assert(std::size(kPasses) <= 64);

}  // namespace

std::span<const Pass> all_passes() { return kPasses; }

PassSet parse_passes(const std::string& text) {
  PassSet set;
  if (text == "all" || text == "exact") {
    for (size_t i = 0; i < std::size(kPasses); ++i)
      if (text == "all" || kPasses[i].exact) set.on |= uint64_t{1} << i;
    return set;
  }
  std::istringstream names(text);
  for (std::string name; std::getline(names, name, ',');) {
    size_t i = 0;
    while (i < std::size(kPasses) && name != kPasses[i].name) ++i;
    if (i == std::size(kPasses)) {
      std::ostringstream known;
      for (const Pass& pass : kPasses) known << ' ' << pass.name;
      fail(ErrorKind::kValue, "compile", "got the pass ", name, ", wanted one of:", known.str());
    }
    set.on |= uint64_t{1} << i;
  }
  return set;
}

}  // namespace lanegrad
