// The first block of a wide network: a convolution of few channels with many filters, relu and max pooling over windows
// that do not overlap, in one pass; and its gradient for filters and bias. Stride 1, no dilation, one group.
//
//   conv2dPool      x [N,H,W,C], filters [kH,kW,C,F], bias [F]  →  y [N,oH,oW,F], index
//   conv2dPoolGrad  x, y, index, dy                             →  dFilters, dBias
//
// With few taps a convolution is bound by what it stores, and here that is pH·pW times what is left after the pooling.
// So the unpooled map [N,cH,cW,F], and backwards its gradient, exist for one row of windows and one panel of filters
// only, in the first-level cache; y carries relu's mask. index [N,oH,oW,F] (16 bits each) names each window's first
// maximum. The products are those of product.h: forward, rows are pixels and k taps; backward, rows are taps and k
// pixels, summed in shares of the images that depend on the shape alone.
#include "product.h"
#include "unpool.h"
#include "workspace.h"

namespace atelier::ATELIER_VARIANT {
namespace {

// Shares of the images, each with filter gradients of its own.
constexpr int64_t maxShares = 16;

int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }

// x with its border, and the rows of windows over what is convolved from it.
template <class Args>
struct Layout {
  const Args& args;
  int64_t rowStride, H, taps;

  explicit Layout(const Args& args)
      : args(args),
        rowStride((int64_t{args.cW} - 1 + args.kW) * args.C),
        H(int64_t{args.cH} - 1 + args.kH),
        taps(int64_t{args.kH} * args.kW * args.C) {}

  int64_t imageFloats() const { return H * rowStride; }
  int64_t bandPixels() const { return min(args.pH, args.cH) * int64_t{args.cW}; }
  int64_t bandFloats() const { return bandPixels() * panelWidth; }
  Panels panels() const { return {args.F, taps}; }
  int64_t shares() const { return min(args.N, maxShares); }

  void takeImage(const float* x, int64_t n, float* out) const {
    memset(out, 0, static_cast<size_t>(imageFloats()) * 4);
    const int64_t left = int64_t{args.padLeft} * args.C, width = min(int64_t{args.W} * args.C, rowStride - left);
    for (int64_t y = 0; y < args.H && y + args.padTop < H; y++)
      memcpy(out + (y + args.padTop) * rowStride + left, x + (n * args.H + y) * args.W * args.C,
             static_cast<size_t>(width) * 4);
  }
  // Where a tap lies from a window's corner, or, with the taps' numbers, a pixel from the image's.
  void tapOffsets(int32_t* out) const {
    for (int64_t ky = 0; ky < args.kH; ky++)
      for (int64_t i = 0; i < int64_t{args.kW} * args.C; i++) *out++ = static_cast<int32_t>(ky * rowStride + i);
  }
  void pixelOffsets(int32_t* out) const {
    for (int64_t pixel = 0; pixel < bandPixels(); pixel++)
      *out++ = static_cast<int32_t>(pixel / args.cW * rowStride + pixel % args.cW * args.C);
  }
};

// The rows of the convolved image that a row of windows covers.
template <class Args>
struct Band {
  int64_t top, begin, end;
  Band(const Args& args, int64_t oy) : top(oy * args.pH - args.poolTop) {
    const Taps rows(top, args.pH, args.cH);
    begin = top + rows.begin;
    end = top + rows.end;
  }
};

// body<N>(window, c, place, tap) for all windows of a row and runs of N channels; place(ky, kx) is the pixel of the band.
template <class Args, class Body>
void eachWindow(const Args& args, const Band<Args>& band, int64_t columns, const Body& body) {
  for (int64_t ox = 0; ox < args.oW; ox++) {
    const int64_t left = ox * args.pW - args.poolLeft;
    const Taps rows(band.top, args.pH, args.cH), across(left, args.pW, args.cW);
    withTaps(rows, across, [&](auto rowTaps, auto columnTaps) {
      const int64_t corner = (band.top - band.begin) * args.cW + left;
      acrossChannels(columns, [&]<int N>(int64_t c) { body.template operator()<N>(ox, corner, c, rowTaps, columnTaps); });
    });
  }
}

// Asks the caches for a panel of a row of windows: they lie too far apart to be guessed.
template <bool toWrite, class Args, class Number>
void prefetch(const Args& args, Number* first) {
  for (int64_t ox = 0; ox < args.oW; ox++)
    for (size_t byte = 0; byte < panelWidth * sizeof(Number); byte += 64)
      __builtin_prefetch(reinterpret_cast<const char*>(first + ox * args.F) + byte, toWrite);
}

struct ForwardMemory {
  int64_t filters, offsets, scratch, image, scratchStride, floats;
  explicit ForwardMemory(const Layout<Conv2dPoolArgs>& layout) {
    Workspace workspace;
    filters = workspace.take(layout.panels().floats());
    offsets = workspace.take(layout.taps);
    Workspace own;
    image = own.take(layout.imageFloats());
    own.take(layout.bandFloats());
    own.take(layout.bandPixels() * 2);  // pointers
    scratchStride = own.floats;
    scratch = workspace.take(maxWorkers * scratchStride);
    floats = workspace.floats;
  }
};

struct BackwardMemory {
  int64_t sums, sumStride, offsets, scratch, scratchStride, floats;
  explicit BackwardMemory(const Layout<Conv2dPoolGradArgs>& layout) {
    Workspace workspace;
    sumStride = layout.panels().count() * (layout.taps + 1) * panelWidth;  // of each panel: taps, then the bias
    sums = workspace.take(layout.shares() * sumStride);
    offsets = workspace.take(layout.taps + layout.bandPixels());
    Workspace own;
    own.take(layout.imageFloats());
    own.take(layout.bandFloats());
    scratchStride = own.floats;
    scratch = workspace.take(maxWorkers * scratchStride);
    floats = workspace.floats;
  }
};

// sums[tap] += Σ over the band's pixels of x · gradient, gradient [pixels][width].
void addTaps(const float* corner, const int32_t* tapOffsets, int64_t taps, const int32_t* pixelOffsets, int64_t pixels,
             const float* gradient, int width, float* sums) {
  const int64_t most = width == panelWidth ? tileRows : narrowTileRows, tileCount = (taps + most - 1) / most;
  for (int64_t tile = 0; tile < tileCount; tile++) {
    const Share share(taps, tileCount, tile);
    const float* rows[14];
    for (int64_t tap = share.begin; tap < share.end; tap++) rows[tap - share.begin] = corner + tapOffsets[tap];
    tiles[width / lanes - 1][share.end - share.begin - 1]({rows, pixelOffsets, pixels, gradient,
                                                           sums + share.begin * width, width, width, nullptr, false,
                                                           true});
  }
}

}  // namespace

int64_t conv2dPoolWorkspace(const Conv2dPoolArgs& args) { return ForwardMemory(Layout(args)).floats; }

void conv2dPool(const Context& context, const Conv2dPoolArgs& args) {
  const Layout layout(args);
  const ForwardMemory memory(layout);
  const Panels panels = layout.panels();
  float* packed = context.workspace + memory.filters;
  int32_t* offsets = reinterpret_cast<int32_t*>(context.workspace + memory.offsets);
  packAllRows(context, panels, context.at(args.filters), args.F, packed);
  layout.tapOffsets(offsets);
  uint16_t* index = reinterpret_cast<uint16_t*>(context.at(args.index));

  eachTask(context, args.N, [&](int worker, int64_t n) {
    float* image = context.workspace + memory.scratch + worker * memory.scratchStride;
    float* map = image + (layout.imageFloats() + 15) / 16 * 16;
    layout.takeImage(context.at(args.x), n, image);
    for (int64_t oy = 0; oy < args.oH; oy++) {
      const Band band(args, oy);
      const int64_t pixels = (band.end - band.begin) * args.cW;
      const float** const corners = reinterpret_cast<const float**>(map + layout.bandFloats());
      for (int64_t row = 0, m = 0; m < pixels; row++)
        for (int64_t x = 0; x < args.cW; x++)
          corners[m++] = image + (band.begin + row) * layout.rowStride + x * args.C;
      const auto rowsAt = [&](int64_t m0, int64_t m1, const float** rows) {
        memcpy(rows, corners + m0, static_cast<size_t>(m1 - m0) * sizeof(*rows));
      };
      for (int panel = 0; panel < panels.count(); panel++) {
        const int64_t column = int64_t{panel} * panelWidth, windows = (n * args.oH + oy) * args.oW * args.F + column;
        const Product product{offsets, packed,     panels,  0, layout.taps, map, panelWidth, context.at(args.bias), true,
                              blockDepth, column};
        prefetch<true>(args, context.at(args.y) + windows);
        if (index != nullptr) prefetch<true>(args, index + windows);
        for (int64_t m = 0; m < pixels; m += blockRows)
          multiplyBlock(product, m, min(m + blockRows, pixels), panel, panel + 1, rowsAt, AllOfK{});
        eachWindow(args, band, panels.columns(panel),
                   [&]<int N>(int64_t ox, int64_t corner, int64_t c, auto rows, auto columns) {
          using V = typename Wide<N>::Floats;
          using Integers = typename Wide<N>::Integers;
          const auto place = [&](int64_t ky, int64_t kx) { return map + (corner + ky * args.cW + kx) * panelWidth + c; };
          V best = loadAs<V>(place(rows.begin, columns.begin));
          Integers at = Integers{} + static_cast<int32_t>(rows.begin * args.pW + columns.begin);
          for (int64_t ky = rows.begin; ky < rows.end; ky++)
            for (int64_t kx = columns.begin; kx < columns.end; kx++) {
              const V value = loadAs<V>(place(ky, kx));
              const auto better = (value > best) | (value != value);  // the first maximum; a NaN stays
              best = better ? value : best;
              at = better ? Integers{} + static_cast<int32_t>(ky * args.pW + kx) : at;
            }
          storeAs(context.at(args.y) + windows + ox * args.F + c, best);
          if (index != nullptr) storeAs(index + windows + ox * args.F + c, Wide<N>::narrowed(at));
        });
      }
    }
  });
}

int64_t conv2dPoolGradWorkspace(const Conv2dPoolGradArgs& args) { return BackwardMemory(Layout(args)).floats; }

void conv2dPoolGrad(const Context& context, const Conv2dPoolGradArgs& args) {
  const Layout layout(args);
  const BackwardMemory memory(layout);
  const Panels panels = layout.panels();
  const int64_t taps = layout.taps, shares = layout.shares();
  int32_t* tapOffsets = reinterpret_cast<int32_t*>(context.workspace + memory.offsets);
  int32_t* pixelOffsets = tapOffsets + taps;
  layout.tapOffsets(tapOffsets);
  layout.pixelOffsets(pixelOffsets);
  const float *y = context.at(args.y), *dy = context.at(args.dy);
  const uint16_t* index = reinterpret_cast<const uint16_t*>(context.at(args.index));

  eachTask(context, shares, [&](int worker, int64_t task) {
    float* image = context.workspace + memory.scratch + worker * memory.scratchStride;
    float* gradient = image + (layout.imageFloats() + 15) / 16 * 16;
    float* sums = context.workspace + memory.sums + task * memory.sumStride;
    memset(sums, 0, static_cast<size_t>(memory.sumStride) * 4);
    const Share images(args.N, shares, task);
    for (int64_t n = images.begin; n < images.end; n++) {
      layout.takeImage(context.at(args.x), n, image);
      for (int64_t oy = 0; oy < args.oH; oy++) {
        const Band band(args, oy);
        const int64_t pixels = (band.end - band.begin) * args.cW;
        for (int panel = 0; panel < panels.count(); panel++) {
          const int width = panels.width(panel);
          const int64_t windows = (n * args.oH + oy) * args.oW * args.F + int64_t{panel} * panelWidth;
          float* filterSums = sums + panel * (taps + 1) * panelWidth;
          float* biasSums = filterSums + taps * width;
          memset(gradient, 0, static_cast<size_t>(pixels * width) * 4);
          eachWindow(args, band, panels.columns(panel),
                     [&]<int N>(int64_t ox, int64_t corner, int64_t c, auto rows, auto columns) {
            using V = typename Wide<N>::Floats;
            const int64_t window = windows + ox * args.F + c;
            const V above = loadAs<V>(y + window), given = loadAs<V>(dy + window);
            const V routed = above > V{} ? given : V{};
            storeAs(biasSums + c, loadAs<V>(biasSums + c) + routed);
            const auto best = Wide<N>::widened(loadAs<typename Wide<N>::Shorts>(index + window));
            for (int64_t ky = rows.begin; ky < rows.end; ky++)
              for (int64_t kx = columns.begin; kx < columns.end; kx++)
                storeAs<V>(gradient + (corner + ky * args.cW + kx) * width + c,
                           best == static_cast<int32_t>(ky * args.pW + kx) ? routed : V{});
          });
          // While products keep the arithmetic busy: the next panel, or the first of the next row.
          const int64_t next = windows + panelWidth + (panel + 1 < panels.count() ? 0 : (args.oW - 1) * int64_t{args.F});
          prefetch<false>(args, y + next);
          prefetch<false>(args, dy + next);
          prefetch<false>(args, index + next);
          addTaps(image + band.begin * layout.rowStride, tapOffsets, taps, pixelOffsets, pixels, gradient, width,
                  filterSums);
        }
      }
    }
  });

  context.pool->each(panels.count(), [&](int panel) {
    const int width = panels.width(panel), columns = panels.columns(panel);
    for (int64_t row = 0; row <= taps; row++) {
      if (row == taps && args.dBias == noRef) break;
      float* out = row < taps ? context.at(args.dFilters) + row * args.F : context.at(args.dBias);
      for (int c = 0; c < columns; c++) {
        double sum = 0;
        for (int64_t share = 0; share < shares; share++)
          sum += context.workspace[memory.sums + share * memory.sumStride + panel * (taps + 1) * panelWidth + row * width + c];
        out[int64_t{panel} * panelWidth + c] = static_cast<float>(sum);
      }
    }
  });
}

}  // namespace atelier::ATELIER_VARIANT
