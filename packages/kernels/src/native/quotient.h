// a / (√b + offset), an optimiser's direction, without the dividing unit: root and quotient start from the processor's
// 12 or 14 bit estimates and end within 2½ units in the last place, as the exact instructions do, in a third of the
// time. Vectors with a b that is negative, infinite or NaN, and variants without estimates, take those instructions.
// The estimates are refined after Newton; denormals count as zero.
#pragma once
#include <cmath>
#include <cstdint>

#include "vectors.h"

#if (ATELIER_LANES == 16 && defined(__AVX512F__)) || (ATELIER_LANES == 8 && defined(__AVX2__))
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#define ATELIER_HAS_ESTIMATES
#endif

namespace atelier::ATELIER_VARIANT {

inline Vector divideByRootExactly(Vector a, Vector b, float offset) {
  Vector y;
  for (int i = 0; i < lanes; i++) y[i] = a[i] / (sqrtf(b[i]) + offset);
  return y;
}

#ifdef ATELIER_HAS_ESTIMATES
#if ATELIER_LANES == 16
inline Vector estimateRootReciprocal(Vector x) { return _mm512_rsqrt14_ps(x); }
inline Vector estimateReciprocal(Vector x) { return _mm512_rcp14_ps(x); }
inline bool allOrdinary(Vector x) {
  return _mm512_cmpgt_epu32_mask(_mm512_castps_si512(x), _mm512_set1_epi32(0x7f7fffff)) == 0;
}
constexpr bool roughEstimates = false;
#else
inline Vector estimateRootReciprocal(Vector x) { return _mm256_rsqrt_ps(x); }
inline Vector estimateReciprocal(Vector x) { return _mm256_rcp_ps(x); }
inline bool allOrdinary(Vector x) {
  const __m256i bits = _mm256_castps_si256(x), most = _mm256_set1_epi32(0x7f7fffff);
  return _mm256_movemask_epi8(_mm256_cmpeq_epi32(_mm256_max_epu32(bits, most), most)) == -1;
}
constexpr bool roughEstimates = true;
#endif

inline Vector divideByRoot(Vector a, Vector b, float offset) {
  // A divisor of at least this much has a reciprocal that is no denormal.
  if (!(offset >= 1e-30f && offset < 1e30f) || !allOrdinary(b)) [[unlikely]] return divideByRootExactly(a, b, offset);
  const Vector estimate = estimateRootReciprocal(b);
  const Vector rough = b * estimate;
  Vector miss = 0.5f - 0.5f * estimate * rough;
  if constexpr (roughEstimates) miss += 1.5f * miss * miss;
  const Vector divisor = (b < 1.17549435e-38f ? Vector{} : rough + rough * miss) + offset;
  Vector reciprocal = estimateReciprocal(divisor);
  // Squared by the last step, 12 bits would not be enough.
  if constexpr (roughEstimates) reciprocal += reciprocal * (1.0f - divisor * reciprocal);
  const Vector quotient = a * reciprocal;
  return quotient + reciprocal * (a - divisor * quotient);
}
#pragma GCC diagnostic pop
#else
inline Vector divideByRoot(Vector a, Vector b, float offset) { return divideByRootExactly(a, b, offset); }
#endif

}  // namespace atelier::ATELIER_VARIANT
