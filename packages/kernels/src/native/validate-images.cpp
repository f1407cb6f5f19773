// The checks of convolutions and pooling: see examination.h.
#include "examination.h"

namespace atelier {

namespace {

struct ConvExtents {
  int64_t x, filters, y;
};

template <class Args>
ConvExtents checkConvolution(const Examination& e, const Args& a) {
  e.extents({a.F, a.dH, a.dW, a.groups});
  e.require(a.dH <= maxGeometry && a.dW <= maxGeometry, "a dilation too large");
  checkWindow(e, a, a.dH, a.dW);
  e.require(a.C % a.groups == 0 && a.F % a.groups == 0, "channels that groups do not divide");
  // The padded copies kernels make must be addressable too.
  const int64_t spanH = (a.kH - 1) * int64_t{a.dH}, spanW = (a.kW - 1) * int64_t{a.dW};
  e.product({a.N, (a.oH - 1) * int64_t{a.sH} + spanH + 1, (a.oW - 1) * int64_t{a.sW} + spanW + 1, a.C + int64_t{32}});
  e.product({a.N, a.H + spanH, a.W + spanW, a.F});
  e.product({a.kH, a.kW, (a.C + 31) / 32 * int64_t{32}, (a.F + 31) / 32 * int64_t{32}});
  e.product({a.N, a.oH, a.oW, (a.F + 31) / 32 * int64_t{32}});
  return {e.product({a.N, a.H, a.W, a.C}), e.product({a.kH, a.kW, a.C / a.groups, a.F}),
          e.product({a.N, a.oH, a.oW, a.F})};
}

template <class Args>
void checkConv2d(Examination& e, const Args& a, const ConvExtents& extents) {
  e.read(a.x, extents.x, "x");
  e.read(a.filters, extents.filters, "filters");
  e.readOptional(a.bias, a.F, "bias");
  e.write(a.y, extents.y, "y");
}

template <class Args>
void checkConv2dInputGrad(Examination& e, const Args& a, const ConvExtents& extents) {
  e.read(a.filters, extents.filters, "filters");
  e.read(a.dy, extents.y, "dy");
  e.write(a.dx, extents.x, "dx");
}

template <class Args>
void checkConv2dFilterGrad(Examination& e, const Args& a, const ConvExtents& extents) {
  e.read(a.x, extents.x, "x");
  e.read(a.dy, extents.y, "dy");
  e.write(a.dFilters, extents.filters, "dFilters");
}

// The kernels' matrices grow with the square of the image's extents.
constexpr int32_t maxFourierExtent = 256;

template <class Args>
ConvExtents checkFourier(const Examination& e, const Args& a) {
  const ConvExtents extents = checkConvolution(e, a);
  for (const int32_t value : {a.sH, a.sW, a.dH, a.dW, a.groups})
    e.require(value == 1, "a stride, dilation or group count other than 1");
  for (const int32_t value : {a.H, a.W, a.oH, a.oW, a.kH, a.kW})
    e.require(value <= maxFourierExtent / 2, "an extent larger than 128");
  // One image's spectrum, with all its planes, must be addressable.
  e.product({a.H + a.kH, a.W + a.kW, 3, a.C + a.F + int64_t{64}});
  return extents;
}

template <class Args>
ConvExtents checkWinograd(const Examination& e, const Args& a) {
  const ConvExtents extents = checkConvolution(e, a);
  for (const int32_t value : {a.sH, a.sW, a.dH, a.dW, a.groups})
    e.require(value == 1, "a stride, dilation or group count other than 1");
  e.require(a.kH == 3 && a.kW == 3, "a window other than 3×3");
  // Filters of all bins (of at most four sizes of tiles, 25 bins each on average) must be addressable.
  e.product({121, (a.C + 31) / 32 * int64_t{32}, (a.F + 31) / 32 * int64_t{32}});
  return extents;
}

}  // namespace

void check(Examination& e, const Conv2dArgs& a) { checkConv2d(e, a, checkConvolution(e, a)); }
void check(Examination& e, const Conv2dInputGradArgs& a) { checkConv2dInputGrad(e, a, checkConvolution(e, a)); }
void check(Examination& e, const Conv2dFilterGradArgs& a) { checkConv2dFilterGrad(e, a, checkConvolution(e, a)); }

namespace {

// Images of one channel and windows of 3×3.
template <class Args>
ConvExtents checkThin(const Examination& e, const Args& a) {
  const ConvExtents extents = checkConvolution(e, a);
  for (const int32_t value : {a.C, a.sH, a.sW, a.dH, a.dW, a.groups})
    e.require(value == 1, "channels, a stride, dilation or group count other than 1");
  e.require(a.kH == 3 && a.kW == 3, "a window other than 3×3");
  e.require(a.oW <= 254, "more than 254 columns");
  return extents;
}

}  // namespace

void check(Examination& e, const Conv2dThinArgs& a) {
  checkConv2d(e, a, checkThin(e, a));
  if (a.moments != noRef) e.write(a.moments, int64_t{2} * a.F, "moments");
}

void check(Examination& e, const Conv2dThinFilterGradArgs& a) {
  const ConvExtents extents = checkThin(e, a);
  checkConv2dFilterGrad(e, a, extents);
  if (a.z == noRef) return;
  e.read(a.z, extents.y, "z");
  e.read(a.moments, int64_t{2} * a.F, "moments");
  e.read(a.gamma, a.F, "gamma");
  e.read(a.paramGrad, int64_t{2} * a.F, "paramGrad");
  if (a.relu) e.read(a.beta, a.F, "beta");
}

void check(Examination& e, const Conv2dFftArgs& a) { checkConv2d(e, a, checkFourier(e, a)); }
void check(Examination& e, const Conv2dInputGradFftArgs& a) { checkConv2dInputGrad(e, a, checkFourier(e, a)); }
void check(Examination& e, const Conv2dFilterGradFftArgs& a) { checkConv2dFilterGrad(e, a, checkFourier(e, a)); }

namespace {

// The batch norm of x that a convolution does on the way.
template <class Args>
void checkNormOf(const Examination& e, const Args& a) {
  if (a.moments == noRef) return;
  e.read(a.moments, int64_t{2} * a.C, "moments");
  e.read(a.gamma, a.C, "gamma");
  e.read(a.beta, a.C, "beta");
}

// A convolution's y, or what windows of 2×2 make of it.
template <class Args>
int64_t pooledBy2(const Examination& e, const Args& a) {
  e.require(a.oH >= 2 && a.oW >= 2, "pooling of less than a window");
  return e.product({a.N, a.oH / 2, a.oW / 2, a.F});
}

}  // namespace

void check(Examination& e, const Conv2dWinogradArgs& a) {
  ConvExtents extents = checkWinograd(e, a);
  e.require(a.pool != 0 || a.index == noRef, "places of maxima without pooling");
  if (a.pool) extents.y = pooledBy2(e, a);
  checkConv2d(e, a, extents);
  checkNormOf(e, a);
  if (a.index != noRef) e.write(a.index, (extents.y + 1) / 2, "index");
  if (a.resultMoments != noRef) e.write(a.resultMoments, int64_t{2} * a.F, "resultMoments");
}

void check(Examination& e, const Conv2dInputGradWinogradArgs& a) {
  ConvExtents extents = checkWinograd(e, a);
  if (a.index != noRef) {
    extents.y = pooledBy2(e, a);
    e.read(a.index, (extents.y + 1) / 2, "index");
  }
  checkConv2dInputGrad(e, a, extents);
}

void check(Examination& e, const Conv2dFilterGradWinogradArgs& a) {
  ConvExtents extents = checkWinograd(e, a);
  if (a.index != noRef) {
    extents.y = pooledBy2(e, a);
    e.read(a.index, (extents.y + 1) / 2, "index");
  }
  checkConv2dFilterGrad(e, a, extents);
  checkNormOf(e, a);
}

namespace {

struct BlockExtents {
  int64_t x, xLanes, y, yLanes, filters;
};

template <class Args>
BlockExtents checkBlock(const Examination& e, const Args& a) {
  e.extents({a.N, a.H, a.W, a.C, a.F, a.pH, a.pW, a.oH, a.oW});
  e.require(a.pH <= 256 && a.pW <= 256 && a.pH * a.pW <= 256, "a window of more than 256 pixels");
  e.require(a.padTop >= 0 && a.padTop < a.pH && a.padLeft >= 0 && a.padLeft < a.pW, "padding as large as the window");
  e.require((a.oH - 1) * int64_t{a.pH} - a.padTop < a.H && (a.oW - 1) * int64_t{a.pW} - a.padLeft < a.W,
            "windows beyond the image");
  e.require(a.rate >= 0 && a.rate < 1, "a rate outside [0, 1)");
  e.require(a.rate == 0 || e.product({a.oH, a.oW, a.F}) % 8 == 0, "dropout of a number of values that 8 does not divide");
  const int64_t images = (a.N + int64_t{15}) / 16 * 16;
  e.product({16, a.H, a.W, a.C + int64_t{a.F}});
  return {e.product({a.N, a.H, a.W, a.C}), e.product({images, a.H, a.W, a.C}), e.product({a.N, a.oH, a.oW, a.F}),
          e.product({images, a.oH, a.oW, a.F}), e.product({144, a.C, a.F}) / 16};
}

}  // namespace

void check(Examination& e, const Conv2dBlockArgs& a) {
  const BlockExtents extents = checkBlock(e, a);
  e.read(a.x, a.xLanes ? extents.xLanes : extents.x, "x");
  e.read(a.filters, extents.filters, "filters");
  e.readOptional(a.bias, a.F, "bias");
  e.write(a.y, a.yLanes ? extents.yLanes : extents.y, "y");
  if (a.index != noRef) e.write(a.index, extents.yLanes / 4, "index");
}

void check(Examination& e, const Conv2dBlockGradArgs& a) {
  const BlockExtents extents = checkBlock(e, a);
  e.read(a.x, a.xLanes ? extents.xLanes : extents.x, "x");
  e.read(a.y, a.yLanes ? extents.yLanes : extents.y, "y");
  e.read(a.dy, a.dyLanes ? extents.yLanes : extents.y, "dy");
  if (a.index != noRef || a.pH * a.pW > 1) e.read(a.index, extents.yLanes / 4, "index");
  if (a.dx != noRef) {
    e.read(a.filters, extents.filters, "filters");
    e.write(a.dx, a.dxLanes ? extents.xLanes : extents.x, "dx");
  }
  e.write(a.dFilters, extents.filters, "dFilters");
  if (a.dBias != noRef) e.write(a.dBias, a.F, "dBias");
}

namespace {

struct ConvPoolExtents {
  int64_t x, filters, y;
};

template <class Args>
ConvPoolExtents checkConvPool(const Examination& e, const Args& a) {
  e.extents({a.N, a.H, a.W, a.C, a.kH, a.kW, a.F, a.cH, a.cW, a.pH, a.pW, a.oH, a.oW});
  for (const int32_t value : {a.kH, a.kW, a.pH, a.pW}) e.require(value <= maxGeometry, "a window too large");
  e.require(a.pH * int64_t{a.pW} <= 1 << 16, "a window of more than 65536 pixels");
  e.require(a.padTop >= 0 && a.padTop < a.kH && a.padLeft >= 0 && a.padLeft < a.kW && a.poolTop >= 0 && a.poolTop < a.pH &&
                a.poolLeft >= 0 && a.poolLeft < a.pW,
            "padding as large as the window");
  e.require(a.cH - 1 - a.padTop < a.H && a.cW - 1 - a.padLeft < a.W &&
                (a.oH - 1) * int64_t{a.pH} - a.poolTop < a.cH && (a.oW - 1) * int64_t{a.pW} - a.poolLeft < a.cW,
            "windows beyond the image");
  // One padded image, and the taps of all panels, must be addressable.
  e.product({a.cH - 1 + int64_t{a.kH}, a.cW - 1 + int64_t{a.kW}, a.C});
  e.product({a.kH * int64_t{a.kW} * a.C + 1, 16, (a.F + 31) / 32 * int64_t{32}});
  e.product({a.pH, a.cW, 32});
  return {e.product({a.N, a.H, a.W, a.C}), e.product({a.kH, a.kW, a.C, a.F}), e.product({a.N, a.oH, a.oW, a.F})};
}

}  // namespace

void check(Examination& e, const Conv2dPoolArgs& a) {
  const ConvPoolExtents extents = checkConvPool(e, a);
  e.read(a.x, extents.x, "x");
  e.read(a.filters, extents.filters, "filters");
  e.readOptional(a.bias, a.F, "bias");
  e.write(a.y, extents.y, "y");
  if (a.index != noRef) e.write(a.index, (extents.y + 1) / 2, "index");
}

void check(Examination& e, const Conv2dPoolGradArgs& a) {
  const ConvPoolExtents extents = checkConvPool(e, a);
  e.read(a.x, extents.x, "x");
  e.read(a.y, extents.y, "y");
  e.read(a.index, (extents.y + 1) / 2, "index");
  e.read(a.dy, extents.y, "dy");
  e.write(a.dFilters, extents.filters, "dFilters");
  if (a.dBias != noRef) e.write(a.dBias, a.F, "dBias");
}

void check(Examination& e, const MaxPool2dArgs& a) {
  int64_t x, y;
  if (a.index == noRef) checkPool(e, a, x, y);
  else checkMaxPool(e, a, x, y);
  e.read(a.x, x, "x");
  if (a.y != noRef) e.write(a.y, y, "y");
  if (a.index != noRef) e.write(a.index, (y + 1) / 2, "index");
  if (a.moments != noRef) {
    e.require(a.y != noRef, "moments of a result that is not kept");
    e.write(a.moments, int64_t{2} * a.C, "moments");
  }
}

void check(Examination& e, const MaxPool2dGradArgs& a) {
  int64_t x, y;
  checkMaxPool(e, a, x, y);
  e.read(a.index, (y + 1) / 2, "index");
  e.read(a.dy, y, "dy");
  e.write(a.dx, x, "dx");
}

void check(Examination& e, const AvgPool2dArgs& a) {
  int64_t x, y;
  checkPool(e, a, x, y);
  e.read(a.x, x, "x");
  e.write(a.y, y, "y");
}

void check(Examination& e, const AvgPool2dGradArgs& a) {
  int64_t x, y;
  checkPool(e, a, x, y);
  e.read(a.dy, y, "dy");
  e.write(a.dx, x, "dx");
}

}  // namespace atelier
