// Convolutions with 3×3 windows by Winograd's minimal filtering (winograd.h): stride 1, no dilation, one group.
// Images are [N,H,W,C], filters [3,3,C,F].
//
//   forward          per bin  M[tile, f] = Σ_c V[tile, c] · U[c, f]       y = Aᵀ M A
//   input gradient   the forward code over dy, with filters mirrored and transposed
//   filter gradient  per bin  dU[c, f] = Σ_tile V[tile, c] · D[tile, f]   dw = Gᵀ dU G
//
// with V = Bᵀ x B of a tile's window, D = A dy Aᵀ of a tile, U = G w Gᵀ. A bin is one place of a transformed tile: 36
// for 4×4 outputs, where direct convolution multiplies 144 times. Tiles are 4 outputs long and 2 or 3 at the far edges
// where 4 do not fit (7 = 4 + 3, 14 = 3·4 + 2), so that nothing is computed outside the image.
// A block of tiles goes through all three stages while it is in the second-level cache.
#include <utility>

#include "product.h"
#include "winograd.h"
#include "workspace.h"

namespace atelier::ATELIER_VARIANT {
namespace {

constexpr int64_t taps = 9;

int64_t wholeVectors(int64_t channels) { return (channels + lanes - 1) / lanes * lanes; }

struct Images {
  int64_t N, H, W, C;
};

// Tiles side by side along an axis, each of `size` outputs, from output `first` on.
struct Run {
  int64_t first, count;
  int size;
};

struct Axis {
  Run runs[2];
  int count = 0;
  explicit Axis(int64_t extent) {
    const int64_t rest = extent % 4;
    const bool threes = rest == 1 && extent > 4;  // 4k + 5 = 4k + 3 + 3 − 1
    const int64_t fours = extent / 4 - (threes ? 1 : 0);
    if (fours > 0) runs[count++] = {0, fours, 4};
    if (threes)
      runs[count++] = {4 * fours, 2, 3};
    else if (rest > 0)
      runs[count++] = {4 * fours, 1, rest == 3 ? 3 : 2};
  }
};

// ---- two-dimensional transforms of one tile, for some channels

// Floats at p, the first `count` of a vector of them.
Vector loadSome(const float* p, int64_t count) {
  if (count >= lanes) return load(p);
  float some[lanes] = {};
  memcpy(some, p, static_cast<size_t>(count) * 4);
  return load(some);
}

void storeSome(float* p, Vector value, int64_t count) {
  if (count >= lanes) return store(p, value);
  float some[lanes];
  store(some, value);
  memcpy(p, some, static_cast<size_t>(count) * 4);
}

// out[SY', SX'] = alongY(alongX(in[SY, SX])).
template <int SY, int SX, int toY, int toX, auto alongY, auto alongX, class In, class Out>
[[gnu::always_inline]] inline void transform(const In& in, const Out& out) {
  Vector rows[SY][toX];
#pragma GCC unroll 6
  for (int y = 0; y < SY; y++) {
    Vector row[SX];
#pragma GCC unroll 6
    for (int x = 0; x < SX; x++) row[x] = in(y, x);
    alongX(row, rows[y]);
  }
#pragma GCC unroll 6
  for (int x = 0; x < toX; x++) {
    Vector column[SY], result[toY];
#pragma GCC unroll 6
    for (int y = 0; y < SY; y++) column[y] = rows[y][x];
    alongY(column, result);
#pragma GCC unroll 6
    for (int y = 0; y < toY; y++) out(y, x, result[y]);
  }
}

// Bᵀ x B: pixels [MY+2, MX+2] of C channels to bins, whose last vector is filled up with zeros.
template <int MY, int MX>
void imageToBins(const float* const* pixels, int64_t C, float* bins, int64_t binStride, int64_t vectorStride) {
  for (int64_t c = 0; c < C; c += lanes, bins += vectorStride) {
    const auto put = [&](int y, int x, Vector value) { store(bins + (y * (MX + 2) + x) * binStride, value); };
    const auto pixel = [&](int y, int x) { return load(pixels[y * (MX + 2) + x] + c); };
    const auto lastPixel = [&](int y, int x) { return loadSome(pixels[y * (MX + 2) + x] + c, C - c); };
    if (c + lanes <= C)
      transform<MY + 2, MX + 2, MY + 2, MX + 2, Winograd<MY>::image, Winograd<MX>::image>(pixel, put);
    else
      transform<MY + 2, MX + 2, MY + 2, MX + 2, Winograd<MY>::image, Winograd<MX>::image>(lastPixel, put);
  }
}

// A dy Aᵀ: pixels [MY, MX], likewise, vectors beside each other.
template <int MY, int MX>
void gradientToBins(const float* const* pixels, int64_t C, float* bins, int64_t binStride) {
  for (int64_t c = 0; c < C; c += lanes) {
    const auto put = [&](int y, int x, Vector value) { store(bins + (y * (MX + 2) + x) * binStride + c, value); };
    const auto pixel = [&](int y, int x) { return loadSome(pixels[y * MX + x] + c, C - c); };
    transform<MY, MX, MY + 2, MX + 2, Winograd<MY>::gradient, Winograd<MX>::gradient>(pixel, put);
  }
}

// Aᵀ M A: bins to pixels [MY, MX], those that exist, with bias and relu.
template <int MY, int MX>
void binsToOutputs(const float* bins, int64_t binStride, const float* bias, bool relu, int64_t C, float* const* pixels) {
  for (int64_t c = 0; c < C; c += lanes) {
    const Vector offset = load(bias + c);
    const auto bin = [&](int y, int x) { return load(bins + (y * (MX + 2) + x) * binStride + c); };
    const auto put = [&](int y, int x, Vector value) {
      float* pixel = pixels[y * MX + x];
      if (pixel == nullptr) return;
      value += offset;
      if (relu) value = value < Vector{} ? Vector{} : value;
      storeSome(pixel + c, value, C - c);
    };
    transform<MY + 2, MX + 2, MY, MX, Winograd<MY>::outputs, Winograd<MX>::outputs>(bin, put);
  }
}

// G w Gᵀ for one vector of filters: taps to bins.
template <int MY, int MX>
void tapsToBins(const float* filters, int64_t tapStride, float* bins, int64_t binStride) {
  const auto tap = [&](int y, int x) { return load(filters + (y * 3 + x) * tapStride); };
  const auto put = [&](int y, int x, Vector value) { store(bins + (y * (MX + 2) + x) * binStride, value); };
  transform<3, 3, MY + 2, MX + 2, Winograd<MY>::taps, Winograd<MX>::taps>(tap, put);
}

// Gᵀ dU G for one vector of filters, added to sums [9]; dU is the sum of `parts` of them.
template <int MY, int MX>
void binsToTaps(const float* bins, int64_t binStride, int64_t parts, int64_t partStride, Vector* sums) {
  const auto bin = [&](int y, int x) {
    const float* from = bins + (y * (MX + 2) + x) * binStride;
    Vector sum = load(from);
    for (int64_t part = 1; part < parts; part++) sum += load(from + part * partStride);
    return sum;
  };
  const auto put = [&](int y, int x, Vector value) { sums[y * 3 + x] += value; };
  transform<MY + 2, MX + 2, 3, 3, Winograd<MY>::tapGradient, Winograd<MX>::tapGradient>(bin, put);
}

struct Transforms {
  void (*imageToBins)(const float* const*, int64_t, float*, int64_t, int64_t);
  void (*gradientToBins)(const float* const*, int64_t, float*, int64_t);
  void (*binsToOutputs)(const float*, int64_t, const float*, bool, int64_t, float* const*);
  void (*tapsToBins)(const float*, int64_t, float*, int64_t);
  void (*binsToTaps)(const float*, int64_t, int64_t, int64_t, Vector*);
};

template <int MY, int MX>
constexpr Transforms transformsOf{imageToBins<MY, MX>, gradientToBins<MY, MX>, binsToOutputs<MY, MX>,
                                  tapsToBins<MY, MX>, binsToTaps<MY, MX>};
// transforms[MY - 2][MX - 2]
constexpr Transforms transforms[3][3] = {{transformsOf<2, 2>, transformsOf<2, 3>, transformsOf<2, 4>},
                                         {transformsOf<3, 2>, transformsOf<3, 3>, transformsOf<3, 4>},
                                         {transformsOf<4, 2>, transformsOf<4, 3>, transformsOf<4, 4>}};

// ---- products of one bin

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

// Rows taken at once; those of the second product are channels of one vector.
constexpr int mostRows(int width) { return width == panelWidth ? tileRows : narrowTileRows; }
constexpr int mostColumns = lanes == 16 ? 8 : 4;

using MultiplyRows = void (*)(const float*, int64_t, int64_t, const float*, float*);
using MultiplyColumns = void (*)(const float*, int64_t, const float*, float*, bool);
struct Products {
  MultiplyRows rows[14];  // [R - 1]
  MultiplyColumns columns[8];
};
template <int V, int... R, int... C>
constexpr Products productsOf(std::integer_sequence<int, R...>, std::integer_sequence<int, C...>) {
  return {{multiplyRows<V, R + 1>...}, {multiplyColumns<V, C + 1>...}};
}
template <int V>
constexpr Products products = productsOf<V>(std::make_integer_sequence<int, mostRows(V * lanes)>{},
                                            std::make_integer_sequence<int, mostColumns>{});
const Products& productsFor(int width) { return width == panelWidth ? products<2> : products<1>; }

// ---- regions and parts of tiles

constexpr int maxBins = 36;

// Tiles of one size: a rectangle of every image.
struct Region {
  Run y, x;
  int64_t bins() const { return (y.size + 2) * (x.size + 2); }
  int64_t tiles(int64_t N) const { return N * y.count * x.count; }
  const Transforms& transforms() const { return ATELIER_VARIANT::transforms[y.size - 2][x.size - 2]; }
};

struct Tile {
  int64_t n, y, x;  // its first output
  Tile(const Region& region, int64_t index)
      : n(index / (region.y.count * region.x.count)),
        y(region.y.first + index / region.x.count % region.y.count * region.y.size),
        x(region.x.first + index % region.x.count * region.x.size) {}
};

// Tiles [begin, end) of region number `of`.
struct Part {
  int of;
  int64_t begin, end;
};

// All outputs as regions, each cut into parts: tasks for the threads.
struct Regions {
  Region list[4];
  int count = 0;
  int64_t N, firstPart[5] = {};

  // partsIn(region, its tiles): how many parts.
  template <class PartsIn>
  Regions(const Images& outputs, const PartsIn& partsIn) : N(outputs.N) {
    const Axis y(outputs.H), x(outputs.W);
    for (int i = 0; i < y.count; i++)
      for (int j = 0; j < x.count; j++) list[count++] = {y.runs[i], x.runs[j]};
    for (int i = 0; i < count; i++) firstPart[i + 1] = firstPart[i] + partsIn(count, list[i].tiles(N));
  }
  int64_t parts() const { return firstPart[count]; }
  int64_t parts(int region) const { return firstPart[region + 1] - firstPart[region]; }
  Part part(int64_t index) const {
    int i = 0;
    while (index >= firstPart[i + 1]) i++;
    const Share share(list[i].tiles(N), parts(i), index - firstPart[i]);
    return {i, share.begin, share.end};
  }
};

// Where the pixels [h, w] from (y, x) on lie; `outside` for those that do not exist.
template <class Pointer>
void pixelsOf(const Images& images, Pointer data, int64_t n, int64_t y, int64_t x, int h, int w, Pointer outside,
              Pointer* out) {
  const Pointer image = data + n * images.H * images.W * images.C;
  for (int64_t row = y; row < y + h; row++)
    for (int64_t column = x; column < x + w; column++) {
      const bool inside = row >= 0 && row < images.H && column >= 0 && column < images.W;
      *out++ = inside ? image + (row * images.W + column) * images.C : outside;
    }
}

// Asks the caches for channels [from, to) of the pixels under some tiles, a share of them at each step of other work.
struct Prefetch {
  const Region& region;
  const Images& images;
  const float* data;
  int64_t begin, end, from, to;

  void operator()(int64_t step, int64_t steps) const {
    asm volatile("");  // the compiler would take a function that only prefetches for one without effect, and drop it
    const Share rows((end - begin) * region.y.size, steps, step);
    for (int64_t row = rows.begin; row < rows.end; row++) {
      const Tile tile(region, begin + row / region.y.size);
      const int64_t y = tile.y + row % region.y.size;
      const int64_t right = tile.x + region.x.size < images.W ? tile.x + region.x.size : images.W;
      if (y >= images.H) continue;
      for (int64_t x = tile.x; x < right; x++) {
        const float* pixel = data + ((tile.n * images.H + y) * images.W + x) * images.C;
        for (int64_t c = from; c < to; c += 16) __builtin_prefetch(pixel + c);
      }
    }
  }
};

// Tiles a block: so many that its bins fill less than half of a second-level cache of 2 MB, for C channels on one side
// and a panel on the other. A multiple of the product's tile.
int64_t blockTiles(int64_t C) {
  constexpr int64_t floats = 160 << 10, most = 56 / tileRows * tileRows;
  const int64_t tiles = floats / (maxBins * (wholeVectors(C) + panelWidth)) / tileRows * tileRows;
  return tiles < tileRows ? tileRows : tiles > most ? most : tiles;
}

int64_t blocksOf(int64_t tiles, int64_t C) { return (tiles + blockTiles(C) - 1) / blockTiles(C); }

// Scratch of a worker: V [bin][vector of channels][tile][lanes], so that what a product reads lies close together; and,
// a panel at a time, M or D [bin][tile][width].
struct BlockMemory {
  int64_t vectorStride, imageStride, panelStride, floats;
  explicit BlockMemory(int64_t C)
      : vectorStride(blockTiles(C) * lanes),
        imageStride(oddLines(blockTiles(C) * wholeVectors(C))),
        panelStride(oddLines(blockTiles(C) * panelWidth)),
        floats(maxBins * (imageStride + panelStride)) {}
};

// ---- forward and input gradient

// targets[o] = Σ_k sources[o + k − pad] · filters[k]
struct Sliding {
  Images sources, targets;
  int64_t padTop, padLeft;
  Panels panels() const { return {targets.C, sources.C}; }
  // A part is a block.
  Regions regions() const {
    return Regions(targets, [&](int, int64_t tiles) { return blocksOf(tiles, sources.C); });
  }
};

Sliding forward(const Conv2dWinogradArgs& args) {
  return {{args.N, args.H, args.W, args.C}, {args.N, args.oH, args.oW, args.F}, args.padTop, args.padLeft};
}

Sliding inputGradient(const Conv2dInputGradWinogradArgs& args) {
  return {{args.N, args.oH, args.oW, args.F}, {args.N, args.H, args.W, args.C}, 2 - args.padTop, 2 - args.padLeft};
}

struct SlidingMemory {
  int64_t packed, bias, zeros, scratch, scratchStride, floats;
  int64_t filters[4];  // of each region
  explicit SlidingMemory(const Sliding& s) {
    Workspace workspace;
    packed = workspace.take(taps * s.panels().floats());
    const Regions regions = s.regions();
    for (int i = 0; i < regions.count; i++) filters[i] = workspace.take(regions.list[i].bins() * s.panels().floats());
    bias = workspace.take(s.panels().count() * int64_t{panelWidth});
    zeros = workspace.take(wholeVectors(s.sources.C));
    scratchStride = oddLines(BlockMemory(s.sources.C).floats);
    scratch = workspace.take(maxWorkers * scratchStride);
    floats = workspace.floats;
  }
};

// Taps [panel][tap][c][width] to U [region][panel][bin][c][width].
void transformFilters(const Context& context, const Sliding& s, const SlidingMemory& memory) {
  const Panels panels = s.panels();
  const int64_t C = s.sources.C, chunks = (C + 15) / 16;
  const Regions regions = s.regions();
  context.pool->each(static_cast<int>(panels.count() * chunks), [&](int task) {
    const int panel = static_cast<int>(task / chunks), width = panels.width(panel);
    const Share share(C, chunks, task % chunks);
    const float* from = context.workspace + memory.packed + taps * panels.offset(panel);
    for (int i = 0; i < regions.count; i++) {
      const Region& region = regions.list[i];
      float* to = context.workspace + memory.filters[i] + region.bins() * panels.offset(panel);
      for (int64_t j = share.begin * width; j < share.end * width; j += lanes)
        region.transforms().tapsToBins(from + j, C * width, to + j, C * width);
    }
  });
}

// M = V U for `count` tiles, a panel and all bins. ahead(step, steps) is called before each step.
template <class Ahead>
void multiplyBins(int64_t C, int64_t bins, const float* filters, int width, int64_t count, const float* images,
                  float* panel, const Ahead& ahead) {
  const BlockMemory block(C);
  const int64_t chunks = (count + mostRows(width) - 1) / mostRows(width);
  for (int64_t bin = 0; bin < bins; bin++)
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
      const Share rows(count, chunks, chunk);
      ahead(bin * chunks + chunk, bins * chunks);
      productsFor(width).rows[rows.end - rows.begin - 1](images + bin * block.imageStride + rows.begin * lanes,
                                                         block.vectorStride, C, filters + bin * C * width,
                                                         panel + bin * block.panelStride + rows.begin * width);
    }
}

struct SlidingOperands {
  const float* sources;
  const float* bias;
  float* targets;
  bool relu;
};

// The whole of it, once filters are packed.
void slide(const Context& context, const Sliding& s, const SlidingMemory& memory, const SlidingOperands& operands) {
  float* workspace = context.workspace;
  const Panels panels = s.panels();
  const int64_t C = s.sources.C;
  const BlockMemory block(C);
  transformFilters(context, s, memory);
  float *zeros = workspace + memory.zeros, *bias = workspace + memory.bias;
  memset(zeros, 0, static_cast<size_t>(wholeVectors(C)) * 4);
  memset(bias, 0, static_cast<size_t>(panels.count() * panelWidth) * 4);
  if (operands.bias != nullptr) memcpy(bias, operands.bias, static_cast<size_t>(s.targets.C) * 4);

  const Regions regions = s.regions();
  eachTask(context, regions.parts(), [&](int worker, int64_t task) {
    const Part part = regions.part(task);
    const Region& region = regions.list[part.of];
    float* images = workspace + memory.scratch + worker * memory.scratchStride;
    float* panelMemory = images + maxBins * block.imageStride;
    for (int64_t index = part.begin; index < part.end; index++) {
      const Tile tile(region, index);
      const float* pixels[maxBins];
      pixelsOf<const float*>(s.sources, operands.sources, tile.n, tile.y - s.padTop, tile.x - s.padLeft,
                             region.y.size + 2, region.x.size + 2, zeros, pixels);
      region.transforms().imageToBins(pixels, C, images + (index - part.begin) * lanes, block.imageStride,
                                      block.vectorStride);
    }
    // While products keep the arithmetic busy: the results' places, and what this thread is likely to read next.
    const int64_t next = task + context.pool->threads() < regions.parts() ? task + context.pool->threads() : task;
    const Part nextPart = regions.part(next);
    const Prefetch sources{regions.list[nextPart.of], s.sources, operands.sources, nextPart.begin, nextPart.end, 0, C};
    for (int panel = 0; panel < panels.count(); panel++) {
      const int width = panels.width(panel), columns = panels.columns(panel);
      const int64_t column = int64_t{panel} * panelWidth;
      const Prefetch targets{region, s.targets, operands.targets, part.begin, part.end, column, column + columns};
      multiplyBins(C, region.bins(), workspace + memory.filters[part.of] + region.bins() * panels.offset(panel), width,
                   part.end - part.begin, images, panelMemory, [&](int64_t step, int64_t steps) {
                     if (panel == 0) sources(step, steps);
                     targets(step, steps);
                   });
      for (int64_t index = part.begin; index < part.end; index++) {
        const Tile tile(region, index);
        float* pixels[16];
        pixelsOf<float*>(s.targets, operands.targets, tile.n, tile.y, tile.x, region.y.size, region.x.size, nullptr,
                         pixels);
        for (int pixel = 0; pixel < region.y.size * region.x.size; pixel++)
          if (pixels[pixel] != nullptr) pixels[pixel] += column;
        region.transforms().binsToOutputs(panelMemory + (index - part.begin) * width, block.panelStride, bias + column,
                                          operands.relu, columns, pixels);
      }
    }
  });
}

// ---- filter gradient

// Parts of a region whose products are summed apart: a function of the shape alone, so that the thread count does not
// change the sums. Each part costs memory and time to add up; at least four keep threads busy.
int64_t sumsOf(int regions, int64_t tiles) {
  const int64_t least = 4 / regions, most = tiles / 32, parts = tiles / 512;
  if (parts >= least) return parts < 16 ? parts : 16;
  return least < most ? least : most > 0 ? most : 1;
}

struct FilterMemory {
  Regions regions;
  Panels panels;
  int64_t sums[4];  // of each region: dU [part][panel][bin][c][width]
  int64_t zeros, scratch, scratchStride, floats;
  explicit FilterMemory(const Conv2dFilterGradWinogradArgs& args)
      : regions({args.N, args.oH, args.oW, args.F}, sumsOf), panels{args.F, args.C} {
    Workspace workspace;
    for (int i = 0; i < regions.count; i++)
      sums[i] = workspace.take(regions.parts(i) * regions.list[i].bins() * panels.floats());
    zeros = workspace.take(wholeVectors(args.C > args.F ? args.C : args.F));
    scratchStride = oddLines(BlockMemory(args.C).floats);
    scratch = workspace.take(maxWorkers * scratchStride);
    floats = workspace.floats;
  }
};

// dU (+)= Vᵀ D for `count` tiles, a panel and all bins. ahead(step, steps) is called before each step.
template <class Ahead>
void multiplyTiles(int64_t C, int64_t bins, int width, int64_t count, const float* images, const float* panel,
                   float* sums, bool accumulate, const Ahead& ahead) {
  const BlockMemory block(C);
  for (int64_t bin = 0; bin < bins; bin++) {
    ahead(bin, bins);
    for (int64_t c = 0; c < C; c += mostColumns) {
      const int64_t channels = C - c < mostColumns ? C - c : mostColumns;
      productsFor(width).columns[channels - 1](
          images + bin * block.imageStride + c / lanes * block.vectorStride + c % lanes, count,
          panel + bin * block.panelStride, sums + (bin * C + c) * width, accumulate);
    }
  }
}

}  // namespace

int64_t conv2dWinogradWorkspace(const Conv2dWinogradArgs& args) { return SlidingMemory(forward(args)).floats; }

void conv2dWinograd(const Context& context, const Conv2dWinogradArgs& args) {
  const Sliding s = forward(args);
  const SlidingMemory memory(s);
  packAllRows(context, {args.F, taps * args.C}, context.at(args.filters), args.F, context.workspace + memory.packed);
  slide(context, s, memory, {context.at(args.x), context.at(args.bias), context.at(args.y), args.relu != 0});
}

int64_t conv2dInputGradWinogradWorkspace(const Conv2dInputGradWinogradArgs& args) {
  return SlidingMemory(inputGradient(args)).floats;
}

void conv2dInputGradWinograd(const Context& context, const Conv2dInputGradWinogradArgs& args) {
  const Sliding s = inputGradient(args);
  const SlidingMemory memory(s);
  const Panels panels{args.C, taps * args.F};
  const float* filters = context.at(args.filters);
  context.pool->each(panels.count(), [&](int panel) {
    for (int64_t tap = 0; tap < taps; tap++)
      packColumns(panels, panel, tap * args.F, args.F, filters + (taps - 1 - tap) * args.C * args.F, args.F,
                  context.workspace + memory.packed);
  });
  slide(context, s, memory, {context.at(args.dy), nullptr, context.at(args.dx), false});
}

int64_t conv2dFilterGradWinogradWorkspace(const Conv2dFilterGradWinogradArgs& args) {
  return FilterMemory(args).floats;
}

void conv2dFilterGradWinograd(const Context& context, const Conv2dFilterGradWinogradArgs& args) {
  const FilterMemory memory(args);
  const Regions& regions = memory.regions;
  const Panels& panels = memory.panels;
  const Images inputs{args.N, args.H, args.W, args.C}, outputs{args.N, args.oH, args.oW, args.F};
  const int64_t C = args.C;
  const BlockMemory block(C);
  const float *x = context.at(args.x), *dy = context.at(args.dy);
  float* workspace = context.workspace;
  float* zeros = workspace + memory.zeros;
  memset(zeros, 0, static_cast<size_t>(wholeVectors(C > args.F ? C : args.F)) * 4);

  eachTask(context, regions.parts(), [&](int worker, int64_t task) {
    const Part part = regions.part(task);
    const Region& region = regions.list[part.of];
    const int64_t bins = region.bins();
    float* sums = workspace + memory.sums[part.of] + (task - regions.firstPart[part.of]) * bins * panels.floats();
    float* images = workspace + memory.scratch + worker * memory.scratchStride;
    float* panelMemory = images + maxBins * block.imageStride;
    const int64_t blocks = blocksOf(part.end - part.begin, C);
    for (int64_t b = 0; b < blocks; b++) {
      const Share tiles(part.end - part.begin, blocks, b);
      const int64_t first = part.begin + tiles.begin, count = tiles.end - tiles.begin;
      for (int64_t t = 0; t < count; t++) {
        const Tile tile(region, first + t);
        const float* pixels[maxBins];
        pixelsOf<const float*>(inputs, x, tile.n, tile.y - args.padTop, tile.x - args.padLeft, region.y.size + 2,
                               region.x.size + 2, zeros, pixels);
        region.transforms().imageToBins(pixels, C, images + t * lanes, block.imageStride, block.vectorStride);
      }
      const Share next(part.end - part.begin, blocks, b + 1 < blocks ? b + 1 : b);
      const int64_t begin = part.begin + next.begin, end = part.begin + next.end;
      const Prefetch nextInputs{region, inputs, x, begin, end, 0, C};
      for (int panel = 0; panel < panels.count(); panel++) {
        const int width = panels.width(panel), columns = panels.columns(panel);
        const int64_t column = int64_t{panel} * panelWidth;
        for (int64_t t = 0; t < count; t++) {
          const Tile tile(region, first + t);
          const float* pixels[16];
          pixelsOf<const float*>(outputs, dy + column, tile.n, tile.y, tile.x, region.y.size, region.x.size, zeros,
                                 pixels);
          region.transforms().gradientToBins(pixels, columns, panelMemory + t * width, block.panelStride);
        }
        const Prefetch nextGradients{region, outputs, dy, begin, end, column, column + columns};
        multiplyTiles(C, bins, width, count, images, panelMemory, sums + bins * panels.offset(panel), b > 0,
                      [&](int64_t step, int64_t steps) {
                        if (panel == 0) nextInputs(step, steps);
                        nextGradients(step, steps);
                      });
      }
    }
  });

  float* dFilters = context.at(args.dFilters);
  const int64_t vectors = (args.F + lanes - 1) / lanes;
  context.pool->each(static_cast<int>((C + 3) / 4), [&](int task) {
    for (int64_t c = task * 4; c < C && c < task * 4 + 4; c++)
      for (int64_t vector = 0; vector < vectors; vector++) {
        const int panel = static_cast<int>(vector * lanes / panelWidth), width = panels.width(panel);
        Vector gradient[taps] = {};
        for (int i = 0; i < regions.count; i++) {
          const Region& region = regions.list[i];
          const float* from = workspace + memory.sums[i] + region.bins() * panels.offset(panel) + c * width +
                              vector * lanes % panelWidth;
          region.transforms().binsToTaps(from, C * width, regions.parts(i), region.bins() * panels.floats(), gradient);
        }
        for (int64_t tap = 0; tap < taps; tap++)
          storeSome(dFilters + (tap * C + c) * args.F + vector * lanes, gradient[tap], args.F - vector * lanes);
      }
  });
}

}  // namespace atelier::ATELIER_VARIANT
