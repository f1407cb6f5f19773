// Convolutional blocks between 16 channels and 16 filters or more with images in the vector lanes (conv2d-block.h), their
// windows sliding on the matrix unit (matrix-unit.h): a tile of results is one pixel of 16 filters and 16 images. Other
// blocks stay with the variant this one is laid over.
//
// Rows of a group's planes are split, as they are wanted, into words [column][piece][pair of channels][16], pixel x in
// column x + 1. Of a pixel's pieces, x₃ x₁ x₂ in this order, two neighbours are a tile as they lie, so that the six products
// of a tap are three: [x₃ x₁]·[w₁ w₃], [x₁ x₂]·[w₂ w₁], [x₁ x₂]·[w₁ w₂].
#include "conv2d-block.h"
#include "matrix-unit.h"

namespace atelier {

namespace ATELIER_BASE {
void conv2dBlock(const Context&, const Conv2dBlockArgs&);
int64_t conv2dBlockWorkspace(const Conv2dBlockArgs&);
}  // namespace ATELIER_BASE

namespace ATELIER_VARIANT {
namespace {

constexpr int64_t sources = 16, pairs = sources / 2;
// In words: a piece of a pixel, a pixel, the filters of a tap and of a block.
constexpr int64_t pieceWords = pairs * tileSide, pixelWords = pieceCount * pieceWords;
constexpr int64_t tapWords = pieceCount * tileWords, blockWords = taps * tapWords;
constexpr int64_t resultTiles = 4;  // pixels at once

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

// out[pixel] = start + filters · window for `count` neighbours, [16] filters `outStride` apart by [16] images, from the
// `rows` ky in [ky0, ky1) of their windows.
template <int count>
void multiplyTiles(const uint32_t* filters, const uint32_t* const (&rows)[3], int ky0, int ky1, const float* start,
                   float* out, int64_t outStride) {
#ifdef __AMX_BF16__
#define ATELIER_EACH_TILE(action)         \
  action(0);                              \
  if constexpr (count > 1) { action(1); } \
  if constexpr (count > 2) { action(2); } \
  if constexpr (count > 3) { action(3); }
#define ATELIER_START(tile) _tile_loadd(tile, start, 64)
#define ATELIER_STORE(tile) _tile_stored(tile, out + (tile) * group, outStride * 4)
#define ATELIER_PRODUCTS(tile)                                  \
  _tile_loadd(7, b + (tile) * pixelWords, 64);                  \
  _tile_dpbf16ps(tile, 4, 7);                                   \
  _tile_loadd(7, b + (tile) * pixelWords + pieceWords, 64);     \
  _tile_dpbf16ps(tile, 5, 7);                                   \
  _tile_dpbf16ps(tile, 6, 7)
  ATELIER_EACH_TILE(ATELIER_START)
  for (int64_t ky = ky0; ky < ky1; ky++)
    for (int64_t kx = 0; kx < 3; kx++) {
      const uint32_t *a = filters + (ky * 3 + kx) * tapWords, *b = rows[ky] + kx * pixelWords;
      _tile_loadd(4, a, 64);
      _tile_loadd(5, a + tileWords, 64);
      _tile_loadd(6, a + 2 * tileWords, 64);
      ATELIER_EACH_TILE(ATELIER_PRODUCTS)
    }
  ATELIER_EACH_TILE(ATELIER_STORE)
#undef ATELIER_EACH_TILE
#undef ATELIER_START
#undef ATELIER_STORE
#undef ATELIER_PRODUCTS
#else
  for (int64_t tile = 0; tile < count; tile++)
    for (int64_t i = 0; i < tileSide; i++)
      for (int64_t j = 0; j < tileSide; j++) {
        float sum = start[i * tileSide + j];
        for (int64_t ky = ky0; ky < ky1; ky++)
          for (int64_t kx = 0; kx < 3; kx++) {
            const uint32_t* const a = filters + (ky * 3 + kx) * tapWords + i * tileSide;
            const uint32_t* const b = rows[ky] + (kx + tile) * pixelWords + j;
            sum += pairProduct(a, b);
            sum += pairProduct(a + tileWords, b + pieceWords);
            sum += pairProduct(a + 2 * tileWords, b + pieceWords);
          }
        out[tile * group + i * outStride + j] = sum;
      }
#endif
}

using TileRunner = decltype(&multiplyTiles<1>);
constexpr TileRunner runners[] = {multiplyTiles<1>, multiplyTiles<2>, multiplyTiles<3>, multiplyTiles<4>};

class MatrixSlide {
 public:
  explicit MatrixSlide(const Sliding& sliding) : s(sliding), kept(s.rows + 2), rowWords((s.W + 2) * pixelWords) {}

  int64_t width() const { return tileSide; }
  int64_t filterFloats() const { return s.targets / tileSide * blockWords; }
  int64_t scratchFloats() const { return kept * rowWords; }

  // [block of filters][tap][tile of two pieces][16][16]. Lanes are filters until pairs of channels stand in rows.
  void pack(const float* filters, float* packed) const {
    constexpr int left[pieceCount] = {0, 1, 0}, right[pieceCount] = {2, 0, 1};
    uint32_t* out = reinterpret_cast<uint32_t*>(packed);
    for (int64_t first = 0; first < s.targets; first += tileSide)
      for (int64_t tap = 0; tap < taps; tap++, out += tapWords) {
        Words tiles[pieceCount][tileSide];
        for (int64_t pair = 0; pair < pairs; pair++) {
          const float* const from = filters + (tap * sources + 2 * pair) * s.targets + first;
          Words words[pieceCount];
          splitPair(load(from), load(from + s.targets), words);
          for (int tile = 0; tile < pieceCount; tile++) {
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

  class Group {
   public:
    Group(const MatrixSlide& slide, float* packed, const float* planes, float* scratch)
        : slide(slide),
          packed(reinterpret_cast<uint32_t*>(packed)),
          planes(planes),
          map(reinterpret_cast<uint32_t*>(scratch)) {
      for (int64_t row = 0; row < slide.kept; row++) {  // zeros beside the image
        memset(rowAt(row), 0, pixelWords * 4);
        memset(rowAt(row) + slide.rowWords - pixelWords, 0, pixelWords * 4);
      }
    }

    void row(int64_t y, int64_t first, const TileTarget& target) {
      const int64_t H = slide.s.H, W = slide.s.W;
      for (const int64_t end = min(H, y + 2); split < end; split++) splitRow(split);
      const int ky0 = y == 0 ? 1 : 0, ky1 = y == H - 1 ? 2 : 3;
      alignas(64) float start[tileWords];
      for (int64_t i = 0; i < tileSide; i++)
        store(start + i * tileSide, Vector{} + (target.bias == nullptr ? 0.0f : target.bias[i]));
      const int64_t parts = (W + resultTiles - 1) / resultTiles;
      for (int64_t part = 0; part < parts; part++) {
        const Share share(W, parts, part);
        const uint32_t* rows[3] = {};
        for (int ky = ky0; ky < ky1; ky++) rows[ky] = rowAt(y + ky - 1) + share.begin * pixelWords;
        runners[share.end - share.begin - 1](packed + first / tileSide * blockWords, rows, ky0, ky1, start,
                                             target.out + share.begin * group, target.filterStride);
      }
    }

   private:
    const MatrixSlide& slide;
    const uint32_t* const packed;
    const float* const planes;
    uint32_t* const map;
    int64_t split = 0;  // rows until now
    const MatrixUnit unit;

    uint32_t* rowAt(int64_t y) const { return map + y % slide.kept * slide.rowWords; }

    void splitRow(int64_t y) {
      const int64_t plane = slide.s.H * slide.s.W * group;
      for (int64_t pair = 0; pair < pairs; pair++)
        for (int64_t x = 0; x < slide.s.W; x++) {
          const float* const from = planes + 2 * pair * plane + (y * slide.s.W + x) * group;
          Words words[pieceCount];
          splitPair(load(from), load(from + plane), words);
          uint32_t* const to = rowAt(y) + (x + 1) * pixelWords + pair * tileSide;
          for (int piece = 0; piece < pieceCount; piece++)
            memcpy(to + (piece + 1) % pieceCount * pieceWords, words + piece, sizeof(Words));
        }
    }
  };

 private:
  const Sliding s;
  const int64_t kept, rowWords;  // rows of the map
};

bool suits(const Conv2dBlockArgs& args) { return args.C == sources && args.F % tileSide == 0; }

}  // namespace

int64_t conv2dBlockWorkspace(const Conv2dBlockArgs& args) {
  return suits(args) ? blockWorkspace<MatrixSlide>(args) : ATELIER_BASE::conv2dBlockWorkspace(args);
}

void conv2dBlock(const Context& context, const Conv2dBlockArgs& args) {
  (suits(args) ? block<MatrixSlide> : ATELIER_BASE::conv2dBlock)(context, args);
}

}  // namespace ATELIER_VARIANT
}  // namespace atelier
