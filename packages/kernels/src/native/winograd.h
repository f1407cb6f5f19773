// The small transforms of Winograd convolution: M outputs of a window of 3 along one axis from M + 2 products, after
// Lavin & Gray 2016 (arXiv:1509.09308), in Toom and Cook's way: polynomials are multiplied at M + 1 points and infinity.
// With d [M+2] of the image, g [3] taps and y [M]:
//
//   y = Aᵀ[(G g) ⊙ (Bᵀ d)]    so that    dg = Gᵀ[(Bᵀ d) ⊙ (A dy)]
//
// The axes of an image take it one after the other; a number here is a vector of channels. Points were chosen for their
// error in float32: ±5/8 and ±3/2 have less than half the error of the usual ±1 and ±2, and all of Bᵀ and A is exact.
// What remains is about twice the error of direct convolution.
#pragma once
#include "vectors.h"

namespace atelier::ATELIER_VARIANT {

template <int M>
struct Winograd;

// Points 0, ±1, ∞.
template <>
struct Winograd<2> {
  static void image(const Vector* d, Vector* v) {  // Bᵀ
    v[0] = d[0] - d[2];
    v[1] = d[2] + d[1];
    v[2] = d[2] - d[1];
    v[3] = d[3] - d[1];
  }
  static void taps(const Vector* g, Vector* u) {  // G
    const Vector even = 0.5f * (g[0] + g[2]), odd = 0.5f * g[1];
    u[0] = g[0];
    u[1] = even + odd;
    u[2] = even - odd;
    u[3] = g[2];
  }
  static void outputs(const Vector* m, Vector* y) {  // Aᵀ
    y[0] = m[0] + (m[1] + m[2]);
    y[1] = (m[1] - m[2]) + m[3];
  }
  static void gradient(const Vector* dy, Vector* m) {  // A
    m[0] = dy[0];
    m[1] = dy[0] + dy[1];
    m[2] = dy[0] - dy[1];
    m[3] = dy[1];
  }
  static void tapGradient(const Vector* u, Vector* g) {  // Gᵀ
    const Vector sum = 0.5f * (u[1] + u[2]);
    g[0] = u[0] + sum;
    g[1] = 0.5f * (u[1] - u[2]);
    g[2] = sum + u[3];
  }
};

// Points 0, ±a, b, ∞.
template <>
struct Winograd<3> {
  static constexpr float a = 0.75f, b = 1.5f, a2 = a * a, b2 = b * b;
  // One over the product of a point's distances to the others.
  static constexpr float at0 = 1 / (a2 * b), atPlus = 1 / (2 * a2 * (a - b)), atMinus = -1 / (2 * a2 * (a + b)),
                         atB = 1 / (b * (b2 - a2));
  static void image(const Vector* d, Vector* v) {
    const Vector q0 = d[1] - b * d[0], q1 = d[2] - b * d[1], q2 = d[3] - b * d[2], q3 = d[4] - b * d[3];
    v[0] = q2 - a2 * q0;
    v[1] = q2 + a * q1;
    v[2] = q2 - a * q1;
    v[3] = d[3] - a2 * d[1];
    v[4] = q3 - a2 * q1;
  }
  static void taps(const Vector* g, Vector* u) {
    const Vector even = g[0] + a2 * g[2], odd = a * g[1];
    u[0] = at0 * g[0];
    u[1] = atPlus * (even + odd);
    u[2] = atMinus * (even - odd);
    u[3] = atB * (g[0] + b * g[1] + b2 * g[2]);
    u[4] = g[2];
  }
  static void outputs(const Vector* m, Vector* y) {
    const Vector sum = m[1] + m[2], difference = m[1] - m[2];
    y[0] = m[0] + sum + m[3];
    y[1] = a * difference + b * m[3];
    y[2] = m[4] + a2 * sum + b2 * m[3];
  }
  static void gradient(const Vector* dy, Vector* m) {
    const Vector even = dy[0] + a2 * dy[2];
    m[0] = dy[0];
    m[1] = even + a * dy[1];
    m[2] = even - a * dy[1];
    m[3] = dy[0] + b * dy[1] + b2 * dy[2];
    m[4] = dy[2];
  }
  static void tapGradient(const Vector* u, Vector* g) {
    const Vector plus = atPlus * u[1], minus = atMinus * u[2], atb = atB * u[3];
    g[0] = at0 * u[0] + (plus + minus) + atb;
    g[1] = a * (plus - minus) + b * atb;
    g[2] = a2 * (plus + minus) + b2 * atb + u[4];
  }
};

// Points 0, ±a, ±b, ∞.
template <>
struct Winograd<4> {
  static constexpr float a = 0.625f, b = 1.5f, a2 = a * a, b2 = b * b;
  static constexpr float at0 = 1 / (a2 * b2), atA = 1 / (2 * a2 * (a2 - b2)), atB = 1 / (2 * b2 * (b2 - a2));
  static void image(const Vector* d, Vector* v) {
    const Vector evenA = d[4] - b2 * d[2], oddA = d[3] - b2 * d[1];
    const Vector evenB = d[4] - a2 * d[2], oddB = d[3] - a2 * d[1];
    v[0] = evenB - b2 * (d[2] - a2 * d[0]);
    v[1] = evenA + a * oddA;
    v[2] = evenA - a * oddA;
    v[3] = evenB + b * oddB;
    v[4] = evenB - b * oddB;
    v[5] = (d[5] - a2 * d[3]) - b2 * oddB;
  }
  static void taps(const Vector* g, Vector* u) {
    const Vector evenA = atA * (g[0] + a2 * g[2]), oddA = atA * a * g[1];
    const Vector evenB = atB * (g[0] + b2 * g[2]), oddB = atB * b * g[1];
    u[0] = at0 * g[0];
    u[1] = evenA + oddA;
    u[2] = evenA - oddA;
    u[3] = evenB + oddB;
    u[4] = evenB - oddB;
    u[5] = g[2];
  }
  static void outputs(const Vector* m, Vector* y) {
    const Vector sumA = m[1] + m[2], differenceA = m[1] - m[2];
    const Vector sumB = m[3] + m[4], differenceB = m[3] - m[4];
    y[0] = m[0] + sumA + sumB;
    y[1] = a * differenceA + b * differenceB;
    y[2] = a2 * sumA + b2 * sumB;
    y[3] = m[5] + a2 * a * differenceA + b2 * b * differenceB;
  }
  static void gradient(const Vector* dy, Vector* m) {
    const Vector evenA = dy[0] + a2 * dy[2], oddA = dy[1] + a2 * dy[3];
    const Vector evenB = dy[0] + b2 * dy[2], oddB = dy[1] + b2 * dy[3];
    m[0] = dy[0];
    m[1] = evenA + a * oddA;
    m[2] = evenA - a * oddA;
    m[3] = evenB + b * oddB;
    m[4] = evenB - b * oddB;
    m[5] = dy[3];
  }
  static void tapGradient(const Vector* u, Vector* g) {
    const Vector sumA = atA * (u[1] + u[2]), sumB = atB * (u[3] + u[4]);
    g[0] = at0 * u[0] + sumA + sumB;
    g[1] = atA * a * (u[1] - u[2]) + atB * b * (u[3] - u[4]);
    g[2] = a2 * sumA + b2 * sumB + u[5];
  }
};

}  // namespace atelier::ATELIER_VARIANT
