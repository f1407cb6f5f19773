// An element-wise expression: the body of `map`, and of products that go on with their result. A block of elements
// at a time runs through the whole expression with its registers in the first-level cache, so that an optimiser's
// dozen operations read and write main memory once. Registers are arrays; inputs of mode `full` are read where they
// lie, and outputs are written there by the last instruction that makes them, where nothing forbids it.
#pragma once
#include "kernels.h"

#include <vector>

#include "straight.h"

namespace atelier::ATELIER_VARIANT {

class Expression {
 public:
  // Room for one thread's registers; run() may be called with it again and again.
  class Registers {
   public:
    explicit Registers(const Expression& expression);

   private:
    friend class Expression;
    static constexpr int floats = 8192;  // 32 KB
    alignas(64) float storage_[floats + 32 * maxMapRegisters];
    float* at_[maxMapRegisters];
    float* outputs_[maxStraightOutputs];
    int64_t first_ = 0;
    const float* product_ = nullptr;
  };

  // Both must outlive the expression.
  Expression(const Context& context, const MapArgs& args);

  // Most elements of one run.
  int block() const { return block_; }

  // Elements [first, first + n). Inputs of mode `product` read the n floats of `product`.
  void run(Registers& registers, int64_t first, int n, const float* product = nullptr) const;

  // For work in small parts: begin(), then goOn() with parts of what follows `first`.
  void begin(Registers& registers, int64_t first, const float* product) const;
  void goOn(Registers& registers, int from, int to) const {
    if (straight_ != nullptr)
      straight_(body_.code, registers.at_, registers.outputs_, from, to);
    else
      run(registers, registers.first_ + from, to - from, registers.product_ + from);
  }

  // Asks the second-level cache for what elements [first, first + n) read in mode `full`.
  void prefetch(int64_t first, int64_t n) const;

 private:
  float* home(Registers& registers, int reg) const { return registers.storage_ + int64_t{reg} * block_; }
  void chooseDirect();

  const Context& context_;
  const MapArgs& args_;
  MapBody body_;
  int block_;
  std::vector<char> written_;         // of each input: whether instructions write its register, which needs a copy
  std::vector<int32_t> directOutput_;  // of each instruction: the output it writes in memory, or -1
  StraightLoop straight_ = nullptr;
  std::vector<char> isDirect_;        // of each output
};

}  // namespace atelier::ATELIER_VARIANT
