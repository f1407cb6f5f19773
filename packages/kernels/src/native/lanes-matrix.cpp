#include "lanes-matrix.h"

namespace atelier::ATELIER_VARIANT {

namespace {

#ifndef __AMX_BF16__
// A row of A by a column of B.
float pairProduct(const uint32_t* row, const uint32_t* column) {
  const auto upper = [](uint32_t bits) {
    float value;
    memcpy(&value, &bits, 4);
    return value;
  };
  float even = 0, odd = 0;
  for (int p = 0; p < tileSide; p++) {
    const uint32_t x = row[p], y = column[p * tileSide];
    even += upper(x << 16) * upper(y << 16);
    odd += upper(x & 0xffff0000) * upper(y & 0xffff0000);
  }
  return even + odd;
}
#endif

constexpr int64_t resultTiles = 4;  // pixels at once

// The windows of neighbouring pixels: rows ky in [ky0, ky1), each from the left pixel's first tap on.
struct Windows {
  const uint32_t* rows[3];
  int ky0, ky1;
  int64_t steps, blocks, columnWords, blockWords, pieceWords;
};

// The products of a block: which tile of filters with which words of sources, in pieces of them.
struct Products {
  int count, filters[6], pieces[6];
};
template <bool halves>
constexpr Products products = halves ? Products{3, {0, 1, 2}, {0, 1, 1}} : Products{6, {2, 1, 0, 1, 0, 0}, {0, 0, 0, 1, 1, 2}};

// out[pixel] = start + filters · window for `count` neighbours, [16] targets `outStride` apart by [16] images. `halves`: a
// piece is half a tile.
template <bool halves, int count>
void multiplyTiles(const uint32_t* filters, const Windows& windows, const float* start, float* out, int64_t outStride,
                   const Beside& beside) {
  const int64_t pieceWords = windows.pieceWords, columnWords = windows.columnWords;
#ifdef __AMX_BF16__
#define ATELIER_EACH_TILE(action)         \
  action(0);                              \
  if constexpr (count > 1) { action(1); } \
  if constexpr (count > 2) { action(2); } \
  if constexpr (count > 3) { action(3); }
#define ATELIER_START(tile) _tile_loadd(tile, start, 64)
#define ATELIER_STORE(tile) _tile_stored(tile, out + (tile) * group, outStride * 4)
#define ATELIER_PIECE(tile, piece) _tile_loadd(7, b + (tile) * columnWords + (piece) * pieceWords, 64)
#define ATELIER_PRODUCTS(tile)    \
  ATELIER_PIECE(tile, 0);         \
  if constexpr (halves) {         \
    _tile_dpbf16ps(tile, 4, 7);   \
    ATELIER_PIECE(tile, 1);       \
    _tile_dpbf16ps(tile, 5, 7);   \
    _tile_dpbf16ps(tile, 6, 7);   \
  } else {                        \
    _tile_dpbf16ps(tile, 6, 7);   \
    _tile_dpbf16ps(tile, 5, 7);   \
    _tile_dpbf16ps(tile, 4, 7);   \
    ATELIER_PIECE(tile, 1);       \
    _tile_dpbf16ps(tile, 5, 7);   \
    _tile_dpbf16ps(tile, 4, 7);   \
    ATELIER_PIECE(tile, 2);       \
    _tile_dpbf16ps(tile, 4, 7);   \
  }                               \
  beside();
  alignas(64) uint32_t unread[tileWords];  // see matrix-unit.h
  ATELIER_EACH_TILE(ATELIER_START)
  const uint32_t* a = filters + windows.ky0 * windows.steps * windows.blocks * tapWords;
  for (int64_t ky = windows.ky0; ky < windows.ky1; ky++) {
    const uint32_t* from = windows.rows[ky];
    for (int64_t step = 0; step < windows.steps; step++, from += columnWords) {
      const uint32_t* b = from;
      for (int64_t block = 0; block < windows.blocks; block++, a += tapWords, b += windows.blockWords) {
        _tile_loadd(4, a, 64);
        _tile_loadd(5, a + tileWords, 64);
        _tile_loadd(6, a + 2 * tileWords, 64);
        ATELIER_EACH_TILE(ATELIER_PRODUCTS)
      }
    }
    if constexpr (!halves) _tile_stored(4, unread, 64);
  }
  ATELIER_EACH_TILE(ATELIER_STORE)
#undef ATELIER_EACH_TILE
#undef ATELIER_START
#undef ATELIER_STORE
#undef ATELIER_PIECE
#undef ATELIER_PRODUCTS
#else
  constexpr Products each = products<halves>;
  for (int64_t tile = 0; tile < count; tile++)
    for (int64_t i = 0; i < tileSide; i++)
      for (int64_t j = 0; j < tileSide; j++) {
        float sum = start[i * tileSide + j];
        for (int64_t ky = windows.ky0; ky < windows.ky1; ky++)
          for (int64_t step = 0; step < windows.steps; step++)
            for (int64_t block = 0; block < windows.blocks; block++) {
              const uint32_t* const a =
                  filters + ((ky * windows.steps + step) * windows.blocks + block) * tapWords + i * tileSide;
              const uint32_t* const b =
                  windows.rows[ky] + (tile + step) * columnWords + block * windows.blockWords + j;
              for (int at = 0; at < each.count; at++)
                sum += pairProduct(a + each.filters[at] * tileWords, b + each.pieces[at] * pieceWords);
            }
        if (j == 0) beside();
        out[tile * group + i * outStride + j] = sum;
      }
#endif
}

using TileRunner = decltype(&multiplyTiles<true, 1>);
template <bool halves>
constexpr TileRunner runners[] = {multiplyTiles<halves, 1>, multiplyTiles<halves, 2>, multiplyTiles<halves, 3>,
                                  multiplyTiles<halves, 4>};

}  // namespace

// Lanes are targets until pairs of channels stand in rows.
void SplitFilters::pack(const float* filters, uint32_t* out) const {
  const int64_t block = blockOf(sources), pairs = block == 16 ? 8 : tileSide;
  for (int64_t first = 0; first < targets; first += tileSide)
    for (int64_t step = 0; step < 3 * stepsOf(sources); step++)
      for (int64_t source = 0; source < sources; source += block, out += tapWords) {
        Words channels[2 * tileSide] = {};  // [source][16 targets], or [column][8 sources][16 targets]
        const int64_t row = block == 8 ? step * 24 : step * sources + source, count = block == 8 ? 24 : block;
        for (int64_t i = 0; i < count; i++)
          memcpy(channels + i, filters + (row + i) * targets + first, sizeof(Words));
        Words tiles[pieceCount][tileSide];
        for (int64_t pair = 0; pair < pairs; pair++) {
          Words words[pieceCount];
          splitPair(reinterpret_cast<Vector>(channels[2 * pair]), reinterpret_cast<Vector>(channels[2 * pair + 1]), words);
          constexpr int left[pieceCount] = {0, 1, 0}, right[pieceCount] = {2, 0, 1};
          for (int tile = 0; tile < pieceCount; tile++)
            if (pairs == tileSide) {
              tiles[tile][pair] = words[tile];
            } else {
              tiles[tile][pair] = words[left[tile]];
              tiles[tile][pairs + pair] = words[right[tile]];
            }
        }
        for (int tile = 0; tile < pieceCount; tile++) {
          transpose16(tiles[tile]);
          memcpy(out + tile * tileWords, tiles[tile], sizeof tiles[tile]);
        }
      }
}

void makeStart(const float* bias, float* start) {
  for (int64_t i = 0; i < tileSide; i++) store(start + i * tileSide, Vector{} + (bias == nullptr ? 0.0f : bias[i]));
}

void slideRow(const SplitRows& rows, int64_t y, int64_t H, const uint32_t* filters, const float* start,
              const TileTarget& target, const Beside& beside) {
  const int64_t block = blockOf(rows.sources), columnWords = rows.columnWords();
  Windows windows{{},
                  y == 0 ? 1 : 0,
                  y == H - 1 ? 2 : 3,
                  stepsOf(rows.sources),
                  rows.sources / block,
                  columnWords,
                  rows.blockWords(),
                  rows.pieceWords()};
  const auto& run = block == 16 ? runners<true> : runners<false>;
  const int64_t parts = (rows.W + resultTiles - 1) / resultTiles;
  for (int64_t part = 0; part < parts; part++) {
    const Share share(rows.W, parts, part);
    for (int ky = windows.ky0; ky < windows.ky1; ky++)
      windows.rows[ky] = rows.row(y + ky - 1) + share.begin * columnWords;
    run[share.end - share.begin - 1](filters, windows, start, target.out + share.begin * group, target.filterStride, beside);
  }
}

}  // namespace atelier::ATELIER_VARIANT
