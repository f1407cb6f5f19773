// The one product that gemm and the three convolutions are made of:
//
//   c[m, n] = relu?( sum over k of row(m)[offsets[k]] * b[k, n] + bias[n] )
//
// A is never packed: a row is a pointer, and k walks a list of offsets that all rows share. For gemm the offsets
// are k itself (or k * lda when A is stored transposed); for a convolution a row is an output pixel's corner in the
// padded images and the offsets are the taps; for the filter gradient rows are taps and offsets pixels.
// B lies in panels of `panelWidth` columns, [K][width] each, zero-filled on the right, or in those of the state, which are
// as wide or wider.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels.h"
#include "vectors.h"

namespace atelier::ATELIER_VARIANT {

// How N columns fall into panels: all of panelWidth, the last of one vector when that is enough.
struct Panels {
  int64_t N, K;
  int count() const { return static_cast<int>((N + panelWidth - 1) / panelWidth); }
  int columns(int panel) const {
    const int64_t left = N - int64_t{panel} * panelWidth;
    return static_cast<int>(left < panelWidth ? left : panelWidth);
  }
  int width(int panel) const { return columns(panel) <= lanes ? lanes : panelWidth; }
  int64_t offset(int panel) const { return int64_t{panel} * panelWidth * K; }
  int64_t floats() const { return count() * int64_t{panelWidth} * K; }
};

// Where columns from `column` on begin in a matrix of so many rows that lies in the state's panels.
inline int64_t stateOffset(int64_t column, int64_t rows) {
  return column / statePanel * statePanel * rows + column % statePanel;
}
static_assert(statePanel % panelWidth == 0);

// Rows of c worked on together, so that their A stays in the second-level cache while panels pass by.
constexpr int blockRows = 168;
// k is cut into blocks of about this length, so that a panel's block stays near.
constexpr int64_t blockDepth = 512;

struct Product {
  const int32_t* offsets;  // [K]
  const float* b;          // panels
  Panels panels;
  int64_t kFrom, kTo;  // the part of K to sum over
  float* c;
  int64_t ldc;
  const float* bias;  // [N] or null
  bool relu;
  int64_t depth = blockDepth;
  int64_t origin = 0;  // where in the whole result, row · ldc + column, c begins
  bool bInState = false;   // b lies in the state's panels
  int64_t panelRows = 0;  // not 0: c lies in panels of the state's width with so many rows, and ldc is that width
};

// One tile: rows pointers, `count` offsets, b at the first of them.
struct TileArgs {
  const float* const* rows;
  const int32_t* offsets;
  int64_t count;
  const float* b;
  float* c;
  int64_t ldc;
  int columns;
  const float* bias;
  bool relu;
  bool accumulate;
};

using TileFunction = void (*)(const TileArgs&);
// tile[vectors - 1][rows - 1]
extern const TileFunction tiles[2][14];
extern const TileFunction stateTiles[14];

// An ahead for results that are only written.
struct NothingAhead {
  void operator()(int64_t, int64_t, int64_t, int64_t) const {}
};

// Rows [m0, m1), at most blockRows of them, and panels [p0, p1). rowsAt(m0, m1, rows) writes the rows' pointers;
// depth(m0, m1, k0, k1) narrows k to what is not all zero for these rows. ahead(m0, m1, column, columns) is called once
// before a tile is computed, to ask the caches for what its place will need next.
template <class RowsAt, class Depth, class Ahead = NothingAhead>
void multiplyBlock(const Product& product, int64_t m0, int64_t m1, int p0, int p1, const RowsAt& rowsAt,
                   const Depth& depth, const Ahead& ahead = {}) {
  const float* rows[blockRows];
  const int count = static_cast<int>(m1 - m0);
  rowsAt(m0, m1, rows);
  const int64_t K = product.kTo - product.kFrom;
  const int64_t blocks = K <= product.depth * 2 ? 1 : K / product.depth;
  for (int64_t block = 0; block < blocks; block++) {
    const Share k(K, blocks, block);
    for (int panel = p0; panel < p1; panel++) {
      const int width = product.panels.width(panel);
      const int64_t column = int64_t{panel} * panelWidth;
      const int maxRows = width == panelWidth ? tileRows : narrowTileRows;
      const int tileCount = (count + maxRows - 1) / maxRows;
      for (int tile = 0, begin = 0; tile < tileCount; tile++) {
        const int end = begin + (count - begin) / (tileCount - tile);
        int64_t kBegin = product.kFrom + k.begin, kEnd = product.kFrom + k.end;
        depth(m0 + begin, m0 + end, kBegin, kEnd);
        if (kEnd < kBegin) kEnd = kBegin;
        const bool last = block == blocks - 1;
        if (block == 0) ahead(m0 + begin, m0 + end, column, product.panels.columns(panel));
        TileArgs args;
        args.rows = rows + begin;
        args.offsets = product.offsets + kBegin;
        args.count = kEnd - kBegin;
        args.b = product.b + (product.bInState ? stateOffset(column, product.panels.K) + kBegin * statePanel
                                               : product.panels.offset(panel) + kBegin * width);
        const int64_t place = product.panelRows == 0 ? column : stateOffset(column, product.panelRows);
        args.c = product.c + ((m0 + begin) * product.ldc + place - product.origin);
        args.ldc = product.ldc;
        args.columns = product.panels.columns(panel);
        args.bias = last && product.bias != nullptr ? product.bias + column : nullptr;
        args.relu = last && product.relu;
        args.accumulate = block > 0;
        (product.bInState ? stateTiles : tiles[width / lanes - 1])[end - begin - 1](args);
        begin = end;
      }
    }
  }
}

// A depth for rows that use all of k.
struct AllOfK {
  void operator()(int64_t, int64_t, int64_t&, int64_t&) const {}
};

// All M rows over the pool's threads. Blocks are cut finer when there are too few to go round.
template <class RowsAt, class Depth>
void multiply(const Context& context, const Product& product, int64_t M, const RowsAt& rowsAt, const Depth& depth) {
  const int panelCount = product.panels.count();
  const double work = static_cast<double>(M) * static_cast<double>(product.kTo - product.kFrom) * panelCount * panelWidth;
  const int threads = work < 50e3 ? 1 : context.pool->threads();
  const int64_t wanted = threads == 1 ? 1 : threads * 4;
  int64_t rowBlocks = (M + blockRows - 1) / blockRows;
  int64_t panelBlocks = 1;
  if (rowBlocks < wanted) {
    panelBlocks = (wanted + rowBlocks - 1) / rowBlocks;
    if (panelBlocks > panelCount) panelBlocks = panelCount;
    const int64_t finer = (wanted + panelBlocks - 1) / panelBlocks;
    const int64_t most = (M + tileRows * 2 - 1) / (tileRows * 2);
    if (finer > rowBlocks) rowBlocks = finer < most ? finer : rowBlocks > most ? rowBlocks : most;
  }
  const int64_t maxBlocks = ThreadPool::maxTasks / panelBlocks;
  if (rowBlocks > maxBlocks) rowBlocks = maxBlocks;
  const auto run = [&](int task) {
    const Share rowShare(M, rowBlocks, task / panelBlocks);
    const Share panelShare(panelCount, panelBlocks, task % panelBlocks);
    for (int64_t m = rowShare.begin; m < rowShare.end; m += blockRows) {
      const int64_t end = m + blockRows < rowShare.end ? m + blockRows : rowShare.end;
      multiplyBlock(product, m, end, static_cast<int>(panelShare.begin), static_cast<int>(panelShare.end), rowsAt,
                    depth);
    }
  };
  const int tasks = static_cast<int>(rowBlocks * panelBlocks);
  if (threads == 1) {
    for (int task = 0; task < tasks; task++) run(task);
  } else {
    context.pool->each(tasks, run);
  }
}

// Packs rows [k0, k1) of panels [p0, p1) from b stored [K, N] with row length ldb.
void packRows(const Panels& panels, int p0, int p1, int64_t k0, int64_t k1, const float* b, int64_t ldb, float* packed);

// All of b [K, N] into panels, by all threads; several panels a task, so that rows are read in longer runs.
void packAllRows(const Context& context, const Panels& panels, const float* b, int64_t ldb, float* packed);

// The same from b stored [N, K]: columns of a panel become lanes. `kOffset` places source column 0 at that k.
void packColumns(const Panels& panels, int panel, int64_t kOffset, int64_t count, const float* b, int64_t ldb,
                 float* packed);

}  // namespace atelier::ATELIER_VARIANT
