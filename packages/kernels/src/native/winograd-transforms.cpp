// The transforms of a tile along both axes, a vector of channels at a time.
#include "winograd-transforms.h"

namespace atelier::ATELIER_VARIANT {
namespace {

// Vectors [y][x] in memory, `width` of them a row and all the same distance apart. The compiler is kept from working out
// all addresses before the loop around a tile: it would have to keep them in memory.
struct Grid {
  float* first;
  int64_t across, down;
  Grid(const float* data, int64_t rowStride, int64_t stride)
      : first(const_cast<float*>(data)), across(stride), down(rowStride) {
    asm("" : "+r"(across), "+r"(down));
  }
  float* operator()(int y, int x) const { return first + (y * down + x * across); }
};

template <int MY, int MX>
void imageToBins(const float* pixels, int64_t rowStride, int64_t pixelStride, int64_t C, float* bins, int64_t binStride,
                 int64_t vectorStride) {
  for (int64_t c = 0; c < C; c += lanes, pixels += lanes, bins += vectorStride) {
    const Grid from(pixels, rowStride, pixelStride), to(bins, (MX + 2) * binStride, binStride);
    const auto put = [&](int y, int x, Vector value) { store(to(y, x), value); };
    const auto pixel = [&](int y, int x) { return load(from(y, x)); };
    transform<MY + 2, MX + 2, MY + 2, MX + 2, Winograd<MY>::image, Winograd<MX>::image>(pixel, put);
  }
}

template <int MY, int MX>
void gradientToBins(const float* pixels, int64_t rowStride, int64_t pixelStride, int64_t C, float* bins,
                    int64_t binStride) {
  for (int64_t c = 0; c < C; c += lanes) {
    const Grid from(pixels + c, rowStride, pixelStride), to(bins + c, (MX + 2) * binStride, binStride);
    const auto put = [&](int y, int x, Vector value) { store(to(y, x), value); };
    const auto pixel = [&](int y, int x) { return load(from(y, x)); };
    transform<MY, MX, MY + 2, MX + 2, Winograd<MY>::gradient, Winograd<MX>::gradient>(pixel, put);
  }
}

template <int MY, int MX>
void binsToOutputs(const float* bins, int64_t binStride, Vector* outputs) {
  const auto bin = [&](int y, int x) { return load(bins + (y * (MX + 2) + x) * binStride); };
  const auto put = [&](int y, int x, Vector value) { outputs[y * MX + x] = value; };
  transform<MY + 2, MX + 2, MY, MX, Winograd<MY>::outputs, Winograd<MX>::outputs>(bin, put);
}

template <int MY, int MX>
void tapsToBins(const float* filters, int64_t tapStride, float* bins, int64_t binStride) {
  const auto tap = [&](int y, int x) { return load(filters + (y * 3 + x) * tapStride); };
  const auto put = [&](int y, int x, Vector value) { store(bins + (y * (MX + 2) + x) * binStride, value); };
  transform<3, 3, MY + 2, MX + 2, Winograd<MY>::taps, Winograd<MX>::taps>(tap, put);
}

template <int MY, int MX>
void binsToTaps(const float* bins, int64_t binStride, Vector* taps) {
  const auto bin = [&](int y, int x) { return load(bins + (y * (MX + 2) + x) * binStride); };
  const auto put = [&](int y, int x, Vector value) { taps[y * 3 + x] = value; };
  transform<MY + 2, MX + 2, 3, 3, Winograd<MY>::tapGradient, Winograd<MX>::tapGradient>(bin, put);
}

template <int MY, int MX>
constexpr Transforms transformsOf{imageToBins<MY, MX>, gradientToBins<MY, MX>, binsToOutputs<MY, MX>,
                                  tapsToBins<MY, MX>, binsToTaps<MY, MX>};

}  // namespace

const Transforms transformsOfSizes[3][3] = {{transformsOf<2, 2>, transformsOf<2, 3>, transformsOf<2, 4>},
                                                {transformsOf<3, 2>, transformsOf<3, 3>, transformsOf<3, 4>},
                                                {transformsOf<4, 2>, transformsOf<4, 3>, transformsOf<4, 4>}};

}  // namespace atelier::ATELIER_VARIANT
