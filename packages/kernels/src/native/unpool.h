// Spreads the gradients of max pooling's windows over the image: each goes to the pixel its window's index names, zero
// everywhere else. Where windows do not meet, every pixel is written once and nothing is read.
#pragma once
#include <type_traits>

#include "kernels.h"
#include "vectors.h"

namespace atelier::ATELIER_VARIANT {

// Taps [begin, end) of a window that starts at `start` and lie inside [0, extent).
struct Taps {
  int64_t begin, end;
  Taps(int64_t start, int64_t taps, int64_t extent)
      : begin(start < 0 ? -start : 0), end(start + taps > extent ? extent - start : taps) {
    if (end < begin) end = begin;
  }
};

struct TwoTaps {
  static constexpr int64_t begin = 0, end = 2;
};

// Calls body(rows, columns) with the window's taps [begin, end) both ways; those of the common 2x2 window are constants.
template <class Body>
inline void withTaps(const Taps& rows, const Taps& columns, const Body& body) {
  if (rows.begin == 0 && rows.end == 2 && columns.begin == 0 && columns.end == 2) {
    body(TwoTaps{}, TwoTaps{});
  } else {
    body(rows, columns);
  }
}

// Calls body(n) for every image.
template <class Args, class Body>
void eachImage(const Context& context, const Args& args, const Body& body) {
  const int64_t tasks = args.N < 64 ? args.N : 64;
  context.pool->each(static_cast<int>(tasks), [&](int task) {
    const Share share(args.N, tasks, task);
    for (int64_t n = share.begin; n < share.end; n++) body(n);
  });
}

// gradient<N>(at, c): the gradients of N channels of a window, from element `at` of [N,oH,oW,C], channel c, on.
template <class Args, class Gradient>
void unpool(const Context& context, const Args& args, const uint16_t* index, float* dx, const Gradient& gradient) {
  const int64_t C = args.C, kW = args.kW;
  const bool meet = args.sH < args.kH || args.sW < args.kW;
  const bool cover = args.sH == args.kH && args.sW == args.kW && int64_t{args.oH} * args.sH - args.padTop >= args.H &&
                     int64_t{args.oW} * args.sW - args.padLeft >= args.W;
  eachImage(context, args, [&](int64_t n) {
    float* image = dx + n * args.H * args.W * C;
    if (meet || !cover) memset(image, 0, static_cast<size_t>(args.H) * args.W * C * 4);
    for (int64_t oy = 0; oy < args.oH; oy++) {
      const int64_t top = oy * args.sH - args.padTop;
      const Taps rowTaps(top, args.kH, args.H);
      for (int64_t ox = 0; ox < args.oW; ox++) {
        const int64_t left = ox * args.sW - args.padLeft;
        const int64_t window = ((n * args.oH + oy) * args.oW + ox) * C;
        float* corner = image + (top * args.W + left) * C;
        withTaps(rowTaps, Taps(left, kW, args.W), [&](auto rows, auto columns) {
          acrossChannels(C, [&]<int N>(int64_t c) {
            using V = typename Wide<N>::Floats;
            const V dy = gradient.template operator()<N>(window + c, c), zero{};
            const auto best = Wide<N>::widened(loadAs<typename Wide<N>::Shorts>(index + window + c));
            for (int64_t ky = rows.begin; ky < rows.end; ky++)
              for (int64_t kx = columns.begin; kx < columns.end; kx++) {
                float* out = corner + (ky * args.W + kx) * C + c;
                const V routed = best == static_cast<int32_t>(ky * kW + kx) ? dy : zero;
                storeAs<V>(out, meet ? loadAs<V>(out) + routed : routed);
              }
          });
        });
      }
    }
  });
}

}  // namespace atelier::ATELIER_VARIANT
