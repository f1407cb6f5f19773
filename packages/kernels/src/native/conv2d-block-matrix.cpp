// Convolutional blocks between multiples of 16 channels and filters with images in the vector lanes (conv2d-block.h), their
// windows sliding on the matrix unit (lanes-matrix.h). Other blocks stay with the variant this one is laid over.
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
      : s(sliding), filters{s.sources, s.targets, false}, rows{s.sources, s.W, rowsKept(s.rows + 2), nullptr} {}

  int64_t width() const { return tileSide; }
  int64_t filterFloats() const { return filters.words(); }
  int64_t scratchFloats() const { return rows.words(); }
  void pack(const float* from, float* packed) const { filters.pack(from, reinterpret_cast<uint32_t*>(packed)); }

  class Group {
   public:
    Group(const MatrixSlide& slide, float* packed, const float* planes, float* scratch)
        : slide(slide), packed(reinterpret_cast<uint32_t*>(packed)), planes(planes), rows(slide.rows) {
      rows.data = reinterpret_cast<uint32_t*>(scratch);
      rows.clearBorders();
    }

    void row(int64_t y, int64_t first, const TileTarget& target) {
      for (const int64_t end = min(slide.s.H, y + 2); split < end; split++) splitRow(split);
      slideRow(rows, y, slide.s.H, packed + first / tileSide * slide.filters.blockWords(), target);
    }

   private:
    const MatrixSlide& slide;
    const uint32_t* const packed;
    const float* const planes;
    SplitRows rows;
    int64_t split = 0;  // rows until now
    const MatrixUnit unit;

    void splitRow(int64_t y) {
      const int64_t plane = slide.s.H * slide.s.W * group;
      for (int64_t pair = 0; pair < slide.s.sources / 2; pair++)
        for (int64_t x = 0; x < slide.s.W; x++) {
          const float* const from = planes + 2 * pair * plane + (y * slide.s.W + x) * group;
          Words words[pieceCount];
          splitPair(load(from), load(from + plane), words);
          rows.put(y, x, pair, words);
        }
    }
  };

 private:
  const Sliding s;
  const SplitFilters filters;
  const SplitRows rows;
};

bool suits(const Conv2dBlockArgs& args) { return args.C % tileSide == 0 && args.F % tileSide == 0; }

}  // namespace

int64_t conv2dBlockWorkspace(const Conv2dBlockArgs& args) {
  return suits(args) ? blockWorkspace<MatrixSlide>(args) : ATELIER_BASE::conv2dBlockWorkspace(args);
}

void conv2dBlock(const Context& context, const Conv2dBlockArgs& args) {
  (suits(args) ? block<MatrixSlide> : ATELIER_BASE::conv2dBlock)(context, args);
}

}  // namespace ATELIER_VARIANT
}  // namespace atelier
