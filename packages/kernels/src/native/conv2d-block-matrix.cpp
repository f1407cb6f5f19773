// Convolutional blocks from 8 or multiples of 16 channels to multiples of 16 filters with images in the vector lanes
// (conv2d-block.h), their windows sliding on the matrix unit (lanes-matrix.h). Rows are split beside the products, a little
// ahead of them. Other blocks stay with the variant this one is laid over.
#include "conv2d-block.h"
#include "lanes-matrix.h"

namespace atelier {

namespace ATELIER_BASE {
void conv2dBlock(const Context&, const Conv2dBlockArgs&);
int64_t conv2dBlockWorkspace(const Conv2dBlockArgs&);
}  // namespace ATELIER_BASE

namespace ATELIER_VARIANT {
namespace {

class MatrixSlide {
 public:
  explicit MatrixSlide(const Sliding& sliding)
      : s(sliding), filters{s.sources, s.targets}, rows{s.sources, s.W, s.rows + 3, nullptr} {}

  int64_t width() const { return tileSide; }
  int64_t filterFloats() const { return filters.words(); }
  int64_t scratchFloats() const { return rows.words() + s.targets / tileSide * tileWords; }
  void pack(const float* from, float* packed) const { filters.pack(from, reinterpret_cast<uint32_t*>(packed)); }

  class Group {
   public:
    Group(const MatrixSlide& slide, float* packed, const float* planes, float* scratch)
        : slide(slide), packed(reinterpret_cast<uint32_t*>(packed)), planes(planes), rows(slide.rows),
          starts(scratch + slide.rows.words()) {
      rows.data = reinterpret_cast<uint32_t*>(scratch);
      rows.clearBorders();
    }

    void row(int64_t y, int64_t first, const TileTarget& target) {
      done = y - slide.s.rows + 1;  // filters by filters go over the same rows
      while (split < min(slide.s.H, y + 2)) beside();
      const int64_t block = first / tileSide;
      float* const start = starts + block * tileWords;
      if (y == 0) makeStart(target.bias, start);
      slideRow(rows, y, slide.s.H, packed + block * slide.filters.blockWords(), start, target, beside);
    }

   private:
    const MatrixSlide& slide;
    const uint32_t* const packed;
    const float* const planes;
    SplitRows rows;
    float* const starts;  // of blocks of targets
    int64_t done = 0, split = 0;  // rows
    const Beside beside = splitRows();
    const MatrixUnit unit;

    Beside splitRows() {
      for (; split < slide.s.H; split++) {
        while (split > done + rows.kept - 2) co_await Beside::Pause{};
        for (int64_t x = 0; x < slide.s.W; x++)
          for (int64_t pair = 0; pair < slide.s.sources / 2; pair += 4) {
            splitPairs(split, x, pair);
            co_await Beside::Pause{};
          }
      }
    }

    // Four pairs of channels of a pixel.
    void splitPairs(int64_t y, int64_t x, int64_t first) {
      const int64_t plane = slide.s.H * slide.s.W * group;
      const float* from = planes + 2 * first * plane + (y * slide.s.W + x) * group;
      const SplitRows::Place place = rows.at(y, x, first);
      for (int64_t pair = 0; pair < 4; pair++, from += 2 * plane) {
        Words words[pieceCount];
        splitPair(load(from), load(from + plane), words);
        place.put(pair * group, words);
      }
    }
  };

 private:
  const Sliding s;
  const SplitFilters filters;
  const SplitRows rows;
};

bool suits(const Conv2dBlockArgs& args) {
  return (args.C == 8 || args.C % tileSide == 0) && args.F % tileSide == 0;
}

}  // namespace

int64_t conv2dBlockWorkspace(const Conv2dBlockArgs& args) {
  return suits(args) ? blockWorkspace<MatrixSlide>(args) : ATELIER_BASE::conv2dBlockWorkspace(args);
}

void conv2dBlock(const Context& context, const Conv2dBlockArgs& args) {
  (suits(args) ? block<MatrixSlide> : ATELIER_BASE::conv2dBlock)(context, args);
}

}  // namespace ATELIER_VARIANT
}  // namespace atelier
