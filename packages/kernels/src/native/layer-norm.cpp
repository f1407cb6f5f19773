// Layer normalisation over the last axis of [rows, C] (Ba et al. 2016). A row's mean and inverse deviation are
// computed anew in each kernel: cheaper than keeping them.
#include "columns.h"
#include "vectors.h"

#include <cmath>

namespace atelier::ATELIER_VARIANT {
namespace {

struct RowMoments {
  float mean, inverse;
};

RowMoments rowMoments(const float* x, int64_t C, float epsilon) {
  double sum = 0;
  for (int64_t c = 0; c < C; c++) sum += x[c];
  const float mean = static_cast<float>(sum / static_cast<double>(C));
  double spread = 0;
  for (int64_t c = 0; c < C; c++) {
    const float distance = x[c] - mean;
    spread += distance * distance;
  }
  return {mean, static_cast<float>(1.0 / std::sqrt(spread / static_cast<double>(C) + epsilon))};
}

template <class Body>
void eachRow(const Context& context, int64_t rows, int64_t C, const Body& body) {
  int64_t tasks = (rows * C + 16383) / 16384;
  if (tasks > 64) tasks = 64;
  if (tasks > rows) tasks = rows;
  context.pool->each(static_cast<int>(tasks), [&](int task) {
    const Share share(rows, tasks, task);
    for (int64_t row = share.begin; row < share.end; row++) body(row);
  });
}

}  // namespace

void layerNorm(const Context& context, const LayerNormArgs& args) {
  const float* x = context.at(args.x);
  const float* gamma = context.at(args.gamma);
  const float* beta = context.at(args.beta);
  float* y = context.at(args.y);
  const int64_t C = args.C;
  eachRow(context, args.rows, C, [&](int64_t row) {
    const float* from = x + row * C;
    float* to = y + row * C;
    const RowMoments m = rowMoments(from, C, args.epsilon);
#pragma GCC ivdep
    for (int64_t c = 0; c < C; c++) to[c] = gamma[c] * ((from[c] - m.mean) * m.inverse) + beta[c];
  });
}

int64_t layerNormParamGradWorkspace(const LayerNormParamGradArgs& args) {
  return Chunks{args.rows, args.C}.count() * 2 * args.C + 2 * int64_t{args.rows};
}

void layerNormParamGrad(const Context& context, const LayerNormParamGradArgs& args) {
  const float* x = context.at(args.x);
  const float* dy = context.at(args.dy);
  float* y = context.at(args.y);
  const int64_t C = args.C;
  const Chunks chunks{args.rows, C};
  float* partial = context.workspace;
  eachChunk(context, chunks, [&](int64_t chunk) {
    float* gamma = partial + chunk * 2 * C;
    float* beta = gamma + C;
    for (int64_t c = 0; c < 2 * C; c++) gamma[c] = 0;
    for (int64_t row = chunks.begin(chunk); row < chunks.end(chunk); row++) {
      const float* from = x + row * C;
      const float* grad = dy + row * C;
      const RowMoments m = rowMoments(from, C, args.epsilon);
#pragma GCC ivdep
      for (int64_t c = 0; c < C; c++) {
        gamma[c] += (from[c] - m.mean) * m.inverse * grad[c];
        beta[c] += grad[c];
      }
    }
  });
  for (int64_t i = 0; i < 2 * C; i++) {
    double total = 0;
    for (int64_t chunk = 0; chunk < chunks.count(); chunk++) total += partial[chunk * 2 * C + i];
    y[i] = static_cast<float>(total);
  }
}

void layerNormInputGrad(const Context& context, const LayerNormInputGradArgs& args) {
  const float* x = context.at(args.x);
  const float* gamma = context.at(args.gamma);
  const float* dy = context.at(args.dy);
  float* dx = context.at(args.dx);
  const int64_t C = args.C;
  // With g = dy·γ and x̂ the normalised row: dx = (g − mean(g) − x̂ · mean(g·x̂)) / σ
  eachRow(context, args.rows, C, [&](int64_t row) {
    const float* from = x + row * C;
    const float* grad = dy + row * C;
    float* to = dx + row * C;
    const RowMoments m = rowMoments(from, C, args.epsilon);
    double sum = 0, product = 0;
    for (int64_t c = 0; c < C; c++) {
      const float g = grad[c] * gamma[c];
      sum += g;
      product += g * ((from[c] - m.mean) * m.inverse);
    }
    const float meanG = static_cast<float>(sum / static_cast<double>(C));
    const float meanGX = static_cast<float>(product / static_cast<double>(C));
#pragma GCC ivdep
    for (int64_t c = 0; c < C; c++)
      to[c] = m.inverse * (grad[c] * gamma[c] - meanG - (from[c] - m.mean) * m.inverse * meanGX);
  });
}

}  // namespace atelier::ATELIER_VARIANT
