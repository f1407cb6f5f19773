// The images a Winograd convolution reads, a few pixels at a time: as they lie, or made on the way from what the layer
// before left in memory, so that a map of activations or gradients that only convolutions read is never written.
//
//   normalised   relu?(batchNorm(x)) of x
//   spread out   the gradient through max pooling with windows of 2×2: the windows' gradients, each at the pixel that
//                `index` names
#pragma once
#include "normalization.h"
#include "winograd-tiles.h"

namespace atelier::ATELIER_VARIANT {

struct Source {
  Images images;  // as the convolution sees them
  const float* data;
  const uint16_t* index = nullptr;                                   // spread out
  const float *mean = nullptr, *scale = nullptr, *beta = nullptr;  // normalised
  float floor = 0;
};

// Pixels in memory; channels are in whole vectors.
struct Pixels {
  const float* data;
  int64_t rowStride, pixelStride;
};

// The first `count` channels, at most a vector, from c on of pixels [top, bottom) × [left, right) of image n, spread out
// from their windows; pixel (y, x) goes to y · rowStride + x · stride.
inline void spreadPixels(const Source& source, int64_t n, int64_t top, int64_t bottom, int64_t left, int64_t right,
                         int64_t c, int64_t count, float* to, int64_t rowStride, int64_t stride) {
  using Shorts = typename Wide<lanes>::Shorts;
  const Images& images = source.images;
  const bool whole = count >= lanes;
  for (int64_t wy = top / 2; 2 * wy < bottom; wy++) {
    const bool upper = 2 * wy >= top, lower = 2 * wy + 1 < bottom;
    const int64_t row = (n * (images.H / 2) + wy) * (images.W / 2) * images.C + c;
    const auto spread = [&](int64_t wx, bool first, bool second) {
      const int64_t at = row + wx * images.C;
      Shorts places{};
      if (whole) places = loadAs<Shorts>(source.index + at);
      else memcpy(&places, source.index + at, static_cast<size_t>(count) * 2);
      const auto place = Wide<lanes>::widened(places);
      const Vector gradient = whole ? load(source.data + at) : loadSome(source.data + at, count), zero{};
      float* corner = to + 2 * wy * rowStride + 2 * wx * stride;
      if (upper && first) store(corner, place == 0 ? gradient : zero);
      if (upper && second) store(corner + stride, place == 1 ? gradient : zero);
      if (lower && first) store(corner + rowStride, place == 2 ? gradient : zero);
      if (lower && second) store(corner + rowStride + stride, place == 3 ? gradient : zero);
    };
    int64_t wx = left / 2;
    if (left % 2 != 0) spread(wx++, false, true);
    for (; 2 * wx + 1 < right; wx++) spread(wx, true, true);
    if (2 * wx < right) spread(wx, true, false);
  }
}

// The first `count` channels from c on of pixels [x, x + w) in row y of image n.
inline void readRow(const Source& source, int64_t n, int64_t y, int64_t x, int64_t w, int64_t c, int64_t count, float* to,
                    int64_t stride) {
  const Images& images = source.images;
  const float* from = source.data + ((n * images.H + y) * images.W + x) * images.C + c;
  const auto copy = [&](const auto& made) {
    if (count >= lanes)
      for (int64_t i = 0; i < w; i++) store(to + i * stride, made(load(from + i * images.C)));
    else
      for (int64_t i = 0; i < w; i++) store(to + i * stride, made(loadSome(from + i * images.C, count)));
  };
  if (source.mean == nullptr) return copy([](Vector value) { return value; });
  const Vector mean = loadSome(source.mean + c, count), scale = loadSome(source.scale + c, count);
  const Vector beta = loadSome(source.beta + c, count), floor = Vector{} + source.floor;
  copy([&](Vector value) {
    value = normalized(value, mean, scale, beta);
    return value < floor ? floor : value;
  });
}

// Pixels [h, w] from (y, x) on of image n, zero outside, `channels` of them from c on: where they lie if that serves,
// otherwise in `memory`.
inline Pixels pixelsOf(const Source& source, int64_t n, int64_t y, int64_t x, int64_t h, int64_t w, int64_t c,
                       int64_t channels, float* memory) {
  const Images& images = source.images;
  const int64_t stride = wholeVectors(channels);
  const bool inside = y >= 0 && x >= 0 && y + h <= images.H && x + w <= images.W;
  if (inside && source.index == nullptr && source.mean == nullptr && stride == channels)
    return {source.data + ((n * images.H + y) * images.W + x) * images.C + c, images.W * images.C, images.C};
  int64_t left = x < 0 ? -x : 0, right = x + w > images.W ? x + w - images.W : 0;
  if (left > w) left = w;
  if (right > w - left) right = w - left;
  const int64_t top = y < 0 ? 0 : y, bottom = y + h < images.H ? y + h : images.H;
  for (int64_t row = 0; row < h; row++) {
    float* to = memory + row * w * stride;
    if (y + row < top || y + row >= bottom) {
      memset(to, 0, static_cast<size_t>(w * stride) * 4);
      continue;
    }
    memset(to, 0, static_cast<size_t>(left * stride) * 4);
    memset(to + (w - right) * stride, 0, static_cast<size_t>(right * stride) * 4);
    if (source.index != nullptr) continue;
    for (int64_t v = 0; v < stride; v += lanes)
      readRow(source, n, y + row, x + left, w - left - right, c + v, channels - v, to + left * stride + v, stride);
  }
  if (source.index != nullptr && left + right < w)
    for (int64_t v = 0; v < stride; v += lanes)
      spreadPixels(source, n, top, bottom, x + left, x + w - right, c + v, channels - v,
                   memory - (y * w + x) * stride + v, w * stride, stride);
  return {memory, w * stride, stride};
}

// Asks the caches for those pixels. Where every image has one window, nobody else would: they are far apart.
inline void askFor(const Source& source, int64_t n, int64_t y, int64_t x, int64_t h, int64_t w) {
  if (source.index != nullptr) return;
  const Images& images = source.images;
  const int64_t left = x < 0 ? 0 : x, right = x + w < images.W ? x + w : images.W;
  const int64_t bottom = y + h < images.H ? y + h : images.H;
  for (int64_t row = y < 0 ? 0 : y; row < bottom; row++) {
    const float* from = source.data + (n * images.H + row) * images.W * images.C;
    for (int64_t i = left * images.C; i < right * images.C; i += 16) __builtin_prefetch(from + i, 0, 2);
  }
}

// V of tiles [begin, end) whose windows begin `top` and `left` pixels before their outputs.
inline void tilesToBins(const Source& source, const Region& region, int64_t begin, int64_t end, int64_t top, int64_t left,
                        const BlockMemory& block, float* images) {
  const int64_t C = source.images.C;
  eachStrip(region, begin, end, stripTiles(C), [&](const Strip& strip) {
    if (region.x.count * region.y.count == 1 && strip.index + 1 < end)
      askFor(source, strip.n + 1, strip.y - top, strip.x - left, region.y.size + 2, region.x.size + 2);
    const Pixels pixels = pixelsOf(source, strip.n, strip.y - top, strip.x - left, region.y.size + 2,
                                   strip.count * region.x.size + 2, 0, C, images + block.pixels);
    for (int64_t t = 0; t < strip.count; t++)
      region.transforms().imageToBins(pixels.data + t * region.x.size * pixels.pixelStride, pixels.rowStride,
                                      pixels.pixelStride, C, images + (strip.index + t - begin) * lanes,
                                      block.imageStride, block.vectorStride);
  });
}

// The outputs of a convolution; where they are pooled, without a last row or column that no window has.
template <class Args>
Images convolved(const Args& args, bool pooled) {
  if (pooled) return {args.N, args.oH / 2 * 2, args.oW / 2 * 2, args.F};
  return {args.N, args.oH, args.oW, args.F};
}

// A convolution's x. `scale` has room for C floats.
template <class Args>
Source inputsOf(const Context& context, const Args& args, float* scale) {
  Source source{{args.N, args.H, args.W, args.C}, context.at(args.x)};
  if (args.moments == noRef) return source;
  source.mean = context.at(args.moments);
  scales(source.mean + args.C, context.at(args.gamma), args.epsilon, args.C, scale);
  source.scale = scale;
  source.beta = context.at(args.beta);
  source.floor = args.normRelu ? 0.0f : -INFINITY;
  return source;
}

}  // namespace atelier::ATELIER_VARIANT
