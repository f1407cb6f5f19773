// Winograd's algorithm (conv2d-winograd.cpp) for wide layers, its products on the matrix unit (matrix-unit.h). All
// tiles are of 4×4 outputs, those at the far edges reach beyond the image: products are cheap here, and every other
// size of tile would need filters of its own, split again. Other shapes stay with the variant this one is laid over.
//
// Transformed images, results and filters lie in blocks (matrix-bins.h), rows being tiles, or channels of filters. A
// thread takes a bin. Results take the place of the images' transform.
#include "matrix-bins.h"
#include "winograd-transforms.h"
#include "workspace.h"

namespace atelier {

namespace ATELIER_BASE {
void conv2dWinograd(const Context&, const Conv2dWinogradArgs&);
void conv2dInputGradWinograd(const Context&, const Conv2dInputGradWinogradArgs&);
void conv2dFilterGradWinograd(const Context&, const Conv2dFilterGradWinogradArgs&);
int64_t conv2dWinogradWorkspace(const Conv2dWinogradArgs&);
int64_t conv2dInputGradWinogradWorkspace(const Conv2dInputGradWinogradArgs&);
int64_t conv2dFilterGradWinogradWorkspace(const Conv2dFilterGradWinogradArgs&);
}  // namespace ATELIER_BASE

namespace ATELIER_VARIANT {
namespace {

using Tile = Winograd<4>;
constexpr int64_t size = 4, window = size + 2, taps = 9;
static_assert(bins == window * window);
// The rule of plan/convolution.ts.
constexpr int64_t leastChannels = 256;
// Elements of a split factor that the second-level cache holds beside what passes by, and of a transform kept at once.
constexpr int64_t cachedFactor = 1 << 18, keptFloats = int64_t{12} << 20;

int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }

// What a call wants done on the way besides is done by the base variant.
bool isPlain(const Conv2dWinogradArgs& args) {
  return args.moments == noRef && args.index == noRef && args.resultMoments == noRef && args.pool == 0;
}
bool isPlain(const Conv2dInputGradWinogradArgs& args) { return args.index == noRef; }
bool isPlain(const Conv2dFilterGradWinogradArgs& args) { return args.moments == noRef && args.index == noRef; }

template <class Args>
bool pays(const Args& args) {
  return isPlain(args) && args.C % blockSide == 0 && args.F % blockSide == 0 && args.C >= leastChannels &&
         args.F >= leastChannels && int64_t{args.C} * args.F <= cachedFactor;
}

struct Images {
  int64_t N, H, W, C;
};

// The tiles of some images, one after the other.
struct Tiles {
  int64_t N, y, x;
  int64_t count() const { return N * y * x; }
  int64_t blocks() const { return ceilDiv(count(), blockSide); }
};

Tiles tilesOf(const Images& outputs) { return {outputs.N, ceilDiv(outputs.H, size), ceilDiv(outputs.W, size)}; }

// The pixels [count, count] from (y, x) on; `outside` for those that do not exist.
template <int count, class Pointer>
inline void pixelsOf(const Images& images, Pointer data, int64_t n, int64_t y, int64_t x, Pointer outside, Pointer* out) {
  const Pointer image = data + n * images.H * images.W * images.C;
  for (int64_t row = y; row < y + count; row++)
    for (int64_t column = x; column < x + count; column++) {
      const bool inside = row >= 0 && row < images.H && column >= 0 && column < images.W;
      *out++ = inside ? image + (row * images.W + column) * images.C : outside;
    }
}

// body(tile's row in its block, n, y, x of its first output) for the tiles of a block; rest(row) for rows without one.
template <class Body, class Rest>
void eachTile(const Tiles& tiles, int64_t block, const Body& body, const Rest& rest) {
  for (int64_t row = 0; row < blockSide; row++) {
    const int64_t tile = block * blockSide + row;
    if (tile >= tiles.count())
      rest(row);
    else
      body(row, tile / (tiles.x * tiles.y), tile / tiles.x % tiles.y * size, tile % tiles.x * size);
  }
}

// Pixels [count, count] of every tile, from (−padTop, −padLeft) of its first output on, transformed into blocks.
template <int count, auto along>
void analyze(const Context& context, const Images& images, const float* data, const Tiles& tiles, int64_t padTop,
             int64_t padLeft, const float* zeros, const Blocks& blocks, float* out) {
  eachTask(context, tiles.blocks() * blocks.columnBlocks, [&](int, int64_t task) {
    const int64_t block = task / blocks.columnBlocks, columnBlock = task % blocks.columnBlocks;
    if (columnBlock * blockSide >= images.C) return;
    float* const to = out + blocks.offset(block, 0, columnBlock);
    const int64_t binStride = blocks.binStride();
    eachTile(
        tiles, block,
        [&](int64_t row, int64_t n, int64_t y, int64_t x) {
          const float* pixels[count * count];
          pixelsOf<count>(images, data + columnBlock * blockSide, n, y - padTop, x - padLeft, zeros, pixels);
          for (int64_t v = 0; v < blockSide; v += lanes)
            transform<count, count, window, window, along, along>(
                [&](int py, int px) { return load(pixels[py * count + px] + v); },
                [&](int by, int bx, Vector value) {
                  store(to + (by * window + bx) * binStride + row * blockSide + v, value);
                });
        },
        [&](int64_t row) {
          for (int64_t bin = 0; bin < bins; bin++)
            memset(to + bin * binStride + row * blockSide, 0, blockSide * sizeof(float));
        });
  });
}

// Images at once, for so many channels kept of each tile.
int64_t imagesAtOnce(const Images& outputs, int64_t channels, int64_t mostTiles) {
  const int64_t a = tilesOf({1, outputs.H, outputs.W, 0}).count();
  return max(1, min(outputs.N, min(mostTiles, keptFloats / (bins * channels)) / a));
}

// ---- forward and input gradient

// targets[o] = Σ_k sources[o + k − pad] · filters[k], where filters are transposed and mirrored for the gradient.
struct Sliding {
  Images sources, targets;
  int64_t padTop, padLeft;
  bool gradient;

  int64_t images() const { return imagesAtOnce(targets, max(sources.C, targets.C), targets.N * targets.H * targets.W); }
  Tiles tiles(int64_t N) const { return tilesOf({N, targets.H, targets.W, targets.C}); }
  Blocks images(int64_t N) const { return {tiles(N).blocks(), max(sources.C, targets.C) / blockSide}; }
  int64_t C() const { return gradient ? targets.C : sources.C; }
  int64_t F() const { return gradient ? sources.C : targets.C; }
  Blocks filters() const { return {C() / blockSide, F() / blockSide}; }
};

Sliding forward(const Conv2dWinogradArgs& args) {
  return {{args.N, args.H, args.W, args.C}, {args.N, args.oH, args.oW, args.F}, args.padTop, args.padLeft, false};
}

Sliding inputGradient(const Conv2dInputGradWinogradArgs& args) {
  return {{args.N, args.oH, args.oW, args.F}, {args.N, args.H, args.W, args.C}, 2 - args.padTop, 2 - args.padLeft, true};
}

struct SlidingMemory {
  int64_t images, filters, zeros, bias, scratch, scratchStride, floats;
  explicit SlidingMemory(const Sliding& s) {
    Workspace workspace;
    images = workspace.take(s.images(s.images()).floats());
    filters = workspace.take(s.filters().floats());
    zeros = workspace.take(s.sources.C);
    bias = workspace.take(s.targets.C);
    const int64_t depths = s.sources.C / blockSide;
    scratchStride = (s.targets.C / blockSide + 2) * depths * blockWords;
    scratch = workspace.take(maxWorkers * scratchStride);
    floats = workspace.floats;
  }
};

// Filters [3,3,C,F], mirrored or not, to blocks.
void transformFilters(const Context& context, const Sliding& s, const float* filters, float* out) {
  const Blocks blocks = s.filters();
  const int64_t C = s.C(), F = s.F(), binStride = blocks.binStride();
  eachTask(context, blocks.rowBlocks * blocks.columnBlocks, [&](int, int64_t task) {
    const int64_t rowBlock = task / blocks.columnBlocks, columnBlock = task % blocks.columnBlocks;
    float* const to = out + blocks.offset(rowBlock, 0, columnBlock);
    for (int64_t c = 0; c < blockSide; c++)
      for (int64_t v = 0; v < blockSide; v += lanes) {
        const float* from = filters + (rowBlock * blockSide + c) * F + columnBlock * blockSide + v;
        transform<3, 3, window, window, Tile::taps, Tile::taps>(
            [&](int y, int x) { return load(from + (s.gradient ? 8 - (y * 3 + x) : y * 3 + x) * C * F); },
            [&](int y, int x, Vector value) { store(to + (y * window + x) * binStride + c * blockSide + v, value); });
      }
  });
}

void synthesize(const Context& context, const Images& images, const Tiles& tiles, const Blocks& blocks,
                const float* data, const float* bias, bool relu, float* out) {
  const int64_t columnBlocks = images.C / blockSide;
  eachTask(context, tiles.blocks() * columnBlocks, [&](int, int64_t task) {
    const int64_t block = task / columnBlocks, columnBlock = task % columnBlocks, binStride = blocks.binStride();
    const float* const from = data + blocks.offset(block, 0, columnBlock);
    eachTile(
        tiles, block,
        [&](int64_t row, int64_t n, int64_t y, int64_t x) {
          float* pixels[size * size];
          pixelsOf<size>(images, out + columnBlock * blockSide, n, y, x, static_cast<float*>(nullptr), pixels);
          for (int64_t v = 0; v < blockSide; v += lanes) {
            const Vector offset = load(bias + columnBlock * blockSide + v);
            transform<window, window, size, size, Tile::outputs, Tile::outputs>(
                [&](int by, int bx) { return load(from + (by * window + bx) * binStride + row * blockSide + v); },
                [&](int py, int px, Vector value) {
                  float* pixel = pixels[py * size + px];
                  if (pixel == nullptr) return;
                  value += offset;
                  if (relu) value = value < Vector{} ? Vector{} : value;
                  store(pixel + v, value);
                });
          }
        },
        [](int64_t) {});
  });
}

void slide(const Context& context, const Sliding& s, const float* sources, const float* filters, const float* bias,
           bool relu, float* targets) {
  const SlidingMemory memory(s);
  float* const workspace = context.workspace;
  float *images = workspace + memory.images, *zeros = workspace + memory.zeros, *offsets = workspace + memory.bias;
  memset(zeros, 0, static_cast<size_t>(s.sources.C) * sizeof(float));
  memset(offsets, 0, static_cast<size_t>(s.targets.C) * sizeof(float));
  if (bias != nullptr) memcpy(offsets, bias, static_cast<size_t>(s.targets.C) * sizeof(float));
  transformFilters(context, s, filters, workspace + memory.filters);

  const Blocks filterBlocks = s.filters();
  const int64_t parts = ceilDiv(s.targets.N, s.images());
  for (int64_t part = 0; part < parts; part++) {
    const Share share(s.targets.N, parts, part);
    const int64_t N = share.end - share.begin;
    const Tiles tiles = s.tiles(N);
    const Blocks blocks = s.images(N);
    const Images from{N, s.sources.H, s.sources.W, s.sources.C}, to{N, s.targets.H, s.targets.W, s.targets.C};
    analyze<window, Tile::image>(context, from, sources + share.begin * from.H * from.W * from.C, tiles, s.padTop,
                                 s.padLeft, zeros, blocks, images);
    eachTask(context, bins, [&](int worker, int64_t bin) {
      const int64_t depths = from.C / blockSide;
      const Factor a{blocks, images, bin, blocks.rowBlocks, depths, false};
      const Factor b{filterBlocks, workspace + memory.filters, bin, to.C / blockSide, depths, !s.gradient};
      multiplyBin(a, b, false, reinterpret_cast<uint32_t*>(workspace + memory.scratch + worker * memory.scratchStride),
                  [&](int64_t i, int64_t j) { return images + blocks.offset(i, bin, j); });
    });
    synthesize(context, to, tiles, blocks, images, offsets, relu, targets + share.begin * to.H * to.W * to.C);
  }
}

// ---- filter gradient

struct FilterMemory {
  Images outputs;
  int64_t atOnce;
  Blocks inputs, gradients, sums;
  int64_t inputFloats, gradientFloats, sumFloats, zeros, scratch, scratchStride, floats;
  explicit FilterMemory(const Conv2dFilterGradWinogradArgs& args)
      : outputs{args.N, args.oH, args.oW, args.F},
        atOnce(imagesAtOnce(outputs, int64_t{args.C} + args.F, cachedFactor / max(args.C, args.F))) {
    const int64_t rows = tilesOf({atOnce, args.oH, args.oW, 0}).blocks();
    inputs = {rows, args.C / blockSide};
    gradients = {rows, args.F / blockSide};
    sums = {args.C / blockSide, args.F / blockSide};
    Workspace workspace;
    inputFloats = workspace.take(inputs.floats());
    gradientFloats = workspace.take(gradients.floats());
    sumFloats = workspace.take(sums.floats());
    zeros = workspace.take(max(args.C, args.F));
    scratchStride = (args.F / blockSide + 2) * rows * blockWords;
    scratch = workspace.take(maxWorkers * scratchStride);
    floats = workspace.floats;
  }
};

}  // namespace

int64_t conv2dWinogradWorkspace(const Conv2dWinogradArgs& args) {
  return pays(args) ? SlidingMemory(forward(args)).floats : ATELIER_BASE::conv2dWinogradWorkspace(args);
}
int64_t conv2dInputGradWinogradWorkspace(const Conv2dInputGradWinogradArgs& args) {
  return pays(args) ? SlidingMemory(inputGradient(args)).floats : ATELIER_BASE::conv2dInputGradWinogradWorkspace(args);
}
int64_t conv2dFilterGradWinogradWorkspace(const Conv2dFilterGradWinogradArgs& args) {
  return pays(args) ? FilterMemory(args).floats : ATELIER_BASE::conv2dFilterGradWinogradWorkspace(args);
}

void conv2dWinograd(const Context& context, const Conv2dWinogradArgs& args) {
  if (!pays(args)) return ATELIER_BASE::conv2dWinograd(context, args);
  slide(context, forward(args), context.at(args.x), context.at(args.filters), context.at(args.bias), args.relu != 0,
        context.at(args.y));
}

void conv2dInputGradWinograd(const Context& context, const Conv2dInputGradWinogradArgs& args) {
  if (!pays(args)) return ATELIER_BASE::conv2dInputGradWinograd(context, args);
  slide(context, inputGradient(args), context.at(args.dy), context.at(args.filters), nullptr, false,
        context.at(args.dx));
}

void conv2dFilterGradWinograd(const Context& context, const Conv2dFilterGradWinogradArgs& args) {
  if (!pays(args)) return ATELIER_BASE::conv2dFilterGradWinograd(context, args);
  const FilterMemory memory(args);
  float* const workspace = context.workspace;
  float *inputs = workspace + memory.inputFloats, *gradients = workspace + memory.gradientFloats,
        *sums = workspace + memory.sumFloats, *zeros = workspace + memory.zeros;
  memset(zeros, 0, static_cast<size_t>(max(args.C, args.F)) * sizeof(float));

  const int64_t parts = ceilDiv(args.N, memory.atOnce);
  for (int64_t part = 0; part < parts; part++) {
    const Share share(args.N, parts, part);
    const int64_t N = share.end - share.begin;
    const Images x{N, args.H, args.W, args.C}, dy{N, args.oH, args.oW, args.F};
    const Tiles tiles = tilesOf(dy);
    analyze<window, Tile::image>(context, x, context.at(args.x) + share.begin * x.H * x.W * x.C, tiles, args.padTop,
                                 args.padLeft, zeros, memory.inputs, inputs);
    analyze<size, Tile::gradient>(context, dy, context.at(args.dy) + share.begin * dy.H * dy.W * dy.C, tiles, 0, 0,
                                  zeros, memory.gradients, gradients);
    eachTask(context, bins, [&](int worker, int64_t bin) {
      const Factor a{memory.inputs, inputs, bin, memory.inputs.columnBlocks, tiles.blocks(), true};
      const Factor b{memory.gradients, gradients, bin, memory.gradients.columnBlocks, tiles.blocks(), true};
      multiplyBin(a, b, part > 0,
                  reinterpret_cast<uint32_t*>(workspace + memory.scratch + worker * memory.scratchStride),
                  [&](int64_t i, int64_t j) { return sums + memory.sums.offset(i, bin, j); });
    });
  }

  const Blocks& blocks = memory.sums;
  const int64_t binStride = blocks.binStride(), tapStride = int64_t{args.C} * args.F;
  eachTask(context, blocks.rowBlocks * blocks.columnBlocks, [&](int, int64_t task) {
    const int64_t rowBlock = task / blocks.columnBlocks, columnBlock = task % blocks.columnBlocks;
    const float* const from = sums + blocks.offset(rowBlock, 0, columnBlock);
    for (int64_t c = 0; c < blockSide; c++)
      for (int64_t v = 0; v < blockSide; v += lanes) {
        float* to = context.at(args.dFilters) + (rowBlock * blockSide + c) * args.F + columnBlock * blockSide + v;
        transform<window, window, 3, 3, Tile::tapGradient, Tile::tapGradient>(
            [&](int y, int x) { return load(from + (y * window + x) * binStride + c * blockSide + v); },
            [&](int y, int x, Vector value) { store(to + (y * 3 + x) * tapStride, value); });
      }
  });
}

}  // namespace ATELIER_VARIANT
}  // namespace atelier
