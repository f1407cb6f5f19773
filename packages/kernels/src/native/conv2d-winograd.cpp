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
void imageToBins(const float* const* pixels, int64_t C, float* bins, int64_t binStride) {
  for (int64_t c = 0; c < C; c += lanes) {
    const auto put = [&](int y, int x, Vector value) { store(bins + (y * (MX + 2) + x) * binStride + c, value); };
    const auto pixel = [&](int y, int x) { return load(pixels[y * (MX + 2) + x] + c); };
    const auto lastPixel = [&](int y, int x) { return loadSome(pixels[y * (MX + 2) + x] + c, C - c); };
    if (c + lanes <= C)
      transform<MY + 2, MX + 2, MY + 2, MX + 2, Winograd<MY>::image, Winograd<MX>::image>(pixel, put);
    else
      transform<MY + 2, MX + 2, MY + 2, MX + 2, Winograd<MY>::image, Winograd<MX>::image>(lastPixel, put);
  }
}

// A dy Aᵀ: pixels [MY, MX], likewise.
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
  void (*imageToBins)(const float* const*, int64_t, float*, int64_t);
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

// ---- regions and blocks of tiles

constexpr int maxBins = 36;

// Tiles of one size: a rectangle of every image.
struct Region {
  Run y, x;
  int64_t bins() const { return (y.size + 2) * (x.size + 2); }
  int64_t tiles(int64_t N) const { return N * y.count * x.count; }
  const Transforms& transforms() const {
    return ATELIER_VARIANT::transforms[y.size - 2][x.size - 2];
  }
};

struct Regions {
  Region list[4];
  int count = 0;
  explicit Regions(const Images& outputs) {
    const Axis y(outputs.H), x(outputs.W);
    for (int i = 0; i < y.count; i++)
      for (int j = 0; j < x.count; j++) list[count++] = {y.runs[i], x.runs[j]};
  }
  const Region* begin() const { return list; }
  const Region* end() const { return list + count; }
};

struct Tile {
  int64_t n, y, x;  // its first output
  Tile(const Region& region, int64_t index)
      : n(index / (region.y.count * region.x.count)),
        y(region.y.first + index / region.x.count % region.y.count * region.y.size),
        x(region.x.first + index % region.x.count * region.x.size) {}
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

// Tiles a block: so many that its bins fill less than half of a second-level cache of 2 MB, for C channels on one side
// and a panel on the other. A multiple of the product's tile.
int64_t blockTiles(int64_t C) {
  constexpr int64_t floats = 160 << 10;
  const int64_t tiles = floats / (maxBins * (wholeVectors(C) + panelWidth)) / tileRows * tileRows;
  const int64_t most = 128 / tileRows * tileRows;
  return tiles < tileRows ? tileRows : tiles > most ? most : tiles;
}

// Scratch of a worker: V and, a panel at a time, M or D, as [bin][tile][channel].
struct BlockMemory {
  int64_t imageStride, panelStride, floats;  // from bin to bin
  explicit BlockMemory(int64_t C)
      : imageStride(oddLines(blockTiles(C) * wholeVectors(C))),
        panelStride(oddLines(blockTiles(C) * panelWidth)),
        floats(maxBins * (imageStride + panelStride)) {}
};

// ---- forward and input gradient

// targets[o] = Σ_k sources[o + k − pad] · filters[k]
struct Sliding {
  Images sources, targets;
  int64_t padTop, padLeft;
  Panels panels() const { return {targets.C, sources.C}; }
};

Sliding forward(const Conv2dWinogradArgs& args) {
  return {{args.N, args.H, args.W, args.C}, {args.N, args.oH, args.oW, args.F}, args.padTop, args.padLeft};
}

Sliding inputGradient(const Conv2dInputGradWinogradArgs& args) {
  return {{args.N, args.oH, args.oW, args.F}, {args.N, args.H, args.W, args.C}, 2 - args.padTop, 2 - args.padLeft};
}

struct SlidingMemory {
  int64_t packed, filters, bias, zeros, offsets, scratch, scratchStride, floats;
  explicit SlidingMemory(const Sliding& s) {
    Workspace workspace;
    packed = workspace.take(taps * s.panels().floats());
    int64_t bins = 0;
    for (const Region& region : Regions(s.targets)) bins += region.bins();
    filters = workspace.take(bins * s.panels().floats());
    bias = workspace.take(s.panels().count() * int64_t{panelWidth});
    zeros = workspace.take(wholeVectors(s.sources.C));
    offsets = workspace.take(s.sources.C);
    scratchStride = oddLines(BlockMemory(s.sources.C).floats);
    scratch = workspace.take(maxWorkers * scratchStride);
    floats = workspace.floats;
  }
};

// Taps [panel][tap][c][width] to U [region][panel][bin][c][width].
void transformFilters(const Context& context, const Sliding& s, const SlidingMemory& memory) {
  const Panels panels = s.panels();
  const int64_t C = s.sources.C;
  const Regions regions(s.targets);
  const int64_t chunks = (C + 15) / 16;
  context.pool->each(static_cast<int>(panels.count() * chunks), [&](int task) {
    const int panel = static_cast<int>(task / chunks), width = panels.width(panel);
    const Share share(C, chunks, task % chunks);
    float* to = context.workspace + memory.filters;
    for (const Region& region : regions) {
      const float* from = context.workspace + memory.packed + taps * panels.offset(panel);
      float* bins = to + region.bins() * panels.offset(panel);
      for (int64_t i = share.begin * width; i < share.end * width; i += lanes)
        region.transforms().tapsToBins(from + i, C * width, bins + i, C * width);
      to += region.bins() * panels.floats();
    }
  });
}

// M = V U for a block of `count` tiles, a panel and all bins.
void multiplyBins(const Sliding& s, const SlidingMemory& memory, const float* workspace, const Region& region,
                  const float* filters, int width, int64_t count, const float* images, float* products) {
  const int64_t C = s.sources.C, rowStride = wholeVectors(C);
  const BlockMemory block(C);
  const int maxRows = width == panelWidth ? tileRows : narrowTileRows;
  const int64_t chunks = (count + maxRows - 1) / maxRows;
  for (int64_t bin = 0; bin < region.bins(); bin++)
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
      const Share rows(count, chunks, chunk);
      const float* pointers[14];
      const int64_t n = rows.end - rows.begin;
      for (int64_t row = 0; row < n; row++)
        pointers[row] = images + bin * block.imageStride + (rows.begin + row) * rowStride;
      tiles[width / lanes - 1][n - 1]({pointers, reinterpret_cast<const int32_t*>(workspace + memory.offsets), C,
                                       filters + bin * C * width,
                                       products + bin * block.panelStride + rows.begin * width, width, width, nullptr,
                                       false, false});
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
  const int64_t C = s.sources.C, rowStride = wholeVectors(C);
  const BlockMemory block(C);
  transformFilters(context, s, memory);
  float *zeros = workspace + memory.zeros, *bias = workspace + memory.bias;
  memset(zeros, 0, static_cast<size_t>(rowStride) * 4);
  memset(bias, 0, static_cast<size_t>(panels.count() * panelWidth) * 4);
  if (operands.bias != nullptr) memcpy(bias, operands.bias, static_cast<size_t>(s.targets.C) * 4);
  int32_t* offsets = reinterpret_cast<int32_t*>(workspace + memory.offsets);
  for (int64_t c = 0; c < C; c++) offsets[c] = static_cast<int32_t>(c);

  const Regions regions(s.targets);
  const float* filters[4];
  int64_t firstTask[5] = {};
  for (int i = 0; i < regions.count; i++) {
    const Region& region = regions.list[i];
    filters[i] = i == 0 ? workspace + memory.filters
                        : filters[i - 1] + regions.list[i - 1].bins() * panels.floats();
    const int64_t blocks = (region.tiles(s.targets.N) + blockTiles(C) - 1) / blockTiles(C);
    firstTask[i + 1] = firstTask[i] + blocks;
  }
  eachTask(context, firstTask[regions.count], [&](int worker, int64_t task) {
    int i = 0;
    while (task >= firstTask[i + 1]) i++;
    const Region& region = regions.list[i];
    const Share share(region.tiles(s.targets.N), firstTask[i + 1] - firstTask[i], task - firstTask[i]);
    float* images = workspace + memory.scratch + worker * memory.scratchStride;
    float* products = images + maxBins * block.imageStride;
    for (int64_t index = share.begin; index < share.end; index++) {
      const Tile tile(region, index);
      const float* pixels[maxBins];
      pixelsOf<const float*>(s.sources, operands.sources, tile.n, tile.y - s.padTop, tile.x - s.padLeft,
                             region.y.size + 2, region.x.size + 2, zeros, pixels);
      region.transforms().imageToBins(pixels, C, images + (index - share.begin) * rowStride, block.imageStride);
    }
    for (int panel = 0; panel < panels.count(); panel++) {
      const int width = panels.width(panel);
      multiplyBins(s, memory, workspace, region, filters[i] + region.bins() * panels.offset(panel), width,
                   share.end - share.begin, images, products);
      const int64_t column = int64_t{panel} * panelWidth;
      for (int64_t index = share.begin; index < share.end; index++) {
        const Tile tile(region, index);
        float* pixels[16];
        pixelsOf<float*>(s.targets, operands.targets, tile.n, tile.y, tile.x, region.y.size, region.x.size, nullptr,
                         pixels);
        for (int pixel = 0; pixel < region.y.size * region.x.size; pixel++)
          if (pixels[pixel] != nullptr) pixels[pixel] += column;
        region.transforms().binsToOutputs(products + (index - share.begin) * width, block.panelStride, bias + column,
                                          operands.relu, panels.columns(panel), pixels);
      }
    }
  });
}

// ---- filter gradient

// Tiles of a region whose products are summed by one thread: a function of the shape alone, so that the thread count
// does not change the sums. Each part costs memory and time to add up; at least four tasks keep threads busy.
int64_t partsOf(const Regions& regions, const Region& region, int64_t N) {
  const int64_t tiles = region.tiles(N), least = 4 / regions.count;
  const int64_t most = tiles / 32 > 0 ? tiles / 32 : 1;
  int64_t parts = tiles / 512;
  if (parts > 16) parts = 16;
  if (parts < least) parts = least < most ? least : most;
  return parts > 0 ? parts : 1;
}

struct FilterMemory {
  Panels panels;  // of dU: [region][part][panel][bin][c][width]
  int64_t sums, zeros, offsets, scratch, scratchStride, floats;
  explicit FilterMemory(const Conv2dFilterGradWinogradArgs& args) : panels{args.F, args.C} {
    Workspace workspace;
    const Regions regions({args.N, args.oH, args.oW, args.F});
    int64_t bins = 0;
    for (const Region& region : regions) bins += region.bins() * partsOf(regions, region, args.N);
    sums = workspace.take(bins * panels.floats());
    zeros = workspace.take(wholeVectors(args.C > args.F ? args.C : args.F));
    offsets = workspace.take(blockTiles(args.C));
    scratchStride = oddLines(BlockMemory(args.C).floats);
    scratch = workspace.take(maxWorkers * scratchStride);
    floats = workspace.floats;
  }
};

// dU (+)= Vᵀ D for a block of `count` tiles, a panel and all bins.
void multiplyTiles(int64_t C, const int32_t* offsets, int64_t bins, int width, int64_t count, const float* images,
                   const float* gradients, float* sums, bool accumulate) {
  const BlockMemory block(C);
  const int maxRows = width == panelWidth ? tileRows : narrowTileRows;
  const int64_t chunks = (C + maxRows - 1) / maxRows;
  for (int64_t bin = 0; bin < bins; bin++)
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
      const Share rows(C, chunks, chunk);
      const float* pointers[14];
      const int64_t n = rows.end - rows.begin;
      for (int64_t row = 0; row < n; row++) pointers[row] = images + bin * block.imageStride + rows.begin + row;
      tiles[width / lanes - 1][n - 1]({pointers, offsets, count, gradients + bin * block.panelStride,
                                       sums + (bin * C + rows.begin) * width, width, width, nullptr, false,
                                       accumulate});
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
  const Images inputs{args.N, args.H, args.W, args.C}, outputs{args.N, args.oH, args.oW, args.F};
  const Panels& panels = memory.panels;
  const int64_t C = args.C, rowStride = wholeVectors(C);
  const BlockMemory block(C);
  const float *x = context.at(args.x), *dy = context.at(args.dy);
  float* workspace = context.workspace;
  float* zeros = workspace + memory.zeros;
  memset(zeros, 0, static_cast<size_t>(wholeVectors(C > args.F ? C : args.F)) * 4);
  int32_t* offsets = reinterpret_cast<int32_t*>(workspace + memory.offsets);
  for (int64_t tile = 0; tile < blockTiles(C); tile++) offsets[tile] = static_cast<int32_t>(tile * rowStride);

  const Regions regions(outputs);
  float* sums[4];
  int64_t firstTask[5] = {};
  for (int i = 0; i < regions.count; i++) {
    const int64_t parts = partsOf(regions, regions.list[i], args.N);
    sums[i] = i == 0 ? workspace + memory.sums
                     : sums[i - 1] + (firstTask[i] - firstTask[i - 1]) * regions.list[i - 1].bins() * panels.floats();
    firstTask[i + 1] = firstTask[i] + parts;
  }
  eachTask(context, firstTask[regions.count], [&](int worker, int64_t task) {
    int i = 0;
    while (task >= firstTask[i + 1]) i++;
    const Region& region = regions.list[i];
    const int64_t bins = region.bins();
    float* sum = sums[i] + (task - firstTask[i]) * bins * panels.floats();
    float* images = workspace + memory.scratch + worker * memory.scratchStride;
    float* gradients = images + maxBins * block.imageStride;
    const Share part(region.tiles(args.N), firstTask[i + 1] - firstTask[i], task - firstTask[i]);
    const int64_t tileCount = part.end - part.begin, blocks = (tileCount + blockTiles(C) - 1) / blockTiles(C);
    for (int64_t b = 0; b < blocks; b++) {
      const Share share(tileCount, blocks, b);
      const int64_t count = share.end - share.begin;
      for (int64_t t = 0; t < count; t++) {
        const Tile tile(region, part.begin + share.begin + t);
        const float* pixels[maxBins];
        pixelsOf<const float*>(inputs, x, tile.n, tile.y - args.padTop, tile.x - args.padLeft, region.y.size + 2,
                               region.x.size + 2, zeros, pixels);
        region.transforms().imageToBins(pixels, C, images + t * rowStride, block.imageStride);
      }
      for (int panel = 0; panel < panels.count(); panel++) {
        const int width = panels.width(panel);
        for (int64_t t = 0; t < count; t++) {
          const Tile tile(region, part.begin + share.begin + t);
          const float* pixels[16];
          pixelsOf<const float*>(outputs, dy + int64_t{panel} * panelWidth, tile.n, tile.y, tile.x, region.y.size,
                                 region.x.size, zeros, pixels);
          region.transforms().gradientToBins(pixels, panels.columns(panel), gradients + t * width, block.panelStride);
        }
        multiplyTiles(C, offsets, bins, width, count, images, gradients, sum + bins * panels.offset(panel), b > 0);
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
          const float* from = sums[i] + region.bins() * panels.offset(panel) + c * width + vector * lanes % panelWidth;
          region.transforms().binsToTaps(from, C * width, firstTask[i + 1] - firstTask[i],
                                         region.bins() * panels.floats(), gradient);
        }
        for (int64_t tap = 0; tap < taps; tap++)
          storeSome(dFilters + (tap * C + c) * args.F + vector * lanes, gradient[tap], args.F - vector * lanes);
      }
  });
}

}  // namespace atelier::ATELIER_VARIANT
