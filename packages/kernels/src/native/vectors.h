// Vector lanes of the variant being compiled, in GCC's vector extensions, and the tile the products are built of:
// a tile is ROWS x (2 vectors), or NARROW_ROWS x (1 vector) where few columns are left. Tiles fill the register
// file: AVX-512 14x32 of 32 registers, AVX2 6x16 of 16, SSE 6x8 of 16, NEON 12x8 of 32.
#pragma once
#include <cstring>

#if !defined(ATELIER_VARIANT) || !defined(ATELIER_LANES)
#error "compile with -DATELIER_VARIANT=<name> -DATELIER_LANES=<4|8|16>"
#endif

namespace atelier::ATELIER_VARIANT {

constexpr int lanes = ATELIER_LANES;
typedef float Vector __attribute__((vector_size(ATELIER_LANES * 4)));
typedef float LooseVector __attribute__((vector_size(ATELIER_LANES * 4), aligned(4), may_alias));

#if ATELIER_LANES == 16
constexpr int tileRows = 14, narrowTileRows = 14;
#elif ATELIER_LANES == 8
constexpr int tileRows = 6, narrowTileRows = 10;
#elif defined(__aarch64__)
constexpr int tileRows = 12, narrowTileRows = 14;
#else
constexpr int tileRows = 6, narrowTileRows = 12;
#endif
constexpr int panelWidth = 2 * lanes;

inline Vector load(const float* p) { return *reinterpret_cast<const LooseVector*>(p); }
inline void store(float* p, Vector v) { *reinterpret_cast<LooseVector*>(p) = v; }

}  // namespace atelier::ATELIER_VARIANT
