// Decodes a program and proves it safe: every operand's extent lies within state or arena, every geometry is
// sound, before any kernel sees a pointer.
#pragma once
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels.h"

namespace atelier {

// What was wrong with an argument from JavaScript; becomes a thrown Error there.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Space {
  int64_t stateFloats, arenaFloats;
  // Throws unless [lo, hi) floats from ref lie within its space.
  void check(Ref ref, int64_t lo, int64_t hi, const std::string& what) const;
};

// A place a call writes.
struct Written {
  Ref ref;
  int64_t lo, hi;
  bool overlaps(Ref other, int64_t floats) const;
};

struct Call {
  KernelId kernel;
  const int32_t* args;
  std::vector<Written> written;

  template <class Args>
  const Args& as() const {
    return *reinterpret_cast<const Args*>(args);
  }
};

// The calls of `words`, which must outlive them; unary operands in map bodies are tidied in place.
std::vector<Call> decodeCalls(std::vector<int32_t>& words, const Space& space);

// Scratch floats the call wants from this variant.
int64_t workspaceFloats(const KernelTable& table, const Call& call);

void execute(const KernelTable& table, const Context& context, const Call& call);

const char* kernelName(KernelId kernel);

}  // namespace atelier
