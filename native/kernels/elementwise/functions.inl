// The rows of functions.def, a translation unit of their own for each level, so that they compile beside the
// others.

#include "kernels/elementwise/function_formulas.inl"

#define LANEGRAD_ROWS "kernels/elementwise/functions.def"
#include "kernels/elementwise/loops.inl"
#undef LANEGRAD_ROWS

void add_function_kernels(ElementwiseTable& t) { add_kernels(t); }
