// fill, reduceSum and stridedCopy: kernels that move or add numbers without mixing channels.
#include "columns.h"
#include "vectors.h"

namespace atelier::ATELIER_VARIANT {

void fill(const Context& context, const FillArgs& args) {
  float* y = context.at(args.y);
  for (int64_t i = 0; i < args.count; i++) y[i] = args.value;
}

namespace {

// Σ x[0..n): sixteen lanes within runs of 4096, runs in double.
double sumRow(const float* x, int64_t n) {
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += 4096) {
    const int64_t end = begin + 4096 < n ? begin + 4096 : n;
    float acc[16] = {};
    int64_t i = begin;
    for (; i + 16 <= end; i += 16)
      for (int lane = 0; lane < 16; lane++) acc[lane] += x[i + lane];
    for (; i < end; i++) acc[i & 15] += x[i];
    for (int lane = 0; lane < 16; lane++) total += acc[lane];
  }
  return total;
}

Chunks reduceChunks(const ReduceSumArgs& args) { return {args.reduce, args.inner}; }

// One short list of outputs over a long reduction: the reduction itself is shared between threads.
bool sharesReduction(const ReduceSumArgs& args) { return args.outer < 16 && args.inner > 1; }

}  // namespace

int64_t reduceSumWorkspace(const ReduceSumArgs& args) {
  return sharesReduction(args) ? reduceChunks(args).count() * args.inner : 0;
}

void reduceSum(const Context& context, const ReduceSumArgs& args) {
  const float* x = context.at(args.x);
  float* y = context.at(args.y);
  const int64_t reduce = args.reduce, inner = args.inner;
  if (inner == 1) {
    // Runs of a fixed length keep one long row shared too: outer · reduce is what matters.
    const int64_t floats = args.outer * reduce;
    const int64_t tasks = floats < 65536 ? 1 : args.outer < 64 ? args.outer : 64;
    context.pool->each(static_cast<int>(tasks), [&](int task) {
      const Share share(args.outer, tasks, task);
      for (int64_t o = share.begin; o < share.end; o++) y[o] = static_cast<float>(sumRow(x + o * reduce, reduce));
    });
    return;
  }
  if (sharesReduction(args)) {
    const Chunks chunks = reduceChunks(args);
    float* partial = context.workspace;
    for (int64_t o = 0; o < args.outer; o++) {
      const float* from = x + o * reduce * inner;
      eachChunk(context, chunks, [&](int64_t chunk) {
        sweepColumns<0, 1>(chunks.begin(chunk), chunks.end(chunk), inner, nullptr, partial + chunk * inner,
                           [&]<class V>(int64_t at, const V*, V* sum) { sum[0] += loadAs<V>(from + at); });
      });
      for (int64_t i = 0; i < inner; i++) {
        double total = 0;
        for (int64_t chunk = 0; chunk < chunks.count(); chunk++) total += partial[chunk * inner + i];
        y[o * inner + i] = static_cast<float>(total);
      }
    }
    return;
  }
  const int64_t floats = args.outer * reduce * inner;
  const int64_t tasks = floats < 65536 ? 1 : args.outer < 64 ? args.outer : 64;
  context.pool->each(static_cast<int>(tasks), [&](int task) {
    const Share share(args.outer, tasks, task);
    constexpr int64_t block = 64;
    for (int64_t o = share.begin; o < share.end; o++)
      for (int64_t i0 = 0; i0 < inner; i0 += block) {
        const int64_t count = inner - i0 < block ? inner - i0 : block;
        double total[block] = {};
        for (int64_t r0 = 0; r0 < reduce; r0 += 256) {
          const int64_t r1 = r0 + 256 < reduce ? r0 + 256 : reduce;
          float acc[block] = {};
          for (int64_t r = r0; r < r1; r++) {
            const float* from = x + (o * reduce + r) * inner + i0;
            for (int64_t i = 0; i < count; i++) acc[i] += from[i];
          }
          for (int64_t i = 0; i < count; i++) total[i] += acc[i];
        }
        for (int64_t i = 0; i < count; i++) y[o * inner + i0 + i] = static_cast<float>(total[i]);
      }
  });
}

void stridedCopy(const Context& context, const StridedCopyArgs& args) {
  const float* x = context.at(args.x) + args.xOffset;
  float* y = context.at(args.y) + args.yOffset;
  const int64_t n[4] = {args.n0, args.n1, args.n2, args.n3};
  const int64_t xs[4] = {args.x0, args.x1, args.x2, args.x3}, ys[4] = {args.y0, args.y1, args.y2, args.y3};
  const int64_t inner = args.n4, xStep = args.x4, yStep = args.y4;
  const int64_t rows = n[0] * n[1] * n[2] * n[3];
  int64_t tasks = (rows * inner + 32767) / 32768;
  if (tasks > 64) tasks = 64;
  if (tasks > rows) tasks = rows;
  context.pool->each(static_cast<int>(tasks), [&](int task) {
    const Share share(rows, tasks, task);
    int64_t i3 = share.begin % n[3], i2 = share.begin / n[3] % n[2];
    int64_t i1 = share.begin / n[3] / n[2] % n[1], i0 = share.begin / n[3] / n[2] / n[1];
    for (int64_t row = share.begin; row < share.end; row++) {
      const float* from = x + i0 * xs[0] + i1 * xs[1] + i2 * xs[2] + i3 * xs[3];
      float* to = y + i0 * ys[0] + i1 * ys[1] + i2 * ys[2] + i3 * ys[3];
      if (xStep == 1 && yStep == 1) {
        memmove(to, from, static_cast<size_t>(inner) * 4);
      } else {
        for (int64_t i = 0; i < inner; i++) to[i * yStep] = from[i * xStep];
      }
      if (++i3 < n[3]) continue;
      i3 = 0;
      if (++i2 < n[2]) continue;
      i2 = 0;
      if (++i1 < n[1]) continue;
      i1 = 0;
      i0++;
    }
  });
}

}  // namespace atelier::ATELIER_VARIANT
