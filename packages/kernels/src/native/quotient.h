// a / (√b + offset), an optimiser's direction, with little or nothing of the dividing unit, which is slow: it ends within
// 2½ units in the last place, as the exact instructions do, in less than half of the time. Vectors with a b that is
// negative, infinite or NaN, and variants without estimates, take those instructions.
// Estimates of 12 or 14 bits are refined after Newton; denormals count as zero.
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
inline Vector divideByRoot(Vector a, Vector b, float offset) {
  const bool isOrdinary =
      _mm512_cmpgt_epu32_mask(_mm512_castps_si512(b), _mm512_set1_epi32(0x7f7fffff)) == 0;
  // A divisor of at least this much has a reciprocal that is no denormal.
  if (!(offset >= 1e-30f && offset < 1e30f) || !isOrdinary) [[unlikely]] return divideByRootExactly(a, b, offset);
  const Vector estimate = _mm512_rsqrt14_ps(b);
  const Vector rough = b * estimate;
  const Vector miss = 0.5f - 0.5f * estimate * rough;
  const Vector divisor = (b < 1.17549435e-38f ? Vector{} : rough + rough * miss) + offset;
  const Vector reciprocal = _mm512_rcp14_ps(divisor);
  const Vector quotient = a * reciprocal;
  return quotient + reciprocal * (a - divisor * quotient);
}
#else
// The root of eight numbers takes no longer than the rest of an optimiser's arithmetic, and goes on beside it.
inline Vector divideByRoot(Vector a, Vector b, float offset) {
  const Vector root = _mm256_sqrt_ps(b);
  const bool isOrdinary =
      _mm256_movemask_ps(_mm256_cmp_ps(root, _mm256_set1_ps(3.40282347e38f), _CMP_LE_OQ)) == 0xff;
  if (!(offset >= 1e-30f && offset < 1e30f) || !isOrdinary) [[unlikely]] return divideByRootExactly(a, b, offset);
  const Vector divisor = root + offset;
  const Vector estimate = _mm256_rcp_ps(divisor);
  // Squared by the last step, 12 bits would not be enough.
  const Vector reciprocal = estimate + estimate * (1.0f - divisor * estimate);
  const Vector quotient = a * reciprocal;
  return quotient + reciprocal * (a - divisor * quotient);
}
#endif
#pragma GCC diagnostic pop
#else
inline Vector divideByRoot(Vector a, Vector b, float offset) { return divideByRootExactly(a, b, offset); }
#endif

}  // namespace atelier::ATELIER_VARIANT
