// A convolutional block of a narrow network with images in the vector lanes: 3×3 convolution (stride 1, padding 1),
// bias, relu, max pooling over windows that do not overlap, dropout; and the whole of its gradient.
//
//   conv2dBlock      x [N,H,W,C], filters [3,3,C,F], bias [F]  →  y [N,oH,oW,F], index
//   conv2dBlockGrad  x, filters, y, index, dy                 →  dx, dFilters, dBias
//
// A tensor in lanes form is [N/16][C][H][W][16]: sixteen images side by side, so that an operation on one pixel of a
// channel is the same vector instruction whatever the number of channels is. NHWC wants 16 channels or more for that.
// Operands may be in either form (xLanes, yLanes, …); NHWC ones are turned a group of sixteen images at a time.
// index [N/16][F][oH][oW][16] holds a byte for each window: which of its pixels, row by row, was the first maximum.
//
// Shares of groups go through the block one after the other, so that what they make stays in the caches; between two
// blocks there is one barrier. The unpooled values exist for four filters and one row of windows only, and the
// gradient before the pooling for one group. After Zlateski, Jia, Li & Durand 2018, who put images in lanes too.
// Register tiles: forward and input gradient 5 pixels × 4 filters (AVX2: 3 × 4), filter gradient 2 filters × 9 taps
// (AVX2: 1 × 9).
#include "kernels.h"
#include "philox-lanes.h"
#include "vectors.h"

namespace atelier::ATELIER_VARIANT {
namespace {

constexpr int group = 16;  // images side by side, whatever the variant's lanes are
constexpr bool manyRegisters = lanes == 16;
constexpr int tilePixels = manyRegisters ? 5 : 3, tileFilters = 4;
constexpr int gradFilters = manyRegisters ? 2 : 1;
constexpr int taps = 9;
// Threads that take part, each with a share of the groups: scratch memory is sized without knowing how many there are.
constexpr int64_t maxShares = 16;

typedef int32_t Integers __attribute__((vector_size(ATELIER_LANES * 4)));
typedef uint8_t Bytes __attribute__((vector_size(ATELIER_LANES)));
typedef uint8_t LooseBytes __attribute__((vector_size(ATELIER_LANES), aligned(1), may_alias));

int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t lines(int64_t floats) { return (floats + 15) / 16 * 16; }

struct Geometry {
  int64_t N, H, W, C, F, pH, pW, padTop, padLeft, oH, oW;

  template <class Args>
  explicit Geometry(const Args& a)
      : N(a.N), H(a.H), W(a.W), C(a.C), F(a.F), pH(a.pH), pW(a.pW), padTop(a.padTop), padLeft(a.padLeft), oH(a.oH), oW(a.oW) {}

  int64_t groups() const { return (N + group - 1) / group; }
  int64_t mostShares() const { return min(groups(), maxShares); }
  int64_t shares(const ThreadPool& pool) const { return min(mostShares(), pool.threads()); }
  int64_t inputs() const { return H * W * C; }     // of one image
  int64_t outputs() const { return oH * oW * F; }
  // How many windows of a row are of 2×2 pixels that all lie inside, from the left: most of them, mostly.
  int64_t whole2x2(int64_t oy) const {
    return pH == 2 && pW == 2 && (padTop | padLeft) == 0 && 2 * oy + 1 < H ? W / 2 : 0;
  }
};

// out [channels][pixels][16] from images [n][pixels][channels]; lanes without an image are zero.
void toLanes(const float* images, int64_t present, int64_t pixels, int64_t channels, float* out) {
  const int64_t floats = pixels * channels;
  if (present == group && (channels == 1 || channels % 4 == 0)) {
    // Four numbers of four images at a time; they are neighbours in one plane, or the same pixel of four.
    const int64_t step = channels == 1 ? group : pixels * group;
    int64_t pixel = 0, c = 0;
    for (int64_t e = 0; e + 4 <= floats; e += 4) {
      float* to = out + (c * pixels + pixel) * group;
      for (int i = 0; i < group; i += 4) transpose4(images + i * floats + e, floats, to + i, step);
      channels == 1 ? pixel += 4 : c += 4;
      if (channels > 1 && c == channels) c = 0, pixel++;
    }
    for (int64_t e = floats / 4 * 4; e < floats; e++)
      for (int i = 0; i < group; i++) out[e * group + i] = images[i * floats + e];
    return;
  }
  for (int64_t pixel = 0; pixel < pixels; pixel++)
    for (int64_t c = 0; c < channels; c++) {
      float* to = out + (c * pixels + pixel) * group;
      const float* from = images + pixel * channels + c;
      if (present == group) {
#pragma GCC unroll 16
        for (int i = 0; i < group; i++) to[i] = from[i * floats];
      } else {
        for (int64_t i = 0; i < group; i++) to[i] = i < present ? from[i * floats] : 0.0f;
      }
    }
}

void fromLanes(const float* planes, int64_t present, int64_t pixels, int64_t channels, float* images) {
  for (int64_t i = 0; i < present; i++)
    for (int64_t pixel = 0; pixel < pixels; pixel++)
      for (int64_t c = 0; c < channels; c++) *images++ = planes[(c * pixels + pixel) * group + i];
}

// ---- sliding: forward and input gradient

struct Planes {
  const float* data;
  int64_t channels, H, W;
  int64_t plane() const { return H * W * group; }
};

// Filters for the tiles: [blocks of 4][inputs][ky][kx][4], the last block narrower.
struct Packed {
  float* data;
  int64_t inputs, outputs;
  int64_t floats() const { return taps * inputs * outputs; }
  int64_t width(int64_t block) const { return min(tileFilters, outputs - block * tileFilters); }
  const float* block(int64_t index) const { return data + index * tileFilters * taps * inputs; }
};

// From filters [ky][kx][C][F]: forward as they are; mirrored, with the roles of C and F exchanged, for the input gradient.
void packFilters(const float* filters, bool mirrored, const Packed& packed) {
  float* out = packed.data;
  for (int64_t o = 0; o < packed.outputs; o += tileFilters) {
    const int64_t width = min(tileFilters, packed.outputs - o);
    for (int64_t i = 0; i < packed.inputs; i++)
      for (int64_t tap = 0; tap < taps; tap++)
        for (int64_t j = 0; j < width; j++)
          *out++ = mirrored ? filters[((taps - 1 - tap) * packed.outputs + o + j) * packed.inputs + i]
                            : filters[(tap * packed.inputs + i) * packed.outputs + o + j];
  }
}

// acc[p][f] += sum over channels and taps for PX pixels from `at` on, with rows ky in [ky0, ky1). LEFT and RIGHT: the
// tile begins or ends at the image's border, where taps outside are left out.
template <int PX, int FS, bool LEFT, bool RIGHT>
inline __attribute__((always_inline)) void slideTile(const Planes& in, const float* at, int ky0, int ky1, const float* w,
                                                     Vector (&acc)[PX][FS]) {
  const int64_t row = in.W * group;
  for (int64_t c = 0; c < in.channels; c++, at += in.plane(), w += taps * FS)
    for (int ky = ky0; ky < ky1; ky++) {
      const float* from = at + (ky - 1) * row;
      const float* weights = w + ky * 3 * FS;
#pragma GCC unroll 3
      for (int kx = 0; kx < 3; kx++) {
        float weight[FS];
#pragma GCC unroll 4
        for (int f = 0; f < FS; f++) weight[f] = weights[kx * FS + f];
#pragma GCC unroll 8
        for (int p = 0; p < PX; p++) {
          if ((LEFT && p + kx < 1) || (RIGHT && p + kx > PX)) continue;
          const Vector x = load(from + (p + kx - 1) * group);
#pragma GCC unroll 4
          for (int f = 0; f < FS; f++) acc[p][f] += weight[f] * x;
        }
      }
    }
}

struct TileTarget {
  float* out;            // pixel 0 of the first filter
  int64_t filterStride;  // floats to the next filter
  const float* bias;     // of the first filter, or null
};

template <int PX, int FS, bool LEFT, bool RIGHT>
void runTile(const Planes& in, const float* at, int ky0, int ky1, const float* w, const TileTarget& target) {
  Vector acc[PX][FS];
#pragma GCC unroll 4
  for (int f = 0; f < FS; f++) {
    const Vector bias = Vector{} + (target.bias == nullptr ? 0.0f : target.bias[f]);
#pragma GCC unroll 8
    for (int p = 0; p < PX; p++) acc[p][f] = bias;
  }
  slideTile<PX, FS, LEFT, RIGHT>(in, at, ky0, ky1, w, acc);
#pragma GCC unroll 4
  for (int f = 0; f < FS; f++)
#pragma GCC unroll 8
    for (int p = 0; p < PX; p++) store(target.out + f * target.filterStride + p * group, acc[p][f]);
}

using TileRunner = void (*)(const Planes&, const float*, int, int, const float*, const TileTarget&);

template <int PX, int FS>
constexpr TileRunner atBorder[4] = {runTile<PX, FS, false, false>, runTile<PX, FS, true, false>,
                                    runTile<PX, FS, false, true>, runTile<PX, FS, true, true>};

template <int PX>
TileRunner tileOf(int64_t filters, int border) {
  switch (filters) {
    case 4: return atBorder<PX, 4>[border];
    case 3: return atBorder<PX, 3>[border];
    case 2: return atBorder<PX, 2>[border];
    default: return atBorder<PX, 1>[border];
  }
}

TileRunner tileOf(int64_t pixels, int64_t filters, int border) {
  switch (pixels) {
    case 5: return tileOf<tilePixels < 5 ? 1 : 5>(filters, border);
    case 4: return tileOf<tilePixels < 4 ? 1 : 4>(filters, border);
    case 3: return tileOf<3>(filters, border);
    case 2: return tileOf<2>(filters, border);
    default: return tileOf<1>(filters, border);
  }
}

// One row y of a block of filters, into target.out [filter][W][16].
void slideRow(const Planes& in, int64_t y, const float* w, int64_t filters, const TileTarget& target) {
  const int ky0 = y == 0 ? 1 : 0, ky1 = y == in.H - 1 ? 2 : 3;
  const int64_t tiles = (in.W + tilePixels - 1) / tilePixels;
  for (int64_t tile = 0; tile < tiles; tile++) {
    const Share share(in.W, tiles, tile);
    const TileRunner run =
        tileOf(share.end - share.begin, filters, (share.begin == 0 ? 1 : 0) + (share.end == in.W ? 2 : 0));
    for (int64_t lane = 0; lane < group; lane += lanes) {
      TileTarget here = target;
      here.out += share.begin * group + lane;
      run(in, in.data + (y * in.W + share.begin) * group + lane, ky0, ky1, w, here);
    }
  }
}

// ---- pooling

// A window's part inside the image, in pixels of the window.
struct Inside {
  int64_t y0, x0;  // the window's corner in the image
  int64_t kyFirst, kyEnd, kxFirst, kxEnd;
  Inside(const Geometry& g, int64_t oy, int64_t ox)
      : y0(oy * g.pH - g.padTop),
        x0(ox * g.pW - g.padLeft),
        kyFirst(y0 < 0 ? -y0 : 0),
        kyEnd(min(g.pH, g.H - y0)),
        kxFirst(x0 < 0 ? -x0 : 0),
        kxEnd(min(g.pW, g.W - x0)) {}
};

// The greatest of the values handed to it, and which it was; the first of equals. NaN stays when it comes first.
struct Greatest {
  Vector best;
  Integers which{};
  void take(Vector value, int32_t number) {
    const Integers better = value > best;
    best = better ? value : best;
    which = better ? Integers{} + number : which;
  }
};

// relu of the windows of row `oy`, from rows [..][filter][W][16] of unpooled values (the first is the first inside the
// image): it may come after the maximum, and is cheaper there.
void poolRow(const Geometry g, const float* rows, int64_t filters, int64_t oy, float* y, uint8_t* index) {
  const int64_t rowStride = filters * g.W * group, whole = g.whole2x2(oy);
  for (int64_t f = 0; f < filters; f++) {
    const float* const row = rows + f * g.W * group;
    const int64_t first = (f * g.oH + oy) * g.oW * group;
    for (int64_t lane = 0; lane < group; lane += lanes) {
      const auto put = [&](int64_t ox, const Greatest& greatest) {
        const int64_t place = first + ox * group + lane;
        store(y + place, greatest.best < Vector{} ? Vector{} : greatest.best);
        if (index != nullptr)
          *reinterpret_cast<LooseBytes*>(index + place) = __builtin_convertvector(greatest.which, Bytes);
      };
      const float* from = row + lane;
      for (int64_t ox = 0; ox < whole; ox++, from += 2 * group) {
        Greatest greatest{load(from)};
        greatest.take(load(from + group), 1);
        greatest.take(load(from + rowStride), 2);
        greatest.take(load(from + rowStride + group), 3);
        put(ox, greatest);
      }
      for (int64_t ox = whole; ox < g.oW; ox++) {
        const Inside inside(g, oy, ox);
        const auto numberOf = [&](int64_t ky, int64_t kx) { return static_cast<int32_t>(ky * g.pW + kx); };
        const float* const corner = row + (inside.x0 + inside.kxFirst) * group + lane;
        Greatest greatest{load(corner), Integers{} + numberOf(inside.kyFirst, inside.kxFirst)};
        for (int64_t ky = inside.kyFirst; ky < inside.kyEnd; ky++)
          for (int64_t kx = inside.kxFirst; kx < inside.kxEnd; kx++)
            greatest.take(load(corner + (ky - inside.kyFirst) * rowStride + (kx - inside.kxFirst) * group),
                          numberOf(ky, kx));
        put(ox, greatest);
      }
    }
  }
}

// dz [F][H][W][16] of filters [f0, f1) from dy after dropout, relu and pooling, all of which y > 0 tells of where
// the gradient goes on; its sum a filter goes to dBias [filter][16].
void unpool(const Geometry g, const float* y, const uint8_t* index, const float* dy, float scale, int64_t f0, int64_t f1,
            float* dz, float* dBias, bool add) {
  const int64_t row = g.W * group, plane = g.H * row;
  const bool covers = g.oH * g.pH - g.padTop >= g.H && g.oW * g.pW - g.padLeft >= g.W;
  for (int64_t f = f0; f < f1; f++) {
    if (!covers) memset(dz + f * plane, 0, static_cast<size_t>(plane) * 4);
    for (int64_t lane = 0; lane < group; lane += lanes) {
      Vector sum{};
      for (int64_t oy = 0; oy < g.oH; oy++) {
        const int64_t first = (f * g.oH + oy) * g.oW * group + lane;
        const auto passedAt = [&](int64_t place) {
          const Vector passed = load(y + place) > Vector{} ? load(dy + place) * scale : Vector{};
          sum += passed;
          return passed;
        };
        if (index == nullptr) {
          for (int64_t ox = 0; ox < g.oW; ox++) store(dz + first + ox * group, passedAt(first + ox * group));
          continue;
        }
        const auto whichAt = [&](int64_t place) {
          return __builtin_convertvector(*reinterpret_cast<const LooseBytes*>(index + place), Integers);
        };
        const int64_t whole = g.whole2x2(oy);
        float* to = dz + f * plane + 2 * oy * row + lane;
        for (int64_t ox = 0; ox < whole; ox++, to += 2 * group) {
          const Vector passed = passedAt(first + ox * group);
          const Integers which = whichAt(first + ox * group);
          store(to, which == 0 ? passed : Vector{});
          store(to + group, which == 1 ? passed : Vector{});
          store(to + row, which == 2 ? passed : Vector{});
          store(to + row + group, which == 3 ? passed : Vector{});
        }
        for (int64_t ox = whole; ox < g.oW; ox++) {
          const Inside inside(g, oy, ox);
          const Vector passed = passedAt(first + ox * group);
          const Integers which = whichAt(first + ox * group);
          for (int64_t ky = inside.kyFirst; ky < inside.kyEnd; ky++)
            for (int64_t kx = inside.kxFirst; kx < inside.kxEnd; kx++)
              store(dz + f * plane + (inside.y0 + ky) * row + (inside.x0 + kx) * group + lane,
                    which == static_cast<int32_t>(ky * g.pW + kx) ? passed : Vector{});
        }
      }
      float* total = dBias + f * group + lane;
      store(total, add ? load(total) + sum : sum);
    }
  }
}

// ---- filter gradient

// Keeps the compiler from loading a value again for every use: loads are what limits the loop below.
inline void inRegister([[maybe_unused]] Vector& value) {
#if (ATELIER_LANES == 16 && defined(__AVX512F__)) || (ATELIER_LANES == 8 && defined(__AVX2__))
  asm("" : "+v"(value));
#elif defined(__aarch64__)
  asm("" : "+w"(value));
#endif
}

// acc[f][tap] += x · dz at one pixel, for the taps inside the image.
template <int FS, int KY0, int KY1, int KX0, int KX1>
inline __attribute__((always_inline)) void gradientPixel(const float* x, int64_t row, const float* dz, int64_t filterStride,
                                                         Vector (&acc)[FS][taps]) {
  Vector gradient[FS];
#pragma GCC unroll 2
  for (int f = 0; f < FS; f++) gradient[f] = load(dz + f * filterStride);
#pragma GCC unroll 3
  for (int ky = KY0; ky < KY1; ky++)
#pragma GCC unroll 3
    for (int kx = KX0; kx < KX1; kx++) {
      Vector value = load(x + (ky - 1) * row + (kx - 1) * group);
      inRegister(value);
#pragma GCC unroll 2
      for (int f = 0; f < FS; f++) acc[f][ky * 3 + kx] += value * gradient[f];
    }
}

template <int FS, int KY0, int KY1>
inline __attribute__((always_inline)) void gradientRow(const float* x, int64_t row, const float* dz, int64_t filterStride,
                                                       int64_t W, Vector (&acc)[FS][taps]) {
  if (W == 1) {
    gradientPixel<FS, KY0, KY1, 1, 2>(x, row, dz, filterStride, acc);
    return;
  }
  gradientPixel<FS, KY0, KY1, 1, 3>(x, row, dz, filterStride, acc);
  for (int64_t at = 1; at < W - 1; at++)
    gradientPixel<FS, KY0, KY1, 0, 3>(x + at * group, row, dz + at * group, filterStride, acc);
  gradientPixel<FS, KY0, KY1, 0, 2>(x + (W - 1) * group, row, dz + (W - 1) * group, filterStride, acc);
}

// The gradient of FS filters and one channel to sums [filter][tap][16], `sumStride` from filter to filter.
template <int FS>
void filterGradient(const float* x, const float* dz, int64_t H, int64_t W, float* sums, int64_t sumStride, bool add) {
  const int64_t row = W * group, plane = H * row;
  for (int64_t lane = 0; lane < group; lane += lanes) {
    Vector acc[FS][taps];
#pragma GCC unroll 2
    for (int f = 0; f < FS; f++)
#pragma GCC unroll 9
      for (int tap = 0; tap < taps; tap++) acc[f][tap] = Vector{};
    const float *from = x + lane, *gradient = dz + lane;
    if (H == 1) {
      gradientRow<FS, 1, 2>(from, row, gradient, plane, W, acc);
    } else {
      gradientRow<FS, 1, 3>(from, row, gradient, plane, W, acc);
      for (int64_t y = 1; y < H - 1; y++)
        gradientRow<FS, 0, 3>(from + y * row, row, gradient + y * row, plane, W, acc);
      gradientRow<FS, 0, 2>(from + (H - 1) * row, row, gradient + (H - 1) * row, plane, W, acc);
    }
#pragma GCC unroll 2
    for (int f = 0; f < FS; f++)
#pragma GCC unroll 9
      for (int tap = 0; tap < taps; tap++) {
        float* sum = sums + f * sumStride + tap * group + lane;
        store(sum, add ? load(sum) + acc[f][tap] : acc[f][tap]);
      }
  }
}

#if ATELIER_LANES == 16
constexpr Integers evens{0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};
#elif ATELIER_LANES == 8
constexpr Integers evens{0, 2, 4, 6, 8, 10, 12, 14};
#else
constexpr Integers evens{0, 2, 4, 6};
#endif

// out[i] = sum of the lanes of vectors[i]: neighbours are added until one is left of each.
inline Vector sumLanes(Vector (&vectors)[lanes]) {
#pragma GCC unroll 4
  for (int count = lanes; count > 1; count /= 2)
#pragma GCC unroll 8
    for (int i = 0; i < count / 2; i++) {
      const Vector a = vectors[2 * i], b = vectors[2 * i + 1];
      vectors[i] = __builtin_shuffle(a, b, evens) + __builtin_shuffle(a, b, evens + 1);
    }
  return vectors[0];
}

// totals[i] = sum over shares and lanes of the vectors [16] at sums + share · stride + i · 16.
void sumShares(const float* sums, int64_t shares, int64_t stride, int64_t count, float* totals) {
  for (int64_t first = 0; first < count; first += lanes) {
    const int64_t here = min(lanes, count - first);
    Vector vectors[lanes] = {};
    for (int64_t i = 0; i < here; i++)
      for (int64_t share = 0; share < shares; share++)
        for (int64_t lane = 0; lane < group; lane += lanes)
          vectors[i] += load(sums + share * stride + (first + i) * group + lane);
    float out[lanes];
    store(out, sumLanes(vectors));
    memcpy(totals + first, out, static_cast<size_t>(here) * 4);
  }
}

// ---- dropout

// y [F][oH·oW][16] of one group, in place: element e of image n has number n·outputs + e in NHWC order, its random word
// is that of random/philox.ts: counter ⌊e/32⌋·8 + e mod 8, word ⌊e/8⌋ mod 4. `outputs` is a multiple of 8, so that all
// images of a group agree in e mod 8; they may differ in how many eighths of a block of 32 come before their first.
void dropout(const PhiloxKeys& keys, const Geometry& g, int64_t firstImage, float rate, float* y) {
  const int64_t pixels = g.oH * g.oW, eighths = g.outputs() / 8;
  const uint32_t threshold = static_cast<uint32_t>(static_cast<double>(rate) * 4294967296.0);
  const float scale = 1.0f / (1.0f - rate);
  for (int64_t lane = 0; lane < group; lane += lanes) {
    Words block, before;
    bool apart = false;
    for (int i = 0; i < lanes; i++) {
      const int64_t first = (firstImage + lane + i) * eighths;
      block[i] = static_cast<uint32_t>(first / 4);
      before[i] = static_cast<uint32_t>(first % 4);
      apart |= first % 4 != 0;
    }
    for (uint32_t j = 0; j < 8; j++) {
      int64_t f = j, pixel = 0;
      const auto keep = [&](Words word) {
        for (; f >= g.F; f -= g.F) pixel++;
        float* value = y + (f * pixels + pixel) * group + lane;
        store(value, word >= threshold ? load(value) * scale : Vector{});
        f += 8;
      };
      Words drawn[8];  // of two blocks of 32
      if (apart) drawWords(keys, block * 8 + j, drawn + 4);
      for (int64_t first = 0; first < eighths; first += 4) {
        const int count = static_cast<int>(min(4, eighths - first));
        const Words counter = (block + static_cast<uint32_t>(first / 4)) * 8 + j;
        if (!apart) {
          drawWords(keys, counter, drawn);
          for (int at = 0; at < count; at++) keep(drawn[at]);
          continue;
        }
        memcpy(drawn, drawn + 4, sizeof(Words) * 4);
        drawWords(keys, counter + 8, drawn + 4);
        for (int at = 0; at < count; at++) {
          Words word = drawn[at];
          for (int s = 1; s < 4; s++) word = before == static_cast<uint32_t>(s) ? drawn[at + s] : word;
          keep(word);
        }
      }
    }
  }
}

// ---- memory

// Scratch of one share, then what all shares use.
struct ForwardMemory {
  int64_t x, y, rows, share, filters, floats;
  explicit ForwardMemory(const Geometry& g, const Conv2dBlockArgs& a) {
    x = 0;
    y = x + (a.xLanes ? 0 : g.inputs() * group);
    rows = y + (a.yLanes ? 0 : g.outputs() * group);
    share = lines(rows + g.pH * tileFilters * g.W * group);
    filters = g.mostShares() * share;
    floats = filters + lines(taps * g.C * g.F);
  }
};

struct BackwardMemory {
  int64_t x, y, dy, dz, dx, sums, biasSums, share, filters, floats;
  explicit BackwardMemory(const Geometry& g, const Conv2dBlockGradArgs& a) {
    x = 0;
    y = x + (a.xLanes ? 0 : g.inputs() * group);
    dy = y + (a.yLanes ? 0 : g.outputs() * group);
    dz = dy + (a.dyLanes ? 0 : g.outputs() * group);
    dx = dz + g.H * g.W * g.F * group;
    sums = dx + (a.dx == noRef || a.dxLanes ? 0 : g.inputs() * group);
    biasSums = sums + taps * g.C * g.F * group;
    share = lines(biasSums + g.F * group);
    filters = g.mostShares() * share;
    floats = filters + lines(taps * g.C * g.F);
  }
};

// A group's planes: where they lie, or turned into `scratch`.
const float* planesOf(const float* data, bool inLanes, int64_t index, const Geometry& g, int64_t pixels, int64_t channels,
                      float* scratch) {
  const int64_t floats = pixels * channels, first = index * group;
  if (inLanes) return data + first * floats;
  toLanes(data + first * floats, min(group, g.N - first), pixels, channels, scratch);
  return scratch;
}

}  // namespace

int64_t conv2dBlockWorkspace(const Conv2dBlockArgs& args) { return ForwardMemory(Geometry(args), args).floats; }

void conv2dBlock(const Context& context, const Conv2dBlockArgs& args) {
  const Geometry g(args);
  const ForwardMemory memory(g, args);
  const Packed packed{context.workspace + memory.filters, g.C, g.F};
  packFilters(context.at(args.filters), false, packed);
  const float* bias = context.at(args.bias);
  uint8_t* index = reinterpret_cast<uint8_t*>(context.at(args.index));
  const PhiloxKeys keys(context, static_cast<uint32_t>(args.stream));

  const int64_t shares = g.shares(*context.pool);
  context.pool->each(static_cast<int>(shares), [&](int part) {
    const Share share(g.groups(), shares, part);
    float* scratch = context.workspace + part * memory.share;
    for (int64_t at = share.begin; at < share.end; at++) {
      const Planes in{planesOf(context.at(args.x), args.xLanes, at, g, g.H * g.W, g.C, scratch + memory.x), g.C, g.H, g.W};
      const int64_t place = at * group * g.outputs();
      float* y = args.yLanes ? context.at(args.y) + place : scratch + memory.y;
      float* rows = scratch + memory.rows;
      for (int64_t f = 0; f < g.F; f += tileFilters) {
        const int64_t block = f / tileFilters, filters = packed.width(block), plane = f * g.oH * g.oW * group;
        for (int64_t oy = 0; oy < g.oH; oy++) {
          const int64_t first = oy * g.pH - g.padTop, begin = first < 0 ? 0 : first, end = min(g.H, first + g.pH);
          for (int64_t row = begin; row < end; row++)
            slideRow(in, row, packed.block(block), filters,
                     {rows + (row - begin) * filters * g.W * group, g.W * group, bias == nullptr ? nullptr : bias + f});
          poolRow(g, rows, filters, oy, y + plane, index == nullptr ? nullptr : index + place + plane);
        }
      }
      if (args.rate > 0) dropout(keys, g, at * group, args.rate, y);
      if (!args.yLanes)
        fromLanes(y, min(group, g.N - at * group), g.oH * g.oW, g.F, context.at(args.y) + at * group * g.outputs());
    }
  });
}

int64_t conv2dBlockGradWorkspace(const Conv2dBlockGradArgs& args) { return BackwardMemory(Geometry(args), args).floats; }

void conv2dBlockGrad(const Context& context, const Conv2dBlockGradArgs& args) {
  const Geometry g(args);
  const BackwardMemory memory(g, args);
  const Packed packed{context.workspace + memory.filters, g.F, g.C};
  float* const dx = context.at(args.dx);
  if (dx != nullptr) packFilters(context.at(args.filters), true, packed);
  const uint8_t* index = reinterpret_cast<const uint8_t*>(context.at(args.index));
  const float scale = 1.0f / (1.0f - args.rate);
  const int64_t inputPlane = g.H * g.W * group, sumStride = taps * g.C * group;

  const int64_t shares = g.shares(*context.pool);
  context.pool->each(static_cast<int>(shares), [&](int part) {
    const Share share(g.groups(), shares, part);
    float* scratch = context.workspace + part * memory.share;
    float *sums = scratch + memory.sums, *biasSums = scratch + memory.biasSums, *dz = scratch + memory.dz;
    for (int64_t at = share.begin; at < share.end; at++) {
      const float* x = planesOf(context.at(args.x), args.xLanes, at, g, g.H * g.W, g.C, scratch + memory.x);
      const float* y = planesOf(context.at(args.y), args.yLanes, at, g, g.oH * g.oW, g.F, scratch + memory.y);
      const float* dy = planesOf(context.at(args.dy), args.dyLanes, at, g, g.oH * g.oW, g.F, scratch + memory.dy);
      const bool add = at > share.begin;
      const uint8_t* which = index == nullptr ? nullptr : index + at * group * g.outputs();
      for (int64_t f = 0; f < g.F; f += gradFilters) {
        const int64_t filters = min(gradFilters, g.F - f);
        unpool(g, y, which, dy, scale, f, f + filters, dz, biasSums, add);
        for (int64_t c = 0; c < g.C; c++) {
          const auto gradient = filters == gradFilters ? filterGradient<gradFilters> : filterGradient<1>;
          gradient(x + c * inputPlane, dz + f * inputPlane, g.H, g.W, sums + f * sumStride + c * taps * group, sumStride, add);
        }
      }
      if (dx == nullptr) continue;
      const Planes gradient{dz, g.F, g.H, g.W};
      float* out = args.dxLanes ? dx + at * group * g.inputs() : scratch + memory.dx;
      for (int64_t c = 0; c < g.C; c += tileFilters)
        for (int64_t row = 0; row < g.H; row++)
          slideRow(gradient, row, packed.block(c / tileFilters), packed.width(c / tileFilters),
                   {out + (c * g.H + row) * g.W * group, inputPlane, nullptr});
      if (!args.dxLanes) fromLanes(out, min(group, g.N - at * group), g.H * g.W, g.C, dx + at * group * g.inputs());
    }
  });

  const int64_t weights = g.C * taps;
  float *dFilters = context.at(args.dFilters), *dBias = context.at(args.dBias);
  const int64_t tasks = weights * g.F < 1024 ? 1 : min(g.F, 8);
  context.pool->each(static_cast<int>(tasks), [&](int task) {
    const Share share(g.F, tasks, task);
    for (int64_t f = share.begin; f < share.end; f++) {
      // The first share's sums of this filter make room for the totals.
      float* totals = context.workspace + memory.sums + f * sumStride;
      sumShares(totals, shares, memory.share, weights, totals);
      for (int64_t c = 0; c < g.C; c++)
        for (int64_t tap = 0; tap < taps; tap++) dFilters[(tap * g.C + c) * g.F + f] = totals[c * taps + tap];
    }
  });
  if (dBias != nullptr) sumShares(context.workspace + memory.biasSums, shares, memory.share, g.F, dBias);
}

}  // namespace atelier::ATELIER_VARIANT
