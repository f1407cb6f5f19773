// Tensors with images in the vector lanes: [N/16][C][H][W][16], sixteen images side by side, so that an operation on one
// pixel of a channel is the same vector instruction whatever the number of channels is. NHWC wants 16 channels or more
// for that. What the two kernels of a narrow block (conv2d-block.cpp, conv2d-block-grad.cpp) share.
#pragma once
#include "kernels.h"
#include "vectors.h"

namespace atelier::ATELIER_VARIANT {

constexpr int group = 16;  // images side by side, whatever the variant's lanes are
constexpr bool manyRegisters = lanes == 16;
constexpr int taps = 9;
// Threads that take part, each with a share of the groups: scratch memory is sized without knowing how many there are.
constexpr int64_t maxShares = 16;

typedef int32_t Integers __attribute__((vector_size(ATELIER_LANES * 4)));
typedef uint8_t Bytes __attribute__((vector_size(ATELIER_LANES)));
typedef uint8_t LooseBytes __attribute__((vector_size(ATELIER_LANES), aligned(1), may_alias));

// Which pixels of their windows the bytes name. At once, GCC takes vectors of bytes apart.
inline Integers whichOf(const uint8_t* index) {
  const Bytes bytes = *reinterpret_cast<const LooseBytes*>(index);
  return Wide<lanes>::widened(__builtin_convertvector(bytes, Wide<lanes>::Shorts));
}

inline int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
// Floats between the scratch memory of two shares: what a core fetches ahead, past the end of its own, it would take from
// the other one's cache again and again.
constexpr int64_t apart = 4096;
inline int64_t lines(int64_t floats) { return (floats + 15) / 16 * 16; }

struct Geometry {
  int64_t N, H, W, C, F, pH, pW, padTop, padLeft, oH, oW;

  template <class Args>
  explicit Geometry(const Args& a)
      : N(a.N), H(a.H), W(a.W), C(a.C), F(a.F), pH(a.pH), pW(a.pW), padTop(a.padTop), padLeft(a.padLeft), oH(a.oH), oW(a.oW) {}

  int64_t groups() const { return (N + group - 1) / group; }
  int64_t mostShares() const { return min(groups(), maxShares); }
  int64_t shares(const ThreadPool& pool) const { return min(mostShares(), pool.threads()); }
  int64_t inputs() const { return H * W * C; }     // of one image
  int64_t outputs() const { return oH * oW * F; }
  // How many windows of a row are of 2×2 pixels that all lie inside, from the left: most of them, mostly.
  int64_t whole2x2(int64_t oy) const {
    return pH == 2 && pW == 2 && (padTop | padLeft) == 0 && 2 * oy + 1 < H ? W / 2 : 0;
  }
};

// A window's part inside the image, in pixels of the window.
struct Inside {
  int64_t y0, x0;  // the window's corner in the image
  int64_t kyFirst, kyEnd, kxFirst, kxEnd;
  Inside(const Geometry& g, int64_t oy, int64_t ox)
      : y0(oy * g.pH - g.padTop),
        x0(ox * g.pW - g.padLeft),
        kyFirst(y0 < 0 ? -y0 : 0),
        kyEnd(min(g.pH, g.H - y0)),
        kxFirst(x0 < 0 ? -x0 : 0),
        kxEnd(min(g.pW, g.W - x0)) {}
};

// out [channels][pixels][16] from images [n][pixels][channels]; lanes without an image are zero.
void toLanes(const float* images, int64_t present, int64_t pixels, int64_t channels, float* out);

// And back.
void fromLanes(const float* planes, int64_t present, int64_t pixels, int64_t channels, float* images);

// totals[i] = sum of the lanes of the vector [16] at sums + i · 16; totals may begin where sums do.
void sumGroups(const float* sums, int64_t count, float* totals);

// A group's planes: where they lie, or turned into `scratch`.
inline const float* planesOf(const float* data, bool inLanes, int64_t index, const Geometry& g, int64_t pixels,
                             int64_t channels, float* scratch) {
  const int64_t floats = pixels * channels, first = index * group;
  if (inLanes) return data + first * floats;
  toLanes(data + first * floats, min(group, g.N - first), pixels, channels, scratch);
  return scratch;
}

}  // namespace atelier::ATELIER_VARIANT
