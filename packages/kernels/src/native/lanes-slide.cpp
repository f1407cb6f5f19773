#include "lanes-slide.h"

namespace atelier::ATELIER_VARIANT {
namespace {

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

}  // namespace

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

void slideRow(const Planes& in, int64_t y, const float* w, int64_t filters, const TileTarget& target) {
  const int ky0 = y == 0 ? 1 : 0, ky1 = y == in.H - 1 ? 2 : 3;
  const int64_t tiles = (in.W + tilePixels - 1) / tilePixels, least = in.W / tiles, wider = in.W % tiles;
  for (int64_t tile = 0, x = 0, end = 0; tile < tiles; tile++, x = end) {
    end = x + least + (tile < wider ? 1 : 0);
    const TileRunner run = tileOf(end - x, filters, (x == 0 ? 1 : 0) + (end == in.W ? 2 : 0));
    for (int64_t lane = 0; lane < group; lane += lanes) {
      TileTarget here = target;
      here.out += x * group + lane;
      run(in, in.data + (y * in.W + x) * group + lane, ky0, ky1, w, here);
    }
  }
}

}  // namespace atelier::ATELIER_VARIANT
