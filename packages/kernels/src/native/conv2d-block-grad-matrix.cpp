// The gradient of a narrow block (conv2d-block-grad.cpp) between multiples of 16 channels and filters on the matrix unit,
// two groups of images at a time. Gradients go through pooling, dropout and relu as split words, before they are spread
// over the windows, in two forms: pairs of filters for the input gradient, which is a slide (lanes-matrix.h), and for the
// filters' pairs of images, over which their gradient is summed up, one from each group:
//
//   dFilters[tap][c][f] += Σ over images of dz[f][image] · x[c][image], pixel by pixel: a tile of 16 filters by 32 images,
//                          as they lie, and one of 32 images by 16 channels, transposed.
//
// Rows of images are made as they are wanted, and a few of them kept. Other blocks stay with the variant this one is laid
// over.
#include <bit>

#include "lanes-matrix.h"
#include "workspace.h"

namespace atelier {

namespace ATELIER_BASE {
void conv2dBlockGrad(const Context&, const Conv2dBlockGradArgs&);
int64_t conv2dBlockGradWorkspace(const Conv2dBlockGradArgs&);
}  // namespace ATELIER_BASE

namespace ATELIER_VARIANT {
namespace {

// Rows to keep where so many are wanted at once: a power of two.
constexpr int64_t rowsKept(int64_t wanted) { return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(wanted))); }
constexpr int64_t pixelTiles = pieceCount * tileWords;  // words of 16 channels of a pixel in both groups
typedef uint16_t Halves __attribute__((vector_size(64)));

// The last rows of two groups' planes, split: [row][x][block of 16 channels][piece], tiles of [16][16].
struct TileRows {
  int64_t blocks, W, kept;
  uint32_t* data;
  int64_t rowWords() const { return W * blocks * pixelTiles; }
  int64_t words() const { return kept * rowWords(); }
  uint32_t* row(int64_t y) const { return data + (y & (kept - 1)) * rowWords(); }
  uint32_t* at(int64_t y, int64_t x, int64_t block) const { return row(y) + (x * blocks + block) * pixelTiles; }
};

// sums[kx] += dz · x over the pixels of a row. Both point to their block of pixel 0, pixels are so many words apart.
void addRow(const uint32_t* dz, int64_t dzStride, const uint32_t* x, int64_t xStride, int64_t W, float* sums) {
#ifdef __AMX_BF16__
#define ATELIER_TAP(sum, pixel)                       \
  {                                                   \
    const uint32_t* const b = (pixel);                \
    _tile_loadd(6, b, 64);                            \
    _tile_dpbf16ps(sum, 5, 6);                        \
    _tile_dpbf16ps(sum, 4, 6);                        \
    _tile_dpbf16ps(sum, 3, 6);                        \
    _tile_loadd(7, b + tileWords, 64);                \
    _tile_dpbf16ps(sum, 4, 7);                        \
    _tile_dpbf16ps(sum, 3, 7);                        \
    _tile_loadd(6, b + 2 * tileWords, 64);            \
    _tile_dpbf16ps(sum, 3, 6);                        \
  }
  alignas(64) uint32_t unread[tileWords];  // see matrix-unit.h
  _tile_loadd(0, sums, 64);
  _tile_loadd(1, sums + tileWords, 64);
  _tile_loadd(2, sums + 2 * tileWords, 64);
  for (int64_t at = 0; at < W; at++, dz += dzStride, x += xStride) {
    _tile_loadd(3, dz, 64);
    _tile_loadd(4, dz + tileWords, 64);
    _tile_loadd(5, dz + 2 * tileWords, 64);
    if (at > 0) ATELIER_TAP(0, x - xStride)
    ATELIER_TAP(1, x)
    if (at < W - 1) ATELIER_TAP(2, x + xStride)
    if (at % 4 == 3) _tile_stored(3, unread, 64);
  }
  _tile_stored(0, sums, 64);
  _tile_stored(1, sums + tileWords, 64);
  _tile_stored(2, sums + 2 * tileWords, 64);
#undef ATELIER_TAP
#else
  for (int64_t at = 0; at < W; at++, dz += dzStride, x += xStride)
    for (int64_t kx = at > 0 ? 0 : 1; kx < (at < W - 1 ? 3 : 2); kx++)
      for (int64_t i = 0; i < tileSide; i++)
        for (int64_t j = 0; j < tileSide; j++)
          for (int total = pieceCount - 1; total >= 0; total--)
            for (int piece = 0; piece <= total; piece++)
              sums[kx * tileWords + i * tileSide + j] +=
                  pairProduct(dz + piece * tileWords + i * tileSide,
                              x + (kx - 1) * xStride + (total - piece) * tileWords + j);
#endif
}

// What the gradient of some images works with; the shares' memory.
struct Memory {
  SplitFilters filters;
  TileRows x, dz;
  SplitRows pairs;  // of dz, for one group
  int64_t images, gradients, outputs;
  int64_t xAt, yAt, dyAt, xTiles, dzTiles, dzPairs, dxAt, start, sums, biasSums, packed, floats;
  bool wantsInputs;

  Memory(const Geometry& g, const Conv2dBlockGradArgs& a)
      : filters{g.F, g.C, true},
        x{g.C / tileSide, g.W, rowsKept(3), nullptr},
        dz{g.F / tileSide, g.W, rowsKept(g.pH + 2), nullptr},
        pairs{g.F, g.W, rowsKept(g.pH + 2), nullptr},
        wantsInputs(a.dx != noRef) {
    const int64_t inputs = g.inputs() * group, results = g.outputs() * group;
    Workspace workspace;
    xAt = workspace.take(a.xLanes ? 0 : 2 * inputs);
    yAt = workspace.take(a.yLanes ? 0 : 2 * results);
    dyAt = workspace.take(a.dyLanes ? 0 : 2 * results);
    xTiles = workspace.take(x.words());
    dzTiles = workspace.take(dz.words());
    dzPairs = workspace.take(wantsInputs ? 2 * pairs.words() : 0);
    dxAt = workspace.take(wantsInputs && !a.dxLanes ? 2 * inputs : 0);
    start = workspace.take(tileWords);
    sums = workspace.take(taps * g.C * g.F);
    biasSums = workspace.take(g.F * group);
    packed = wantsInputs ? filters.words() : 0;
    floats = packed + shares(g) * (workspace.floats + apart);
  }
  static int64_t couples(const Geometry& g) { return (g.groups() + 1) / 2; }
  static int64_t shares(const Geometry& g) { return min(couples(g), maxShares); }
};

// Two groups of images, of which the second may be missing.
struct Couple {
  int64_t groups;
  const float *x[2], *y[2], *dy[2];
  const uint8_t* index[2];
};

class CoupleGradient {
 public:
  CoupleGradient(const Geometry& g, const Memory& memory, float scale, float* scratch)
      : g(g), scale(scale), x(memory.x), dz(memory.dz), pairs{memory.pairs, memory.pairs}, wantsInputs(memory.wantsInputs) {
    x.data = reinterpret_cast<uint32_t*>(scratch + memory.xTiles);
    dz.data = reinterpret_cast<uint32_t*>(scratch + memory.dzTiles);
    for (int i = 0; i < 2 && wantsInputs; i++) {
      pairs[i].data = reinterpret_cast<uint32_t*>(scratch + memory.dzPairs) + i * pairs[i].words();
      pairs[i].clearBorders();
    }
    start = scratch + memory.start;
    makeStart(nullptr, start);
    sums = scratch + memory.sums;
    biasSums = scratch + memory.biasSums;
    memset(sums, 0, static_cast<size_t>(taps * g.C * g.F) * 4);
    memset(biasSums, 0, static_cast<size_t>(g.F * group) * 4);
  }

  // Adds to the sums; dx as lanes, where it is wanted.
  void add(const Couple& couple, const uint32_t* filters, int64_t filterBlock, float* const (&dx)[2]) {
    int64_t made = 0, split = 0, window = 0;
    for (int64_t y = 0; y < g.H; y++) {
      const int64_t end = min(g.H, y + 2);
      for (; split < end; split++) splitRow(couple, split);
      for (; made < end; window++) made = spreadRow(couple, window, made);
      for (int64_t i = 0; i < couple.groups && wantsInputs; i++)
        for (int64_t c = 0; c < g.C; c += tileSide)
          slideRow(pairs[i], y, g.H, filters + c / tileSide * filterBlock, start,
                   {dx[i] + (c * g.H + y) * g.W * group, g.H * g.W * group, nullptr}, nothing);
      for (int64_t f = 0; f < dz.blocks; f++)
        for (int64_t ky = y == 0 ? 1 : 0; ky < (y == g.H - 1 ? 2 : 3); ky++)
          for (int64_t c = 0; c < x.blocks; c++)
            addRow(dz.at(y, 0, f), dz.blocks * pixelTiles, x.at(y + ky - 1, 0, c), x.blocks * pixelTiles, g.W,
                   sums + ((f * x.blocks + c) * taps + ky * 3) * tileWords);
    }
  }

  // Sums of filters as tiles [16 channels][16 filters], of bias one by one.
  void finish() {
    for (int64_t tile = 0; tile < taps * x.blocks * dz.blocks; tile++)
      transpose16(reinterpret_cast<Words*>(sums + tile * tileWords));
    sumGroups(biasSums, g.F, biasSums);
  }

 private:
  const Geometry& g;
  const float scale;
  TileRows x, dz;
  SplitRows pairs[2];
  const bool wantsInputs;
  float *start, *sums, *biasSums;
  const Beside nothing = Beside::nothing();

  void splitRow(const Couple& couple, int64_t y) {
    const int64_t plane = g.H * g.W * group;
    for (int64_t block = 0; block < x.blocks; block++)
      for (int64_t at = 0; at < g.W; at++) {
        const int64_t first = block * tileSide * plane + (y * g.W + at) * group;
        Words tiles[pieceCount][tileSide];
        for (int64_t c = 0; c < tileSide; c++) {
          Words words[pieceCount];
          splitPair(load(couple.x[0] + first + c * plane),
                    couple.groups < 2 ? Vector{} : load(couple.x[1] + first + c * plane), words);
          for (int piece = 0; piece < pieceCount; piece++) tiles[piece][c] = words[piece];
        }
        uint32_t* const to = x.at(y, at, block);
        for (int piece = 0; piece < pieceCount; piece++) {
          transpose16(tiles[piece]);
          memcpy(to + piece * tileWords, tiles[piece], sizeof tiles[piece]);
        }
      }
  }

  // Two filters of a window: their gradients' words, by pairs of filters and of groups, and where in the window they go.
  struct Spread {
    Words ofFilters[2][pieceCount], ofGroups[2][pieceCount];
    Halves filtersTo[2], groupsTo[2];
  };

  void spread(const Couple& couple, int64_t f, int64_t window, Spread& out) {
    Words pieces[2][2][pieceCount], which[2][2];
    for (int64_t i = 0; i < 2; i++)
      for (int64_t n = 0; n < 2; n++) {
        const int64_t place = ((f + i) * g.oH * g.oW + window) * group;
        Vector passed{};
        which[i][n] = Words{};
        if (n < couple.groups) {
          passed = load(couple.y[n] + place) > Vector{} ? load(couple.dy[n] + place) * scale : Vector{};
          if (couple.index[n] != nullptr)
            which[i][n] = reinterpret_cast<Words>(whichOf(couple.index[n] + place));
          float* const bias = biasSums + (f + i) * group;
          store(bias, load(bias) + passed);
        }
        splitOne(passed, pieces[i][n]);
      }
    for (int i = 0; i < 2; i++) {
      for (int piece = 0; piece < pieceCount; piece++) {
        out.ofFilters[i][piece] = joined(pieces[0][i][piece], pieces[1][i][piece]);
        out.ofGroups[i][piece] = joined(pieces[i][0][piece], pieces[i][1][piece]);
      }
      out.filtersTo[i] = reinterpret_cast<Halves>(which[0][i] | which[1][i] << 16);
      out.groupsTo[i] = reinterpret_cast<Halves>(which[i][0] | which[i][1] << 16);
    }
  }

  // The gradients before pooling, in the rows under windows of row `oy`, or rows of zeros under none; `row` is the first.
  // Returns the row after the last.
  int64_t spreadRow(const Couple& couple, int64_t oy, int64_t row) {
    const int64_t end = oy < g.oH ? min(g.H, (oy + 1) * g.pH - g.padTop) : g.H;
    const bool covered = oy < g.oH && g.oW * g.pW - g.padLeft >= g.W;
    for (int64_t y = row; y < end && !covered; y++) clearRow(y);
    if (oy >= g.oH) return end;
    for (int64_t f = 0; f < g.F; f += 2)
      for (int64_t ox = 0; ox < g.oW; ox++) {
        Spread words;
        spread(couple, f, oy * g.oW + ox, words);
        const Inside inside(g, oy, ox);
        for (int64_t ky = inside.kyFirst; ky < inside.kyEnd; ky++)
          for (int64_t kx = inside.kxFirst; kx < inside.kxEnd; kx++)
            put(words, f, inside.y0 + ky, inside.x0 + kx, static_cast<uint16_t>(ky * g.pW + kx));
      }
    return end;
  }

  [[gnu::always_inline]] inline void put(const Spread& words, int64_t f, int64_t y, int64_t at, uint16_t number) {
    uint32_t* const tiles = dz.at(y, at, f / tileSide) + f % tileSide * tileSide;
    for (int i = 0; i < 2; i++) {
      const Words here = reinterpret_cast<Words>(words.groupsTo[i] == number);
      for (int piece = 0; piece < pieceCount; piece++) {
        const Words word = words.ofGroups[i][piece] & here;
        memcpy(tiles + piece * tileWords + i * tileSide, &word, sizeof word);
      }
    }
    for (int i = 0; i < 2 && wantsInputs; i++) {
      const Words here = reinterpret_cast<Words>(words.filtersTo[i] == number);
      Words pieces[pieceCount];
      for (int piece = 0; piece < pieceCount; piece++) pieces[piece] = words.ofFilters[i][piece] & here;
      pairs[i].at(y, at, f / 2).put(0, pieces);
    }
  }

  void clearRow(int64_t y) {
    memset(dz.row(y), 0, static_cast<size_t>(dz.rowWords()) * 4);
    for (int i = 0; i < 2 && wantsInputs; i++) memset(pairs[i].row(y), 0, static_cast<size_t>(pairs[i].rowWords()) * 4);
  }
};

bool suits(const Conv2dBlockGradArgs& args) { return args.C % tileSide == 0 && args.F % tileSide == 0; }

}  // namespace

int64_t conv2dBlockGradWorkspace(const Conv2dBlockGradArgs& args) {
  return suits(args) ? Memory(Geometry(args), args).floats : ATELIER_BASE::conv2dBlockGradWorkspace(args);
}

void conv2dBlockGrad(const Context& context, const Conv2dBlockGradArgs& args) {
  if (!suits(args)) return ATELIER_BASE::conv2dBlockGrad(context, args);
  const Geometry g(args);
  const Memory memory(g, args);
  uint32_t* const filters = reinterpret_cast<uint32_t*>(context.workspace);
  float* const dx = context.at(args.dx);
  if (dx != nullptr) memory.filters.pack(context.at(args.filters), filters);
  const uint8_t* index = reinterpret_cast<const uint8_t*>(context.at(args.index));
  const int64_t inputs = g.inputs() * group, outputs = g.outputs() * group;
  const int64_t couples = Memory::couples(g), shares = min(Memory::shares(g), context.pool->threads());

  context.pool->each(static_cast<int>(shares), [&](int task) {
    const Share share(couples, shares, task);
    float* const scratch = context.ofShare(task, shares, memory.packed);
    const MatrixUnit unit;
    CoupleGradient gradient(g, memory, 1.0f / (1.0f - args.rate), scratch);
    for (int64_t at = share.begin; at < share.end; at++) {
      Couple couple{min(2, g.groups() - 2 * at), {}, {}, {}, {}};
      float* to[2] = {};
      for (int64_t i = 0; i < couple.groups; i++) {
        const int64_t n = 2 * at + i;
        couple.x[i] = planesOf(context.at(args.x), args.xLanes, n, g, g.H * g.W, g.C, scratch + memory.xAt + i * inputs);
        couple.y[i] = planesOf(context.at(args.y), args.yLanes, n, g, g.oH * g.oW, g.F, scratch + memory.yAt + i * outputs);
        couple.dy[i] =
            planesOf(context.at(args.dy), args.dyLanes, n, g, g.oH * g.oW, g.F, scratch + memory.dyAt + i * outputs);
        couple.index[i] = index == nullptr ? nullptr : index + n * outputs;
        if (dx != nullptr) to[i] = args.dxLanes ? dx + n * inputs : scratch + memory.dxAt + i * inputs;
      }
      gradient.add(couple, filters, memory.filters.blockWords(), to);
      for (int64_t i = 0; i < couple.groups && dx != nullptr && !args.dxLanes; i++) {
        const int64_t n = 2 * at + i;
        fromLanes(to[i], min(group, g.N - n * group), g.H * g.W, g.C, dx + n * inputs);
      }
    }
    gradient.finish();
  });

  // The shares' sums, `count` floats from `place` on.
  const auto total = [&](int64_t place, int64_t count, float* out) {
    for (int64_t i = 0; i < count; i++) {
      float sum = context.ofShare(0, shares, memory.packed)[place + i];
      for (int64_t share = 1; share < shares; share++) sum += context.ofShare(share, shares, memory.packed)[place + i];
      out[i] = sum;
    }
  };
  int64_t at = memory.sums;
  for (int64_t f = 0; f < g.F; f += tileSide)
    for (int64_t c = 0; c < g.C; c += tileSide)
      for (int64_t tap = 0; tap < taps; tap++)
        for (int64_t i = 0; i < tileSide; i++, at += tileSide)
          total(at, tileSide, context.at(args.dFilters) + (tap * g.C + c + i) * g.F + f);
  if (args.dBias != noRef) total(memory.biasSums, g.F, context.at(args.dBias));
}

}  // namespace ATELIER_VARIANT
}  // namespace atelier
