// Convolutions with 3×3 windows by Winograd's minimal filtering (winograd.h): stride 1, no dilation, one group.
// Images are [N,H,W,C], filters [3,3,C,F].
//
//   forward          per bin  M[tile, f] = Σ_c V[tile, c] · U[c, f]       y = Aᵀ M A
//   input gradient   the forward code over dy, with filters mirrored and transposed
//   filter gradient  winograd-filter-grad.cpp
//
// with V = Bᵀ x B of a tile's window and U = G w Gᵀ. A bin is one place of a transformed tile: 36 for 4×4 outputs, where
// direct convolution multiplies 144 times. A block of tiles (winograd-tiles.h) goes through all three stages while it is
// in the second-level cache, with what comes before the convolution (winograd-source.h) and after it: max pooling, as
// windows of 2×2 lie whole in a tile, and the moments of what is written.
#include <utility>

#include "moments.h"
#include "product.h"
#include "winograd-source.h"

namespace atelier::ATELIER_VARIANT {
namespace {

// c[r][v] = Σ_k a[k / lanes][r][k % lanes] · b[k][v], rows of a and c beside each other.
template <int V, int R>
void multiplyRows(const float* a, int64_t vectorStride, int64_t K, const float* b, float* c) {
  Vector sums[R][V] = {};
  for (int64_t first = 0; first < K; first += lanes, a += vectorStride) {
    const int64_t count = K - first < lanes ? K - first : lanes;
#pragma GCC unroll 4
    for (int64_t k = 0; k < count; k++, b += V * lanes) {
      Vector column[V];
#pragma GCC unroll 2
      for (int v = 0; v < V; v++) column[v] = load(b + v * lanes);
#pragma GCC unroll 16
      for (int r = 0; r < R; r++)
#pragma GCC unroll 2
        for (int v = 0; v < V; v++) sums[r][v] += a[r * lanes + k] * column[v];
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; r++)
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) store(c + (r * V + v) * lanes, sums[r][v]);
}

constexpr int mostRows(int width) { return width == panelWidth ? tileRows : narrowTileRows; }

using MultiplyRows = void (*)(const float*, int64_t, int64_t, const float*, float*);
struct Products {
  MultiplyRows rows[14];  // [R - 1]
};
template <int V, int... R>
constexpr Products productsOf(std::integer_sequence<int, R...>) {
  return {{multiplyRows<V, R + 1>...}};
}
template <int V>
constexpr Products products = productsOf<V>(std::make_integer_sequence<int, mostRows(V * lanes)>{});

// M = V U for `count` tiles, a panel and all bins.
void multiplyBins(const BlockMemory& block, int64_t C, int64_t bins, const float* filters, int width, int64_t count,
                  const float* images, float* panel) {
  const Products& product = width == panelWidth ? products<2> : products<1>;
  const int64_t chunks = (count + mostRows(width) - 1) / mostRows(width);
  for (int64_t bin = 0; bin < bins; bin++)
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
      const Share rows(count, chunks, chunk);
      product.rows[rows.end - rows.begin - 1](images + bin * block.imageStride + rows.begin * lanes, block.vectorStride, C,
                                              filters + bin * C * width,
                                              panel + bin * block.panelStride + rows.begin * width);
    }
}

// Where results go.
struct Target {
  Images outputs;  // of the convolution
  float* data;     // those, or the maxima of their windows of 2×2
  bool pooled = false;
  uint16_t* index = nullptr;  // where in their windows
  const float* bias = nullptr;
  bool relu = false;
  float* moments = nullptr;  // of what is written
};

// Some channels' moments, about something near their mean (moments.h).
struct Sums {
  Vector centre, first, second;
  int64_t rows;
  void add(const Vector* values, int count, bool begins) {
    if (begins) {
      Vector sum{};
      for (int i = 0; i < count; i++) sum += values[i];
      centre = sum * (1.0f / static_cast<float>(count));
    }
    for (int i = 0; i < count; i++) {
      const Vector distance = values[i] - centre;
      first += distance;
      second += distance * distance;
    }
    rows += count;
  }
};

// A tile's outputs [h, w] of one vector of channels, c and on, from (y, x) of image n on.
struct TileOutputs {
  const Vector* values;
  int h, w;
  int64_t n, y, x, c;
};

// Writes them, and adds what is written to sums that begin here or not.
void putOutputs(const Target& target, const TileOutputs& tile, Sums* sums, bool begins) {
  const Images& images = target.outputs;
  const int64_t columns = images.C - tile.c;
  const bool whole = columns >= lanes;
  const Vector bias = target.bias == nullptr ? Vector{} : loadSome(target.bias + tile.c, columns);
  const Vector floor = Vector{} + (target.relu ? 0.0f : -INFINITY);
  Vector written[16];
  int count = 0;
  const auto put = [&](float* to, Vector value) {
    value += bias;
    value = value < floor ? floor : value;
    if (whole) store(to, value);
    else storeSome(to, value, columns);
    written[count++] = value;
  };
  if (!target.pooled) {
    const int64_t rows = images.H - tile.y < tile.h ? images.H - tile.y : tile.h;
    const int64_t inside = images.W - tile.x < tile.w ? images.W - tile.x : tile.w;
    float* to = target.data + ((tile.n * images.H + tile.y) * images.W + tile.x) * images.C + tile.c;
    for (int64_t y = 0; y < rows; y++)
      for (int64_t x = 0; x < inside; x++) put(to + (y * images.W + x) * images.C, tile.values[y * tile.w + x]);
  } else {
    using Integers = typename Wide<lanes>::Integers;
    const int64_t pooledRow = images.W / 2 * images.C;
    const int64_t first = (tile.n * (images.H / 2) + tile.y / 2) * pooledRow + tile.x / 2 * images.C + tile.c;
    for (int y = 0; y < tile.h; y += 2)
      for (int x = 0; x < tile.w; x += 2) {
        const Vector* corner = tile.values + y * tile.w + x;
        Vector best = corner[0];
        Integers place{};
#pragma GCC unroll 3
        for (int tap = 1; tap < 4; tap++) {
          const Vector value = corner[tap / 2 * tile.w + tap % 2];
          const Integers here = Integers{} + tap;
          place = value > best ? here : place;  // the first maximum
          best = value > best ? value : best;
          place = value != value ? here : place;  // a NaN stays
          best = value != value ? value : best;
        }
        const int64_t at = first + y / 2 * pooledRow + x / 2 * images.C;
        put(target.data + at, best);
        if (target.index == nullptr) continue;
        const auto places = Wide<lanes>::narrowed(place);
        if (whole) storeAs(target.index + at, places);
        else memcpy(target.index + at, &places, static_cast<size_t>(columns) * 2);
      }
  }
  if (sums != nullptr) sums->add(written, count, begins);
}

// targets[o] = Σ_k sources[o + k − pad] · filters[k]
struct Sliding {
  Images sources, targets;
  int64_t padTop, padLeft;
  bool moments;
  Panels panels() const { return {targets.C, sources.C}; }
  // A part is a block.
  Regions regions() const {
    return Regions(targets, sources.C * targets.C, [&](int, int64_t tiles) { return blocksOf(tiles, sources.C); });
  }
};

Sliding forward(const Conv2dWinogradArgs& args) {
  return {{args.N, args.H, args.W, args.C}, convolved(args, args.pool), args.padTop, args.padLeft,
          args.resultMoments != noRef};
}

Sliding inputGradient(const Conv2dInputGradWinogradArgs& args) {
  return {convolved(args, args.index != noRef), {args.N, args.H, args.W, args.C}, 2 - args.padTop, 2 - args.padLeft, false};
}

struct SlidingMemory {
  int64_t scale, moments, rows, scratch, scratchStride, floats;
  int64_t filters[4];  // of each region
  explicit SlidingMemory(const Sliding& s) {
    Workspace workspace;
    const Regions regions = s.regions();
    for (int i = 0; i < regions.count; i++) filters[i] = workspace.take(regions.list[i].bins() * s.panels().floats());
    scale = workspace.take(s.sources.C);
    moments = workspace.take(s.moments ? momentsFloats(regions.parts(), s.targets.C) : 0);
    rows = workspace.take(s.moments ? regions.parts() : 0);
    scratchStride = BlockMemory(s.sources.C).floats;
    scratch = workspace.take(maxWorkers * scratchStride);
    floats = workspace.floats;
  }
};

constexpr int64_t sharedRows = 16;  // of a bin of U, a task

// Filters to U [region][panel][bin][c][width]. pack(panel, c, taps) writes a share of them, [tap][c][width]. In the order
// in which U is read, so that much of it is made by the thread that will read it.
template <class Pack>
void transformFilters(const Context& context, const Sliding& s, const SlidingMemory& memory, const Pack& pack) {
  const Panels panels = s.panels();
  const int64_t C = s.sources.C, chunks = (C + sharedRows - 1) / sharedRows;
  const Regions regions = s.regions();
  context.pool->each(static_cast<int>(regions.count * panels.count() * chunks), [&](int task) {
    const int i = static_cast<int>(task / (panels.count() * chunks));
    const int panel = static_cast<int>(task / chunks % panels.count()), width = panels.width(panel);
    const Share share(C, chunks, task % chunks);
    const Region& region = regions.list[i];
    const int64_t floats = (share.end - share.begin) * width;
    alignas(64) float packed[taps * sharedRows * panelWidth];
    pack(panel, share, packed);
    float* to = context.workspace + memory.filters[i] + region.bins() * panels.offset(panel) + share.begin * width;
    for (int64_t j = 0; j < floats; j += lanes)
      region.transforms().tapsToBins(packed + j, floats, to + j, C * width);
  });
}

// The whole of it.
template <class Pack>
void slide(const Context& context, const Sliding& s, const SlidingMemory& memory, const Pack& pack,
           const Source& source, const Target& target) {
  float* workspace = context.workspace;
  const Panels panels = s.panels();
  const int64_t C = s.sources.C;
  const BlockMemory block(C);
  transformFilters(context, s, memory, pack);

  // Where blocks are few, the filters outweigh the images and do better to stay with a thread: each half of the tasks is
  // about a half of the filters, and transforms the images anew. No sum depends on it.
  const Regions regions = s.regions();
  const bool halves = regions.count == 1 && regions.parts() < 12 && panels.count() > 1 && context.pool->threads() > 1;
  eachTask(context, regions.parts() * (halves ? 2 : 1), [&](int worker, int64_t task) {
    const int64_t index = task % regions.parts();
    const Share share(panels.count(), halves ? 2 : 1, task / regions.parts());
    const Part part = regions.part(index);
    const Region& region = regions.list[part.of];
    const int h = region.y.size, w = region.x.size;
    float* images = workspace + memory.scratch + worker * memory.scratchStride;
    tilesToBins(source, region, part.begin, part.end, s.padTop, s.padLeft, block, images);
    for (int panel = static_cast<int>(share.begin); panel < share.end; panel++) {
      const int width = panels.width(panel);
      multiplyBins(block, C, region.bins(), workspace + memory.filters[part.of] + region.bins() * panels.offset(panel),
                   width, part.end - part.begin, images, images + block.panel);
      const int64_t column = int64_t{panel} * panelWidth;
      Sums sums[2] = {};
      eachStrip(region, part.begin, part.end, part.end - part.begin, [&](const Strip& strip) {
        for (int64_t t = 0; t < strip.count; t++)
          for (int v = 0; v < width / lanes; v++) {
            Vector outputs[16];
            const int64_t tile = strip.index + t - part.begin;
            region.transforms().binsToOutputs(images + block.panel + tile * width + v * lanes, block.panelStride, outputs);
            putOutputs(target, {outputs, h, w, strip.n, strip.y, strip.x + t * w, column + v * lanes},
                       target.moments != nullptr ? &sums[v] : nullptr, tile == 0);
          }
      });
      if (target.moments == nullptr) continue;
      if (panel == 0) workspace[memory.rows + index] = static_cast<float>(sums[0].rows);
      for (int v = 0; v < width / lanes; v++) {
        const int64_t c = column + v * lanes;
        float* partial = workspace + memory.moments + index * 3 * s.targets.C + c;
        storeSome(partial, sums[v].centre, s.targets.C - c);
        storeSome(partial + s.targets.C, sums[v].first, s.targets.C - c);
        storeSome(partial + 2 * s.targets.C, sums[v].second, s.targets.C - c);
      }
    }
  });
  if (target.moments == nullptr) return;
  const auto rowsOf = [&](int64_t part) { return workspace[memory.rows + part]; };
  mergeMoments(regions.parts(), s.targets.C, rowsOf, workspace + memory.moments, target.moments);
}

}  // namespace

int64_t conv2dWinogradWorkspace(const Conv2dWinogradArgs& args) { return SlidingMemory(forward(args)).floats; }

void conv2dWinograd(const Context& context, const Conv2dWinogradArgs& args) {
  const Sliding s = forward(args);
  const SlidingMemory memory(s);
  const auto pack = [&](int panel, const Share& c, float* packed) {
    const Panels panels{args.F, 0};
    const int64_t count = c.end - c.begin;
    for (int64_t tap = 0; tap < taps; tap++)
      packRows(panels, panel, panel + 1, 0, count, context.at(args.filters) + (tap * args.C + c.begin) * args.F, args.F,
               packed + tap * count * panels.width(panel));
  };
  const Target target{s.targets, context.at(args.y), args.pool != 0, reinterpret_cast<uint16_t*>(context.at(args.index)),
                      context.at(args.bias), args.relu != 0, context.at(args.resultMoments)};
  slide(context, s, memory, pack, inputsOf(context, args, context.workspace + memory.scale), target);
}

int64_t conv2dInputGradWinogradWorkspace(const Conv2dInputGradWinogradArgs& args) {
  return SlidingMemory(inputGradient(args)).floats;
}

void conv2dInputGradWinograd(const Context& context, const Conv2dInputGradWinogradArgs& args) {
  const Sliding s = inputGradient(args);
  const SlidingMemory memory(s);
  const auto pack = [&](int panel, const Share& f, float* packed) {
    const int64_t count = f.end - f.begin;
    for (int64_t tap = 0; tap < taps; tap++)
      packColumns({args.C, 0}, panel, tap * count, count,
                  context.at(args.filters) + (taps - 1 - tap) * args.C * args.F + f.begin, args.F, packed);
  };
  const Source gradients{s.sources, context.at(args.dy), reinterpret_cast<const uint16_t*>(context.at(args.index))};
  slide(context, s, memory, pack, gradients, {s.targets, context.at(args.dx)});
}

}  // namespace atelier::ATELIER_VARIANT
