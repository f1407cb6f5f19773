#include "complex-product.h"

#include "kernels.h"

namespace atelier::ATELIER_VARIANT {
namespace {

// acc += A · b, for one plane of A. Rows are addressed in threes, from pointers that the compiler must not take apart:
// one for each row is more than there are registers, and fetching them back costs as much as the sums.
template <int R, int V>
inline void addProduct(Vector (&acc)[R][V], const ComplexFactor& a, const float* plane, int64_t K, const float* b) {
  constexpr int threes = (R + 2) / 3;
  const int64_t rowStep = a.rowStep, step = a.step;
  const float* rows[threes];
#pragma GCC unroll 5
  for (int i = 0; i < threes; i++) rows[i] = plane + 3 * i * rowStep;
  for (int64_t k = 0; k < K; k++, b += V * lanes) {
    Vector column[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) column[v] = load(b + v * lanes);
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      const float value = rows[r / 3][r % 3 * rowStep];
#pragma GCC unroll 2
      for (int v = 0; v < V; v++) acc[r][v] += value * column[v];
    }
#pragma GCC unroll 5
    for (int i = 0; i < threes; i++) {
      rows[i] += step;
      asm("" : "+r"(rows[i]));
    }
  }
}

template <int R, int V>
inline void storeRows(const Vector (&acc)[R][V], float* c, int64_t ldc) {
#pragma GCC unroll 16
  for (int r = 0; r < R; r++)
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) store(c + r * ldc + v * lanes, acc[r][v]);
}

template <int R, int V>
void complexTile(const ComplexProduct& product, int64_t begin) {
  const ComplexFactor& a = product.a;
  Vector acc[R][V] = {};
  const int64_t K = product.K, plane = K * V * lanes;
  const float* rows = a.data + begin * a.rowStep;
  float* re = product.c + begin * product.ldc;
  addProduct(acc, a, rows + 2 * a.planeStep, K, product.b);
  storeRows(acc, re, product.ldc);
  addProduct(acc, a, rows, K, product.b + plane);
  storeRows(acc, re + panelWidth, product.ldc);
#pragma GCC unroll 16
  for (int r = 0; r < R; r++)
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) acc[r][v] = load(re + r * product.ldc + v * lanes);
  addProduct(acc, a, rows + a.planeStep, K, product.b + 2 * plane);
  storeRows(acc, re, product.ldc);
}

using ComplexTile = void (*)(const ComplexProduct&, int64_t begin);
template <int R, int V>
constexpr ComplexTile complexTileOf = complexTile<(R <= tileRows ? R : 1), V>;
#define ATELIER_COMPLEX_TILES(V)                                                                                  \
  {complexTileOf<1, V>,  complexTileOf<2, V>,  complexTileOf<3, V>,  complexTileOf<4, V>,  complexTileOf<5, V>,   \
   complexTileOf<6, V>,  complexTileOf<7, V>,  complexTileOf<8, V>,  complexTileOf<9, V>,  complexTileOf<10, V>,  \
   complexTileOf<11, V>, complexTileOf<12, V>, complexTileOf<13, V>, complexTileOf<14, V>}
constexpr ComplexTile complexTiles[2][14] = {ATELIER_COMPLEX_TILES(1), ATELIER_COMPLEX_TILES(2)};

}  // namespace

void multiplyComplex(const ComplexProduct& product, int64_t M) {
  const ComplexTile* const functions = complexTiles[product.width / lanes - 1];
  const int64_t tileCount = (M + tileRows - 1) / tileRows;
  for (int64_t tile = 0; tile < tileCount; tile++) {
    const Share share(M, tileCount, tile);
    functions[share.end - share.begin - 1](product, share.begin);
  }
}

}  // namespace atelier::ATELIER_VARIANT
