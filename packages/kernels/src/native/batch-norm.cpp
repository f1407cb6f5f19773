// Moments and batch normalisation over [rows, C] (Ioffe & Szegedy 2015). Means and variances are taken a chunk of
// rows at a time about the chunk's own mean and merged in double (Chan, Golub & LeVeque 1979), so that neither a
// large mean nor a million rows costs accuracy.
#include "columns.h"
#include "vectors.h"

#include <cmath>

namespace atelier::ATELIER_VARIANT {
namespace {

// Numbers a channel are laid out in tables this wide, narrow rows several times over, so that they fill vectors.
constexpr int64_t maxTableChannels = 64;

template <class Body>
void eachRowBlock(const Context& context, int64_t rows, int64_t C, const Body& body) {
  const int64_t floats = rows * C;
  int64_t tasks = (floats + 32767) / 32768;
  if (tasks > 64) tasks = 64;
  if (tasks > rows) tasks = rows;
  context.pool->each(static_cast<int>(tasks), [&](int task) {
    const Share share(rows, tasks, task);
    body(share.begin, share.end);
  });
}

// Runs body(at, tables, count) over rows [begin, end): T numbers a channel are given by numbers(c, out).
// `tables[t][j]` belongs to element at + j.
template <int T, class Numbers, class Body>
void withTables(int64_t begin, int64_t end, int64_t C, const Numbers& numbers, const Body& body) {
  float tables[T][maxTableChannels];
  if (C > maxTableChannels / 2) {
    for (int64_t c0 = 0; c0 < C; c0 += maxTableChannels) {
      const int64_t count = C - c0 < maxTableChannels ? C - c0 : maxTableChannels;
      for (int64_t c = 0; c < count; c++) {
        float values[T];
        numbers(c0 + c, values);
        for (int t = 0; t < T; t++) tables[t][c] = values[t];
      }
      for (int64_t row = begin; row < end; row++) body(row * C + c0, tables, count);
    }
    return;
  }
  const int64_t fold = maxTableChannels / C;
  for (int64_t j = 0; j < fold * C; j++) {
    float values[T];
    numbers(j % C, values);
    for (int t = 0; t < T; t++) tables[t][j] = values[t];
  }
  int64_t row = begin;
  for (; row + fold <= end; row += fold) body(row * C, tables, fold * C);
  if (row < end) body(row * C, tables, (end - row) * C);
}

}  // namespace

int64_t momentsWorkspace(const MomentsArgs& args) { return Chunks{args.rows, args.C}.count() * 3 * args.C; }

void moments(const Context& context, const MomentsArgs& args) {
  const float* x = context.at(args.x);
  float* y = context.at(args.y);
  const int64_t C = args.C;
  const Chunks chunks{args.rows, C};
  // [chunk][a mean, Σ(x − it), Σ(x − it)²][C]; the first sum makes up for the mean being rounded to float.
  float* partial = context.workspace;
  eachChunk(context, chunks, [&](int64_t chunk) {
    const int64_t begin = chunks.begin(chunk), end = chunks.end(chunk);
    float* mean = partial + chunk * 3 * C;
    sumColumns<1>(begin, end, C, mean, [&](int64_t at, int64_t, float* term) { term[0] = x[at]; });
    const float scale = 1.0f / static_cast<float>(end - begin);
    for (int64_t c = 0; c < C; c++) mean[c] *= scale;
    sumColumns<2>(begin, end, C, mean + C, [&](int64_t at, int64_t c, float* term) {
      const float distance = x[at] - mean[c];
      term[0] = distance;
      term[1] = distance * distance;
    });
  });
  for (int64_t c = 0; c < C; c++) {
    double n = 0, mean = 0, spread = 0;
    for (int64_t chunk = 0; chunk < chunks.count(); chunk++) {
      const double m = static_cast<double>(chunks.end(chunk) - chunks.begin(chunk));
      const float* sums = partial + chunk * 3 * C + c;
      const double rest = sums[C];
      const double distance = sums[0] + rest / m - mean;
      spread += sums[2 * C] - rest * rest / m + distance * distance * n * m / (n + m);
      mean += distance * m / (n + m);
      n += m;
    }
    y[c] = static_cast<float>(mean);
    y[C + c] = static_cast<float>(spread > 0 ? spread / n : 0);
  }
}

void batchNorm(const Context& context, const BatchNormArgs& args) {
  const float* x = context.at(args.x);
  const float* moments = context.at(args.moments);
  const float* gamma = context.at(args.gamma);
  const float* beta = context.at(args.beta);
  float* y = context.at(args.y);
  const int64_t C = args.C;
  const float floor = args.relu ? 0.0f : -INFINITY;
  eachRowBlock(context, args.rows, C, [&](int64_t begin, int64_t end) {
    withTables<3>(
        begin, end, C,
        [&](int64_t c, float* values) {
          values[0] = moments[c];
          values[1] = gamma[c] / sqrtf(moments[C + c] + args.epsilon);
          values[2] = beta[c];
        },
        [&](int64_t at, const float(*tables)[maxTableChannels], int64_t count) {
          const float* from = x + at;
          float* to = y + at;
#pragma GCC ivdep
          for (int64_t j = 0; j < count; j++) {
            const float value = (from[j] - tables[0][j]) * tables[1][j] + tables[2][j];
            to[j] = value < floor ? floor : value;
          }
        });
  });
}

int64_t batchNormParamGradWorkspace(const BatchNormParamGradArgs& args) {
  return Chunks{args.rows, args.C}.count() * 2 * args.C + args.C;
}

void batchNormParamGrad(const Context& context, const BatchNormParamGradArgs& args) {
  const float* x = context.at(args.x);
  const float* dy = context.at(args.dy);
  const float* mean = context.at(args.moments);
  const float* variance = mean + args.C;
  float* y = context.at(args.y);
  const int64_t C = args.C;
  const Chunks chunks{args.rows, C};
  float* partial = context.workspace;
  eachChunk(context, chunks, [&](int64_t chunk) {
    sumColumns<2>(chunks.begin(chunk), chunks.end(chunk), C, partial + chunk * 2 * C,
                  [&](int64_t at, int64_t c, float* term) {
                    term[0] = (x[at] - mean[c]) * dy[at];
                    term[1] = dy[at];
                  });
  });
  for (int64_t c = 0; c < C; c++) {
    double gamma = 0, beta = 0;
    for (int64_t chunk = 0; chunk < chunks.count(); chunk++) {
      gamma += partial[chunk * 2 * C + c];
      beta += partial[(chunk * 2 + 1) * C + c];
    }
    y[c] = static_cast<float>(gamma / std::sqrt(static_cast<double>(variance[c]) + args.epsilon));
    y[C + c] = static_cast<float>(beta);
  }
}

void batchNormInputGrad(const Context& context, const BatchNormInputGradArgs& args) {
  const float* x = context.at(args.x);
  const float* moments = context.at(args.moments);
  const float* gamma = context.at(args.gamma);
  const float* paramGrad = context.at(args.paramGrad);
  const float* dy = context.at(args.dy);
  float* dx = context.at(args.dx);
  const int64_t C = args.C;
  const float perRow = 1.0f / static_cast<float>(args.rows);
  // dx = γ/σ · (dy − Σdy/rows − x̂ · Σ(dy·x̂)/rows), x̂ = (x − mean)/σ
  eachRowBlock(context, args.rows, C, [&](int64_t begin, int64_t end) {
    withTables<4>(
        begin, end, C,
        [&](int64_t c, float* values) {
          const float inverse = 1.0f / sqrtf(moments[C + c] + args.epsilon);
          values[0] = moments[c];
          values[1] = paramGrad[C + c] * perRow;
          values[2] = paramGrad[c] * perRow * inverse;
          values[3] = gamma[c] * inverse;
        },
        [&](int64_t at, const float(*tables)[maxTableChannels], int64_t count) {
          const float* from = x + at;
          const float* grad = dy + at;
          float* to = dx + at;
#pragma GCC ivdep
          for (int64_t j = 0; j < count; j++)
            to[j] = tables[3][j] * (grad[j] - tables[1][j] - (from[j] - tables[0][j]) * tables[2][j]);
        });
  });
}

}  // namespace atelier::ATELIER_VARIANT
