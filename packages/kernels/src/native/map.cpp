// Element-wise expressions. A block of elements at a time runs through the whole expression with its registers in
// the first-level cache, so that an optimiser's dozen operations read and write main memory once. Registers are
// arrays; inputs of mode `full` are read where they lie and outputs, where nothing forbids it, are computed in place.
#include "elementary.h"
#include "kernels.h"

#include <initializer_list>

namespace atelier::ATELIER_VARIANT {
namespace {

constexpr int maxBlock = 1024;
constexpr int registerFloats = 8192;  // 32 KB

typedef uint32_t Words __attribute__((vector_size(32)));
typedef uint64_t Products __attribute__((vector_size(32)));

// Products of the even 32-bit elements of x with m.
inline Products multiplyEven(Products x, uint32_t m) {
#if defined(__AVX2__)
  typedef int Ints __attribute__((vector_size(32)));
  return reinterpret_cast<Products>(__builtin_ia32_pmuludq256(reinterpret_cast<Ints>(x), Ints{} + static_cast<int>(m)));
#else
  return (x & 0xffffffffull) * m;
#endif
}

// Upper and lower halves of the products of all eight elements of x with m.
inline void multiplyWide(Words x, uint32_t m, Words& high, Words& low) {
  const Products wide = reinterpret_cast<Products>(x);
  const Products even = multiplyEven(wide, m), odd = multiplyEven(wide >> 32, m);
  constexpr uint64_t lower = 0xffffffffull;
  high = reinterpret_cast<Words>((even >> 32) | (odd & ~lower));
  low = reinterpret_cast<Words>((even & lower) | (odd << 32));
}

// Words of dropout for elements [first, first + count), first a multiple of 32: see wordOf() in random/philox.ts.
// Eight counters go side by side; their word w belongs to elements 8w..8w+7 of the block of 32.
void dropoutWords(const Context& context, uint32_t stream, int64_t first, int count, uint32_t* words) {
  for (int block = 0; block < count; block += 32, words += 32) {
    Words c0 = Words{0, 1, 2, 3, 4, 5, 6, 7} + static_cast<uint32_t>((first + block) / 32 * 8);
    Words c1 = Words{} + context.step, c2 = Words{} + stream, c3{};
    uint32_t low = context.seed.low, high = context.seed.high;
    for (int round = 0; round < 10; round++) {
      Words high0, low0, high1, low1;
      multiplyWide(c0, 0xd2511f53, high0, low0);
      multiplyWide(c2, 0xcd9e8d57, high1, low1);
      c0 = high1 ^ c1 ^ low;
      c1 = low1;
      c2 = high0 ^ c3 ^ high;
      c3 = low0;
      low += 0x9e3779b9;
      high += 0xbb67ae85;
    }
    memcpy(words, &c0, 32);
    memcpy(words + 8, &c1, 32);
    memcpy(words + 16, &c2, 32);
    memcpy(words + 24, &c3, 32);
  }
}

#define EACH(expression)                     \
  _Pragma("GCC ivdep") for (int i = 0; i < n; i++) d[i] = (expression); \
  break

void execute(const Context& context, const MapInstruction& code, int64_t first, int n, const float* a, const float* b,
             float* d) {
  switch (code.op) {
    case MapOp::add: EACH(a[i] + b[i]);
    case MapOp::sub: EACH(a[i] - b[i]);
    case MapOp::mul: EACH(a[i] * b[i]);
    case MapOp::div: EACH(a[i] / b[i]);
    case MapOp::maximum: EACH(a[i] <= b[i] || b[i] != b[i] ? b[i] : a[i]);
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
    case MapOp::sqrt: EACH(sqrtf(a[i]));
    case MapOp::erf: EACH(errorFunction(a[i]));
    case MapOp::dropout: {
      uint32_t words[maxBlock];
      dropoutWords(context, static_cast<uint32_t>(code.stream), first, n, words);
      const uint32_t threshold = static_cast<uint32_t>(static_cast<double>(code.imm1) * 4294967296.0);
      const float scale = 1.0f / (1.0f - code.imm1);
      EACH(words[i] >= threshold ? a[i] * scale : 0.0f);
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

// Where each output register may live: in the output itself when it is not an input register, no other output wants
// it, and nothing reads an input that shares memory with the output after its first write.
void chooseInPlace(const MapArgs& args, const MapBody& body, bool* inPlace) {
  for (int o = 0; o < args.outputs; o++) {
    const MapOutput& output = body.outputs[o];
    bool safe = output.reg >= args.inputs;
    for (int p = 0; p < args.outputs; p++)
      if (p != o && (body.outputs[p].reg == output.reg || body.outputs[p].ref == output.ref)) safe = false;
    int firstWrite = args.code;
    for (int k = args.code - 1; k >= 0; k--)
      if (body.code[k].dst == output.reg) firstWrite = k;
    for (int k = firstWrite + 1; k < args.code && safe; k++)
      for (const int32_t operand : {body.code[k].a, body.code[k].b})
        if (operand < args.inputs && body.inputs[operand].ref == output.ref) safe = false;
    // Inputs that are spread out are read at other places than the element's own.
    for (int i = 0; i < args.inputs; i++)
      if (body.inputs[i].mode != MapMode::full && body.inputs[i].ref == output.ref) safe = false;
    inPlace[o] = safe;
  }
}

}  // namespace

void map(const Context& context, const MapArgs& args) {
  const MapBody body(args);
  int block = registerFloats / (args.registers > 0 ? args.registers : 1) / 32 * 32;
  block = block < 32 ? 32 : block > maxBlock ? maxBlock : block;
  const int64_t blocks = (int64_t{args.count} + block - 1) / block;

  bool written[maxMapRegisters] = {};  // inputs used as registers need a copy
  for (int k = 0; k < args.code; k++)
    if (body.code[k].dst < args.inputs) written[body.code[k].dst] = true;
  bool inPlace[maxMapRegisters];
  chooseInPlace(args, body, inPlace);

  const int64_t cost = int64_t{args.count} * (args.inputs + args.code + args.outputs);
  int64_t tasks = cost < 65536 ? 1 : (cost + 65535) / 65536;
  if (tasks > 64) tasks = 64;
  if (tasks > blocks) tasks = blocks;
  context.pool->each(static_cast<int>(tasks), [&](int task) {
    alignas(64) float storage[registerFloats + 32 * maxMapRegisters];
    float* registers[maxMapRegisters];
    const auto home = [&](int reg) { return storage + int64_t{reg} * block; };
    for (int reg = 0; reg < args.registers; reg++) registers[reg] = home(reg);
    const Share share(blocks, tasks, task);
    for (int64_t index = share.begin; index < share.end; index++) {
      const int64_t first = index * block;
      const int n = static_cast<int>(args.count - first < block ? args.count - first : block);
      for (int i = 0; i < args.inputs; i++) {
        const MapInput& input = body.inputs[i];
        const float* x = context.at(input.ref);
        const bool copy = written[i];
        switch (input.mode) {
          case MapMode::full:
            if (copy)
              memcpy(home(i), x + first, static_cast<size_t>(n) * 4);
            else
              registers[i] = const_cast<float*>(x + first);
            break;
          case MapMode::scalar:
            if (copy || index == share.begin)
              for (int j = 0; j < block; j++) home(i)[j] = *x;
            break;
          case MapMode::cycle:
            fillCycle(x, input.param, first, n, home(i));
            break;
          case MapMode::repeat:
            fillRepeat(x, input.param, first, n, home(i));
            break;
          case MapMode::count:
            break;
        }
      }
      for (int o = 0; o < args.outputs; o++)
        if (inPlace[o]) registers[body.outputs[o].reg] = context.at(body.outputs[o].ref) + first;
      for (int k = 0; k < args.code; k++) {
        const MapInstruction& code = body.code[k];
        execute(context, code, first, n, registers[code.a], registers[code.b], registers[code.dst]);
      }
      for (int o = 0; o < args.outputs; o++)
        if (!inPlace[o])
          memmove(context.at(body.outputs[o].ref) + first, registers[body.outputs[o].reg], static_cast<size_t>(n) * 4);
    }
  });
}

}  // namespace atelier::ATELIER_VARIANT
