// What batch norm does to one number: for the kernels that normalise and for those that do it on the way.
#pragma once
#include <cmath>
#include <cstdint>

#include "kernels.h"
#include "vectors.h"

namespace atelier::ATELIER_VARIANT {

template <class V>
inline V normalized(V x, V mean, V scale, V beta) {
  return (x - mean) * scale + beta;
}

// scale[c] = γ/σ
inline void scales(const float* variance, const float* gamma, float epsilon, int64_t C, float* scale) {
  for (int64_t c = 0; c < C; c++) scale[c] = gamma[c] / sqrtf(variance[c] + epsilon);
}

template <class V>
inline V whereAboveZero(V y, V dy) {
  const V zero{};
  return y > zero ? dy : zero;
}

// dx = γ/σ · (dy − Σdy/rows − x̂ · Σ(dy·x̂)/rows), x̂ = (x − mean)/σ, as numbers a channel.
struct InputGrad {
  enum { mean, scale, beta, centre, slope, count };
  const float* tables[count];

  // `own` has room for 3·C floats.
  template <class Args>
  InputGrad(const Context& context, const Args& args, int64_t C, int64_t rows, float* own) {
    const float* moments = context.at(args.moments);
    const float* paramGrad = context.at(args.paramGrad);
    scales(moments + C, context.at(args.gamma), args.epsilon, C, own);
    const float perRow = 1.0f / static_cast<float>(rows);
    for (int64_t c = 0; c < C; c++) {
      own[C + c] = paramGrad[C + c] * perRow;
      own[2 * C + c] = paramGrad[c] * perRow / sqrtf(moments[C + c] + args.epsilon);
    }
    tables[mean] = moments;
    tables[scale] = own;
    tables[beta] = args.relu ? context.at(args.beta) : moments;
    tables[centre] = own + C;
    tables[slope] = own + 2 * C;
  }

  template <bool relu, class V>
  static V of(V x, V dy, const V* table) {
    if (relu) dy = whereAboveZero(normalized(x, table[mean], table[scale], table[beta]), dy);
    return table[scale] * (dy - table[centre] - (x - table[mean]) * table[slope]);
  }
};

}  // namespace atelier::ATELIER_VARIANT
