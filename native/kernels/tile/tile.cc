#include "kernels/tile/tile.h"

namespace lanegrad {
namespace {

constexpr uintptr_t kLine = 64;

// The exponent is the last operand of pow(a, b) and of its gradient (grad, a, b), which has no constants.
bool is_two(const TileInstruction& i, const void* exponent) {
  return i.wide ? *static_cast<const double*>(exponent) == 2.0 : *static_cast<const float*>(exponent) == 2.0f;
}

}  // namespace

void run_tile(const TileInstruction* code, int count, void* const* slots, int64_t n, unsigned past_caches) {
  for (const TileInstruction* i = code; i < code + count; ++i) {
    const int64_t length = i->single ? 1 : n;
    void* const out = slots[i->out];
    unsigned scalars = i->scalars;
    if (past_caches && i->output >= 0 && (past_caches >> i->output & 1) &&
        reinterpret_cast<uintptr_t>(out) % kLine == 0)
      scalars |= kPastCaches;
    const void* in[kMaxTileInputs];
    for (int k = 0; k < i->inputs; ++k) in[k] = slots[i->in[k]];
    switch (i->code) {
      case TileCode::kRow:
        i->row(out, in, length, scalars);
        break;
      case TileCode::kPower: {
        const int last = i->inputs - 1;
        if (is_two(*i, in[last]))
          i->square(out, in, length, scalars & ~(1u << last));
        else
          i->row(out, in, length, scalars);
        break;
      }
      case TileCode::kWhere:
        i->where(out, in[0], in[1], in[2], length, scalars);
        break;
      case TileCode::kCast:
        i->cast(out, in[0], length);
        break;
      case TileCode::kFill:
        i->fill(out, in[0], length);
        break;
    }
  }
}

}  // namespace lanegrad
