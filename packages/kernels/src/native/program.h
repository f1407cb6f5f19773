// The kernel table, in the order of packages/engine/src/plan/program.ts, whose mirror this is: one struct of
// 32-bit fields a kernel. addon.cpp hands the names back to JavaScript at load, so that a stale build is refused.
// A Ref is a place in floats: ref >= 0 is arena[ref], ref < 0 is state[~ref], noRef is absent.
#pragma once
#include <cstddef>
#include <cstdint>

namespace atelier {

using Ref = int32_t;
constexpr Ref noRef = INT32_MIN;

#define ATELIER_IMAGE_FIELDS                                                                                   \
  INT(N) INT(H) INT(W) INT(C) INT(kH) INT(kW) INT(F) INT(sH) INT(sW) INT(dH) INT(dW) INT(padTop) INT(padLeft) \
  INT(oH) INT(oW) INT(groups)
#define ATELIER_POOL_FIELDS \
  INT(N) INT(H) INT(W) INT(C) INT(kH) INT(kW) INT(sH) INT(sW) INT(padTop) INT(padLeft) INT(oH) INT(oW)

// How x is normalised on the way; moments are absent where it is not.
#define ATELIER_NORM_FIELDS REF(moments) REF(gamma) REF(beta) FLOAT(epsilon) INT(normRelu)

#define ATELIER_BLOCK_FIELDS                                                                               \
  INT(N) INT(H) INT(W) INT(C) INT(F) INT(pH) INT(pW) INT(padTop) INT(padLeft) INT(oH) INT(oW) INT(stream) \
  FLOAT(rate)

#define ATELIER_CONV_POOL_FIELDS                                                                               \
  INT(N) INT(H) INT(W) INT(C) INT(kH) INT(kW) INT(F) INT(padTop) INT(padLeft) INT(cH) INT(cW) INT(pH) INT(pW) \
  INT(poolTop) INT(poolLeft) INT(oH) INT(oW)

// KERNEL(StructName, name, fields): whoever expands this defines KERNEL, REF, INT and FLOAT first.
#define ATELIER_KERNELS                                                                                       \
  KERNEL(Fill, fill, REF(y) INT(count) FLOAT(value))                                                          \
  KERNEL(Map, map, INT(count) INT(inputs) INT(code) INT(outputs) INT(registers))                              \
  KERNEL(Gemm, gemm,                                                                                          \
         REF(a) REF(b) REF(bias) REF(c) INT(M) INT(N) INT(K) INT(transposeA) INT(transposeB) INT(relu)        \
         INT(bPanels) FLOAT(pixelScale))                                                                                        \
  KERNEL(GemmMap, gemmMap,                                                                                    \
         REF(a) REF(b) REF(bias) INT(M) INT(N) INT(K) INT(transposeA) INT(transposeB) INT(relu)               \
         INT(bPanels) FLOAT(pixelScale) INT(panels) INT(count) INT(inputs) INT(code) INT(outputs) INT(registers))                                        \
  KERNEL(Conv2d, conv2d, REF(x) REF(filters) REF(bias) REF(y) ATELIER_IMAGE_FIELDS INT(relu))                 \
  KERNEL(Conv2dInputGrad, conv2dInputGrad, REF(filters) REF(dy) REF(dx) ATELIER_IMAGE_FIELDS)                 \
  KERNEL(Conv2dFilterGrad, conv2dFilterGrad, REF(x) REF(dy) REF(dFilters) ATELIER_IMAGE_FIELDS)               \
  KERNEL(Conv2dThin, conv2dThin,                                                                              \
         REF(x) REF(filters) REF(bias) REF(y) REF(moments) ATELIER_IMAGE_FIELDS INT(relu))                    \
  KERNEL(Conv2dThinFilterGrad, conv2dThinFilterGrad,                                                          \
         REF(x) REF(z) REF(moments) REF(gamma) REF(beta) REF(paramGrad) REF(dy) REF(dFilters)                 \
         ATELIER_IMAGE_FIELDS FLOAT(epsilon) INT(relu))                                                       \
  KERNEL(Conv2dFft, conv2dFft, REF(x) REF(filters) REF(bias) REF(y) ATELIER_IMAGE_FIELDS INT(relu))           \
  KERNEL(Conv2dInputGradFft, conv2dInputGradFft, REF(filters) REF(dy) REF(dx) ATELIER_IMAGE_FIELDS)           \
  KERNEL(Conv2dFilterGradFft, conv2dFilterGradFft, REF(x) REF(dy) REF(dFilters) ATELIER_IMAGE_FIELDS)         \
  KERNEL(Conv2dWinograd, conv2dWinograd,                                                                      \
         REF(x) ATELIER_NORM_FIELDS REF(filters) REF(bias) REF(y) REF(index) REF(resultMoments)               \
         ATELIER_IMAGE_FIELDS INT(relu) INT(pool))                                                            \
  KERNEL(Conv2dInputGradWinograd, conv2dInputGradWinograd,                                                    \
         REF(filters) REF(dy) REF(index) REF(dx) ATELIER_IMAGE_FIELDS)                                        \
  KERNEL(Conv2dFilterGradWinograd, conv2dFilterGradWinograd,                                                  \
         REF(x) ATELIER_NORM_FIELDS REF(dy) REF(index) REF(dFilters) ATELIER_IMAGE_FIELDS)                    \
  KERNEL(Conv2dBlock, conv2dBlock,                                                                            \
         REF(x) REF(filters) REF(bias) REF(y) REF(index) ATELIER_BLOCK_FIELDS INT(xLanes) INT(yLanes))        \
  KERNEL(Conv2dBlockGrad, conv2dBlockGrad,                                                                    \
         REF(x) REF(filters) REF(y) REF(index) REF(dy) REF(dx) REF(dFilters) REF(dBias) ATELIER_BLOCK_FIELDS  \
         INT(xLanes) INT(yLanes) INT(dyLanes) INT(dxLanes))                                                   \
  KERNEL(Conv2dPool, conv2dPool, REF(x) REF(filters) REF(bias) REF(y) REF(index) ATELIER_CONV_POOL_FIELDS)      \
  KERNEL(Conv2dPoolGrad, conv2dPoolGrad,                                                                      \
         REF(x) REF(y) REF(index) REF(dy) REF(dFilters) REF(dBias) ATELIER_CONV_POOL_FIELDS)                  \
  KERNEL(MaxPool2d, maxPool2d, REF(x) REF(y) REF(index) REF(moments) ATELIER_POOL_FIELDS)                     \
  KERNEL(MaxPool2dGrad, maxPool2dGrad, REF(index) REF(dy) REF(dx) ATELIER_POOL_FIELDS)                        \
  KERNEL(AvgPool2d, avgPool2d, REF(x) REF(y) ATELIER_POOL_FIELDS)                                             \
  KERNEL(AvgPool2dGrad, avgPool2dGrad, REF(dy) REF(dx) ATELIER_POOL_FIELDS)                                   \
  KERNEL(ReduceSum, reduceSum, REF(x) REF(y) INT(outer) INT(reduce) INT(inner))                               \
  KERNEL(StridedCopy, stridedCopy,                                                                            \
         REF(x) REF(y) INT(n0) INT(n1) INT(n2) INT(n3) INT(n4) INT(x0) INT(x1) INT(x2) INT(x3) INT(x4)        \
         INT(y0) INT(y1) INT(y2) INT(y3) INT(y4) INT(xOffset) INT(yOffset))                                   \
  KERNEL(Moments, moments, REF(x) REF(y) INT(rows) INT(C))                                                    \
  KERNEL(BatchNorm, batchNorm,                                                                                \
         REF(x) REF(moments) REF(gamma) REF(beta) REF(y) INT(rows) INT(C) FLOAT(epsilon) INT(relu))           \
  KERNEL(BatchNormParamGrad, batchNormParamGrad,                                                              \
         REF(x) REF(moments) REF(gamma) REF(beta) REF(dy) REF(y) INT(rows) INT(C) FLOAT(epsilon) INT(relu))   \
  KERNEL(BatchNormInputGrad, batchNormInputGrad,                                                              \
         REF(x) REF(moments) REF(gamma) REF(beta) REF(paramGrad) REF(dy) REF(dx)                              \
         INT(rows) INT(C) FLOAT(epsilon) INT(relu))                                                           \
  KERNEL(BatchNormPoolGrad, batchNormPoolGrad,                                                                \
         REF(x) REF(moments) REF(gamma) REF(beta) REF(paramGrad) REF(dy) REF(index) REF(dx)                   \
         ATELIER_POOL_FIELDS FLOAT(epsilon) INT(relu))                                                        \
  KERNEL(LayerNorm, layerNorm, REF(x) REF(gamma) REF(beta) REF(y) INT(rows) INT(C) FLOAT(epsilon))            \
  KERNEL(LayerNormParamGrad, layerNormParamGrad, REF(x) REF(dy) REF(y) INT(rows) INT(C) FLOAT(epsilon))       \
  KERNEL(LayerNormInputGrad, layerNormInputGrad,                                                              \
         REF(x) REF(gamma) REF(dy) REF(dx) INT(rows) INT(C) FLOAT(epsilon))                                   \
  KERNEL(Softmax, softmax, REF(x) REF(y) INT(rows) INT(C))                                                    \
  KERNEL(SoftmaxCrossEntropy, softmaxCrossEntropy,                                                            \
         REF(logits) REF(targets) REF(dy) REF(y) REF(dx) REF(right) INT(rows) INT(C) FLOAT(labelSmoothing))

// Columns of a panel: a matrix [K, N] in panels lies as [N / 32][K][32] (packages/engine/src/plan/panels.ts).
constexpr int32_t statePanel = 32;

#define REF(field) Ref field;
#define INT(field) int32_t field;
#define FLOAT(field) float field;
#define KERNEL(Name, name, ...) \
  struct Name##Args {           \
    __VA_ARGS__                 \
  };
ATELIER_KERNELS
#undef KERNEL
#undef REF
#undef INT
#undef FLOAT

enum class KernelId : int32_t {
#define KERNEL(Name, name, ...) name,
  ATELIER_KERNELS
#undef KERNEL
  count
};

// Register machine of `map`; dst = f(a, b), unary ones ignore b.
#define ATELIER_MAP_OPCODES                                                                              \
  OPCODE(add) OPCODE(sub) OPCODE(mul) OPCODE(div) OPCODE(maximum) OPCODE(lerp) OPCODE(divRoot) OPCODE(affine) \
  OPCODE(relu) OPCODE(step) OPCODE(sigmoid) OPCODE(tanh) OPCODE(exp) OPCODE(log) OPCODE(sqrt) OPCODE(erf) OPCODE(dropout)

enum class MapOp : int32_t {
#define OPCODE(name) name,
  ATELIER_MAP_OPCODES
#undef OPCODE
  count
};

enum class MapMode : int32_t { full, scalar, cycle, repeat, product, count };

struct MapInput {
  Ref ref;
  MapMode mode;
  int32_t param;
};

struct MapInstruction {
  MapOp op;
  int32_t dst, a, b;
  union {
    float imm0;
    int32_t stream;  // dropout
  };
  float imm1;
};

struct MapOutput {
  Ref ref;
  int32_t reg;
};

// The body of a `map` or `gemmMap` call, which follows its arguments in the encoded program.
struct MapBody {
  const MapInput* inputs;
  const MapInstruction* code;
  const MapOutput* outputs;

  explicit MapBody(const MapArgs& args)
      : inputs(reinterpret_cast<const MapInput*>(&args + 1)),
        code(reinterpret_cast<const MapInstruction*>(inputs + args.inputs)),
        outputs(reinterpret_cast<const MapOutput*>(code + args.code)) {}
};

// The expression of a gemmMap call: its last fields are those of a map, and the body follows them.
inline const MapArgs& mapOf(const GemmMapArgs& args) {
  static_assert(sizeof(GemmMapArgs) == offsetof(GemmMapArgs, count) + sizeof(MapArgs));
  return *reinterpret_cast<const MapArgs*>(&args.count);
}

constexpr int32_t maxMapRegisters = 1024;

}  // namespace atelier
