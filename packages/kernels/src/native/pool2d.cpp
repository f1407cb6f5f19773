// Pools over [N,H,W,C] windows; channels lie in vector lanes, images (or output rows) are shared between threads.
// Maximum: padding counts as −∞. Average: the mean over the pixels inside the image.
#include "kernels.h"
#include "vectors.h"

#include <cmath>

namespace atelier::ATELIER_VARIANT {
namespace {

// Taps [begin, end) of a window that starts at `start` and lie inside [0, extent).
struct Taps {
  int64_t begin, end;
  Taps(int64_t start, int64_t taps, int64_t extent)
      : begin(start < 0 ? -start : 0), end(start + taps > extent ? extent - start : taps) {
    if (end < begin) end = begin;
  }
};

// Calls body(n, oy) for every output row, in tasks of a useful size.
template <class Args, class Body>
void eachOutputRow(const Context& context, const Args& args, const Body& body) {
  const int64_t rows = int64_t{args.N} * args.oH;
  const int64_t floats = rows * args.oW * args.C * args.kH * args.kW;
  int64_t tasks = (floats + 32767) / 32768;
  if (tasks > 64) tasks = 64;
  if (tasks > rows) tasks = rows;
  context.pool->each(static_cast<int>(tasks), [&](int task) {
    const Share share(rows, tasks, task);
    for (int64_t row = share.begin; row < share.end; row++) body(row / args.oH, row % args.oH);
  });
}

// Calls body(n) for every image.
template <class Args, class Body>
void eachImage(const Context& context, const Args& args, const Body& body) {
  const int64_t tasks = args.N < 64 ? args.N : 64;
  context.pool->each(static_cast<int>(tasks), [&](int task) {
    const Share share(args.N, tasks, task);
    for (int64_t n = share.begin; n < share.end; n++) body(n);
  });
}

}  // namespace

void maxPool2d(const Context& context, const MaxPool2dArgs& args) {
  const float* x = context.at(args.x);
  float* y = context.at(args.y);
  const int64_t C = args.C;
  eachOutputRow(context, args, [&](int64_t n, int64_t oy) {
    const int64_t top = oy * args.sH - args.padTop;
    const Taps rows(top, args.kH, args.H);
    for (int64_t ox = 0; ox < args.oW; ox++) {
      const int64_t left = ox * args.sW - args.padLeft;
      const Taps columns(left, args.kW, args.W);
      float* __restrict__ out = y + ((n * args.oH + oy) * args.oW + ox) * C;
      for (int64_t c = 0; c < C; c++) out[c] = -INFINITY;
      for (int64_t ky = rows.begin; ky < rows.end; ky++)
        for (int64_t kx = columns.begin; kx < columns.end; kx++) {
          const float* __restrict__ in = x + ((n * args.H + top + ky) * args.W + left + kx) * C;
          for (int64_t c = 0; c < C; c++) out[c] = in[c] <= out[c] ? out[c] : in[c];  // a NaN stays
        }
    }
  });
}

void maxPool2dGrad(const Context& context, const MaxPool2dGradArgs& args) {
  const float* x = context.at(args.x);
  const float* y = context.at(args.y);
  const float* dy = context.at(args.dy);
  float* dx = context.at(args.dx);
  const int64_t C = args.C;
  constexpr int64_t block = 64;
  eachImage(context, args, [&](int64_t n) {
    memset(dx + n * args.H * args.W * C, 0, static_cast<size_t>(args.H) * args.W * C * 4);
    for (int64_t oy = 0; oy < args.oH; oy++) {
      const int64_t top = oy * args.sH - args.padTop;
      const Taps rows(top, args.kH, args.H);
      for (int64_t ox = 0; ox < args.oW; ox++) {
        const int64_t left = ox * args.sW - args.padLeft;
        const Taps columns(left, args.kW, args.W);
        const int64_t window = ((n * args.oH + oy) * args.oW + ox) * C;
        for (int64_t c0 = 0; c0 < C; c0 += block) {
          const int64_t count = C - c0 < block ? C - c0 : block;
          const float* __restrict__ best = y + window + c0;
          float rest[block];  // dy until the first maximum has been met, then zero
          memcpy(rest, dy + window + c0, static_cast<size_t>(count) * 4);
          for (int64_t ky = rows.begin; ky < rows.end; ky++)
            for (int64_t kx = columns.begin; kx < columns.end; kx++) {
              const int64_t pixel = ((n * args.H + top + ky) * args.W + left + kx) * C + c0;
              const float* __restrict__ in = x + pixel;
              float* __restrict__ out = dx + pixel;
              for (int64_t c = 0; c < count; c++) {
                const float routed = in[c] == best[c] ? rest[c] : 0.0f;
                out[c] += routed;
                rest[c] = in[c] == best[c] ? 0.0f : rest[c];
              }
            }
        }
      }
    }
  });
}

void avgPool2d(const Context& context, const AvgPool2dArgs& args) {
  const float* x = context.at(args.x);
  float* y = context.at(args.y);
  const int64_t C = args.C;
  eachOutputRow(context, args, [&](int64_t n, int64_t oy) {
    const int64_t top = oy * args.sH - args.padTop;
    const Taps rows(top, args.kH, args.H);
    for (int64_t ox = 0; ox < args.oW; ox++) {
      const int64_t left = ox * args.sW - args.padLeft;
      const Taps columns(left, args.kW, args.W);
      const int64_t inside = (rows.end - rows.begin) * (columns.end - columns.begin);
      float* __restrict__ out = y + ((n * args.oH + oy) * args.oW + ox) * C;
      for (int64_t c = 0; c < C; c++) out[c] = 0;
      for (int64_t ky = rows.begin; ky < rows.end; ky++)
        for (int64_t kx = columns.begin; kx < columns.end; kx++) {
          const float* __restrict__ in = x + ((n * args.H + top + ky) * args.W + left + kx) * C;
          for (int64_t c = 0; c < C; c++) out[c] += in[c];
        }
      const float scale = inside > 0 ? 1.0f / static_cast<float>(inside) : 0.0f;
      for (int64_t c = 0; c < C; c++) out[c] *= scale;
    }
  });
}

void avgPool2dGrad(const Context& context, const AvgPool2dGradArgs& args) {
  const float* dy = context.at(args.dy);
  float* dx = context.at(args.dx);
  const int64_t C = args.C;
  eachImage(context, args, [&](int64_t n) {
    memset(dx + n * args.H * args.W * C, 0, static_cast<size_t>(args.H) * args.W * C * 4);
    for (int64_t oy = 0; oy < args.oH; oy++) {
      const int64_t top = oy * args.sH - args.padTop;
      const Taps rows(top, args.kH, args.H);
      for (int64_t ox = 0; ox < args.oW; ox++) {
        const int64_t left = ox * args.sW - args.padLeft;
        const Taps columns(left, args.kW, args.W);
        const int64_t inside = (rows.end - rows.begin) * (columns.end - columns.begin);
        const float scale = inside > 0 ? 1.0f / static_cast<float>(inside) : 0.0f;
        const float* __restrict__ from = dy + ((n * args.oH + oy) * args.oW + ox) * C;
        for (int64_t ky = rows.begin; ky < rows.end; ky++)
          for (int64_t kx = columns.begin; kx < columns.end; kx++) {
            float* __restrict__ out = dx + ((n * args.H + top + ky) * args.W + left + kx) * C;
            for (int64_t c = 0; c < C; c++) out[c] += from[c] * scale;
          }
      }
    }
  });
}

}  // namespace atelier::ATELIER_VARIANT
