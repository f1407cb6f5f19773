// Expressions that run straight through the vector registers. The interpreter of expression.cpp keeps registers in the
// cache and passes over it once an instruction; for the few bodies that take most of a step's element-wise time, the
// compiler writes the whole body as one loop here. A body is found by its instructions (the planner numbers registers
// the same way every time); one that is not listed only costs time.
#pragma once
#include <iterator>
#include <utility>

#include "program.h"
#include "quotient.h"

namespace atelier::ATELIER_VARIANT {

struct StraightStep {
  MapOp op;
  int dst, a, b;
};

// Adam: m, v, w from the gradient.
struct AdamBody {
  static constexpr int inputs = 5, registers = 8;
  static constexpr StraightStep code[] = {
      {MapOp::lerp, 5, 1, 0}, {MapOp::mul, 6, 0, 0},     {MapOp::lerp, 6, 2, 6},
      {MapOp::mul, 7, 5, 3},  {MapOp::divRoot, 7, 7, 6}, {MapOp::sub, 7, 4, 7},
  };
  static constexpr int outputs[] = {5, 6, 7};
};

// AdamW: the same after the weights' decay.
struct AdamWBody {
  static constexpr int inputs = 6, registers = 10;
  static constexpr StraightStep code[] = {
      {MapOp::mul, 6, 0, 1}, {MapOp::lerp, 7, 3, 2},    {MapOp::mul, 8, 2, 2}, {MapOp::lerp, 8, 4, 8},
      {MapOp::mul, 9, 7, 5}, {MapOp::divRoot, 9, 9, 8}, {MapOp::sub, 9, 6, 9},
  };
  static constexpr int outputs[] = {7, 8, 9};
};

// The gradient of relu: the mask of the layer's result times what comes from behind.
struct ReluMaskBody {
  static constexpr int inputs = 2, registers = 3;
  static constexpr StraightStep code[] = {{MapOp::step, 2, 0, 0}, {MapOp::mul, 2, 1, 2}};
  static constexpr int outputs[] = {2};
};

// The same where dropout follows relu, whose scale comes first.
struct DropoutMaskBody {
  static constexpr int inputs = 2, registers = 4;
  static constexpr StraightStep code[] = {{MapOp::affine, 2, 0, 0}, {MapOp::step, 3, 1, 1}, {MapOp::mul, 3, 2, 3}};
  static constexpr int outputs[] = {3};
};

template <MapOp op>
inline Vector apply(Vector a, Vector b, float imm0, float imm1) {
  if constexpr (op == MapOp::mul) return a * b;
  if constexpr (op == MapOp::sub) return a - b;
  if constexpr (op == MapOp::lerp) return a + imm0 * (b - a);
  if constexpr (op == MapOp::affine) return imm0 * a + imm1;
  if constexpr (op == MapOp::step) return a > Vector{} ? Vector{} + 1.0f : Vector{};
  if constexpr (op == MapOp::divRoot) return divideByRoot(a, b, imm1);
}

constexpr int maxStraightOutputs = 3;

// Elements [begin, end). Where an output lies over an input, it must be the same element's.
using StraightLoop = void (*)(const MapInstruction* code, const float* const* inputs, float* const* outputs, int begin,
                              int end);

template <class Body, size_t... I, size_t... K, size_t... O>
inline void runBody(const MapInstruction* code, const float* const* inputs, float* const* outputs, int begin, int end,
                    std::index_sequence<I...>, std::index_sequence<K...>, std::index_sequence<O...>) {
  static_assert(sizeof...(O) <= maxStraightOutputs);
  const float imm0[] = {code[K].imm0...}, imm1[] = {code[K].imm1...};
  // Out of the arrays, which for all the compiler knows are written to.
  const float* const from[] = {inputs[I]...};
  float* const to[] = {outputs[O]...};
  Vector at[Body::registers];
  int i = begin;
  for (; i + lanes <= end; i += lanes) {
    ((at[I] = load(from[I] + i)), ...);
    ((at[Body::code[K].dst] =
          apply<Body::code[K].op>(at[Body::code[K].a], at[Body::code[K].b], imm0[K], imm1[K])),
     ...);
    (store(to[O] + i, at[Body::outputs[O]]), ...);
  }
  if (i == end) return;
  const size_t bytes = static_cast<size_t>(end - i) * 4;
  for (Vector& reg : at) reg = Vector{};
  (memcpy(&at[I], from[I] + i, bytes), ...);
  ((at[Body::code[K].dst] = apply<Body::code[K].op>(at[Body::code[K].a], at[Body::code[K].b], imm0[K], imm1[K])),
   ...);
  (memcpy(to[O] + i, &at[Body::outputs[O]], bytes), ...);
}

template <class Body>
void straightLoop(const MapInstruction* code, const float* const* inputs, float* const* outputs, int begin, int end) {
  runBody<Body>(code, inputs, outputs, begin, end, std::make_index_sequence<Body::inputs>(),
                std::make_index_sequence<std::size(Body::code)>(),
                std::make_index_sequence<std::size(Body::outputs)>());
}

template <class Body>
bool isBody(const MapArgs& args, const MapBody& body) {
  if (args.inputs != Body::inputs || args.code != static_cast<int>(std::size(Body::code)) ||
      args.outputs != static_cast<int>(std::size(Body::outputs)))
    return false;
  for (size_t k = 0; k < std::size(Body::code); k++) {
    const MapInstruction& mine = body.code[k];
    const StraightStep& step = Body::code[k];
    if (mine.op != step.op || mine.dst != step.dst || mine.a != step.a || mine.b != step.b) return false;
  }
  for (size_t o = 0; o < std::size(Body::outputs); o++)
    if (body.outputs[o].reg != Body::outputs[o]) return false;
  return true;
}

// The loop for this body, or null.
inline StraightLoop findStraightLoop(const MapArgs& args, const MapBody& body) {
  if (isBody<AdamBody>(args, body)) return straightLoop<AdamBody>;
  if (isBody<AdamWBody>(args, body)) return straightLoop<AdamWBody>;
  if (isBody<ReluMaskBody>(args, body)) return straightLoop<ReluMaskBody>;
  if (isBody<DropoutMaskBody>(args, body)) return straightLoop<DropoutMaskBody>;
  return nullptr;
}

}  // namespace atelier::ATELIER_VARIANT
