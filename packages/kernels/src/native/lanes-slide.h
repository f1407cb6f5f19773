// 3×3 windows (stride 1, padding 1) sliding over images in the vector lanes: the forward convolution of a narrow block,
// and its input gradient. Register tiles are 5 pixels × 4 filters (AVX2: 3 × 4).
#pragma once
#include "image-lanes.h"

namespace atelier::ATELIER_VARIANT {

constexpr int tilePixels = manyRegisters ? 5 : 3, tileFilters = 4;

struct Planes {
  const float* data;
  int64_t channels, H, W;
  int64_t plane() const { return H * W * group; }
};

// Filters for the tiles: [blocks of 4][inputs][ky][kx][4], the last block narrower.
struct Packed {
  float* data;
  int64_t inputs, outputs;
  int64_t floats() const { return taps * inputs * outputs; }
  int64_t width(int64_t block) const { return min(tileFilters, outputs - block * tileFilters); }
  const float* block(int64_t index) const { return data + index * tileFilters * taps * inputs; }
};

// From filters [ky][kx][C][F]: forward as they are; mirrored, with the roles of C and F exchanged, for the input gradient.
void packFilters(const float* filters, bool mirrored, const Packed& packed);

struct TileTarget {
  float* out;            // pixel 0 of the first filter
  int64_t filterStride;  // floats to the next filter
  const float* bias;     // of the first filter, or null
};

// One row y of a block of filters, into target.out [filter][W][16].
void slideRow(const Planes& in, int64_t y, const float* w, int64_t filters, const TileTarget& target);

// From planes of `sources` channels to planes of `targets`, all of these for so many rows at a time.
struct Sliding {
  int64_t sources, targets, H, W, rows;
};

// What a block slides with: filters, `width` at a time, packed once a share; then, for each group of images, row by row.
class VectorSlide {
 public:
  explicit VectorSlide(const Sliding& sliding) : sliding(sliding) {}
  int64_t width() const { return tileFilters; }
  int64_t filterFloats() const { return taps * sliding.sources * sliding.targets; }
  int64_t scratchFloats() const { return 0; }
  void pack(const float* filters, float* packed) const { packFilters(filters, false, of(packed)); }

  class Group {
   public:
    Group(const VectorSlide& slide, float* packed, const float* planes, float*)
        : in{planes, slide.sliding.sources, slide.sliding.H, slide.sliding.W}, packed(slide.of(packed)) {}
    // Row y of the filters from `first` on.
    void row(int64_t y, int64_t first, const TileTarget& target) {
      const int64_t block = first / tileFilters;
      slideRow(in, y, packed.block(block), packed.width(block), target);
    }

   private:
    const Planes in;
    const Packed packed;
  };

 private:
  const Sliding sliding;
  Packed of(float* packed) const { return {packed, sliding.sources, sliding.targets}; }
};

}  // namespace atelier::ATELIER_VARIANT
