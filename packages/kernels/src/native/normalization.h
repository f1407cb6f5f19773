// What batch norm does to one number: for the kernels that normalise and for those that do it on the way.
#pragma once
#include <cmath>
#include <cstdint>

#include "vectors.h"

namespace atelier::ATELIER_VARIANT {

template <class V>
inline V normalized(V x, V mean, V scale, V beta) {
  return (x - mean) * scale + beta;
}

// scale[c] = γ/σ
inline void scales(const float* variance, const float* gamma, float epsilon, int64_t C, float* scale) {
  for (int64_t c = 0; c < C; c++) scale[c] = gamma[c] / sqrtf(variance[c] + epsilon);
}

}  // namespace atelier::ATELIER_VARIANT
