// Bytes to normalised floats, the inner loop of gather.cpp: out[i] = float(pixels[i]·scale[i] + offset[i]), computed in
// double and without contraction of multiply-adds, so that every variant gives the bits of gather.ts.
#include "kernels.h"

namespace atelier::ATELIER_VARIANT {

void normalize(const uint8_t* pixels, const double* scale, const double* offset, int64_t count, float* out) {
#pragma GCC ivdep
  for (int64_t i = 0; i < count; i++) out[i] = static_cast<float>(pixels[i] * scale[i] + offset[i]);
}

void normalizeMirrored(const uint8_t* pixels, const double* scale, const double* offset, int64_t count, float* out) {
#pragma GCC ivdep
  for (int64_t i = 0; i < count; i++) out[i] = static_cast<float>(pixels[count - 1 - i] * scale[i] + offset[i]);
}

}  // namespace atelier::ATELIER_VARIANT
