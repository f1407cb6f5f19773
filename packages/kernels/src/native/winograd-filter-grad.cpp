// The gradient of a Winograd convolution's filters (conv2d-winograd.cpp):
//
//   per bin  dU[c, f] = Σ_tile V[tile, c] · D[tile, f]   dw = Gᵀ dU G
//
// with V = Bᵀ x B of a tile's window and D = A dy Aᵀ of a tile.
#include <utility>

#include "product.h"
#include "winograd-source.h"

namespace atelier::ATELIER_VARIANT {
namespace {

// c[r][v] (+)= Σ_k a[k][r] · b[k][v], rows of a `lanes` apart.
template <int V, int R>
void multiplyColumns(const float* a, int64_t K, const float* b, float* c, bool accumulate) {
  Vector sums[R][V] = {};
#pragma GCC unroll 4
  for (int64_t k = 0; k < K; k++, a += lanes, b += V * lanes) {
    Vector column[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) column[v] = load(b + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++)
#pragma GCC unroll 2
      for (int v = 0; v < V; v++) sums[r][v] += a[r] * column[v];
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) {
      float* to = c + (r * V + v) * lanes;
      store(to, accumulate ? load(to) + sums[r][v] : sums[r][v]);
    }
}

// Rows are channels of one vector.
constexpr int mostColumns = lanes == 16 ? 8 : 4;
using MultiplyColumns = void (*)(const float*, int64_t, const float*, float*, bool);
struct Products {
  MultiplyColumns columns[mostColumns];  // [R - 1]
};
template <int V, int... C>
constexpr Products productsOf(std::integer_sequence<int, C...>) {
  return {{multiplyColumns<V, C + 1>...}};
}
template <int V>
constexpr Products products = productsOf<V>(std::make_integer_sequence<int, mostColumns>{});

// dU (+)= Vᵀ D for `count` tiles, a panel and all bins.
void multiplyTiles(const BlockMemory& block, int64_t C, int64_t bins, int width, int64_t count, const float* images,
                   const float* panel, float* sums, bool accumulate) {
  const Products& product = width == panelWidth ? products<2> : products<1>;
  for (int64_t bin = 0; bin < bins; bin++)
    for (int64_t c = 0; c < C; c += mostColumns) {
      const int64_t channels = C - c < mostColumns ? C - c : mostColumns;
      product.columns[channels - 1](images + bin * block.imageStride + c / lanes * block.vectorStride + c % lanes, count,
                                    panel + bin * block.panelStride, sums + (bin * C + c) * width, accumulate);
    }
}

// Parts of a region whose products are summed apart: a function of the shape alone, so that the thread count does not
// change the sums. Each part costs memory and time to add up; at least four keep threads busy.
int64_t sumsOf(int regions, int64_t tiles) {
  const int64_t least = 4 / regions, most = tiles / 32, parts = tiles / 192;
  if (parts >= least) return parts < 16 ? parts : 16;
  return least < most ? least : most > 0 ? most : 1;
}

struct FilterMemory {
  Images outputs;  // without a last row or column that no window of the pooling has
  Regions regions;
  Panels panels;
  int64_t gradients;  // [part][tap][c][F, in whole vectors]
  int64_t sums;       // in a worker's scratch: dU [panel][bin][c][width]
  int64_t gradientFloats, scale, scratch, scratchStride, floats;
  explicit FilterMemory(const Conv2dFilterGradWinogradArgs& args)
      : outputs(convolved(args, args.index != noRef)), regions(outputs, int64_t{args.C} * args.F, sumsOf), panels{args.F, args.C} {
    Workspace workspace;
    gradientFloats = taps * args.C * wholeVectors(args.F);
    gradients = workspace.take(regions.parts() * gradientFloats);
    scale = workspace.take(args.C);
    sums = BlockMemory(args.C).floats;
    scratchStride = oddLines(sums + maxBins * panels.floats());
    scratch = workspace.take(mostWorkers(regions.parts()) * scratchStride);
    floats = workspace.floats;
  }
};

}  // namespace

int64_t conv2dFilterGradWinogradWorkspace(const Conv2dFilterGradWinogradArgs& args) {
  return FilterMemory(args).floats;
}

void conv2dFilterGradWinograd(const Context& context, const Conv2dFilterGradWinogradArgs& args) {
  const FilterMemory memory(args);
  const Regions& regions = memory.regions;
  const Panels& panels = memory.panels;
  const int64_t C = args.C;
  const int64_t vectors = wholeVectors(args.F) / lanes;  // of a row of the gradient
  const BlockMemory block(C);
  float* workspace = context.workspace;
  const Source inputs = inputsOf(context, args, workspace + memory.scale);
  const Source gradients{memory.outputs, context.at(args.dy), reinterpret_cast<const uint16_t*>(context.at(args.index))};

  eachTask(context, regions.parts(), [&](int worker, int64_t task) {
    const Part part = regions.part(task);
    const Region& region = regions.list[part.of];
    const int64_t bins = region.bins(), blocks = blocksOf(part.end - part.begin, C);
    float* images = workspace + memory.scratch + worker * memory.scratchStride;
    float* sums = images + memory.sums;
    for (int64_t b = 0; b < blocks; b++) {
      const Share tiles(part.end - part.begin, blocks, b);
      const int64_t first = part.begin + tiles.begin, end = part.begin + tiles.end;
      tilesToBins(inputs, region, first, end, args.padTop, args.padLeft, block, images);
      for (int panel = 0; panel < panels.count(); panel++) {
        const int width = panels.width(panel), columns = panels.columns(panel);
        eachStrip(region, first, end, stripTiles(panelWidth), [&](const Strip& strip) {
          const Pixels pixels = pixelsOf(gradients, strip.n, strip.y, strip.x, region.y.size, strip.count * region.x.size,
                                         int64_t{panel} * panelWidth, columns, images + block.pixels);
          for (int64_t t = 0; t < strip.count; t++)
            region.transforms().gradientToBins(pixels.data + t * region.x.size * pixels.pixelStride, pixels.rowStride,
                                               pixels.pixelStride, columns,
                                               images + block.panel + (strip.index + t - first) * width,
                                               block.panelStride);
        });
        multiplyTiles(block, C, bins, width, end - first, images, images + block.panel,
                      sums + bins * panels.offset(panel), b > 0);
      }
    }
    // To taps while the sums are near: they are many times as large.
    float* gradient = workspace + memory.gradients + task * memory.gradientFloats;
    for (int64_t v = 0; v < vectors; v++)
      for (int64_t c = 0; c < C; c++) {
        const int panel = static_cast<int>(v * lanes / panelWidth), width = panels.width(panel);
        Vector result[taps];
        region.transforms().binsToTaps(sums + bins * panels.offset(panel) + c * width + v * lanes % panelWidth, C * width,
                                       result);
        for (int64_t tap = 0; tap < taps; tap++) store(gradient + ((tap * C + c) * vectors + v) * lanes, result[tap]);
      }
  });

  float* dFilters = context.at(args.dFilters);
  const int64_t rows = taps * C;
  const int rowShares = rows < 64 ? 1 : 8;
  context.pool->each(rowShares, [&](int task) {
    const Share share(rows, rowShares, task);
    for (int64_t row = share.begin; row < share.end; row++)
      for (int64_t v = 0; v < vectors; v++) {
        const float* from = workspace + memory.gradients + (row * vectors + v) * lanes;
        Vector sum = load(from);
        for (int64_t part = 1; part < regions.parts(); part++) sum += load(from + part * memory.gradientFloats);
        storeSome(dFilters + row * args.F + v * lanes, sum, args.F - v * lanes);
      }
  });
}

}  // namespace atelier::ATELIER_VARIANT
