// Softmax over the last axis of [rows, C] and its cross-entropy with smoothed targets (1 − s)·t + s/C
// (Szegedy et al. 2016, §7), by way of log-sum-exp about the row's maximum. What is wanted of the cross-entropy (its
// value, its gradient, whether the greatest logit is the right one) comes of one pass over the rows, of which as many lie
// side by side as a vector has lanes: classes are few.
#include "elementary.h"
#include "kernels.h"

namespace atelier::ATELIER_VARIANT {
namespace {

int64_t taskCount(int64_t rows, int64_t C) {
  const int64_t tasks = (rows * C + 8191) / 8192, most = rows < 64 ? rows : 64;
  return tasks < most ? tasks : most;
}

template <class Body>
void eachRow(const Context& context, int64_t rows, int64_t C, const Body& body) {
  const int64_t tasks = taskCount(rows, C);
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

typedef double Doubles __attribute__((vector_size(ATELIER_LANES * 8)));
inline Doubles widened(Vector v) { return __builtin_convertvector(v, Doubles); }

// to [C][lanes] = `count` rows of from [·, C], the last again where lanes are left.
void layAcross(const float* from, int64_t count, int64_t C, float* to) {
  int32_t offsets[lanes];
  for (int lane = 0; lane < lanes; lane++) offsets[lane] = static_cast<int32_t>((lane < count ? lane : count - 1) * C);
  for (int64_t c = 0; c < C; c++)
    for (int lane = 0; lane < lanes; lane++) to[c * lanes + lane] = from[offsets[lane] + c];
}

void layBack(const float* from, int64_t count, int64_t C, float* to) {
  for (int64_t lane = 0; lane < count; lane++)
    for (int64_t c = 0; c < C; c++) to[lane * C + c] = from[c * lanes + lane];
}

// Where each lane's first maximum is, and what it is. A NaN is passed over unless it comes first.
struct Greatest {
  Vector value;
  Wide<lanes>::Integers at{};
  Greatest(const float* x, int64_t C) : value(load(x)) {
    for (int64_t c = 1; c < C; c++) {
      const Vector next = load(x + c * lanes);
      const auto isGreater = next > value;
      value = isGreater ? next : value;
      at = isGreater ? Wide<lanes>::Integers{} + static_cast<int32_t>(c) : at;
    }
  }
};

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

int64_t softmaxCrossEntropyWorkspace(const SoftmaxCrossEntropyArgs& args) {
  return taskCount(args.rows, args.C) * 3 * args.C * lanes;
}

void softmaxCrossEntropy(const Context& context, const SoftmaxCrossEntropyArgs& args) {
  const float* logits = context.at(args.logits);
  const float* targets = context.at(args.targets);
  const float* dy = context.at(args.dy);
  float* y = context.at(args.y);
  float* dx = context.at(args.dx);
  float* right = context.at(args.right);
  const int64_t rows = args.rows, C = args.C;
  const float keep = 1.0f - args.labelSmoothing, spread = args.labelSmoothing / static_cast<float>(C);
  const int64_t tasks = taskCount(rows, C);
  context.pool->each(static_cast<int>(tasks), [&](int task) {
    const Share share((rows + lanes - 1) / lanes, tasks, task);
    float* const x = context.workspace + task * 3 * C * lanes;
    float* const target = x + C * lanes;
    float* const power = target + C * lanes;
    for (int64_t first = share.begin * lanes; first < rows && first < share.end * lanes; first += lanes) {
      const int64_t count = rows - first < lanes ? rows - first : lanes;
      layAcross(logits + first * C, count, C, x);
      layAcross(targets + first * C, count, C, target);
      const Greatest greatest(x, C);
      if (right != nullptr) {
        const auto isRight = greatest.at == Greatest(target, C).at;
        storeSome(right + first, isRight ? Vector{} + 1.0f : Vector{}, count);
      }
      if (y == nullptr && dx == nullptr) continue;

      // A NaN is not the greatest, but its power and so the sum are NaN.
      Vector total{};
      for (int64_t i = 0; i < C * lanes; i += lanes) {
        const Vector smoothed = keep * load(target + i) + spread;
        store(target + i, smoothed);
        store(x + i, load(x + i) - greatest.value);
        total += smoothed;
      }
#pragma GCC ivdep
      for (int64_t i = 0; i < C * lanes; i++) power[i] = exponential(x[i]);
      Doubles powers{};
      for (int64_t i = 0; i < C * lanes; i += lanes) powers += widened(load(power + i));
      const Vector sum = __builtin_convertvector(powers, Vector);
      if (y != nullptr) {
        // −Σ t·(x − max − log Σ exp(x − max)): differences first, so that large logits cost nothing.
        float logSums[lanes];
        store(logSums, sum);
        for (int64_t lane = 0; lane < count; lane++) logSums[lane] = logarithm(logSums[lane]);
        const Vector logSum = load(logSums);
        Doubles loss{};
        for (int64_t i = 0; i < C * lanes; i += lanes)
          loss += widened(load(target + i)) * widened(logSum - load(x + i));
        storeSome(y + first, __builtin_convertvector(loss, Vector), count);
      }
      if (dx != nullptr) {
        // dx = dy · (softmax · Σt − t), t smoothed
        const Vector scale = total / sum;
        const Vector grad = loadSome(dy + first, count);
        for (int64_t i = 0; i < C * lanes; i += lanes)
          store(power + i, grad * (load(power + i) * scale - load(target + i)));
        layBack(power, count, C, dx + first * C);
      }
    }
  });
}

}  // namespace atelier::ATELIER_VARIANT
