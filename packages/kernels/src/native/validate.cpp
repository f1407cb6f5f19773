#include "validate.h"

namespace atelier {
namespace {

constexpr double maxFloats = 2147483648.0;

// One call under examination: collects operands, throws Refused with the call's place and name.
class Examination {
 public:
  Examination(const Space& space, Call& call, size_t index) : space_(space), call_(call), index_(index) {}

  [[noreturn]] void refuse(const std::string& what) const {
    throw Refused("call " + std::to_string(index_) + " (" + kernelName(call_.kernel) + "): " + what);
  }
  void require(bool condition, const char* what) const {
    if (!condition) refuse(what);
  }
  void extents(std::initializer_list<int32_t> values) const {
    for (const int32_t value : values) require(value >= 1, "an extent is smaller than 1");
  }
  // A product of extents, refused beyond what a Ref can address.
  int64_t product(std::initializer_list<int64_t> values) const {
    double product = 1;
    for (const int64_t value : values) product *= static_cast<double>(value);
    require(product < maxFloats, "an operand of more than 2^31 floats");
    return static_cast<int64_t>(product);
  }
  void read(Ref ref, int64_t floats, const char* name) const { range(ref, 0, floats, name); }
  void range(Ref ref, int64_t lo, int64_t hi, const char* name) const {
    space_.check(ref, lo, hi, "call " + std::to_string(index_) + " (" + kernelName(call_.kernel) + "): " + name);
  }
  void readOptional(Ref ref, int64_t floats, const char* name) const {
    if (ref != noRef) read(ref, floats, name);
  }
  void write(Ref ref, int64_t floats, const char* name) { writeRange(ref, 0, floats, name); }
  void writeRange(Ref ref, int64_t lo, int64_t hi, const char* name) {
    range(ref, lo, hi, name);
    call_.written.push_back({ref, lo, hi});
  }

 private:
  const Space& space_;
  Call& call_;
  size_t index_;
};

constexpr int32_t maxGeometry = 1 << 16;

template <class Args>
void checkWindow(const Examination& e, const Args& a, int64_t dH, int64_t dW) {
  e.extents({a.N, a.H, a.W, a.C, a.kH, a.kW, a.sH, a.sW, a.oH, a.oW});
  for (const int32_t value : {a.kH, a.kW, a.sH, a.sW}) e.require(value <= maxGeometry, "a window too large");
  e.require(a.padTop >= 0 && a.padTop <= (a.kH - 1) * dH && a.padLeft >= 0 && a.padLeft <= (a.kW - 1) * dW,
            "padding as large as the window");
  e.require((a.oH - 1) * int64_t{a.sH} - a.padTop < a.H && (a.oW - 1) * int64_t{a.sW} - a.padLeft < a.W,
            "windows beyond the image");
}

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
void checkPool(const Examination& e, const Args& a, int64_t& x, int64_t& y) {
  checkWindow(e, a, 1, 1);
  x = e.product({a.N, a.H, a.W, a.C});
  y = e.product({a.N, a.oH, a.oW, a.C});
}

void check(Examination& e, const FillArgs& a) {
  e.extents({a.count});
  e.write(a.y, a.count, "y");
}

bool isBinary(MapOp op) { return op <= MapOp::divRoot; }

// An expression whose call has `length` words from MapArgs on. Only a product's may read inputs of mode `product`.
void checkExpression(Examination& e, const MapArgs& a, int64_t length, bool ofProduct) {
  for (const int32_t value : {a.inputs, a.code, a.outputs, a.registers}) e.require(value >= 0, "a negative count");
  e.extents({a.count});
  e.require(a.registers <= maxMapRegisters, "more than 1024 registers");
  e.require(a.outputs <= maxMapRegisters, "more than 1024 outputs");
  e.require(a.inputs <= a.registers, "fewer registers than inputs");
  e.require(length == 5 + int64_t{3} * a.inputs + int64_t{6} * a.code + int64_t{2} * a.outputs,
            "a body that does not fit its counts");
  std::vector<char> written(static_cast<size_t>(a.registers), 0);
  const MapBody body(a);
  for (int32_t i = 0; i < a.inputs; i++) {
    const MapInput& input = body.inputs[i];
    written[static_cast<size_t>(i)] = 1;
    switch (input.mode) {
      case MapMode::full:
        e.read(input.ref, a.count, "input");
        break;
      case MapMode::scalar:
        e.read(input.ref, 1, "input");
        break;
      case MapMode::cycle:
        e.require(input.param >= 1, "a period smaller than 1");
        e.read(input.ref, input.param < a.count ? input.param : a.count, "input");
        break;
      case MapMode::repeat:
        e.require(input.param >= 1, "a run shorter than 1");
        e.read(input.ref, (a.count - 1) / input.param + 1, "input");
        break;
      case MapMode::product:
        e.require(ofProduct, "an input of a product that is not there");
        break;
      default:
        e.refuse("an unknown input mode");
    }
  }
  auto* code = const_cast<MapInstruction*>(body.code);
  const auto inRange = [&](int32_t reg) { return reg >= 0 && reg < a.registers; };
  for (int32_t k = 0; k < a.code; k++) {
    MapInstruction& instruction = code[k];
    e.require(static_cast<int32_t>(instruction.op) >= 0 && instruction.op < MapOp::count, "an unknown opcode");
    if (!isBinary(instruction.op)) instruction.b = instruction.a;
    for (const int32_t reg : {instruction.a, instruction.b})
      e.require(inRange(reg) && written[static_cast<size_t>(reg)], "a register read before it is written");
    e.require(inRange(instruction.dst), "an unknown register");
    written[static_cast<size_t>(instruction.dst)] = 1;
    if (instruction.op == MapOp::dropout) e.require(instruction.imm1 >= 0 && instruction.imm1 < 1, "a rate outside [0, 1)");
  }
  for (int32_t o = 0; o < a.outputs; o++) {
    const MapOutput& output = body.outputs[o];
    e.require(inRange(output.reg) && written[static_cast<size_t>(output.reg)], "an output never written");
    e.write(output.ref, a.count, "output");
  }
}

void check(Examination& e, const MapArgs& a, int64_t length) { checkExpression(e, a, length, false); }

template <class Args>
int64_t checkFactors(const Examination& e, const Args& a) {
  e.extents({a.M, a.N, a.K});
  e.product({(a.N + 31) / 32 * int64_t{32}, a.K});
  e.read(a.a, e.product({a.M, a.K}), "a");
  e.read(a.b, e.product({a.K, a.N}), "b");
  e.readOptional(a.bias, a.N, "bias");
  e.require(!a.bPanels || (a.transposeB ? a.K : a.N) % statePanel == 0, "panels that are not whole");
  return e.product({a.M, a.N});
}

void check(Examination& e, const GemmArgs& a) { e.write(a.c, checkFactors(e, a), "c"); }

void check(Examination& e, const GemmMapArgs& a, int64_t length) {
  e.require(checkFactors(e, a) == a.count, "an expression over another count than the product's");
  e.require(!a.panels || a.N % statePanel == 0, "panels that are not whole");
  checkExpression(e, mapOf(a), length - static_cast<int64_t>(offsetof(GemmMapArgs, count) / 4), true);
  const MapBody body(mapOf(a));
  for (int i = 0; a.panels && i < a.inputs; i++)
    e.require(body.inputs[i].mode != MapMode::cycle && body.inputs[i].mode != MapMode::repeat, "panels of repeated values");
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

void check(Examination& e, const Conv2dArgs& a) { checkConv2d(e, a, checkConvolution(e, a)); }
void check(Examination& e, const Conv2dInputGradArgs& a) { checkConv2dInputGrad(e, a, checkConvolution(e, a)); }
void check(Examination& e, const Conv2dFilterGradArgs& a) { checkConv2dFilterGrad(e, a, checkConvolution(e, a)); }

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

// A maximum's place in its window is kept in 16 bits.
template <class Args>
void checkMaxPool(const Examination& e, const Args& a, int64_t& x, int64_t& y) {
  checkPool(e, a, x, y);
  e.require(a.kH * int64_t{a.kW} <= 1 << 16, "a window of more than 65536 pixels");
}

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

void check(Examination& e, const ReduceSumArgs& a) {
  e.extents({a.outer, a.reduce, a.inner});
  e.read(a.x, e.product({a.outer, a.reduce, a.inner}), "x");
  e.write(a.y, e.product({a.outer, a.inner}), "y");
}

void check(Examination& e, const StridedCopyArgs& a) {
  e.extents({a.n0, a.n1, a.n2, a.n3, a.n4});
  e.product({a.n0, a.n1, a.n2, a.n3, a.n4});
  const int32_t n[5] = {a.n0, a.n1, a.n2, a.n3, a.n4};
  const auto span = [&](const int32_t* strides, int32_t offset, int64_t& lo, int64_t& hi) {
    __int128 low = offset, high = offset;
    for (int i = 0; i < 5; i++) {
      const __int128 reach = static_cast<__int128>(n[i] - 1) * strides[i];
      (reach < 0 ? low : high) += reach;
    }
    e.require(low >= 0 && high < (__int128{1} << 40), "strides that leave the operand");
    lo = static_cast<int64_t>(low);
    hi = static_cast<int64_t>(high) + 1;
  };
  const int32_t xs[5] = {a.x0, a.x1, a.x2, a.x3, a.x4}, ys[5] = {a.y0, a.y1, a.y2, a.y3, a.y4};
  int64_t lo, hi;
  span(xs, a.xOffset, lo, hi);
  e.range(a.x, lo, hi, "x");
  span(ys, a.yOffset, lo, hi);
  e.writeRange(a.y, lo, hi, "y");
}

template <class Args>
int64_t matrix(const Examination& e, const Args& a) {
  e.extents({a.rows, a.C});
  return e.product({a.rows, a.C});
}

void check(Examination& e, const MomentsArgs& a) {
  e.read(a.x, matrix(e, a), "x");
  e.write(a.y, int64_t{2} * a.C, "y");
}

void check(Examination& e, const BatchNormArgs& a) {
  const int64_t floats = matrix(e, a);
  e.read(a.x, floats, "x");
  e.read(a.moments, int64_t{2} * a.C, "moments");
  e.read(a.gamma, a.C, "gamma");
  e.read(a.beta, a.C, "beta");
  e.write(a.y, floats, "y");
}

// What the gradients of relu(batchNorm(x)), or of batchNorm(x) alone, are computed from.
template <class Args>
void checkNormalized(const Examination& e, const Args& a, int64_t floats) {
  e.read(a.x, floats, "x");
  e.read(a.moments, int64_t{2} * a.C, "moments");
  e.read(a.dy, floats, "dy");
  if (a.relu) {
    e.read(a.gamma, a.C, "gamma");
    e.read(a.beta, a.C, "beta");
  }
}

void check(Examination& e, const BatchNormParamGradArgs& a) {
  checkNormalized(e, a, matrix(e, a));
  e.write(a.y, int64_t{2} * a.C, "y");
}

void check(Examination& e, const BatchNormInputGradArgs& a) {
  const int64_t floats = matrix(e, a);
  checkNormalized(e, a, floats);
  e.read(a.gamma, a.C, "gamma");
  e.read(a.paramGrad, int64_t{2} * a.C, "paramGrad");
  e.write(a.dx, floats, "dx");
}

void check(Examination& e, const BatchNormPoolGradArgs& a) {
  int64_t image, pooled;
  checkMaxPool(e, a, image, pooled);
  checkNormalized(e, a, pooled);
  e.read(a.gamma, a.C, "gamma");
  e.read(a.paramGrad, int64_t{2} * a.C, "paramGrad");
  e.read(a.index, (pooled + 1) / 2, "index");
  e.write(a.dx, image, "dx");
}

void check(Examination& e, const LayerNormArgs& a) {
  const int64_t floats = matrix(e, a);
  e.read(a.x, floats, "x");
  e.read(a.gamma, a.C, "gamma");
  e.read(a.beta, a.C, "beta");
  e.write(a.y, floats, "y");
}

void check(Examination& e, const LayerNormParamGradArgs& a) {
  const int64_t floats = matrix(e, a);
  e.read(a.x, floats, "x");
  e.read(a.dy, floats, "dy");
  e.write(a.y, int64_t{2} * a.C, "y");
}

void check(Examination& e, const LayerNormInputGradArgs& a) {
  const int64_t floats = matrix(e, a);
  e.read(a.x, floats, "x");
  e.read(a.gamma, a.C, "gamma");
  e.read(a.dy, floats, "dy");
  e.write(a.dx, floats, "dx");
}

void check(Examination& e, const SoftmaxArgs& a) {
  const int64_t floats = matrix(e, a);
  e.read(a.x, floats, "x");
  e.write(a.y, floats, "y");
}

void check(Examination& e, const SoftmaxCrossEntropyArgs& a) {
  const int64_t floats = matrix(e, a);
  e.read(a.logits, floats, "logits");
  e.read(a.targets, floats, "targets");
  e.write(a.y, a.rows, "y");
}

void check(Examination& e, const SoftmaxCrossEntropyGradArgs& a) {
  const int64_t floats = matrix(e, a);
  e.read(a.logits, floats, "logits");
  e.read(a.targets, floats, "targets");
  e.read(a.dy, a.rows, "dy");
  e.write(a.dx, floats, "dx");
}

void check(Examination& e, const CorrectArgs& a) {
  const int64_t floats = matrix(e, a);
  e.read(a.logits, floats, "logits");
  e.read(a.targets, floats, "targets");
  e.write(a.y, a.rows, "y");
}

constexpr int64_t argWords[] = {
#define KERNEL(Name, name, ...) sizeof(Name##Args) / 4,
    ATELIER_KERNELS
#undef KERNEL
};

}  // namespace

const char* kernelName(KernelId kernel) {
  static const char* const names[] = {
#define KERNEL(Name, name, ...) #name,
      ATELIER_KERNELS
#undef KERNEL
  };
  return names[static_cast<int32_t>(kernel)];
}

void Space::check(Ref ref, int64_t lo, int64_t hi, const std::string& what) const {
  if (ref == noRef) throw Refused(what + " is missing");
  const int64_t size = ref >= 0 ? arenaFloats : stateFloats;
  const int64_t base = ref >= 0 ? ref : ~ref;
  if (lo < 0 || hi < lo || base + hi > size)
    throw Refused(what + " reaches to float " + std::to_string(base + hi) + " of the " + (ref >= 0 ? "arena" : "state") +
                  ", which has " + std::to_string(size));
}

bool Written::overlaps(Ref other, int64_t floats) const {
  if ((ref >= 0) != (other >= 0)) return false;
  const int64_t base = ref >= 0 ? ref : ~ref, otherBase = other >= 0 ? other : ~other;
  return base + lo < otherBase + floats && otherBase < base + hi;
}

std::vector<Call> decodeCalls(std::vector<int32_t>& words, const Space& space) {
  std::vector<Call> calls;
  const int64_t size = static_cast<int64_t>(words.size());
  for (int64_t at = 0; at < size;) {
    if (at + 2 > size) throw Refused("the program ends within a call");
    const int32_t id = words[static_cast<size_t>(at)];
    const int64_t length = words[static_cast<size_t>(at) + 1];
    if (id < 0 || id >= static_cast<int32_t>(KernelId::count)) throw Refused("unknown kernel " + std::to_string(id));
    if (length < 0 || at + 2 + length > size) throw Refused("the program ends within a call");
    const KernelId kernel = static_cast<KernelId>(id);
    const bool hasBody = kernel == KernelId::map || kernel == KernelId::gemmMap;
    if (hasBody ? length < argWords[id] : length != argWords[id])
      throw Refused(std::string(kernelName(kernel)) + " with " + std::to_string(length) + " fields instead of " +
                    std::to_string(argWords[id]));
    int32_t* args = words.data() + at + 2;
    Call call{kernel, args, {}};
    Examination examination(space, call, calls.size());
    switch (kernel) {
      case KernelId::map:
        check(examination, call.as<MapArgs>(), length);
        break;
      case KernelId::gemmMap:
        check(examination, call.as<GemmMapArgs>(), length);
        break;
#define CASE(Name, name)                        \
  case KernelId::name:                          \
    check(examination, call.as<Name##Args>());  \
    break;
      CASE(Fill, fill)
      CASE(Gemm, gemm)
      CASE(Conv2d, conv2d)
      CASE(Conv2dInputGrad, conv2dInputGrad)
      CASE(Conv2dFilterGrad, conv2dFilterGrad)
      CASE(Conv2dThin, conv2dThin)
      CASE(Conv2dThinFilterGrad, conv2dThinFilterGrad)
      CASE(Conv2dFft, conv2dFft)
      CASE(Conv2dInputGradFft, conv2dInputGradFft)
      CASE(Conv2dFilterGradFft, conv2dFilterGradFft)
      CASE(Conv2dWinograd, conv2dWinograd)
      CASE(Conv2dInputGradWinograd, conv2dInputGradWinograd)
      CASE(Conv2dFilterGradWinograd, conv2dFilterGradWinograd)
      CASE(Conv2dBlock, conv2dBlock)
      CASE(Conv2dBlockGrad, conv2dBlockGrad)
      CASE(Conv2dPool, conv2dPool)
      CASE(Conv2dPoolGrad, conv2dPoolGrad)
      CASE(MaxPool2d, maxPool2d)
      CASE(MaxPool2dGrad, maxPool2dGrad)
      CASE(AvgPool2d, avgPool2d)
      CASE(AvgPool2dGrad, avgPool2dGrad)
      CASE(ReduceSum, reduceSum)
      CASE(StridedCopy, stridedCopy)
      CASE(Moments, moments)
      CASE(BatchNorm, batchNorm)
      CASE(BatchNormParamGrad, batchNormParamGrad)
      CASE(BatchNormInputGrad, batchNormInputGrad)
      CASE(BatchNormPoolGrad, batchNormPoolGrad)
      CASE(LayerNorm, layerNorm)
      CASE(LayerNormParamGrad, layerNormParamGrad)
      CASE(LayerNormInputGrad, layerNormInputGrad)
      CASE(Softmax, softmax)
      CASE(SoftmaxCrossEntropy, softmaxCrossEntropy)
      CASE(SoftmaxCrossEntropyGrad, softmaxCrossEntropyGrad)
      CASE(Correct, correct)
#undef CASE
      case KernelId::count:
        break;
    }
    calls.push_back(std::move(call));
    at += 2 + length;
  }
  return calls;
}

int64_t workspaceFloats(const KernelTable& table, const Call& call) {
  switch (call.kernel) {
    case KernelId::gemm:
      return table.gemmWorkspace(call.as<GemmArgs>());
    case KernelId::gemmMap:
      return table.gemmMapWorkspace(call.as<GemmMapArgs>());
    case KernelId::conv2d:
      return table.conv2dWorkspace(call.as<Conv2dArgs>());
    case KernelId::conv2dInputGrad:
      return table.conv2dInputGradWorkspace(call.as<Conv2dInputGradArgs>());
    case KernelId::conv2dFilterGrad:
      return table.conv2dFilterGradWorkspace(call.as<Conv2dFilterGradArgs>());
    case KernelId::conv2dThin:
      return table.conv2dThinWorkspace(call.as<Conv2dThinArgs>());
    case KernelId::conv2dThinFilterGrad:
      return table.conv2dThinFilterGradWorkspace(call.as<Conv2dThinFilterGradArgs>());
    case KernelId::conv2dFft:
      return table.conv2dFftWorkspace(call.as<Conv2dFftArgs>());
    case KernelId::conv2dInputGradFft:
      return table.conv2dInputGradFftWorkspace(call.as<Conv2dInputGradFftArgs>());
    case KernelId::conv2dFilterGradFft:
      return table.conv2dFilterGradFftWorkspace(call.as<Conv2dFilterGradFftArgs>());
    case KernelId::conv2dWinograd:
      return table.conv2dWinogradWorkspace(call.as<Conv2dWinogradArgs>());
    case KernelId::conv2dInputGradWinograd:
      return table.conv2dInputGradWinogradWorkspace(call.as<Conv2dInputGradWinogradArgs>());
    case KernelId::conv2dFilterGradWinograd:
      return table.conv2dFilterGradWinogradWorkspace(call.as<Conv2dFilterGradWinogradArgs>());
    case KernelId::maxPool2d:
      return table.maxPool2dWorkspace(call.as<MaxPool2dArgs>());
    case KernelId::conv2dBlock:
      return table.conv2dBlockWorkspace(call.as<Conv2dBlockArgs>());
    case KernelId::conv2dBlockGrad:
      return table.conv2dBlockGradWorkspace(call.as<Conv2dBlockGradArgs>());
    case KernelId::conv2dPool:
      return table.conv2dPoolWorkspace(call.as<Conv2dPoolArgs>());
    case KernelId::conv2dPoolGrad:
      return table.conv2dPoolGradWorkspace(call.as<Conv2dPoolGradArgs>());
    case KernelId::reduceSum:
      return table.reduceSumWorkspace(call.as<ReduceSumArgs>());
    case KernelId::moments:
      return table.momentsWorkspace(call.as<MomentsArgs>());
    case KernelId::batchNorm:
      return table.batchNormWorkspace(call.as<BatchNormArgs>());
    case KernelId::batchNormParamGrad:
      return table.batchNormParamGradWorkspace(call.as<BatchNormParamGradArgs>());
    case KernelId::batchNormInputGrad:
      return table.batchNormInputGradWorkspace(call.as<BatchNormInputGradArgs>());
    case KernelId::batchNormPoolGrad:
      return table.batchNormPoolGradWorkspace(call.as<BatchNormPoolGradArgs>());
    case KernelId::layerNormParamGrad:
      return table.layerNormParamGradWorkspace(call.as<LayerNormParamGradArgs>());
    default:
      return 0;
  }
}

void execute(const KernelTable& table, const Context& context, const Call& call) {
  switch (call.kernel) {
#define KERNEL(Name, name, ...)                      \
  case KernelId::name:                               \
    table.name(context, call.as<Name##Args>());      \
    break;
    ATELIER_KERNELS
#undef KERNEL
    case KernelId::count:
      break;
  }
}

}  // namespace atelier
