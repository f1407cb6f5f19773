// The checks of products, element-wise kernels, reductions, copies, norms and losses: see examination.h.
#include "examination.h"

namespace atelier {

void check(Examination& e, const FillArgs& a) {
  e.extents({a.count});
  e.write(a.y, a.count, "y");
}

namespace {

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

}  // namespace

void check(Examination& e, const MapArgs& a, int64_t length) { checkExpression(e, a, length, false); }

namespace {

template <class Args>
int64_t checkFactors(const Examination& e, const Args& a) {
  e.extents({a.M, a.N, a.K});
  e.product({(a.N + 31) / 32 * int64_t{32}, a.K});
  const int64_t floatsOfA = e.product({a.M, a.K});
  e.read(a.a, a.pixelScale == 0 ? floatsOfA : (floatsOfA + 3) / 4, "a");
  e.read(a.b, e.product({a.K, a.N}), "b");
  e.readOptional(a.bias, a.N, "bias");
  e.require(!a.bPanels || (a.transposeB ? a.K : a.N) % statePanel == 0, "panels that are not whole");
  return e.product({a.M, a.N});
}

}  // namespace

void check(Examination& e, const GemmArgs& a) { e.write(a.c, checkFactors(e, a), "c"); }

void check(Examination& e, const GemmMapArgs& a, int64_t length) {
  e.require(checkFactors(e, a) == a.count, "an expression over another count than the product's");
  e.require(!a.panels || a.N % statePanel == 0, "panels that are not whole");
  checkExpression(e, mapOf(a), length - static_cast<int64_t>(offsetof(GemmMapArgs, count) / 4), true);
  const MapBody body(mapOf(a));
  for (int i = 0; a.panels && i < a.inputs; i++)
    e.require(body.inputs[i].mode != MapMode::cycle && body.inputs[i].mode != MapMode::repeat, "panels of repeated values");
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

namespace {

template <class Args>
int64_t matrix(const Examination& e, const Args& a) {
  e.extents({a.rows, a.C});
  return e.product({a.rows, a.C});
}

}  // namespace

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

namespace {

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

}  // namespace

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
  if (a.y != noRef) e.write(a.y, a.rows, "y");
  if (a.right != noRef) e.write(a.right, a.rows, "right");
  if (a.dx == noRef) return;
  e.read(a.dy, a.rows, "dy");
  e.write(a.dx, floats, "dx");
}

}  // namespace atelier
