// Windows sliding over images in the vector lanes on the matrix unit (matrix-unit.h): what lanes-slide.h does in the
// vector units' registers, for 8 sources or blocks of 16, and targets in blocks of 16. A tile of results is one pixel of
// 16 targets and 16 images.
//
// Rows of a group's planes stand, split, as words [column][block of sources][piece][pair of channels][16], pixel x in
// column x + 1. A block is 32 sources where they come to that, and a piece of it a tile. A piece of 16 sources is half of
// one: in the order x₃ x₁ x₂ two neighbours are a tile as they lie, so that the six products of a tap are three,
// [x₃ x₁]·[w₁ w₃], [x₁ x₂]·[w₂ w₁], [x₁ x₂]·[w₁ w₂]. Of 8 sources words stand [piece][column][pair][16]: four neighbouring
// columns are a tile as they lie, three of which are in the window.
#pragma once
#include "beside.h"
#include "lanes-slide.h"
#include "matrix-unit.h"

namespace atelier::ATELIER_VARIANT {

constexpr int64_t tapWords = pieceCount * tileWords;  // filters of a tap, from a block of sources to 16 targets

// Sources of a block, for so many in all, and its steps across a window.
constexpr int64_t blockOf(int64_t sources) { return sources == 8 ? 8 : sources % 32 == 0 ? 32 : 16; }
constexpr int64_t stepsOf(int64_t sources) { return sources == 8 ? 1 : 3; }

// The last rows of a group's planes, split; zeros beside the image.
struct SplitRows {
  int64_t sources, W, kept;  // rows
  uint32_t* data;

  int64_t columns() const { return W + (sources == 8 ? 3 : 2); }
  // From one column to the next, and likewise.
  int64_t columnWords() const { return sources / 2 * group * (sources == 8 ? 1 : pieceCount); }
  int64_t pieceWords() const { return sources == 8 ? columns() * columnWords() : blockOf(sources) / 2 * group; }
  int64_t blockWords() const { return pieceCount * pieceWords(); }
  int64_t rowWords() const { return columns() * sources / 2 * pieceCount * group; }
  int64_t words() const { return kept * rowWords(); }
  uint32_t* row(int64_t y) const { return data + y % kept * rowWords(); }
  // Where the pieces of a pair of channels go, at a pixel.
  struct Place {
    uint32_t* pieces[pieceCount];
    void put(int64_t words, const Words* from) const {
      for (int piece = 0; piece < pieceCount; piece++) memcpy(pieces[piece] + words, from + piece, sizeof(Words));
    }
  };
  Place at(int64_t y, int64_t x, int64_t pair) const {
    const int64_t pairs = blockOf(sources) / 2, size = pieceWords();
    uint32_t* const first = row(y) + (x + 1) * columnWords() + pair / pairs * blockWords() + pair % pairs * group;
    if (pairs == 8) return {{first + size, first + 2 * size, first}};
    return {{first, first + size, first + 2 * size}};
  }
  void clearBorders() const {
    const int64_t run = columns() * columnWords(), after = (W + 1) * columnWords();
    for (uint32_t* at = data; at < data + words(); at += run) {
      memset(at, 0, static_cast<size_t>(columnWords()) * 4);
      memset(at + after, 0, static_cast<size_t>(run - after) * 4);
    }
  }
};

// From filters [ky][kx][C][F] to [block of targets][ky][step][block of sources][tile][16][16]. Tiles are w₁ w₂ w₃, or those
// above.
struct SplitFilters {
  int64_t sources, targets;

  int64_t blockWords() const { return 3 * stepsOf(sources) * (sources / blockOf(sources)) * tapWords; }
  int64_t words() const { return targets / tileSide * blockWords(); }
  void pack(const float* filters, uint32_t* out) const;
};

// What a block of targets starts from: a tile of their bias, or zeros. Written well before it is wanted: the unit cannot
// load what is still on its way to the cache, and that is behind all products before it.
void makeStart(const float* bias, float* start);

// Row y, of H, of a block of targets, into target.out [16][W][16]; the bias is in `start`.
void slideRow(const SplitRows& rows, int64_t y, int64_t H, const uint32_t* filters, const float* start,
              const TileTarget& target, const Beside& beside);

}  // namespace atelier::ATELIER_VARIANT
