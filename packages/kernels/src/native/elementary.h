// exp, log, tanh, sigmoid and erf without branches, so that loops over them become vector code. Accurate to about
// 4 units in the last place (2e-7 relative, tanh and erf 4e-7) over the whole range; denormals count as zero.
// exp and log after Cephes (Moshier), tanh and erf by the rational minimax fits used in Eigen and XLA.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#include "vectors.h"

namespace atelier::ATELIER_VARIANT {

inline float floatOfBits(int32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

inline int32_t bitsOfFloat(float value) {
  int32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

inline float exponential(float x) {
  const float inside = x > 89.0f ? 89.0f : x < -88.0f ? -88.0f : x;
  // Adding 1.5·2^23 rounds to a whole number; its low bits are that number.
  const float shifted = inside * 1.44269504088896341f + 12582912.0f;
  const int32_t n = bitsOfFloat(shifted) - 0x4b400000;
  const float whole = shifted - 12582912.0f;
  const float r = (inside - whole * 0.693359375f) + whole * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  // 2^n in two factors: n = 128 is reached before infinity.
  const int32_t half = n >> 1;
  const float y = p * floatOfBits((half + 127) << 23) * floatOfBits((n - half + 127) << 23);
  const float bounded = x > 88.7228394f ? INFINITY : x < -87.3365479f ? 0.0f : y;
  return x != x ? x : bounded;
}

inline float logarithm(float x) {
  const int32_t bits = bitsOfFloat(x);
  // m in [√½, √2), x = m·2^e
  const int32_t e = (bits - 0x3f3504f3) >> 23;
  const float m = floatOfBits(bits - e * (1 << 23)) - 1.0f;
  const float exponent = static_cast<float>(e);
  const float square = m * m;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  float y = p * m * square + exponent * -2.12194440e-4f - 0.5f * square;
  y = m + y + exponent * 0.693359375f;
  const float bounded = x < 1.17549435e-38f ? (x < 0 ? NAN : -INFINITY) : y;
  return x == INFINITY || x != x ? x : bounded;
}

inline float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

inline float hyperbolicTangent(float value) {
  const float x = value > 7.90531110763549805f ? 7.90531110763549805f : value < -7.90531110763549805f ? -7.90531110763549805f : value;
  const float s = x * x;
  float p = -2.76076847742355e-16f;
  p = p * s + 2.00018790482477e-13f;
  p = p * s - 8.60467152213735e-11f;
  p = p * s + 5.12229709037114e-08f;
  p = p * s + 1.48572235717979e-05f;
  p = p * s + 6.37261928875436e-04f;
  p = p * s + 4.89352455891786e-03f;
  float q = 1.19825839466702e-06f;
  q = q * s + 1.18534705686654e-04f;
  q = q * s + 2.26843463243900e-03f;
  q = q * s + 4.89352518554385e-03f;
  const float y = x * p / q;
  const float magnitude = value < 0 ? -value : value;
  return magnitude < 0.0004f ? value : y > 1.0f ? 1.0f : y < -1.0f ? -1.0f : y;
}

inline float errorFunction(float value) {
  const float x = value > 4.0f ? 4.0f : value < -4.0f ? -4.0f : value;
  const float s = x * x;
  float p = -2.72614225801306e-10f;
  p = p * s + 2.77068142495902e-08f;
  p = p * s - 2.10102402082508e-06f;
  p = p * s - 5.69250639462346e-05f;
  p = p * s - 7.34990630326855e-04f;
  p = p * s - 2.95459980854025e-03f;
  p = p * s - 1.60960333262415e-02f;
  float q = -1.45660718464996e-05f;
  q = q * s - 2.13374055278905e-04f;
  q = q * s - 1.68282697438203e-03f;
  q = q * s - 7.37332916720468e-03f;
  q = q * s - 1.42647390514189e-02f;
  const float y = x * p / q;
  return y > 1.0f ? 1.0f : y < -1.0f ? -1.0f : y;
}

}  // namespace atelier::ATELIER_VARIANT
