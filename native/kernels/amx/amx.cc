#include "kernels/amx/amx.h"

#include <type_traits>

#include "core/cpu.h"

// The assembler of older compilers does not know the tiles.
#if defined(__x86_64__) && (defined(__clang__) || __GNUC__ >= 11)
#include "kernels/amx/tiles_hardware.h"

#include "simd/begin_avx512.h"

#include "kernels/amx/transpose16.inl"

#include "kernels/amx/halves.inl"

#include "kernels/amx/pack_halves.inl"

#include "kernels/amx/pack.inl"

#include "kernels/amx/tiles_emulated.inl"

#include "kernels/amx/operand.inl"

#include "kernels/amx/dots.inl"

#include "kernels/amx/few.inl"

#include "kernels/amx/stream.inl"

#include "kernels/amx/block.inl"

#include "kernels/amx/grid.inl"

#include "kernels/amx/conv.inl"

#include "kernels/amx/attention.inl"

#include "kernels/amx/attention_gradient.inl"

namespace {

template <class Tiles, class T>
constexpr AmxOps<T> ops_of() {
  return {.pack_a = pack_a<T>,
          .pack_b = pack_b<T>,
          .block = multiply_block<Tiles, T>,
          .pairs = grid_pairs<T>,
          .lines = grid_lines<T>,
          .pixels = conv_pixels<Tiles, T>};
}

template <class Tiles>
constexpr auto few_of() -> bool (*)(const AmxFew&) {
  if constexpr (Tiles::kRegisters)
    return nullptr;
  else
    return multiply_few<Tiles>;
}

template <class Tiles>
const AmxTable& amx_table_of() {
  static constexpr AmxTable table{.floats = Tiles::kRegisters,
                                  .corner_cycles = Tiles::kRegisters ? 64 : 640,
                                  .f32 = ops_of<Tiles, float>(),
                                  .bf16 = ops_of<Tiles, BFloat16>(),
                                  .turn = turn_lines,
                                  .sums = conv_sums<Tiles>,
                                  .few = few_of<Tiles>(),
                                  .attention = {.lines = attention_lines,
                                                .pairs = attention_pairs,
                                                .scores = attention_scores<Tiles>,
                                                .weigh = attention_weigh<Tiles>,
                                                .round = attention_round},
                                  .attention_gradient = {.columns = attention_columns,
                                                         .split_pairs = attention_split_pairs,
                                                         .add_products = attention_add_products<Tiles>,
                                                         .round_turned = attention_round_turned,
                                                         .row_dots = attention_half_dots}};
  return table;
}

// One product of tiles by the unit and in software. A processor, or a program that plays one, whose tiles do
// not compute what the manual says is not trusted with any product.
bool tiles_compute_as_described() {
  alignas(64) uint16_t a[kTileWords], b[kTileWords];
  alignas(64) float hardware[256], software[256];
  for (int i = 0; i < kTileWords; ++i) {
    // Of both signs and of several sizes, a denormal among them.
    a[i] = BFloat16::round((static_cast<float>(i * 37 % 101) - 50.0f) * (i % 7 == 0 ? 0x1p-20f : 0x1p-3f));
    b[i] = BFloat16::round((static_cast<float>(i * 53 % 97) - 48.0f) * (i % 5 == 0 ? 0x1p12f : 0x1p-5f));
  }
  a[3] = 1;
  const auto run = [&](auto&& tiles, float* out) {
    tiles.template zero<0>();
    tiles.template load<4>(a, 64);
    tiles.template load<6>(b, 64);
    tiles.template multiply<0, 4, 6>();
    tiles.template multiply<0, 4, 6>();
    tiles.template store<0>(out, 64);
  };
  run(amx::HardwareTiles(), hardware);
  run(EmulatedTiles(), software);
  return std::memcmp(hardware, software, sizeof(hardware)) == 0;
}

}  // namespace

const AmxTable* amx_table(MatrixUnit unit) {
  switch (unit) {
    case MatrixUnit::kNone:
      return nullptr;
    case MatrixUnit::kDots:
      return &amx_table_of<HardwareDots>();
    case MatrixUnit::kEmulatedDots:
      return &amx_table_of<EmulatedDots>();
    case MatrixUnit::kAmx:
      return tiles_compute_as_described() ? &amx_table_of<amx::HardwareTiles>() : nullptr;
    case MatrixUnit::kEmulatedAmx:
      return &amx_table_of<EmulatedTiles>();
  }
  return nullptr;
}

#include "simd/end_avx512.h"

namespace lanegrad {

const AmxTable* amx_table() {
  static const AmxTable* const table = avx512::amx_table(matrix_unit());
  return table;
}

}  // namespace lanegrad
#else
namespace lanegrad {

const AmxTable* amx_table() { return nullptr; }

}  // namespace lanegrad
#endif
