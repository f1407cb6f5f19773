// The gradient of a narrow block with images in the vector lanes (conv2d-block.cpp), all of it:
//
//   conv2dBlockGrad  x, filters, y, index, dy  →  dx, dFilters, dBias
//
// From 8 or 16 channels and with pooling over 2×2 windows it is made in block-windows.cpp. Elsewhere the gradient before the
// pooling exists for one group of images; where nobody asks for dx, for two filters and one row of windows. A filter's
// gradient is a vector for each tap until all of a thread's groups are through: register tiles are 2 filters × 9 taps
// (AVX2: 1 × 9).
#include "block-windows.h"
#include "lanes-slide.h"

namespace atelier::ATELIER_VARIANT {
namespace {

constexpr int gradFilters = manyRegisters ? 2 : 1;

// dz of one filter in the rows under windows of row `oy`, from dy after dropout, relu and pooling, all of which y > 0
// tells of where the gradient goes on. dz is where row 0 would lie; the gradient's sum goes to dBias [16].
void unpoolRow(const Geometry& g, const float* y, const uint8_t* index, const float* dy, float scale, int64_t f,
               int64_t oy, float* dz, float* dBias, bool add) {
  const int64_t row = g.W * group, first = (f * g.oH + oy) * g.oW * group;
  for (int64_t lane = 0; lane < group; lane += lanes) {
    Vector sum = add ? load(dBias + lane) : Vector{};
    const auto passedAt = [&](int64_t ox) {
      const int64_t place = first + ox * group + lane;
      const Vector passed = load(y + place) > Vector{} ? load(dy + place) * scale : Vector{};
      sum += passed;
      return passed;
    };
    const auto whichAt = [&](int64_t ox) { return whichOf(index + first + ox * group + lane); };
    if (index == nullptr) {
      for (int64_t ox = 0; ox < g.oW; ox++) store(dz + oy * row + ox * group + lane, passedAt(ox));
    } else {
      const int64_t whole = g.whole2x2(oy);
      float* to = dz + 2 * oy * row + lane;
      for (int64_t ox = 0; ox < whole; ox++, to += 2 * group) {
        const Vector passed = passedAt(ox);
        const Integers which = whichAt(ox);
        store(to, which == 0 ? passed : Vector{});
        store(to + group, which == 1 ? passed : Vector{});
        store(to + row, which == 2 ? passed : Vector{});
        store(to + row + group, which == 3 ? passed : Vector{});
      }
      for (int64_t ox = whole; ox < g.oW; ox++) {
        const Inside inside(g, oy, ox);
        const Vector passed = passedAt(ox);
        const Integers which = whichAt(ox);
        for (int64_t ky = inside.kyFirst; ky < inside.kyEnd; ky++)
          for (int64_t kx = inside.kxFirst; kx < inside.kxEnd; kx++)
            store(dz + (inside.y0 + ky) * row + (inside.x0 + kx) * group + lane,
                  which == static_cast<int32_t>(ky * g.pW + kx) ? passed : Vector{});
      }
    }
    store(dBias + lane, sum);
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

// Rows [y0, y1): a channel of x and the first filter of dz, each where its row 0 would lie.
struct Rows {
  const float *x, *dz;
  int64_t filterStride, y0, y1;
};

// The gradient of FS filters and one channel to sums [filter][tap][16], `sumStride` from filter to filter.
template <int FS>
void filterGradient(const Geometry& g, const Rows& rows, float* sums, int64_t sumStride, bool add) {
  const int64_t row = g.W * group, H = g.H, W = g.W;
  for (int64_t lane = 0; lane < group; lane += lanes) {
    Vector acc[FS][taps];
#pragma GCC unroll 2
    for (int f = 0; f < FS; f++)
#pragma GCC unroll 9
      for (int tap = 0; tap < taps; tap++)
        acc[f][tap] = add ? load(sums + f * sumStride + tap * group + lane) : Vector{};
    const float *x = rows.x + lane, *dz = rows.dz + lane;
    int64_t y = rows.y0;
    if (H == 1) gradientRow<FS, 1, 2>(x, row, dz, rows.filterStride, W, acc);
    if (H > 1 && y == 0) {
      gradientRow<FS, 1, 3>(x, row, dz, rows.filterStride, W, acc);
      y++;
    }
    for (const int64_t end = min(rows.y1, H - 1); y < end; y++)
      gradientRow<FS, 0, 3>(x + y * row, row, dz + y * row, rows.filterStride, W, acc);
    if (H > 1 && y < rows.y1) gradientRow<FS, 0, 2>(x + y * row, row, dz + y * row, rows.filterStride, W, acc);
#pragma GCC unroll 2
    for (int f = 0; f < FS; f++)
#pragma GCC unroll 9
      for (int tap = 0; tap < taps; tap++) store(sums + f * sumStride + tap * group + lane, acc[f][tap]);
  }
}

// ---- memory

// What all shares use, then scratch of each.
struct BackwardMemory {
  int64_t filters, x, y, dy, dz, dx, sums, biasSums, share, floats;
  explicit BackwardMemory(const Geometry& g, const Conv2dBlockGradArgs& a) {
    filters = lines(a.dx == noRef ? 0 : taps * g.C * g.F);
    x = 0;
    y = x + (a.xLanes ? 0 : g.inputs() * group);
    dy = y + (a.yLanes ? 0 : g.outputs() * group);
    dz = dy + (a.dyLanes ? 0 : g.outputs() * group);
    dx = dz + (a.dx == noRef ? gradFilters * g.pH : g.H * g.F) * g.W * group;
    sums = dx + (a.dx == noRef || a.dxLanes ? 0 : g.inputs() * group);
    biasSums = sums + taps * g.C * g.F * group;
    share = lines(biasSums + g.F * group);
    floats = filters + g.mostShares() * share;
  }
};

// A group of images in lanes form, and where its gradients go.
struct Part {
  const float *x, *y, *dy;
  const uint8_t* index;
  float *dz, *sums, *biasSums;
  bool add;
};

// Sums of all filters, and dz, of which planes or rows of two filters are used as soon as they are made.
void gradientOfFilters(const Geometry& g, const Part& part, float scale, bool wantsInputs) {
  const int64_t row = g.W * group, plane = g.H * row, sumStride = taps * g.C * group;
  const bool covers = g.oH * g.pH - g.padTop >= g.H && g.oW * g.pW - g.padLeft >= g.W;
  for (int64_t f = 0; f < g.F; f += gradFilters) {
    const int64_t filters = min(gradFilters, g.F - f);
    const auto unpool = [&](int64_t oy, float* dz, int64_t filterStride) {
      for (int64_t i = 0; i < filters; i++)
        unpoolRow(g, part.y, part.index, part.dy, scale, f + i, oy, dz + i * filterStride, part.biasSums + (f + i) * group,
                  part.add || oy > 0);
    };
    const auto sum = [&](const Rows& rows, bool add) {
      for (int64_t c = 0; c < g.C; c++)
        (filters == gradFilters ? filterGradient<gradFilters> : filterGradient<1>)(
            g, {rows.x + c * plane, rows.dz, rows.filterStride, rows.y0, rows.y1},
            part.sums + f * sumStride + c * taps * group, sumStride, add);
    };
    if (wantsInputs) {
      float* const dz = part.dz + f * plane;
      if (!covers) memset(dz, 0, static_cast<size_t>(filters * plane) * 4);
      for (int64_t oy = 0; oy < g.oH; oy++) unpool(oy, dz, plane);
      sum({part.x, dz, plane, 0, g.H}, part.add);
      continue;
    }
    for (int64_t oy = 0; oy < g.oH; oy++) {
      const int64_t first = oy * g.pH - g.padTop, begin = first < 0 ? 0 : first, end = min(g.H, first + g.pH);
      if (!covers) memset(part.dz, 0, static_cast<size_t>(filters * g.pH * row) * 4);
      unpool(oy, part.dz - begin * row, g.pH * row);
      sum({part.x, part.dz - begin * row, g.pH * row, begin, end}, part.add || oy > 0);
    }
  }
}

}  // namespace

int64_t conv2dBlockGradWorkspace(const Conv2dBlockGradArgs& args) {
  return goesByWindows(args) ? blockGradByWindowsWorkspace(args) : BackwardMemory(Geometry(args), args).floats;
}

void conv2dBlockGrad(const Context& context, const Conv2dBlockGradArgs& args) {
  if (goesByWindows(args)) return blockGradByWindows(context, args);
  const Geometry g(args);
  const BackwardMemory memory(g, args);
  const Packed packed{context.workspace, g.F, g.C};
  float* const dx = context.at(args.dx);
  if (dx != nullptr) packFilters(context.at(args.filters), true, packed);
  const uint8_t* index = reinterpret_cast<const uint8_t*>(context.at(args.index));
  const float scale = 1.0f / (1.0f - args.rate);
  const int64_t inputPlane = g.H * g.W * group, weights = taps * g.C;

  const int64_t shares = g.shares(*context.pool);
  context.pool->each(static_cast<int>(shares), [&](int task) {
    const Share share(g.groups(), shares, task);
    float* scratch = context.ofShare(task, shares, memory.filters);
    float *dz = scratch + memory.dz, *sums = scratch + memory.sums, *biasSums = scratch + memory.biasSums;
    for (int64_t at = share.begin; at < share.end; at++) {
      const Part part{planesOf(context.at(args.x), args.xLanes, at, g, g.H * g.W, g.C, scratch + memory.x),
                      planesOf(context.at(args.y), args.yLanes, at, g, g.oH * g.oW, g.F, scratch + memory.y),
                      planesOf(context.at(args.dy), args.dyLanes, at, g, g.oH * g.oW, g.F, scratch + memory.dy),
                      index == nullptr ? nullptr : index + at * group * g.outputs(),
                      dz,
                      sums,
                      biasSums,
                      at > share.begin};
      gradientOfFilters(g, part, scale, dx != nullptr);
      if (dx == nullptr) continue;
      const Planes gradient{dz, g.F, g.H, g.W};
      float* out = args.dxLanes ? dx + at * group * g.inputs() : scratch + memory.dx;
      for (int64_t c = 0; c < g.C; c += tileFilters)
        for (int64_t row = 0; row < g.H; row++)
          slideRow(gradient, row, packed.block(c / tileFilters), packed.width(c / tileFilters),
                   {out + (c * g.H + row) * g.W * group, inputPlane, nullptr});
      if (!args.dxLanes) fromLanes(out, min(group, g.N - at * group), g.H * g.W, g.C, dx + at * group * g.inputs());
    }
    // Here, where they are in this thread's cache: a sixteenth is left for the one that adds up the shares.
    sumGroups(sums, weights * g.F, sums);
    sumGroups(biasSums, g.F, biasSums);
  });

  const auto total = [&](int64_t place) {
    float sum = context.ofShare(0, shares, memory.filters)[place];
    for (int64_t share = 1; share < shares; share++) sum += context.ofShare(share, shares, memory.filters)[place];
    return sum;
  };
  float *dFilters = context.at(args.dFilters), *dBias = context.at(args.dBias);
  for (int64_t weight = 0; weight < weights; weight++)
    for (int64_t f = 0; f < g.F; f++)
      dFilters[(weight % taps * g.C + weight / taps) * g.F + f] = total(memory.sums + f * weights + weight);
  for (int64_t f = 0; f < g.F && dBias != nullptr; f++) dBias[f] = total(memory.biasSums + f);
}

}  // namespace atelier::ATELIER_VARIANT
