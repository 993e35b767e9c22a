// Convolutions in two directions that pad: each task pads the rows of the images that it is about to read,
// into a buffer that stays in the L2 cache, instead of a padded copy of all images passing through memory.
#pragma once

#include "ops/conv/column_pairs.h"

namespace lanegrad::conv_detail {

// Elements of a buffer, if that leaves a row to work on, and tasks that there are at least, if there are rows
// for them. Nothing depends on the number of threads, since the size of the workspace must not.
inline constexpr int64_t kPaddedElements = int64_t{1} << 17;
inline constexpr int64_t kPaddedTasks = 16, kFewRows = 4;

// Whether it has two directions at most.
inline bool is_flat(const ConvGeometry& g) { return g.size[0] == 1 && g.kernel[0] == 1 && g.padding[0] == 0; }

// How the images are cut: some whole ones together, or one in bands of rows.
struct PaddedBands {
  int64_t step, span;  // padded rows from one row of pixels to the next, and that one row of pixels needs
  int64_t together, parts, bands;
  int64_t rows;  // of a buffer
  int64_t slots, slot;

  PaddedBands() = default;
  // `rows_out`: rows of pixels, of the phase with most of them, and `least_rows` with fewest; `channels`: of
  // one group; extent: of a padded image.
  PaddedBands(int64_t images, int64_t groups, int64_t channels, const ConvSizes& extent, int64_t rows_out,
              int64_t least_rows, int64_t columns_out, int64_t row_step)
      : step(row_step), span(extent[1] - (least_rows - 1) * row_step) {
    const int64_t row_elements = std::max<int64_t>(1, channels * extent[2]);
    const int64_t fitting = (kPaddedElements / row_elements - span) / step + 1;
    bands = ceil_div(rows_out, std::clamp<int64_t>(fitting, 1, rows_out));
    const int64_t pixels = std::max<int64_t>(1, rows_out * columns_out);
    together = bands > 1 ? 1
                         : std::clamp<int64_t>(std::min(kPixelsTogether / pixels,
                                                        kPaddedElements / (row_elements * extent[1])),
                                               1, std::max<int64_t>(1, images * groups / kPaddedTasks));
    parts = ceil_div(images, together);
    const int64_t wanted = ceil_div(kPaddedTasks, std::max<int64_t>(1, parts * groups));
    bands = std::max(bands, std::min(wanted, ceil_div(rows_out, kFewRows)));
    rows = ceil_div(rows_out, bands) * step + span;
    slots = std::min(parts * groups * bands, kPaddedTasks);
    slot = (together * channels * rows * extent[2] + 15) / 16 * 16;
  }
};

// One group's channels of an image, padded rows [first, first + rows), to planes of `plane` elements.
template <class T>
void pad_channels(ConvOperand<const T> from, int64_t image, int64_t first_channel, int64_t channels,
                  const ConvSizes& size, const Padded& pad, int64_t first, int64_t rows, T* to,
                  int64_t plane) {
  const auto& s = from.strides;
  for (int64_t c = 0; c < channels; ++c) {
    pad_rows(from.data + image * s[0] + (first_channel + c) * s[1], s[3], s[4], size, pad, first, rows,
             to + c * plane);
  }
}

// As run_pixels; the offsets of the phases are those in a buffer. w.image and its strides are not used. With
// `pairs` two phases after each other are the even and the odd columns of the same rows.
template <class T>
void run_padded(const PixelWork<T>& w, const Phase* phases, int64_t phase_count, ConvOperand<const T> from,
                const ConvSizes& size, const Padded& pad, const PaddedBands& cut, T* buffers,
                const PairRoom<T>& pairs = {}) {
  const ConvTable<T>& table = conv_table<T>();
  const int64_t panels = ceil_div(w.out_channels, table.channels);
  const int64_t plane = cut.rows * pad.extent[2], image_step = w.in_channels * plane;
  int64_t work = 0;
  for (int64_t p = 0; p < phase_count; ++p)
    work += phases[p].rows * phases[p].columns * std::max<int64_t>(phases[p].taps * w.in_channels, 1);
  work *= w.images * w.groups * w.out_channels;
  in_tasks(cut.parts * w.groups * cut.bands, work, cut.slots, [&](int64_t index, int64_t task) {
    const int64_t band = index % cut.bands, group = index / cut.bands % w.groups;
    const int64_t image = index / cut.bands / w.groups * cut.together;
    const int64_t count = std::min(cut.together, w.images - image);
    // The phases differ by a row at most; the band takes what any of them reads.
    const auto row_at = [&](const Phase& p, int64_t i) { return p.rows * i / cut.bands; };
    int64_t first = row_at(phases[0], band), last = row_at(phases[0], band + 1);
    for (int64_t p = 1; p < phase_count; ++p) {
      first = std::min(first, row_at(phases[p], band));
      last = std::max(last, row_at(phases[p], band + 1));
    }
    const int64_t top = first * cut.step;
    const int64_t rows = std::min((last - first - 1) * cut.step + cut.span, pad.extent[1] - top);
    T* const buffer = buffers + task * cut.slot;
    for (int64_t i = 0; i < count; ++i) {
      pad_channels(from, image + i, group * w.in_channels, w.in_channels, size, pad, top, rows,
                   buffer + i * image_step, plane);
    }
    const auto block_of = [&](const Phase& p, int64_t panel) {
      const int64_t row = row_at(p, band);
      ConvBlock<T> b = panel_block(w, p, group, panel);
      b.images = count;
      b.image_step = image_step;
      b.out_image = w.groups * w.out_channels * w.out_plane;
      b.rows = row_at(p, band + 1) - row;
      b.columns = p.columns;
      b.image = buffer + (row - first) * p.row_step;
      b.out += image * b.out_image + row * p.out_row;
      return b;
    };
    for (int64_t i = 0; i < phase_count; i += pairs.room ? 2 : 1) {
      for (int64_t panel = 0; panel < panels; ++panel) {
        const ConvBlock<T> b = block_of(phases[i], panel);
        if (pairs.room)
          run_pair(b, block_of(phases[i + 1], panel), pairs.room + task * pairs.slot);
        else
          run_block(w, b);
      }
    }
  });
}

}  // namespace lanegrad::conv_detail
