// Philox with one counter in each vector lane: the rounds of philox.h on vectors of the variant's width.
#pragma once
#include "kernels.h"
#include "vectors.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace atelier::ATELIER_VARIANT {

typedef uint32_t Words __attribute__((vector_size(ATELIER_LANES * 4)));
typedef uint64_t WideWords __attribute__((vector_size(ATELIER_LANES * 4)));

// Products of the even 32-bit elements of x with m.
inline WideWords multiplyEven(WideWords x, uint32_t m) {
#if ATELIER_LANES == 16 && defined(__AVX512F__)  // the maskless form warns in GCC 12
  return (WideWords)_mm512_maskz_mul_epu32(0xff, (__m512i)x, _mm512_set1_epi32(static_cast<int>(m)));
#elif ATELIER_LANES == 8 && defined(__AVX2__)
  return (WideWords)_mm256_mul_epu32((__m256i)x, _mm256_set1_epi32(static_cast<int>(m)));
#else
  return (x & 0xffffffffull) * m;
#endif
}

// What the words of one stream and step have in common: the key of every round, and the counters' other words.
struct PhiloxKeys {
  uint64_t low[10], high[10];
  uint32_t step, stream;
  PhiloxKeys(const Context& context, uint32_t stream) : step(context.step), stream(stream) {
    for (uint32_t round = 0; round < 10; round++) {
      low[round] = context.seed.low + round * 0x9e3779b9;
      high[round] = context.seed.high + round * 0xbb67ae85;
    }
  }
};

// The upper half of every 64 bits, twice.
inline WideWords upperHalves(WideWords x) {
#if ATELIER_LANES == 16
  constexpr Words odd{1, 1, 3, 3, 5, 5, 7, 7, 9, 9, 11, 11, 13, 13, 15, 15};
#elif ATELIER_LANES == 8
  constexpr Words odd{1, 1, 3, 3, 5, 5, 7, 7};
#else
  constexpr Words odd{1, 1, 3, 3};
#endif
  return reinterpret_cast<WideWords>(__builtin_shuffle(reinterpret_cast<Words>(x), odd));
}

// out[0..4) = the four words of counters (c0, step, stream, 0). Even and odd lanes go apart, each word in the lower half
// of 64 bits: what is above it no product sees.
inline void drawWords(const PhiloxKeys& keys, Words counters, Words* out) {
  WideWords c0[2] = {reinterpret_cast<WideWords>(counters), upperHalves(reinterpret_cast<WideWords>(counters))};
  WideWords c1[2], c2[2], c3[2];
  for (int odd = 0; odd < 2; odd++) c1[odd] = WideWords{} + keys.step, c2[odd] = WideWords{} + keys.stream, c3[odd] = WideWords{};
#pragma GCC unroll 10
  for (int round = 0; round < 10; round++)
#pragma GCC unroll 2
    for (int odd = 0; odd < 2; odd++) {
      const WideWords first = multiplyEven(c0[odd], 0xd2511f53), second = multiplyEven(c2[odd], 0xcd9e8d57);
      c0[odd] = upperHalves(second) ^ c1[odd] ^ keys.low[round];
      c1[odd] = second;
      c2[odd] = upperHalves(first) ^ c3[odd] ^ keys.high[round];
      c3[odd] = first;
    }
  const auto join = [](const WideWords(&halves)[2]) {
    return reinterpret_cast<Words>((halves[0] & 0xffffffffull) | (halves[1] << 32));
  };
  out[0] = join(c0), out[1] = join(c1), out[2] = join(c2), out[3] = join(c3);
}

}  // namespace atelier::ATELIER_VARIANT
