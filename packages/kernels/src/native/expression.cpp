// The interpreter of element-wise expressions: see expression.h.
#include "expression.h"

#include <initializer_list>

#include "elementary.h"
#include "philox-lanes.h"

namespace atelier::ATELIER_VARIANT {
namespace {

constexpr int maxBlock = 1024;

// Half-words of dropout for elements [first, first + count), first a multiple of 64, each in the upper half of a word:
// see halfWordOf() in random/philox.ts. The halves of word w of eight counters belong to elements 16w..16w+7 and
// 16w+8..16w+15 of a block of 64. Up to 128 words more than count are written.
void dropoutWords(const Context& context, uint32_t stream, int64_t first, int count, uint32_t* words) {
  constexpr int run = lanes < 8 ? lanes : 8;  // neighbouring elements in a vector of words
  const PhiloxKeys keys(context, stream);
  Words counters;
  for (int lane = 0; lane < lanes; lane++) counters[lane] = static_cast<uint32_t>(first / 8 + lane);
  for (int counter = 0; counter < (count + 63) / 64 * 8; counter += lanes, counters += lanes) {
    Words drawn[4];
    drawWords(keys, counters, drawn);
    for (int w = 0; w < 4; w++) {
      const Words halves[] = {drawn[w] << 16, drawn[w]};
      for (int lane = 0; lane < lanes; lane += run)
        for (int half = 0; half < 2; half++)
          memcpy(words + (counter + lane) / 8 * 64 + w * 16 + half * 8 + (counter + lane) % 8,
                 reinterpret_cast<const uint32_t*>(halves + half) + lane, run * 4);
    }
  }
}

#define EACH(expression)                     \
  _Pragma("GCC ivdep") for (int i = 0; i < n; i++) d[i] = (expression); \
  break

void divideAllByRoot(const float* a, const float* b, float offset, int n, float* d) {
  int i = 0;
  for (; i + lanes <= n; i += lanes) store(d + i, divideByRoot(load(a + i), load(b + i), offset));
  for (; i < n; i++) d[i] = a[i] / (sqrtf(b[i]) + offset);
}

void execute(const Context& context, const MapInstruction& code, int64_t first, int n, const float* a, const float* b,
             float* d) {
  switch (code.op) {
    case MapOp::add: EACH(a[i] + b[i]);
    case MapOp::sub: EACH(a[i] - b[i]);
    case MapOp::mul: EACH(a[i] * b[i]);
    case MapOp::div: EACH(a[i] / b[i]);
    case MapOp::maximum: EACH(a[i] <= b[i] || b[i] != b[i] ? b[i] : a[i]);
    case MapOp::lerp: {
      const float weight = code.imm0;
      EACH(a[i] + weight * (b[i] - a[i]));
    }
    case MapOp::divRoot:
      divideAllByRoot(a, b, code.imm1, n, d);
      break;
    case MapOp::affine: {
      const float scale = code.imm0, offset = code.imm1;
      EACH(scale * a[i] + offset);
    }
    case MapOp::relu: EACH(a[i] < 0.0f ? 0.0f : a[i]);
    case MapOp::step: EACH(a[i] > 0.0f ? 1.0f : 0.0f);
    case MapOp::sigmoid: EACH(sigmoid(a[i]));
    case MapOp::tanh: EACH(hyperbolicTangent(a[i]));
    case MapOp::exp: EACH(exponential(a[i]));
    case MapOp::log: EACH(logarithm(a[i]));
    case MapOp::sqrt: {
      const float offset = code.imm1;
      EACH(sqrtf(a[i]) + offset);
    }
    case MapOp::erf: EACH(errorFunction(a[i]));
    case MapOp::dropout: {
      uint32_t drawn[maxBlock + 128];
      const int skipped = static_cast<int>(first % 64);
      dropoutWords(context, static_cast<uint32_t>(code.stream), first - skipped, n + skipped, drawn);
      const uint32_t* const words = drawn + skipped;
      const uint32_t least = leastKept(code.imm1) << 16;
      const float scale = 1.0f / (1.0f - code.imm1);
      EACH(words[i] >= least ? a[i] * scale : 0.0f);
    }
    case MapOp::count: break;
  }
}

void fillCycle(const float* x, int64_t period, int64_t first, int n, float* out) {
  int64_t at = first % period;
  if (period >= 16) {
    for (int i = 0; i < n;) {
      const int64_t run = period - at < n - i ? period - at : n - i;
      memcpy(out + i, x + at, static_cast<size_t>(run) * 4);
      i += static_cast<int>(run);
      at = 0;
    }
    return;
  }
  for (int i = 0; i < n; i++) {
    out[i] = x[at];
    if (++at == period) at = 0;
  }
}

void fillRepeat(const float* x, int64_t length, int64_t first, int n, float* out) {
  int64_t source = first / length, used = first % length;
  for (int i = 0; i < n;) {
    const int64_t run = length - used < n - i ? length - used : n - i;
    const float value = x[source++];
    for (int64_t j = 0; j < run; j++) out[i + j] = value;
    i += static_cast<int>(run);
    used = 0;
  }
}

}  // namespace

Expression::Expression(const Context& context, const MapArgs& args)
    : context_(context),
      args_(args),
      body_(args),
      written_(static_cast<size_t>(args.inputs), 0),
      directOutput_(static_cast<size_t>(args.code), -1),
      isDirect_(static_cast<size_t>(args.outputs), 0) {
  const int block = Registers::floats / (args.registers > 0 ? args.registers : 1) / 32 * 32;
  block_ = block < 32 ? 32 : block > maxBlock ? maxBlock : block;
  for (int k = 0; k < args.code; k++)
    if (body_.code[k].dst < args.inputs) written_[static_cast<size_t>(body_.code[k].dst)] = 1;
  chooseDirect();
  straight_ = findStraightLoop(args_, body_);
  for (const char direct : isDirect_)
    if (!direct) straight_ = nullptr;
}

// The last instruction that writes an output's register may write the output itself, when the register is no input's,
// no other output wants it, and nothing reads an input that shares memory with the output afterwards.
void Expression::chooseDirect() {
  for (int o = 0; o < args_.outputs; o++) {
    const MapOutput& output = body_.outputs[o];
    if (output.reg < args_.inputs) continue;
    int last = args_.code - 1;
    while (body_.code[last].dst != output.reg) last--;
    bool safe = true;
    for (int p = 0; p < args_.outputs; p++) {
      const MapOutput& other = body_.outputs[p];
      if (p == o) continue;
      if (other.reg == output.reg || other.ref == output.ref) safe = false;
      if (other.reg < args_.inputs && body_.inputs[other.reg].ref == output.ref) safe = false;
    }
    for (int k = last + 1; k < args_.code && safe; k++)
      for (const int32_t operand : {body_.code[k].a, body_.code[k].b})
        if (operand < args_.inputs && body_.inputs[operand].ref == output.ref) safe = false;
    // Inputs that are spread out are read at other places than the element's own.
    for (int i = 0; i < args_.inputs; i++)
      if (body_.inputs[i].mode != MapMode::full && body_.inputs[i].ref == output.ref) safe = false;
    isDirect_[static_cast<size_t>(o)] = safe;
    if (safe) directOutput_[static_cast<size_t>(last)] = o;
  }
}

Expression::Registers::Registers(const Expression& expression) {
  for (int reg = 0; reg < expression.args_.registers; reg++) at_[reg] = expression.home(*this, reg);
  for (int i = 0; i < expression.args_.inputs; i++) {
    const MapInput& input = expression.body_.inputs[i];
    if (input.mode != MapMode::scalar) continue;
    const float value = *expression.context_.at(input.ref);
    for (int j = 0; j < expression.block_; j++) at_[i][j] = value;
  }
}

void Expression::run(Registers& registers, int64_t first, int n, const float* product) const {
  float** const at = registers.at_;
  for (int i = 0; i < args_.inputs; i++) {
    const MapInput& input = body_.inputs[i];
    const float* x = context_.at(input.ref);
    const bool copy = written_[static_cast<size_t>(i)] != 0;
    switch (input.mode) {
      case MapMode::full:
      case MapMode::product: {
        const float* from = input.mode == MapMode::product ? product : x + first;
        if (copy)
          memcpy(at[i], from, static_cast<size_t>(n) * 4);
        else
          at[i] = const_cast<float*>(from);
        break;
      }
      case MapMode::scalar:
        if (copy)
          for (int j = 0; j < n; j++) at[i][j] = *x;
        break;
      case MapMode::cycle:
        fillCycle(x, input.param, first, n, at[i]);
        break;
      case MapMode::repeat:
        fillRepeat(x, input.param, first, n, at[i]);
        break;
      case MapMode::count:
        break;
    }
  }
  if (straight_ != nullptr) {
    for (int o = 0; o < args_.outputs; o++) registers.outputs_[o] = context_.at(body_.outputs[o].ref) + first;
    straight_(body_.code, at, registers.outputs_, 0, n);
    return;
  }
  for (int k = 0; k < args_.code; k++) {
    const MapInstruction& code = body_.code[k];
    const int32_t direct = directOutput_[static_cast<size_t>(k)];
    const float *a = at[code.a], *b = at[code.b];
    at[code.dst] = direct >= 0 ? context_.at(body_.outputs[direct].ref) + first : home(registers, code.dst);
    execute(context_, code, first, n, a, b, at[code.dst]);
  }
  for (int o = 0; o < args_.outputs; o++)
    if (!isDirect_[static_cast<size_t>(o)])
      memmove(context_.at(body_.outputs[o].ref) + first, at[body_.outputs[o].reg], static_cast<size_t>(n) * 4);
}

void Expression::begin(Registers& registers, int64_t first, const float* product) const {
  registers.first_ = first;
  registers.product_ = product;
  if (straight_ == nullptr) return;
  for (int i = 0; i < args_.inputs; i++) {
    const MapInput& input = body_.inputs[i];
    if (input.mode == MapMode::product) registers.at_[i] = const_cast<float*>(product);
    if (input.mode == MapMode::full) registers.at_[i] = context_.at(input.ref) + first;
  }
  for (int o = 0; o < args_.outputs; o++) registers.outputs_[o] = context_.at(body_.outputs[o].ref) + first;
}

void Expression::prefetch(int64_t first, int64_t n) const {
  for (int i = 0; i < args_.inputs; i++) {
    if (body_.inputs[i].mode != MapMode::full) continue;
    const float* x = context_.at(body_.inputs[i].ref) + first;
    for (int64_t j = 0; j < n; j += 32) __builtin_prefetch(x + j, 0, 2);
  }
}

}  // namespace atelier::ATELIER_VARIANT
