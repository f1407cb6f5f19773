// The matrix unit (Intel AMX) as this engine uses it: a block of 32×32 floats from operands split into three bf16
// pieces each. A float is the exact sum of its pieces x₁ + x₂ + x₃ (8 significant bits each), so that
//   x·y = x₁y₁ + (x₁y₂ + x₂y₁) + (x₁y₃ + x₂y₂ + x₃y₁) + less than 2⁻²⁵·|xy|:
// six products on the unit, which multiplies 16 times as fast as the vector units, for one in full float32 accuracy
// (after Henry, Tang & Heinecke 2019, "Leveraging the bfloat16 Artificial Intelligence Datatype"). Sums are float32.
// Infinite factors give NaN. Without the instructions the same arithmetic is written out, for tests.
//
// Pixels are bytes, and a byte is exact in one piece: products of pixels take three products on the unit.
//
// An operand lies in tiles of 16 rows, or columns, by 32 of k, 256 words each: word (i, p) holds the pieces of
// elements k = p and k = p + 16. Tiles of A are [i][p], of B [p][i]; the pieces lie one after the other.
#pragma once
#include <cstdint>
#include <cstring>

#include "vectors.h"

#ifdef __AMX_BF16__
#include <immintrin.h>
#endif

namespace atelier::ATELIER_VARIANT {

static_assert(lanes == 16);
typedef uint32_t Words __attribute__((vector_size(64)));

constexpr int tileSide = 16, tileDepth = 32, tileWords = 256, pieceCount = 3;
// A block is two tiles by two.
constexpr int blockSide = 2 * tileSide;
// Products of a block of tiles, by the pieces of A.
constexpr int stepsADepth(int aPieces) { return aPieces == 1 ? 3 : 6; }

// Sixteen bytes as floats.
inline Vector loadBytes(const uint8_t* from) {
#ifdef __AMX_BF16__
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
#else
  Vector floats;
  for (int i = 0; i < lanes; i++) floats[i] = from[i];
  return floats;
#endif
}

// Words of the only piece of (low, high), which are bytes.
inline Words joinPair(Vector low, Vector high) {
  return (reinterpret_cast<Words>(low) >> 16) | reinterpret_cast<Words>(high);
}

// Words of the three pieces of (low, high).
inline void splitPair(Vector low, Vector high, Words* words) {
  for (int piece = 0; piece < pieceCount; piece++) {
    Words lowBits, highBits;
    memcpy(&lowBits, &low, 64);
    memcpy(&highBits, &high, 64);
    // The last piece has no more than 8 bits left; NaN stays NaN.
    if (piece < pieceCount - 1) {
      lowBits += 0x8000;
      highBits += 0x8000;
    }
    lowBits &= 0xffff0000;
    highBits &= 0xffff0000;
    words[piece] = (lowBits >> 16) | highBits;
    Vector lowPiece, highPiece;
    memcpy(&lowPiece, &lowBits, 64);
    memcpy(&highPiece, &highBits, 64);
    low -= lowPiece;
    high -= highPiece;
  }
}

template <int step>
inline void exchange(Words* rows) {
  typedef int32_t Lanes __attribute__((vector_size(64)));
  constexpr Lanes lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  constexpr Lanes first = (lane & step) == 0 ? lane : lane - step + 16;
  constexpr Lanes second = (lane & step) == 0 ? lane + step : lane + 16;
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++) {
    if ((i & step) != 0) continue;
    const Words a = rows[i], b = rows[i + step];
    rows[i] = __builtin_shuffle(a, b, reinterpret_cast<Words>(first));
    rows[i + step] = __builtin_shuffle(a, b, reinterpret_cast<Words>(second));
  }
}

inline void transpose16(Words* rows) {
  exchange<1>(rows);
  exchange<2>(rows);
  exchange<4>(rows);
  exchange<8>(rows);
}

// The matrix unit's registers, for one thread from here to the end of the scope.
class MatrixUnit {
 public:
#ifdef __AMX_BF16__
  MatrixUnit() {
    struct alignas(64) {
      uint8_t palette = 1, start = 0, reserved[14] = {};
      uint16_t bytesARow[16] = {};
      uint8_t rows[16] = {};
    } config;
    for (int i = 0; i < 8; i++) {
      config.bytesARow[i] = 64;
      config.rows[i] = tileSide;
    }
    _tile_loadconfig(&config);
  }
  ~MatrixUnit() { _tile_release(); }
#endif
  MatrixUnit(const MatrixUnit&) = delete;
  MatrixUnit& operator=(const MatrixUnit&) = delete;
#ifndef __AMX_BF16__
  MatrixUnit() {}
#endif

  // c [32][32], rows ldc apart, added to when `goesOn`, = two rows of tiles of A, aStride words apart, by two columns of
  // tiles of B; `depths` tiles of k. meanwhile() is called stepsADepth(aPieces) times for each: what it does takes no
  // time of the unit's, as long as it is short.
  template <int aPieces = pieceCount, class Meanwhile>
  void multiply(const uint32_t* a, int64_t aStride, const uint32_t* b, int64_t bStride, int64_t depths, bool goesOn,
                float* c, int64_t ldc, const Meanwhile& meanwhile) const;
};

#ifdef __AMX_BF16__
template <int aPieces, class Meanwhile>
inline void MatrixUnit::multiply(const uint32_t* a, int64_t aStride, const uint32_t* b, int64_t bStride, int64_t depths,
                                 bool goesOn, float* c, int64_t ldc, const Meanwhile& meanwhile) const {
#define ATELIER_LOAD_A(piece)                                   \
  _tile_loadd(4, a + (piece) * tileWords, 64);                  \
  _tile_loadd(5, a + aStride + (piece) * tileWords, 64)
#define ATELIER_LOAD_B(piece)                                   \
  _tile_loadd(6, b + (piece) * tileWords, 64);                  \
  _tile_loadd(7, b + bStride + (piece) * tileWords, 64)
#define ATELIER_MULTIPLY()   \
  _tile_dpbf16ps(0, 4, 6);   \
  _tile_dpbf16ps(1, 4, 7);   \
  _tile_dpbf16ps(2, 5, 6);   \
  _tile_dpbf16ps(3, 5, 7);   \
  meanwhile()
  if (goesOn) {
    _tile_loadd(0, c, ldc * 4);
    _tile_loadd(1, c + tileSide, ldc * 4);
    _tile_loadd(2, c + tileSide * ldc, ldc * 4);
    _tile_loadd(3, c + tileSide * ldc + tileSide, ldc * 4);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  for (int64_t depth = 0; depth < depths; depth++) {
    // In an order that loads each piece as seldom as the registers allow, small products first.
    if constexpr (aPieces == 1) {
      ATELIER_LOAD_A(0);
      ATELIER_LOAD_B(2);
      ATELIER_MULTIPLY();
      ATELIER_LOAD_B(1);
      ATELIER_MULTIPLY();
      ATELIER_LOAD_B(0);
      ATELIER_MULTIPLY();
    } else {
      ATELIER_LOAD_B(0);
      ATELIER_LOAD_A(2);
      ATELIER_MULTIPLY();
      ATELIER_LOAD_A(1);
      ATELIER_MULTIPLY();
      ATELIER_LOAD_B(1);
      ATELIER_MULTIPLY();
      ATELIER_LOAD_A(0);
      ATELIER_MULTIPLY();
      ATELIER_LOAD_B(2);
      ATELIER_MULTIPLY();
      ATELIER_LOAD_B(0);
      ATELIER_MULTIPLY();
    }
    a += aPieces * tileWords;
    b += pieceCount * tileWords;
  }
  _tile_stored(0, c, ldc * 4);
  _tile_stored(1, c + tileSide, ldc * 4);
  _tile_stored(2, c + tileSide * ldc, ldc * 4);
  _tile_stored(3, c + tileSide * ldc + tileSide, ldc * 4);
#undef ATELIER_LOAD_A
#undef ATELIER_LOAD_B
#undef ATELIER_MULTIPLY
}
#else
template <int aPieces, class Meanwhile>
inline void MatrixUnit::multiply(const uint32_t* a, int64_t aStride, const uint32_t* b, int64_t bStride, int64_t depths,
                                 bool goesOn, float* c, int64_t ldc, const Meanwhile& meanwhile) const {
  const auto upper = [](uint32_t word) {
    const uint32_t bits = word & 0xffff0000;
    float value;
    memcpy(&value, &bits, 4);
    return value;
  };
  for (int64_t step = 0; step < depths * stepsADepth(aPieces); step++) meanwhile();
  for (int i = 0; i < blockSide; i++)
    for (int j = 0; j < blockSide; j++) {
      float sum = goesOn ? c[i * ldc + j] : 0;
      for (int64_t depth = 0; depth < depths; depth++)
        for (int total = pieceCount - 1; total >= 0; total--)
          for (int piece = 0; piece <= total && piece < aPieces; piece++) {
            const uint32_t* left = a + i / tileSide * aStride + (depth * aPieces + piece) * tileWords;
            const uint32_t* right = b + j / tileSide * bStride + (depth * pieceCount + total - piece) * tileWords;
            float even = 0, odd = 0;
            for (int p = 0; p < tileSide; p++) {
              const uint32_t x = left[i % tileSide * tileSide + p], y = right[p * tileSide + j % tileSide];
              even += upper(x << 16) * upper(y << 16);
              odd += upper(x) * upper(y);
            }
            sum += even + odd;
          }
      c[i * ldc + j] = sum;
    }
}
#endif

}  // namespace atelier::ATELIER_VARIANT
