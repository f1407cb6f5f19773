// How the outputs of a convolution fall into tiles, tiles into regions of one size, and regions into blocks that go
// through all stages while they are in the second-level cache. Tiles are 4 outputs long and 2 or 3 at the far edges
// where 4 do not fit (7 = 4 + 3, 14 = 3·4 + 2), so that nothing is computed outside the image. A bin is one place of a
// transformed tile: 36 for 4×4 outputs.
#pragma once
#include "winograd-transforms.h"
#include "workspace.h"

namespace atelier::ATELIER_VARIANT {

constexpr int64_t taps = 9;
constexpr int maxBins = 36;

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

// Tiles of one size: a rectangle of every image.
struct Region {
  Run y, x;
  int64_t bins() const { return (y.size + 2) * (x.size + 2); }
  int64_t tiles(int64_t N) const { return N * y.count * x.count; }
  const Transforms& transforms() const { return transformsOfSizes[y.size - 2][x.size - 2]; }
};

// Tiles side by side in one image: number `index` of a region's on, the first one's first output at (y, x).
struct Strip {
  int64_t index, count, n, y, x;
};

// Calls body(strip) for tiles [begin, end) of a region, at most `most` of them at a time.
template <class Body>
inline void eachStrip(const Region& region, int64_t begin, int64_t end, int64_t most, const Body& body) {
  int64_t x = begin % region.x.count, y = begin / region.x.count % region.y.count;
  int64_t n = begin / (region.y.count * region.x.count);
  while (begin < end) {
    int64_t count = region.x.count - x;
    if (count > end - begin) count = end - begin;
    if (count > most) count = most;
    body(Strip{begin, count, n, region.y.first + y * region.y.size, region.x.first + x * region.x.size});
    begin += count;
    x += count;
    if (x < region.x.count) continue;
    x = 0;
    if (++y < region.y.count) continue;
    y = 0;
    n++;
  }
}

// Tiles [begin, end) of region number `of`.
struct Part {
  int of;
  int64_t begin, end;
};

// All outputs as regions, each cut into parts: tasks for the threads, of which two take a half of the list each. A half is
// about the same images in every kernel, as what another core's cache holds comes slowly; where filters are larger than
// that is worth, C·F of them a bin, about half of the regions: the largest tiles and the smallest, or the others.
struct Regions {
  static constexpr int64_t sharedFilters = 1 << 18;
  Region list[4];
  int count = 0;
  int64_t N, partsOf[4] = {}, total = 0, filters = 0;

  // partsIn(region, its tiles): how many parts.
  template <class PartsIn>
  Regions(const Images& outputs, int64_t filtersABin, const PartsIn& partsIn) : N(outputs.N) {
    const Axis y(outputs.H), x(outputs.W);
    for (int j = 0; j < x.count; j++)
      for (int i = 0; i < y.count; i++) list[count++] = {y.runs[i], x.runs[j]};
    for (int i = 0; i < count; i++) {
      total += partsOf[i] = partsIn(count, list[i].tiles(N));
      filters += list[i].bins() * filtersABin;
    }
  }
  int64_t parts() const { return total; }
  Part part(int64_t index) const {
    for (int half = 0; half < 2; half++)
      for (int i = 0; i < count; i++) {
        const int region = half == 0 ? i : count - 1 - i;  // taken from the end on
        const int64_t first = firstHalf(region), here = half == 0 ? first : partsOf[region] - first;
        if (index < here) {
          const Share share(list[region].tiles(N), partsOf[region], half == 0 ? index : first + index);
          return {region, share.begin, share.end};
        }
        index -= here;
      }
    return {};
  }

 private:
  // Parts in the first half of the list.
  int64_t firstHalf(int region) const {
    const bool onDiagonal = region % 3 == 0;
    if (filters > sharedFilters) return onDiagonal ? partsOf[region] : 0;
    return (partsOf[region] + (onDiagonal ? 1 : 0)) / 2;
  }
};

// Tiles a block: so many that its bins fill less than half of a second-level cache of 2 MB, for C channels on one side
// and a panel on the other. A multiple of the product's tile.
inline int64_t blockTiles(int64_t C) {
  constexpr int64_t floats = 160 << 10, most = 56 / tileRows * tileRows;
  const int64_t tiles = floats / (maxBins * (wholeVectors(C) + panelWidth)) / tileRows * tileRows;
  return tiles < tileRows ? tileRows : tiles > most ? most : tiles;
}

inline int64_t blocksOf(int64_t tiles, int64_t C) { return (tiles + blockTiles(C) - 1) / blockTiles(C); }

// Tiles of a strip, so many that its pixels stay in the first-level cache.
inline int64_t stripTiles(int64_t C) {
  constexpr int64_t floats = 6 << 10;
  const int64_t tiles = floats / (maxBins * wholeVectors(C));
  return tiles < 1 ? 1 : tiles > 8 ? 8 : tiles;
}

// Scratch of a worker: V [bin][vector of channels][tile][lanes], so that what a product reads lies close together; a
// panel at a time, M or D [bin][tile][width]; and the pixels of a strip.
struct BlockMemory {
  int64_t vectorStride, imageStride, panelStride, panel, pixels, floats;
  explicit BlockMemory(int64_t C)
      : vectorStride(blockTiles(C) * lanes),
        imageStride(oddLines(blockTiles(C) * wholeVectors(C))),
        panelStride(oddLines(blockTiles(C) * panelWidth)),
        panel(maxBins * imageStride),
        pixels(panel + maxBins * panelStride) {
    const int64_t channels = C > panelWidth ? C : panelWidth;
    const int64_t tiles = stripTiles(C) > stripTiles(panelWidth) ? stripTiles(C) : stripTiles(panelWidth);
    floats = oddLines(pixels + 6 * (4 * tiles + 2) * wholeVectors(channels));
  }
};

}  // namespace atelier::ATELIER_VARIANT
