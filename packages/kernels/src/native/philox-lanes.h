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

// The four words of counters (c0, context.step, stream, 0). Even and odd lanes go apart, each word in the lower half of
// 64 bits: what is above it no product sees.
inline void drawWords(const Context& context, uint32_t stream, Words counters, Words (&out)[4]) {
  WideWords results[2][4];
  for (int odd = 0; odd < 2; odd++) {
    WideWords c0 = odd ? reinterpret_cast<WideWords>(counters) >> 32 : reinterpret_cast<WideWords>(counters);
    WideWords c1 = WideWords{} + context.step, c2 = WideWords{} + stream, c3{};
    uint32_t low = context.seed.low, high = context.seed.high;
    for (int round = 0; round < 10; round++) {
      const WideWords first = multiplyEven(c0, 0xd2511f53), second = multiplyEven(c2, 0xcd9e8d57);
      c0 = (second >> 32) ^ c1 ^ low;
      c1 = second;
      c2 = (first >> 32) ^ c3 ^ high;
      c3 = first;
      low += 0x9e3779b9;
      high += 0xbb67ae85;
    }
    results[odd][0] = c0, results[odd][1] = c1, results[odd][2] = c2, results[odd][3] = c3;
  }
  for (int word = 0; word < 4; word++)
    out[word] = reinterpret_cast<Words>((results[0][word] & 0xffffffffull) | (results[1][word] << 32));
}

}  // namespace atelier::ATELIER_VARIANT
