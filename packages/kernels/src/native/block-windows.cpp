// The gradient of a narrow block from 8 or 16 channels with pooling over 2×2 windows, one image at a time: a window hands
// its gradient g to one of its four pixels, so that there is a quarter of the products to make, fewer still after relu and
// dropout. With channels side by side the nine taps of a pixel are three runs of 24 or 48 numbers:
//
//   dFilters[f]  +=  g · three rows of x from the pixel's upper left neighbour on
//   dx           +=  g · filters[f], at the same pixels
//
// Where a pixel is a vector, both are done for one gradient after the other. A vector of two pixels of 8 channels would lie
// across two of those that were just written; there, dx is made window by window, of all filters, moved within the four
// rows of four pixels around the window to where its pixel is.
//
// Groups of images in lanes are turned for it, and so are their gradients, [image][filter][window], each with its place.
#include "block-windows.h"

#include "image-lanes.h"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace atelier::ATELIER_VARIANT {

#if ATELIER_LANES == 16
namespace {

constexpr int64_t mostFilters = 64, tapRows = 3, patchRows = 4;
// Three pixels in whole vectors: of 8 channels with a fourth pixel, which nobody asked for.
constexpr int64_t rowVectors(int64_t channels) { return (3 * channels + lanes - 1) / lanes; }
constexpr int64_t filterSums(int64_t channels) { return tapRows * rowVectors(channels) * lanes; }
// A filter of 8 channels as it is moved: for the window's left and right pixels, its rows of four pixels between two empty
// ones.
constexpr int64_t filterRows = 5, movedRow = 4 * 8, movedFilter = 2 * filterRows * movedRow;
// Of a filter as it is wanted for dx.
constexpr int64_t packedFilter(int64_t channels) { return channels == lanes ? taps * lanes : movedFilter; }

// An image with its channels side by side and a border of zeros: pixel (y, x) of x is at (y + 1, x + 2), of dx at
// (y + 1, x + 1), where windows are whole vectors.
struct Padded {
  int64_t row, image;
  explicit Padded(const Geometry& g) : row((g.W + 4 + g.W % 2) * g.C), image((g.H + 3) * row + lanes) {}
};

struct Memory {
  Padded padded;
  int64_t gradients, filters, x, y, dy, dx, images, dxImages, values, places, keptValues, keptPlaces, sums, biasSums, share,
      floats;
  Memory(const Geometry& g, const Conv2dBlockGradArgs& a) : padded(g), gradients(g.outputs()) {
    filters = a.dx == noRef ? 0 : g.F * packedFilter(g.C);
    x = 0;
    y = x + (a.xLanes ? 0 : g.inputs() * group);
    dy = y + (a.yLanes ? 0 : g.outputs() * group);
    dx = dy + (a.dyLanes ? 0 : g.outputs() * group);
    images = dx + (a.dx == noRef || a.dxLanes ? 0 : g.inputs() * group);
    dxImages = images + lines(group * padded.image);
    values = dxImages + (a.dx == noRef ? 0 : lines(group * padded.image));
    places = values + group * gradients;
    keptValues = places + group * gradients;
    keptPlaces = keptValues + gradients + lanes;
    sums = keptPlaces + gradients + lanes;
    biasSums = sums + g.F * filterSums(g.C);
    share = lines(biasSums + g.F * group) + apart;
    floats = filters + g.mostShares() * share;
  }
};

typedef Vector Block[lanes];

// Rows and columns exchanged.
void transpose(Block& rows) {
  Vector half[lanes];
  const auto exchange = [](const Vector* from, Vector* to, int step) {
    Integers first, second;
    for (int lane = 0; lane < lanes; lane++) {
      first[lane] = (lane & step) == 0 ? lane : lane - step + lanes;
      second[lane] = (lane & step) == 0 ? lane + step : lane + lanes;
    }
#pragma GCC unroll 16
    for (int i = 0; i < lanes; i++)
      to[i] = (i & step) == 0 ? __builtin_shuffle(from[i], from[i + step], first)
                              : __builtin_shuffle(from[i - step], from[i], second);
  };
  exchange(rows, half, 1);
  exchange(half, rows, 2);
  exchange(rows, half, 4);
  exchange(half, rows, 8);
}

template <int channels>
void toImages(const Geometry& g, const Padded& padded, const float* planes, float* images) {
  for (int64_t y = 0; y < g.H; y++)
    for (int64_t x = 0; x < g.W; x += lanes / channels) {
      Block block;
      for (int64_t i = 0; i < lanes; i++) {
        const int64_t at = x + i / channels;
        block[i] = at < g.W ? load(planes + ((i % channels * g.H + y) * g.W + at) * group) : Vector{};
      }
      transpose(block);
      for (int64_t n = 0; n < group; n++)
        store(images + n * padded.image + (y + 1) * padded.row + (x + 2) * channels, block[n]);
    }
}

template <int channels>
void toPlanes(const Geometry& g, const Padded& padded, const float* images, float* planes) {
  for (int64_t y = 0; y < g.H; y++)
    for (int64_t x = 0; x < g.W; x += lanes / channels) {
      Block block;
      for (int64_t n = 0; n < group; n++)
        block[n] = load(images + n * padded.image + (y + 1) * padded.row + (x + 1) * channels);
      transpose(block);
      for (int64_t i = 0; i < lanes; i++) {
        const int64_t at = x + i / channels;
        if (at < g.W) store(planes + ((i % channels * g.H + y) * g.W + at) * group, block[i]);
      }
    }
}

// Where a gradient goes: in 8 bits the first row of its filter as moved, above them its upper left neighbour, in pixels.
int64_t pixelOf(int32_t place) { return place >> 8; }
int64_t rowOf(int32_t place) { return place & 255; }

// Gradients after relu and dropout, with their places, [image][filter][window].
void gatherGradients(const Geometry& g, const Padded& padded, const float* y, const float* dy, const uint8_t* index,
                     float scale, float* values, float* places, float* biasSums) {
  const int64_t gradients = g.outputs();
  const int32_t rowPixels = static_cast<int32_t>(padded.row / g.C);
  int64_t oy = 0, ox = 0;
  for (int64_t first = 0; first < gradients; first += lanes) {
    Block value, place;
    for (int64_t i = 0; i < lanes; i++) {
      const int64_t at = (first + i) * group;
      value[i] = load(y + at) > Vector{} ? load(dy + at) * scale : Vector{};
      const Integers which = whichOf(index + at), below = (which >> 1) & 1, right = which & 1;
      const int32_t pixel = static_cast<int32_t>(2 * (oy * rowPixels + ox) + 1);
      place[i] = reinterpret_cast<Vector>((pixel + below * rowPixels + right) << 8 | (right * filterRows + 1 - below));
      store(biasSums, load(biasSums) + value[i]);
      if (++ox < g.oW) continue;
      ox = 0;
      if (++oy < g.oH) continue;
      oy = 0;
      biasSums += group;
    }
    transpose(value);
    transpose(place);
    for (int64_t n = 0; n < group; n++) {
      store(values + n * gradients + first, value[n]);
      store(places + n * gradients + first, place[n]);
    }
  }
}

// Leaves zeros out; ends[f] is where filter f's end.
void keep(const Geometry& g, const float* values, const float* places, float* keptValues, float* keptPlaces, int32_t* ends) {
  const int64_t windows = g.oH * g.oW;
  int32_t kept = 0;
  for (int64_t first = 0, end = windows; first < g.outputs(); first += lanes) {
    const Vector value = load(values + first), place = load(places + first);
#if defined(__AVX512F__)
    const uint32_t those = _mm512_cmp_ps_mask(value, Vector{}, _CMP_NEQ_UQ);
    store(keptValues + kept, _mm512_maskz_compress_ps(static_cast<__mmask16>(those), value));
    store(keptPlaces + kept, _mm512_maskz_compress_ps(static_cast<__mmask16>(those), place));
#else
    uint32_t those = 0;
    for (int i = 0, to = kept; i < lanes; i++) {
      if (value[i] == 0) continue;
      those |= 1u << i;
      keptValues[to] = value[i];
      memcpy(keptPlaces + to++, reinterpret_cast<const float*>(&place) + i, 4);
    }
#endif
    for (; end <= first + lanes; end += windows)
      *ends++ = kept + __builtin_popcount(those & ((1u << (end - first)) - 1));
    kept += __builtin_popcount(those);
  }
}

// sums [filter][3][rowVectors] of one image's gradients; with `addsInputs`, its dx from filters [filter][3][3][16].
template <int channels, bool addsInputs>
void addGradients(const Geometry& g, const Padded& padded, const float* image, const float* values, const int32_t* places,
                  const int32_t* ends, float* sums, const float* filters, float* dx) {
  constexpr int rowOf = rowVectors(channels), sets = addsInputs ? 1 : 2;
  const int64_t row = padded.row;
  for (int64_t f = 0, at = 0; f < g.F; f++, sums += filterSums(channels), filters += taps * lanes) {
    Vector acc[sets][tapRows][rowOf] = {}, filter[tapRows][rowOf];
    if constexpr (addsInputs) memcpy(filter, filters, sizeof filter);
    const auto add = [&](int64_t of, int part) __attribute__((always_inline)) {
      auto& to = acc[part % sets];
      const int64_t pixel = pixelOf(places[of]) * channels;
      const float* const from = image + pixel;
      float* const out = dx + pixel - channels;
      const float value = values[of];
#pragma GCC unroll 3
      for (int64_t i = 0; i < tapRows; i++)
#pragma GCC unroll 3
        for (int64_t j = 0; j < rowOf; j++) {
          to[i][j] += value * load(from + i * row + j * lanes);
          if constexpr (addsInputs) store(out + i * row + j * lanes, load(out + i * row + j * lanes) + value * filter[i][j]);
        }
    };
    for (; at + 1 < ends[f]; at += 2) {
      add(at, 0);
      add(at + 1, 1);
    }
    if (at < ends[f]) add(at++, 0);
#pragma GCC unroll 3
    for (int64_t i = 0; i < tapRows; i++)
#pragma GCC unroll 3
      for (int64_t j = 0; j < rowOf; j++) {
        float* const sum = sums + (i * rowOf + j) * lanes;
        store(sum, load(sum) + acc[0][i][j] + (sets == 2 ? acc[sets - 1][i][j] : Vector{}));
      }
  }
}

// Filters as they are wanted for dx.
template <int channels>
void packFilters(const Geometry& g, const float* filters, float* packed) {
  memset(packed, 0, static_cast<size_t>(g.F * packedFilter(channels)) * 4);
  for (int64_t tap = 0; tap < taps; tap++)
    for (int64_t c = 0; c < channels; c++)
      for (int64_t f = 0; f < g.F; f++) {
        const float value = filters[(tap * channels + c) * g.F + f];
        float* const to = packed + f * packedFilter(channels) + c;
        if (channels == lanes)
          to[tap * lanes] = value;
        else
          for (int64_t right = 0; right < 2; right++)
            to[(right * filterRows + 1 + tap / 3) * movedRow + (tap % 3 + right) * channels] = value;
      }
}

// What `count` neighbouring windows, from (oy, ox) on, add to the gradient of one image of 8 channels.
template <int count>
inline __attribute__((always_inline)) void addPatches(const Geometry& g, const Padded& padded, const float* moved,
                                                      const float* values, const int32_t* places, int64_t oy, int64_t ox,
                                                      float* image) {
  Vector acc[count][patchRows][2] = {};
  int64_t at = oy * g.oW + ox;
#pragma GCC unroll 2
  for (int64_t f = 0; f < g.F; f++, at += g.oH * g.oW)
#pragma GCC unroll 2
    for (int window = 0; window < count; window++) {
      const float* const filter = moved + f * movedFilter + rowOf(places[at + window]) * movedRow;
      const float value = values[at + window];
#pragma GCC unroll 4
      for (int64_t i = 0; i < patchRows; i++)
#pragma GCC unroll 2
        for (int64_t half = 0; half < 2; half++)
          acc[window][i][half] += value * load(filter + i * movedRow + half * lanes);
    }
#pragma GCC unroll 4
  for (int64_t i = 0; i < patchRows; i++) {
    float* const to = image + (2 * oy + i) * padded.row + 2 * ox * 8;
    store(to, load(to) + acc[0][i][0]);
    if constexpr (count == 2) store(to + lanes, load(to + lanes) + acc[0][i][1] + acc[1][i][0]);
    store(to + count * lanes, load(to + count * lanes) + acc[count - 1][i][1]);
  }
}

void addWindows(const Geometry& g, const Padded& padded, const float* moved, const float* values, const int32_t* places,
                float* image) {
  for (int64_t oy = 0; oy < g.oH; oy++) {
    int64_t ox = 0;
    for (; ox + 1 < g.oW; ox += 2) addPatches<2>(g, padded, moved, values, places, oy, ox, image);
    if (ox < g.oW) addPatches<1>(g, padded, moved, values, places, oy, ox, image);
  }
}

template <int channels>
void byWindows(const Context& context, const Conv2dBlockGradArgs& args) {
  const Geometry g(args);
  const Memory memory(g, args);
  const Padded& padded = memory.padded;
  float* const filters = context.workspace;
  float* const dx = context.at(args.dx);
  if (dx != nullptr) packFilters<channels>(g, context.at(args.filters), filters);
  const uint8_t* index = reinterpret_cast<const uint8_t*>(context.at(args.index));
  const float scale = 1.0f / (1.0f - args.rate);

  const int64_t shares = g.shares(*context.pool);
  context.pool->each(static_cast<int>(shares), [&](int task) {
    const Share share(g.groups(), shares, task);
    float* const scratch = context.ofShare(task, shares, memory.filters);
    float *images = scratch + memory.images, *dxImages = scratch + memory.dxImages, *values = scratch + memory.values;
    float *places = scratch + memory.places, *sums = scratch + memory.sums, *biasSums = scratch + memory.biasSums;
    const int32_t* const keptPlaces = reinterpret_cast<int32_t*>(scratch + memory.keptPlaces);
    memset(images, 0, static_cast<size_t>(group * padded.image) * 4);
    memset(sums, 0, static_cast<size_t>(g.F * (filterSums(channels) + group)) * 4);
    for (int64_t at = share.begin; at < share.end; at++) {
      const auto planes = [&](Ref ref, bool inLanes, int64_t pixels, int64_t depth, int64_t place) {
        return planesOf(context.at(ref), inLanes, at, g, pixels, depth, scratch + place);
      };
      toImages<channels>(g, padded, planes(args.x, args.xLanes, g.H * g.W, channels, memory.x), images);
      gatherGradients(g, padded, planes(args.y, args.yLanes, g.oH * g.oW, g.F, memory.y),
                      planes(args.dy, args.dyLanes, g.oH * g.oW, g.F, memory.dy), index + at * group * g.outputs(), scale,
                      values, places, biasSums);
      for (int64_t n = 0; n < group; n++) {
        const float *ofImage = values + n * memory.gradients, *placesOfImage = places + n * memory.gradients;
        float* const dxOfImage = dxImages + n * padded.image;
        int32_t ends[mostFilters];
        keep(g, ofImage, placesOfImage, scratch + memory.keptValues, scratch + memory.keptPlaces, ends);
        if (dx != nullptr) memset(dxOfImage, 0, static_cast<size_t>(padded.image) * 4);
        const auto add = dx != nullptr && channels == lanes ? addGradients<channels, channels == lanes>
                                                            : addGradients<channels, false>;
        add(g, padded, images + n * padded.image, scratch + memory.keptValues, keptPlaces, ends, sums, filters, dxOfImage);
        if (dx != nullptr && channels < lanes)
          addWindows(g, padded, filters, ofImage, reinterpret_cast<const int32_t*>(placesOfImage), dxOfImage);
      }
      if (dx == nullptr) continue;
      float* const out = args.dxLanes ? dx + at * group * g.inputs() : scratch + memory.dx;
      toPlanes<channels>(g, padded, dxImages, out);
      if (!args.dxLanes) fromLanes(out, min(group, g.N - at * group), g.H * g.W, channels, dx + at * group * g.inputs());
    }
    sumGroups(biasSums, g.F, biasSums);
  });

  const auto total = [&](int64_t place) {
    float sum = context.ofShare(0, shares, memory.filters)[place];
    for (int64_t share = 1; share < shares; share++) sum += context.ofShare(share, shares, memory.filters)[place];
    return sum;
  };
  float *dFilters = context.at(args.dFilters), *dBias = context.at(args.dBias);
  for (int64_t i = 0; i < taps * channels; i++) {
    const int64_t place = memory.sums + i / (3 * channels) * rowVectors(channels) * lanes + i % (3 * channels);
    for (int64_t f = 0; f < g.F; f++) dFilters[i * g.F + f] = total(place + f * filterSums(channels));
  }
  for (int64_t f = 0; f < g.F && dBias != nullptr; f++) dBias[f] = total(memory.biasSums + f);
}

}  // namespace

bool goesByWindows(const Conv2dBlockGradArgs& args) {
  const bool areWindows = args.index != noRef && args.pH == 2 && args.pW == 2 && (args.padTop | args.padLeft) == 0;
  return areWindows && (args.C == 8 || args.C == lanes) && args.F % lanes == 0 && args.F <= mostFilters &&
         int64_t{args.H + 3} * (args.W + 5) < 1 << 23;
}

int64_t blockGradByWindowsWorkspace(const Conv2dBlockGradArgs& args) { return Memory(Geometry(args), args).floats; }

void blockGradByWindows(const Context& context, const Conv2dBlockGradArgs& args) {
  (args.C == lanes ? byWindows<lanes> : byWindows<8>)(context, args);
}

#else

bool goesByWindows(const Conv2dBlockGradArgs&) { return false; }
int64_t blockGradByWindowsWorkspace(const Conv2dBlockGradArgs&) { return 0; }
void blockGradByWindows(const Context&, const Conv2dBlockGradArgs&) {}

#endif

}  // namespace atelier::ATELIER_VARIANT
