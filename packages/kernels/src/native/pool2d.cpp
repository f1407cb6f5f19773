// Pools over [N,H,W,C] windows; channels lie in vector lanes, images (or output pixels) are shared between threads.
// Maximum: padding counts as −∞; `index` [N,oH,oW,C] (16 bits each) is the maximum's place in its window, which the
// gradient needs instead of x and y; `moments` are those of y, taken while it is in the cache (batch norm follows).
// Average: the mean over the pixels inside the image.
#include "moments.h"
#include "unpool.h"

namespace atelier::ATELIER_VARIANT {
namespace {

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

Chunks pooledPixels(const MaxPool2dArgs& args) { return {int64_t{args.N} * args.oH * args.oW, args.C}; }

}  // namespace

int64_t maxPool2dWorkspace(const MaxPool2dArgs& args) {
  return args.moments == noRef ? 0 : momentsFloats(pooledPixels(args));
}

void maxPool2d(const Context& context, const MaxPool2dArgs& args) {
  const float* x = context.at(args.x);
  float* y = context.at(args.y);
  float* moments = context.at(args.moments);
  uint16_t* index = reinterpret_cast<uint16_t*>(context.at(args.index));
  const int64_t C = args.C, kW = args.kW;
  const Chunks chunks = pooledPixels(args);
  eachChunk(context, chunks, [&](int64_t chunk) {
    for (int64_t pixel = chunks.begin(chunk); pixel < chunks.end(chunk); pixel++) {
      const int64_t ox = pixel % args.oW, oy = pixel / args.oW % args.oH, n = pixel / args.oW / args.oH;
      const int64_t top = oy * args.sH - args.padTop, left = ox * args.sW - args.padLeft;
      const float* corner = x + ((n * args.H + top) * args.W + left) * C;
      withTaps(Taps(top, args.kH, args.H), Taps(left, kW, args.W), [&](auto rows, auto columns) {
        acrossChannels(C, [&]<int N>(int64_t c) {
          using V = typename Wide<N>::Floats;
          using Integers = typename Wide<N>::Integers;
          V best = loadAs<V>(corner + (rows.begin * args.W + columns.begin) * C + c);
          Integers at = Integers{} + static_cast<int32_t>(rows.begin * kW + columns.begin);
          for (int64_t ky = rows.begin; ky < rows.end; ky++)
            for (int64_t kx = columns.begin; kx < columns.end; kx++) {
              const V value = loadAs<V>(corner + (ky * args.W + kx) * C + c);
              const auto better = (value > best) | (value != value);  // the first maximum; a NaN stays
              best = better ? value : best;
              at = better ? Integers{} + static_cast<int32_t>(ky * kW + kx) : at;
            }
          if (y != nullptr) storeAs<V>(y + pixel * C + c, best);
          if (index != nullptr) storeAs(index + pixel * C + c, Wide<N>::narrowed(at));
        });
      });
    }
    if (moments != nullptr) chunkMoments(chunks, chunk, y, context.workspace);
  });
  if (moments != nullptr) mergeMoments(chunks, context.workspace, moments);
}

void maxPool2dGrad(const Context& context, const MaxPool2dGradArgs& args) {
  const float* dy = context.at(args.dy);
  unpool(context, args, reinterpret_cast<const uint16_t*>(context.at(args.index)), context.at(args.dx),
         [&]<int N>(int64_t at, int64_t) { return loadAs<typename Wide<N>::Floats>(dy + at); });
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
