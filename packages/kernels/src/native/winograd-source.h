// The images a Winograd convolution reads, a few pixels at a time: as they lie, or made on the way from what the layer
// before left in memory, so that a map of activations or gradients that only convolutions read is never written.
//
//   normalised   relu?(batchNorm(x)) of x
//   spread out   the gradient through max pooling with windows of 2×2: the windows' gradients, each at the pixel that
//                `index` names
#pragma once
#include <type_traits>

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

// Of a row of windows, the upper rows of pixels or the lower ones or both, columns [left, right): the first `count`
// channels, at most a vector. data and index are those of window 0, and pixel (0, x) goes to x · stride.
template <bool upper, bool lower>
void spreadRow(const float* data, const uint16_t* index, int64_t C, int64_t left, int64_t right, int64_t count, float* to,
               int64_t rowStride, int64_t stride) {
  using Shorts = typename Wide<lanes>::Shorts;
  const bool whole = count >= lanes;
  const auto spread = [&](int64_t wx, auto first, auto second) {
    Shorts places{};
    if (whole) places = loadAs<Shorts>(index + wx * C);
    else memcpy(&places, index + wx * C, static_cast<size_t>(count) * 2);
    const auto place = Wide<lanes>::widened(places);
    const Vector gradient = whole ? load(data + wx * C) : loadSome(data + wx * C, count), zero{};
    float* corner = to + 2 * wx * stride;
    if (upper && first) store(corner, place == 0 ? gradient : zero);
    if (upper && second) store(corner + stride, place == 1 ? gradient : zero);
    if (lower && first) store(corner + rowStride, place == 2 ? gradient : zero);
    if (lower && second) store(corner + rowStride + stride, place == 3 ? gradient : zero);
  };
  constexpr std::true_type yes;
  constexpr std::false_type no;
  int64_t wx = left / 2;
  if (left % 2 != 0) spread(wx++, no, yes);
#pragma GCC unroll 2
  for (; 2 * wx + 1 < right; wx++) spread(wx, yes, yes);
  if (2 * wx < right) spread(wx, yes, no);
}

// The first `count` channels, at most a vector, from c on of pixels [top, bottom) × [left, right) of image n, spread out
// from their windows; pixel (y, x) goes to y · rowStride + x · stride.
inline void spreadPixels(const Source& source, int64_t n, int64_t top, int64_t bottom, int64_t left, int64_t right,
                         int64_t c, int64_t count, float* to, int64_t rowStride, int64_t stride) {
  const Images& images = source.images;
  for (int64_t wy = top / 2; 2 * wy < bottom; wy++) {
    const bool upper = 2 * wy >= top, lower = 2 * wy + 1 < bottom;
    const int64_t at = (n * (images.H / 2) + wy) * (images.W / 2) * images.C + c;
    const auto row = upper && lower ? spreadRow<true, true> : upper ? spreadRow<true, false> : spreadRow<false, true>;
    row(source.data + at, source.index + at, images.C, left, right, count, to + 2 * wy * rowStride, rowStride, stride);
  }
}

// Channels [c, c + channels) of pixels [x, x + w) in row y of image n, and zeros to the end of the last vector.
inline void readRow(const Source& source, int64_t n, int64_t y, int64_t x, int64_t w, int64_t c, int64_t channels, float* to,
                    int64_t stride) {
  const Images& images = source.images;
  const float* from = source.data + ((n * images.H + y) * images.W + x) * images.C + c;
  // Loops of few steps: where their ends are foreseen, the next row comes from memory meanwhile.
  const auto copy = [&](int64_t v, const auto& made) {
    const float* in = from + v;
    float* out = to + v;
    if (channels - v >= lanes) {
#pragma GCC unroll 4
      for (int64_t i = 0; i < w; i++, in += images.C, out += stride) store(out, made(load(in)));
    } else {
      for (int64_t i = 0; i < w; i++, in += images.C, out += stride) store(out, made(loadSome(in, channels - v)));
    }
  };
  for (int64_t v = 0; v < channels; v += lanes) {
    if (source.mean == nullptr) {
      copy(v, [](Vector value) { return value; });
      continue;
    }
    const Vector mean = loadSome(source.mean + c + v, channels - v), scale = loadSome(source.scale + c + v, channels - v);
    const Vector beta = loadSome(source.beta + c + v, channels - v), floor = Vector{} + source.floor;
    copy(v, [&](Vector value) {
      value = normalized(value, mean, scale, beta);
      return value < floor ? floor : value;
    });
  }
}

inline void zero(float* to, int64_t floats) {
  for (int64_t i = 0; i < floats; i += lanes) store(to + i, Vector{});
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
      zero(to, w * stride);
      continue;
    }
    zero(to, left * stride);
    zero(to + (w - right) * stride, right * stride);
    if (source.index == nullptr)
      readRow(source, n, y + row, x + left, w - left - right, c, channels, to + left * stride, stride);
  }
  if (source.index != nullptr && left + right < w)
    for (int64_t v = 0; v < stride; v += lanes)
      spreadPixels(source, n, top, bottom, x + left, x + w - right, c + v, channels - v,
                   memory - (y * w + x) * stride + v, w * stride, stride);
  return {memory, w * stride, stride};
}

// V of tiles [begin, end) whose windows begin `top` and `left` pixels before their outputs.
inline void tilesToBins(const Source& source, const Region& region, int64_t begin, int64_t end, int64_t top, int64_t left,
                        const BlockMemory& block, float* images) {
  const int64_t C = source.images.C;
  eachStrip(region, begin, end, stripTiles(C), [&](const Strip& strip) {
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
