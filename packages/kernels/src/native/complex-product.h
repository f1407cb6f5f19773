// Products of complex matrices, one factor conjugated, in three real products instead of four (Gauss; Knuth, TAOCP
// vol. 2, 4.6.4): with A = a + ib [M, K] and B = c + id [K, width]
//
//   k = (a + b)·c        im(A·conj(B)) = k − a·(c + d)        re(A·conj(B)) = k + b·(d − c)
//
// so A comes as planes a, b, a + b and B as planes c, −(c + d), d − c. The sums cost one addition an element and
// save a quarter of the products; rounding stays that of sums of the same size.
#pragma once
#include "vectors.h"

#include <cstdint>

namespace atelier::ATELIER_VARIANT {

// Element (m, k) of A's plane p: data[m · rowStep + k · step + p · planeStep].
struct ComplexFactor {
  const float* data;
  int64_t rowStep, step, planeStep;
};

struct ComplexProduct {
  ComplexFactor a;
  int64_t K;
  const float* b;  // [plane][K][width]
  int width;       // one or two vectors
  float* c;        // row m: the real parts at c + m · ldc, the imaginary panelWidth further
  int64_t ldc;
};

void multiplyComplex(const ComplexProduct& product, int64_t M);

}  // namespace atelier::ATELIER_VARIANT
