// Philox 4x32-10 (Salmon et al. 2011), the mirror of packages/engine/src/random/philox.ts: every random number is
// a function of (seed, counter words), the same on every executor and at every thread count.
#pragma once
#include <cstdint>

namespace atelier {

struct PhiloxKey {
  uint32_t low, high;
};

struct PhiloxBlock {
  uint32_t words[4];
};

namespace streams {
constexpr uint32_t augment = 3, flipSide = 4;
}

inline PhiloxBlock philox(PhiloxKey key, uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3) {
  for (int round = 0; round < 10; round++) {
    const uint64_t product0 = uint64_t{0xd2511f53} * c0;
    const uint64_t product1 = uint64_t{0xcd9e8d57} * c2;
    const uint32_t next0 = static_cast<uint32_t>(product1 >> 32) ^ c1 ^ key.low;
    const uint32_t next2 = static_cast<uint32_t>(product0 >> 32) ^ c3 ^ key.high;
    c1 = static_cast<uint32_t>(product1);
    c3 = static_cast<uint32_t>(product0);
    c0 = next0;
    c2 = next2;
    key.low += 0x9e3779b9;
    key.high += 0xbb67ae85;
  }
  return {{c0, c1, c2, c3}};
}

// A word as a number in [0, 1), in steps of 2^-24.
inline double uniform(uint32_t word) { return (word >> 8) * 0x1p-24; }

// A word as a whole number in [0, n).
inline int32_t below(uint32_t word, int32_t n) {
  return static_cast<int32_t>((uint64_t{word} * static_cast<uint32_t>(n)) >> 32);
}

// The least half-word that dropout keeps.
inline uint32_t leastKept(float rate) {
  const double least = static_cast<double>(rate) * 65536.0 + 0.5;
  return least < 65535.0 ? static_cast<uint32_t>(least) : 65535;
}

}  // namespace atelier
