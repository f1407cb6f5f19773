// One call of a program while its arguments are held against the memory it has, and the check of each kernel: products,
// element-wise and row-wise kernels in validate-matrices.cpp, those of images in validate-images.cpp.
#pragma once
#include <initializer_list>
#include <string>

#include "validate.h"

namespace atelier {

constexpr double maxFloats = 2147483648.0;

// Collects operands, throws Refused with the call's place and name.
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

template <class Args>
void checkPool(const Examination& e, const Args& a, int64_t& x, int64_t& y) {
  checkWindow(e, a, 1, 1);
  x = e.product({a.N, a.H, a.W, a.C});
  y = e.product({a.N, a.oH, a.oW, a.C});
}

// A maximum's place in its window is kept in 16 bits.
template <class Args>
void checkMaxPool(const Examination& e, const Args& a, int64_t& x, int64_t& y) {
  checkPool(e, a, x, y);
  e.require(a.kH * int64_t{a.kW} <= 1 << 16, "a window of more than 65536 pixels");
}

// Throws Refused unless all that the kernel will touch is there; notes what it writes.
#define KERNEL(Name, name, ...) void check(Examination& e, const Name##Args& a);
ATELIER_KERNELS
#undef KERNEL
// Calls with a body have a length of their own, in words.
void check(Examination& e, const MapArgs& a, int64_t length);
void check(Examination& e, const GemmMapArgs& a, int64_t length);

}  // namespace atelier
