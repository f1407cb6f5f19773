#include "variants.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace atelier {

#if defined(__x86_64__)
namespace avx512 {
extern const KernelTable table;
}
namespace avx2 {
extern const KernelTable table;
}
namespace avx512emulated {
extern const KernelTable table;
}
namespace amx {
KernelTable tableOver(const KernelTable& base);
}
namespace amxemulated {
KernelTable tableOver(const KernelTable& base);
}
#elif defined(__aarch64__)
namespace neon {
extern const KernelTable table;
}
#endif
namespace portable {
extern const KernelTable table;
}

namespace {

#if defined(__x86_64__)
struct CpuFeatures {
  bool avx2 = false, avx512 = false, amx = false;

  // Linux gives a process the registers of the matrix unit when it asks (ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA).
  static bool mayUseTiles() {
#ifdef __linux__
    return syscall(SYS_arch_prctl, 0x1023, 18) == 0;
#else
    return false;
#endif
  }

  CpuFeatures() {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return;
    const bool savesState = c & bit_OSXSAVE;
    const bool v3Basics = (c & bit_FMA) && (c & bit_AVX) && (c & bit_F16C) && (c & bit_MOVBE);
    if (!savesState || !v3Basics) return;
    // The operating system must save the wide registers: XCR0 bits 1-2 for AVX, 5-7 for AVX-512.
    unsigned low, high;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    unsigned extendedC = 0;
    if (__get_cpuid(0x80000001, &a, &b, &c, &d)) extendedC = c;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
    avx2 = (low & 0x6) == 0x6 && (b & bit_AVX2) && (b & bit_BMI) && (b & bit_BMI2) && (extendedC & bit_LZCNT);
    avx512 = avx2 && (low & 0xe6) == 0xe6 && (b & bit_AVX512F) && (b & bit_AVX512BW) && (b & bit_AVX512CD) &&
             (b & bit_AVX512DQ) && (b & bit_AVX512VL);
    constexpr unsigned amxBf16 = 1u << 22, amxTile = 1u << 24;
    amx = avx512 && (d & amxBf16) && (d & amxTile) && (low & 0x60000) == 0x60000 && mayUseTiles();
  }
};
#endif

}  // namespace

std::vector<const KernelTable*> runnableVariants() {
  static const KernelTable naiveTable = naive::tableOver(portable::table);
  std::vector<const KernelTable*> variants;
#if defined(__x86_64__)
  static const CpuFeatures cpu;
  static const KernelTable matrixTable = amx::tableOver(avx512::table);
  static const KernelTable emulatedMatrixTable = amxemulated::tableOver(avx512emulated::table);
  if (cpu.amx) variants.push_back(&matrixTable);
  if (cpu.avx512) variants.push_back(&avx512::table);
  if (cpu.avx2) variants.push_back(&avx2::table);
#elif defined(__aarch64__)
  variants.push_back(&neon::table);
#endif
  variants.push_back(&portable::table);
#if defined(__x86_64__)
  if (cpu.avx2) variants.push_back(&avx512emulated::table);
  if (cpu.avx2) variants.push_back(&emulatedMatrixTable);
#endif
  variants.push_back(&naiveTable);
  return variants;
}

const KernelTable* findVariant(const std::string& name) {
  for (const KernelTable* table : runnableVariants())
    if (name.empty() || name == table->name) return table;
  return nullptr;
}

}  // namespace atelier
