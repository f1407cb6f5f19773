// Convolutions with windows of 3×3 of images with one channel, the first layer of many networks: so little arithmetic
// that memory decides. Filters lie in registers, a pixel's outputs are one vector or a few; moments are taken while the
// outputs are in the cache, and the filter gradient makes batch norm's input gradient on the way, which nothing else
// wants. Stride 1, images [N,H,W,1], filters [3,3,1,F].
#include "moments.h"
#include "normalization.h"
#include "workspace.h"

namespace atelier::ATELIER_VARIANT {
namespace {

constexpr int taps = 9;
constexpr int64_t mostColumns = 256;  // of an image with its border

template <class Args>
Chunks outputsOf(const Args& args) {
  return {int64_t{args.N} * args.oH * args.oW, args.F};
}

// Calls body(first pixel, count, rows) for runs of output pixels [begin, end) in one row; rows [3] are the image's rows
// under them with their border, from the first pixel's window on.
template <class Args, class Body>
void eachRow(const Args& args, const float* x, int64_t begin, int64_t end, const Body& body) {
  float rows[3][mostColumns];
  while (begin < end) {
    const int64_t n = begin / args.oW / args.oH, oy = begin / args.oW % args.oH, ox = begin % args.oW;
    int64_t count = args.oW - ox;
    if (count > end - begin) count = end - begin;
    const int64_t first = ox - args.padLeft, width = count + 2;
    const int64_t left = first < 0 ? -first : 0, right = first + width > args.W ? args.W - first : width;
    for (int ky = 0; ky < 3; ky++) {
      const int64_t y = oy - args.padTop + ky;
      memset(rows[ky], 0, static_cast<size_t>(width) * 4);
      if (y >= 0 && y < args.H && right > left)
        memcpy(rows[ky] + left, x + (n * args.H + y) * args.W + first + left, static_cast<size_t>(right - left) * 4);
    }
    body(begin, count, rows);
    begin += count;
  }
}

}  // namespace

int64_t conv2dThinWorkspace(const Conv2dThinArgs& args) {
  return args.moments == noRef ? 0 : momentsFloats(outputsOf(args));
}

void conv2dThin(const Context& context, const Conv2dThinArgs& args) {
  const float *x = context.at(args.x), *filters = context.at(args.filters), *bias = context.at(args.bias);
  float *y = context.at(args.y), *moments = context.at(args.moments);
  const Vector floor = Vector{} + (args.relu ? 0.0f : -INFINITY);
  const int64_t F = args.F;
  const Chunks chunks = outputsOf(args);
  eachChunk(context, chunks, [&](int64_t chunk) {
    eachRow(args, x, chunks.begin(chunk), chunks.end(chunk), [&](int64_t first, int64_t count, const auto& rows) {
      for (int64_t f = 0; f < F; f += lanes) {
        Vector filter[taps];
        for (int tap = 0; tap < taps; tap++) filter[tap] = loadSome(filters + tap * F + f, F - f);
        const Vector offset = bias == nullptr ? Vector{} : loadSome(bias + f, F - f);
        const auto output = [&](int64_t i) {
          Vector sum = offset;
#pragma GCC unroll 9
          for (int tap = 0; tap < taps; tap++) sum += rows[tap / 3][i + tap % 3] * filter[tap];
          return sum < floor ? floor : sum;
        };
        float* to = y + first * F + f;
        if (F - f >= lanes)
          for (int64_t i = 0; i < count; i++) store(to + i * F, output(i));
        else
          for (int64_t i = 0; i < count; i++) storeSome(to + i * F, output(i), F - f);
      }
    });
    if (moments != nullptr) chunkMoments(chunks, chunk, y, context.workspace);
  });
  if (moments != nullptr) mergeMoments(chunks, context.workspace, moments);
}

int64_t conv2dThinFilterGradWorkspace(const Conv2dThinFilterGradArgs& args) {
  return outputsOf(args).count() * taps * wholeVectors(args.F) + 3 * args.F;
}

void conv2dThinFilterGrad(const Context& context, const Conv2dThinFilterGradArgs& args) {
  const float *x = context.at(args.x), *z = context.at(args.z), *dy = context.at(args.dy);
  const int64_t F = args.F, stride = wholeVectors(F);
  const Chunks chunks = outputsOf(args);
  float* partial = context.workspace;  // [chunk][tap][stride]
  float* own = partial + chunks.count() * taps * stride;
  const auto sum = [&](const auto& gradientAt) {
    eachChunk(context, chunks, [&](int64_t chunk) {
      float* sums = partial + chunk * taps * stride;
      memset(sums, 0, static_cast<size_t>(taps * stride) * 4);
      eachRow(args, x, chunks.begin(chunk), chunks.end(chunk), [&](int64_t first, int64_t count, const auto& rows) {
        for (int64_t f = 0; f < F; f += lanes) {
          Vector sum[taps];
          for (int tap = 0; tap < taps; tap++) sum[tap] = load(sums + tap * stride + f);
          const auto gradient = gradientAt(f);
          const auto add = [&](int64_t i, const auto& loadAt) {
            const Vector d = gradient((first + i) * F + f, loadAt);
#pragma GCC unroll 9
            for (int tap = 0; tap < taps; tap++) sum[tap] += rows[tap / 3][i + tap % 3] * d;
          };
          if (F - f >= lanes)
            for (int64_t i = 0; i < count; i++) add(i, [](const float* from) { return load(from); });
          else
            for (int64_t i = 0; i < count; i++) add(i, [&](const float* from) { return loadSome(from, F - f); });
          for (int tap = 0; tap < taps; tap++) store(sums + tap * stride + f, sum[tap]);
        }
      });
    });
  };
  if (z == nullptr) {
    sum([&](int64_t) { return [&](int64_t at, const auto& loadAt) { return loadAt(dy + at); }; });
  } else {
    const InputGrad grad(context, args, F, chunks.rows, own);
    const auto through = [&]<bool relu>() {
      sum([&](int64_t f) {
        struct Tables {
          Vector table[InputGrad::count];
        } tables;
        for (int t = 0; t < InputGrad::count; t++) tables.table[t] = loadSome(grad.tables[t] + f, F - f);
        return [=](int64_t at, const auto& loadAt) {
          return InputGrad::of<relu>(loadAt(z + at), loadAt(dy + at), tables.table);
        };
      });
    };
    if (args.relu) through.template operator()<true>();
    else through.template operator()<false>();
  }
  float* dFilters = context.at(args.dFilters);
  for (int64_t tap = 0; tap < taps; tap++)
    for (int64_t f = 0; f < F; f++) {
      double sum = 0;
      for (int64_t chunk = 0; chunk < chunks.count(); chunk++) sum += partial[(chunk * taps + tap) * stride + f];
      dFilters[tap * F + f] = static_cast<float>(sum);
    }
}

}  // namespace atelier::ATELIER_VARIANT
