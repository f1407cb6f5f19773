// The products of Winograd's bins on the matrix unit. Factors and results lie in blocks of 32 rows by 32 channels,
// [block of rows][bin][block of channels][32][32]: what the unit multiplies is together, and so, between two huge pages,
// is what the transform of some tiles writes.
//
// Of a bin, the second factor is split into pieces as a whole and stays in the second-level cache, where the first one
// passes it, a block of rows after the other.
#pragma once
#include "kernels.h"
#include "matrix-unit.h"

namespace atelier::ATELIER_VARIANT {

constexpr int64_t bins = 36;
constexpr int64_t blockFloats = blockSide * blockSide, blockWords = 2 * pieceCount * tileWords;

// Blocks of rows by channels, for all bins.
struct Blocks {
  int64_t rowBlocks, columnBlocks;
  int64_t floats() const { return rowBlocks * bins * columnBlocks * blockFloats; }
  int64_t offset(int64_t rowBlock, int64_t bin, int64_t columnBlock) const {
    return ((rowBlock * bins + bin) * columnBlocks + columnBlock) * blockFloats;
  }
  int64_t binStride() const { return columnBlocks * blockFloats; }
};

// Half of a block of 32×32 as a tile of A or B. With rowsAreK its rows are places of k.
template <bool isA, bool rowsAreK>
void splitTile(const float* block, int64_t side, uint32_t* out) {
  const float* from = block + side * (rowsAreK ? tileSide : tileSide * blockSide);
  const int64_t high = rowsAreK ? tileSide * blockSide : tileSide;
  Words words[pieceCount][tileSide];
#pragma GCC unroll 4
  for (int row = 0; row < tileSide; row++) {
    Words split[pieceCount];
    splitPair(load(from + row * blockSide), load(from + row * blockSide + high), split);
    for (int piece = 0; piece < pieceCount; piece++) words[piece][row] = split[piece];
  }
  for (int piece = 0; piece < pieceCount; piece++) {
    if (isA == rowsAreK) transpose16(words[piece]);
    memcpy(out + piece * tileWords, words[piece], tileWords * 4);
  }
}

// A factor of a bin: [count] blocks of rows or columns of the result by [depths] blocks of k.
struct Factor {
  const Blocks& blocks;
  const float* data;
  int64_t bin, count, depths;
  bool rowsAreK;

  const float* block(int64_t i, int64_t depth) const {
    return data + (rowsAreK ? blocks.offset(depth, bin, i) : blocks.offset(i, bin, depth));
  }
  // Words from one side of 16 to the next, of a block, of all.
  int64_t sideStride() const { return depths * pieceCount * tileWords; }
  int64_t blockStride() const { return 2 * sideStride(); }
  int64_t words() const { return count * blockStride(); }
  // Tile number `tile` of a block's 2 · depths, which lie [side][depth].
  template <bool isA>
  void split(int64_t i, int64_t tile, uint32_t* out) const {
    (rowsAreK ? splitTile<isA, true> : splitTile<isA, false>)(block(i, tile % depths), tile / depths,
                                                              out + tile * pieceCount * tileWords);
  }
};

// c(i, j) (+)= a · b of one bin, where c gives the place of a block. What is left of `a` may be written over.
// Scratch: the words of b, and those of two blocks of a.
template <class Place>
void multiplyBin(const Factor& a, const Factor& b, bool goesOn, uint32_t* scratch, const Place& c) {
  uint32_t* const rows = scratch + b.words();
  const int64_t tiles = 2 * a.depths, steps = b.count * a.depths;
  for (int64_t j = 0; j < b.count; j++)
    for (int64_t tile = 0; tile < tiles; tile++) b.split<false>(j, tile, scratch + j * b.blockStride());
  for (int64_t tile = 0; tile < tiles; tile++) a.split<true>(0, tile, rows);
  const MatrixUnit unit;
  for (int64_t i = 0; i < a.count; i++)
    for (int64_t j = 0; j < b.count; j++) {
      // While the unit is busy the next rows are split, and the ones after them come into the cache.
      int64_t step = 0;
      const auto meanwhile = [&] {
        if (step++ % stepsADepth(pieceCount) > 0) return;
        const int64_t depth = step / stepsADepth(pieceCount);
        const Share next(tiles, steps, j * a.depths + depth), lines(blockFloats / 16, b.count, j);
        for (int64_t tile = next.begin; tile < next.end && i + 1 < a.count; tile++)
          a.split<true>(i + 1, tile, rows + (i + 1) % 2 * a.blockStride());
        for (int64_t line = lines.begin; line < lines.end && i + 2 < a.count; line++)
          __builtin_prefetch(a.block(i + 2, depth) + line * 16, 0, 2);
      };
      unit.multiply(rows + i % 2 * a.blockStride(), a.sideStride(), scratch + j * b.blockStride(), b.sideStride(),
                    a.depths, goesOn, c(i, j), blockSide, meanwhile);
    }
}

}  // namespace atelier::ATELIER_VARIANT
