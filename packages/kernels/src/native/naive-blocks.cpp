#include "naive-blocks.h"

namespace atelier::naive {
namespace {

// A tensor [N,H,W,C] as it lies, or with sixteen images side by side (image-lanes.h).
struct Layout {
  int64_t H, W, C;
  bool inLanes;
  int64_t at(int64_t n, int64_t y, int64_t x, int64_t c) const {
    return inLanes ? (((n / 16 * C + c) * H + y) * W + x) * 16 + n % 16 : ((n * H + y) * W + x) * C + c;
  }
};

// Convolution, relu and pooling: windows of pH × pW over an image of cH × cW.
struct Block {
  int64_t N, F, kH, kW, padTop, padLeft, cH, cW, pH, pW, poolTop, poolLeft;
  Layout x, y, index;

  // body(n, oy, ox, f) for all windows.
  template <class Body>
  void eachWindow(const Body& body) const {
    for (int64_t n = 0; n < N; n++)
      for (int64_t oy = 0; oy < y.H; oy++)
        for (int64_t ox = 0; ox < y.W; ox++)
          for (int64_t f = 0; f < F; f++) body(n, oy, ox, f);
  }
  // body(place in the window, pixel y, x) for those of a window's pixels that exist.
  template <class Body>
  void eachPixel(int64_t oy, int64_t ox, const Body& body) const {
    for (int64_t place = 0; place < pH * pW; place++) {
      const int64_t py = oy * pH - poolTop + place / pW, px = ox * pW - poolLeft + place % pW;
      if (py >= 0 && py < cH && px >= 0 && px < cW) body(place, py, px);
    }
  }
  // body(y, x, c of an input, filter index) for every multiplication of filter f at a pixel.
  template <class Body>
  void eachProduct(int64_t py, int64_t px, int64_t f, const Body& body) const {
    for (int64_t ky = 0; ky < kH; ky++)
      for (int64_t kx = 0; kx < kW; kx++) {
        const int64_t row = py - padTop + ky, column = px - padLeft + kx;
        if (row < 0 || row >= x.H || column < 0 || column >= x.W) continue;
        for (int64_t c = 0; c < x.C; c++) body(row, column, c, ((ky * kW + kx) * x.C + c) * F + f);
      }
  }
};

// A block in lanes keeps a byte a window, in lanes form; the other 16 bits.
template <class Args>
Block narrowBlock(const Args& a) {
  return {a.N,  a.F,  3, 3, 1, 1, a.H, a.W, a.pH, a.pW, a.padTop, a.padLeft, {a.H, a.W, a.C, a.xLanes != 0},
          {a.oH, a.oW, a.F, a.yLanes != 0}, {a.oH, a.oW, a.F, true}};
}

template <class Args>
Block firstBlock(const Args& a) {
  return {a.N,  a.F,  a.kH, a.kW, a.padTop, a.padLeft, a.cH, a.cW, a.pH, a.pW, a.poolTop, a.poolLeft,
          {a.H, a.W, a.C, false}, {a.oH, a.oW, a.F, false}, {a.oH, a.oW, a.F, false}};
}

// y of all windows, before dropout.
template <class Index>
void forward(const Block& block, const float* x, const float* filters, const float* bias, float* y, Index* index) {
  block.eachWindow([&](int64_t n, int64_t oy, int64_t ox, int64_t f) {
    double best = 0;
    int64_t which = -1;
    block.eachPixel(oy, ox, [&](int64_t place, int64_t py, int64_t px) {
      double sum = bias == nullptr ? 0 : bias[f];
      block.eachProduct(py, px, f, [&](int64_t row, int64_t column, int64_t c, int64_t weight) {
        sum += static_cast<double>(x[block.x.at(n, row, column, c)]) * filters[weight];
      });
      if (which >= 0 && !(sum > best) && sum == sum) return;
      best = sum;
      which = place;
    });
    y[block.y.at(n, oy, ox, f)] = static_cast<float>(best < 0 ? 0 : best);
    if (index != nullptr) index[block.index.at(n, oy, ox, f)] = static_cast<Index>(which);
  });
}

struct Gradients {
  float *filters, *bias, *x;  // bias and x may be absent
  Layout dy, dx;
  float scale;
};

template <class Index>
void backward(const Block& block, const float* x, const float* filters, const float* y, const Index* index,
              const float* dy, const Gradients& to) {
  const int64_t weights = block.kH * block.kW * block.x.C * block.F;
  for (int64_t i = 0; i < weights; i++) to.filters[i] = 0;
  for (int64_t f = 0; f < block.F && to.bias != nullptr; f++) to.bias[f] = 0;
  const int64_t groups = to.dx.inLanes ? (block.N + 15) / 16 * 16 : block.N;
  for (int64_t i = 0; i < groups * block.x.H * block.x.W * block.x.C && to.x != nullptr; i++) to.x[i] = 0;
  block.eachWindow([&](int64_t n, int64_t oy, int64_t ox, int64_t f) {
    if (!(y[block.y.at(n, oy, ox, f)] > 0)) return;
    const float gradient = dy[to.dy.at(n, oy, ox, f)] * to.scale;
    if (to.bias != nullptr) to.bias[f] += gradient;
    block.eachPixel(oy, ox, [&](int64_t place, int64_t py, int64_t px) {
      if (index != nullptr && index[block.index.at(n, oy, ox, f)] != place) return;
      block.eachProduct(py, px, f, [&](int64_t row, int64_t column, int64_t c, int64_t weight) {
        to.filters[weight] += x[block.x.at(n, row, column, c)] * gradient;
        if (to.x != nullptr) to.x[to.dx.at(n, row, column, c)] += filters[weight] * gradient;
      });
    });
  });
}

}  // namespace

void conv2dBlock(const Context& context, const Conv2dBlockArgs& args) {
  const Block block = narrowBlock(args);
  float* y = context.at(args.y);
  forward(block, context.at(args.x), context.at(args.filters), context.at(args.bias), y,
          reinterpret_cast<uint8_t*>(context.at(args.index)));
  if (!(args.rate > 0)) return;
  // The half-word of an element: random/philox.ts.
  const uint32_t least = leastKept(args.rate);
  block.eachWindow([&](int64_t n, int64_t oy, int64_t ox, int64_t f) {
    const int64_t element = ((n * args.oH + oy) * args.oW + ox) * args.F + f;
    const PhiloxBlock words = philox(context.seed, static_cast<uint32_t>(element / 64 * 8 + element % 8), context.step,
                                     static_cast<uint32_t>(args.stream), 0);
    float& value = y[block.y.at(n, oy, ox, f)];
    const int64_t half = element / 8 % 8;
    value = (words.words[half / 2] >> (half % 2 * 16) & 0xffff) >= least ? value * (1 / (1 - args.rate)) : 0;
  });
}

void conv2dBlockGrad(const Context& context, const Conv2dBlockGradArgs& args) {
  const Layout dy{args.oH, args.oW, args.F, args.dyLanes != 0}, dx{args.H, args.W, args.C, args.dxLanes != 0};
  backward(narrowBlock(args), context.at(args.x), context.at(args.filters), context.at(args.y),
           reinterpret_cast<const uint8_t*>(context.at(args.index)), context.at(args.dy),
           {context.at(args.dFilters), context.at(args.dBias), context.at(args.dx), dy, dx, 1 / (1 - args.rate)});
}

void conv2dPool(const Context& context, const Conv2dPoolArgs& args) {
  forward(firstBlock(args), context.at(args.x), context.at(args.filters), context.at(args.bias), context.at(args.y),
          reinterpret_cast<uint16_t*>(context.at(args.index)));
}

void conv2dPoolGrad(const Context& context, const Conv2dPoolGradArgs& args) {
  const Layout dy{args.oH, args.oW, args.F, false};
  backward(firstBlock(args), context.at(args.x), nullptr, context.at(args.y),
           reinterpret_cast<const uint16_t*>(context.at(args.index)), context.at(args.dy),
           {context.at(args.dFilters), context.at(args.dBias), nullptr, dy, {}, 1});
}

}  // namespace atelier::naive
