// Windows sliding over images in the vector lanes on the matrix unit (matrix-unit.h): what lanes-slide.h does in the
// vector units' registers, for sources and targets in blocks of 16 channels. A tile of results is one pixel of 16 targets
// and 16 images.
//
// Rows of a group's planes stand, split, as words [column][block of sources][piece][pair of channels][16], pixel x in
// column x + 1. A block is 32 sources where they come to that, and a piece of it a tile. A piece of 16 sources is half of
// one: in the order x₃ x₁ x₂ two neighbours are a tile as they lie, so that the six products of a tap are three,
// [x₃ x₁]·[w₁ w₃], [x₁ x₂]·[w₂ w₁], [x₁ x₂]·[w₁ w₂].
#pragma once
#include <bit>

#include "lanes-slide.h"
#include "matrix-unit.h"

namespace atelier::ATELIER_VARIANT {

constexpr int64_t tapWords = pieceCount * tileWords;  // filters of a tap, from a block of sources to 16 targets

// Sources of a block, for so many in all.
constexpr int64_t blockOf(int64_t sources) { return sources % 32 == 0 ? 32 : 16; }

// Rows to keep where so many are wanted at once: a power of two.
constexpr int64_t rowsKept(int64_t wanted) { return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(wanted))); }

// The last rows of a group's planes, split; zeros beside the image.
struct SplitRows {
  int64_t sources, W, kept;  // rows
  uint32_t* data;

  int64_t pieceWords() const { return blockOf(sources) / 2 * group; }
  int64_t pixelWords() const { return sources / 2 * pieceCount * group; }
  int64_t rowWords() const { return (W + 2) * pixelWords(); }
  int64_t words() const { return kept * rowWords(); }
  uint32_t* row(int64_t y) const { return data + (y & (kept - 1)) * rowWords(); }
  // The words of a pair of channels, piece by piece.
  void put(int64_t y, int64_t x, int64_t pair, const Words* pieces) const {
    const int64_t pairs = blockOf(sources) / 2, size = pieceWords();
    uint32_t* const to = row(y) + (x + 1) * pixelWords() + pair / pairs * pieceCount * size + pair % pairs * group;
    for (int piece = 0; piece < pieceCount; piece++)
      memcpy(to + (pairs == 8 ? (piece + 1) % pieceCount : piece) * size, pieces + piece, sizeof(Words));
  }
  void clearBorders() const {
    for (int64_t y = 0; y < kept; y++) {
      memset(row(y), 0, static_cast<size_t>(pixelWords()) * 4);
      memset(row(y) + (W + 1) * pixelWords(), 0, static_cast<size_t>(pixelWords()) * 4);
    }
  }
};

// From filters [ky][kx][C][F] to [block of targets][tap][block of sources][tile][16][16]: forward as they are; mirrored,
// with the roles of C and F exchanged, for the input gradient. Tiles are w₁ w₂ w₃, or those above.
struct SplitFilters {
  int64_t sources, targets;
  bool mirrored;

  int64_t blockWords() const { return taps * (sources / blockOf(sources)) * tapWords; }
  int64_t words() const { return targets / tileSide * blockWords(); }
  void pack(const float* filters, uint32_t* out) const;
};

// Row y, of H, of a block of targets, into target.out [16][W][16].
void slideRow(const SplitRows& rows, int64_t y, int64_t H, const uint32_t* filters, const TileTarget& target);

#ifndef __AMX_BF16__
// A row of A by a column of B.
float pairProduct(const uint32_t* row, const uint32_t* column);
#endif

}  // namespace atelier::ATELIER_VARIANT
