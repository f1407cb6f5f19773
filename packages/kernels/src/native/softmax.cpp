// Softmax over the last axis of [rows, C] and its cross-entropy with smoothed targets (1 − s)·t + s/C
// (Szegedy et al. 2016, §7), by way of log-sum-exp about the row's maximum.
#include "elementary.h"
#include "kernels.h"

namespace atelier::ATELIER_VARIANT {
namespace {

template <class Body>
void eachRow(const Context& context, int64_t rows, int64_t C, const Body& body) {
  int64_t tasks = (rows * C + 8191) / 8192;
  if (tasks > 64) tasks = 64;
  if (tasks > rows) tasks = rows;
  context.pool->each(static_cast<int>(tasks), [&](int task) {
    const Share share(rows, tasks, task);
    for (int64_t row = share.begin; row < share.end; row++) body(row);
  });
}

// The row's maximum; NaN when there is one, so that it spreads.
float maximumOf(const float* x, int64_t C) {
  float best = x[0];
  bool invalid = best != best;
  for (int64_t c = 1; c < C; c++) {
    best = x[c] > best ? x[c] : best;
    invalid |= x[c] != x[c];
  }
  return invalid ? NAN : best;
}

// y = exp(x − maximum); the sum of y.
float exponentials(const float* x, int64_t C, float maximum, float* y) {
#pragma GCC ivdep
  for (int64_t c = 0; c < C; c++) y[c] = exponential(x[c] - maximum);
  double sum = 0;
  for (int64_t c = 0; c < C; c++) sum += y[c];
  return static_cast<float>(sum);
}

}  // namespace

void softmax(const Context& context, const SoftmaxArgs& args) {
  const float* x = context.at(args.x);
  float* y = context.at(args.y);
  const int64_t C = args.C;
  eachRow(context, args.rows, C, [&](int64_t row) {
    const float* from = x + row * C;
    float* to = y + row * C;
    const float scale = 1.0f / exponentials(from, C, maximumOf(from, C), to);
    for (int64_t c = 0; c < C; c++) to[c] *= scale;
  });
}

void softmaxCrossEntropy(const Context& context, const SoftmaxCrossEntropyArgs& args) {
  const float* logits = context.at(args.logits);
  const float* targets = context.at(args.targets);
  float* y = context.at(args.y);
  const int64_t C = args.C;
  const float keep = 1.0f - args.labelSmoothing, spread = args.labelSmoothing / static_cast<float>(C);
  eachRow(context, args.rows, C, [&](int64_t row) {
    const float* from = logits + row * C;
    const float* target = targets + row * C;
    const float maximum = maximumOf(from, C);
    double sum = 0;
    for (int64_t c = 0; c < C; c++) sum += exponential(from[c] - maximum);
    // −Σ t·(x − max − log Σ exp(x − max)): differences first, so that large logits cost nothing.
    const float logSum = logarithm(static_cast<float>(sum));
    double loss = 0;
    for (int64_t c = 0; c < C; c++) loss += static_cast<double>(keep * target[c] + spread) * (logSum - (from[c] - maximum));
    y[row] = static_cast<float>(loss);
  });
}

void softmaxCrossEntropyGrad(const Context& context, const SoftmaxCrossEntropyGradArgs& args) {
  const float* logits = context.at(args.logits);
  const float* targets = context.at(args.targets);
  const float* dy = context.at(args.dy);
  float* dx = context.at(args.dx);
  const int64_t C = args.C;
  const float keep = 1.0f - args.labelSmoothing, spread = args.labelSmoothing / static_cast<float>(C);
  // dx = dy · (softmax · Σt − t), t smoothed
  eachRow(context, args.rows, C, [&](int64_t row) {
    const float* from = logits + row * C;
    const float* target = targets + row * C;
    float* to = dx + row * C;
    float total = 0;
    for (int64_t c = 0; c < C; c++) total += keep * target[c] + spread;
    const float scale = total / exponentials(from, C, maximumOf(from, C), to);
    const float grad = dy[row];
#pragma GCC ivdep
    for (int64_t c = 0; c < C; c++) to[c] = grad * (to[c] * scale - (keep * target[c] + spread));
  });
}

void correct(const Context& context, const CorrectArgs& args) {
  const float* logits = context.at(args.logits);
  const float* targets = context.at(args.targets);
  float* y = context.at(args.y);
  const int64_t C = args.C;
  for (int64_t row = 0; row < args.rows; row++) {
    int64_t best = 0, wanted = 0;
    for (int64_t c = 1; c < C; c++) {
      if (logits[row * C + c] > logits[row * C + best]) best = c;
      if (targets[row * C + c] > targets[row * C + wanted]) wanted = c;
    }
    y[row] = best == wanted ? 1.0f : 0.0f;
  }
}

}  // namespace atelier::ATELIER_VARIANT
