// The singular value decomposition of one matrix, for the ops that rest on it.
#pragma once

#include <type_traits>

#include "ops/linalg/spectral.h"

namespace lanegrad {

// What the decomposition of a tall matrix [tall, k], tall >= k, needs. The left vectors come out as `width`
// rows of `tall`, the right ones as k rows of k; width 0 stands for none of both.
template <class T>
struct SvdMemory {
  SvdMemory(int64_t tall_side, int64_t short_side, int64_t left_width, char* memory, bool use_threads);

  size_t bytes = 0;
  int64_t tall, k, width;
  bool threaded;
  T *a, *b, *ut, *vt, *q, *sorted;
  T *tau, *left, *right, *work;
  double *d, *e;
  int64_t* order;
  char *u_rotations, *v_rotations, *reflectors;
  LinalgScratch<T> scratch;
};

enum SvdFailure { kSvdNotFinite = 1, kSvdNotConverged = 2 };

// Of m.a, which is lost: values [k] descending, left [width, tall], right [k, k]. 0 or an SvdFailure.
template <class T>
int64_t linalg_svd(const SvdMemory<T>& m, T* values, T* left, T* right);

}  // namespace lanegrad
