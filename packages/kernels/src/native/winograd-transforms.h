// The transforms of winograd.h along both axes of a tile, a vector of channels at a time, for all sizes of tiles.
#pragma once
#include "kernels.h"
#include "winograd.h"

namespace atelier::ATELIER_VARIANT {

// out[SY', SX'] = alongY(alongX(in[SY, SX])).
template <int SY, int SX, int toY, int toX, auto alongY, auto alongX, class In, class Out>
[[gnu::always_inline]] inline void transform(const In& in, const Out& out) {
  Vector rows[SY][toX];
#pragma GCC unroll 6
  for (int y = 0; y < SY; y++) {
    Vector row[SX];
#pragma GCC unroll 6
    for (int x = 0; x < SX; x++) row[x] = in(y, x);
    alongX(row, rows[y]);
  }
#pragma GCC unroll 6
  for (int x = 0; x < toX; x++) {
    Vector column[SY], result[toY];
#pragma GCC unroll 6
    for (int y = 0; y < SY; y++) column[y] = rows[y][x];
    alongY(column, result);
#pragma GCC unroll 6
    for (int y = 0; y < toY; y++) out(y, x, result[y]);
  }
}

// What a size of tiles takes, [MY, MX] outputs. Strides are in floats.
struct Transforms {
  // Bᵀ x B: pixels [MY+2, MX+2] of C channels in whole vectors to bins.
  void (*imageToBins)(const float* pixels, int64_t rowStride, int64_t pixelStride, int64_t C, float* bins,
                      int64_t binStride, int64_t vectorStride);
  // A dy Aᵀ: pixels [MY, MX], likewise, vectors beside each other.
  void (*gradientToBins)(const float* pixels, int64_t rowStride, int64_t pixelStride, int64_t C, float* bins,
                         int64_t binStride);
  // Aᵀ M A for one vector: bins to outputs [MY][MX].
  void (*binsToOutputs)(const float* bins, int64_t binStride, Vector* outputs);
  // G w Gᵀ for one vector: taps to bins.
  void (*tapsToBins)(const float* filters, int64_t tapStride, float* bins, int64_t binStride);
  // Gᵀ dU G for one vector: bins to taps [9].
  void (*binsToTaps)(const float* bins, int64_t binStride, Vector* taps);
};

// [MY - 2][MX - 2]
extern const Transforms transformsOfSizes[3][3];

}  // namespace atelier::ATELIER_VARIANT
