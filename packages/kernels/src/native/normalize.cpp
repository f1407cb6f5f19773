// Bytes to normalised floats, the inner loop of gather.cpp: out[i] = float(pixels[i]·scale[i] + offset[i]), computed in
// double and without contraction of multiply-adds, so that every variant gives the bits of gather.ts.
#include <cstring>

#include "kernels.h"

namespace atelier::ATELIER_VARIANT {
namespace {

constexpr int side = 16;
typedef uint8_t Sixteen __attribute__((vector_size(side)));

// rows[i][j] = rows[j][i]. Four times, halves of the rows are interleaved.
inline void transpose(Sixteen (&rows)[side]) {
#pragma GCC unroll 4
  for (int round = 0; round < 4; round++) {
    Sixteen next[side];
#pragma GCC unroll 8
    for (int i = 0; i < side / 2; i++) {
      const Sixteen a = rows[i], b = rows[i + side / 2];
      next[2 * i] = __builtin_shuffle(a, b, Sixteen{0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23});
      next[2 * i + 1] = __builtin_shuffle(a, b, Sixteen{8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31});
    }
    memcpy(rows, next, sizeof rows);
  }
}

}  // namespace

void normalize(const uint8_t* pixels, const double* scale, const double* offset, int64_t count, float* out) {
#pragma GCC ivdep
  for (int64_t i = 0; i < count; i++) out[i] = static_cast<float>(pixels[i] * scale[i] + offset[i]);
}

void normalizeMirrored(const uint8_t* pixels, const double* scale, const double* offset, int64_t count, float* out) {
#pragma GCC ivdep
  for (int64_t i = 0; i < count; i++) out[i] = static_cast<float>(pixels[count - 1 - i] * scale[i] + offset[i]);
}

void normalizeToLanes(const uint8_t* const* images, const uint8_t* const* next, int64_t present, int64_t pixels,
                      int64_t channels, const double* scale, const double* offset, float* out) {
  const int64_t bytes = pixels * channels;
  for (int64_t at = 0, pixel = 0, c = 0; at < bytes; at += side) {
    const int64_t count = bytes - at < side ? bytes - at : side;
    Sixteen rows[side] = {};
    if (count == side)
      for (int64_t i = 0; i < present; i++) memcpy(&rows[i], images[i] + at, side);
    else
      for (int64_t i = 0; i < present; i++) memcpy(&rows[i], images[i] + at, static_cast<size_t>(count));
    if (next != nullptr && at % 64 == 0)
      for (int64_t i = 0; i < side; i++) __builtin_prefetch(next[i] + at);
    transpose(rows);
    for (int64_t row = 0; row < count; row++) {
      float* const to = out + (c * pixels + pixel) * side;
      const double factor = scale[c], term = offset[c];
      for (int i = 0; i < side; i++) to[i] = static_cast<float>(rows[row][i] * factor + term);
      for (int64_t i = present; i < side; i++) to[i] = 0;
      if (++c == channels) {
        c = 0;
        pixel++;
      }
    }
  }
}

}  // namespace atelier::ATELIER_VARIANT
