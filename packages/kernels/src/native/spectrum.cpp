#include "spectrum.h"

#include <cmath>

namespace atelier::ATELIER_VARIANT {
namespace {

constexpr double pi = 3.14159265358979323846;

// exp(2πi · bin · place / size), from an angle reduced exactly.
struct Wave {
  double cosine, sine;
  Wave(int64_t bin, int64_t place, int64_t size) {
    const int64_t turn = ((bin * place) % size + size) % size;
    const double angle = 2 * pi * static_cast<double>(turn) / static_cast<double>(size);
    cosine = std::cos(angle);
    sine = std::sin(angle);
  }
};

int64_t at(const Places& places, int64_t i) { return places.first + places.step * i; }

// [y][re, im][ky][re, im] for the first `rows` of ky; each bin counts twice unless it mirrors itself.
void fillAlongY(float* out, const Torus& torus, const Places& y, int64_t rows, bool columnMirrorsItself) {
  const double area = static_cast<double>(torus.sizeY * torus.sizeX);
  for (int64_t i = 0; i < y.count; i++)
    for (int64_t ky = 0; ky < rows; ky++) {
      const bool single = columnMirrorsItself && (ky == 0 || 2 * ky == torus.sizeY);
      const double weight = (single ? 1 : 2) / area;
      const Wave wave(ky, at(y, i), torus.sizeY);
      float* re = out + i * 4 * rows + 2 * ky;
      float* im = re + 2 * rows;
      re[0] = static_cast<float>(weight * wave.cosine);
      re[1] = static_cast<float>(-weight * wave.sine);
      im[0] = static_cast<float>(weight * wave.sine);
      im[1] = static_cast<float>(weight * wave.cosine);
    }
}

template <int R, int V>
void smallTile(const SmallProduct& product, int64_t begin) {
  const float* rows[R];
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) rows[r] = product.matrix + (begin + r) * product.matrixStride;
  const float* b = product.b;
  float* to = product.c + begin * product.ldc;
  for (int64_t i = 0; i < product.runs; i++, b += product.bStep, to += product.cStep) {
    Vector acc[R][V] = {};
    for (int64_t k = 0; k < product.depth; k++) {
      Vector column[V];
#pragma GCC unroll 2
      for (int v = 0; v < V; v++) column[v] = load(b + k * product.ldb + v * lanes);
#pragma GCC unroll 16
      for (int r = 0; r < R; r++) {
        const float a = rows[r][k];
#pragma GCC unroll 2
        for (int v = 0; v < V; v++) acc[r][v] += a * column[v];
      }
    }
    float* c = to;
#pragma GCC unroll 16
    for (int r = 0; r < R; r++, c += product.ldc)
#pragma GCC unroll 2
      for (int v = 0; v < V; v++) store(c + v * lanes, acc[r][v]);
  }
}

using SmallTile = void (*)(const SmallProduct&, int64_t begin);
template <int R, int V>
constexpr SmallTile smallTileOf = smallTile<(R <= tileRows ? R : 1), V>;
#define ATELIER_SMALL_TILES(V)                                                                                   \
  {smallTileOf<1, V>, smallTileOf<2, V>,  smallTileOf<3, V>,  smallTileOf<4, V>,  smallTileOf<5, V>,             \
   smallTileOf<6, V>, smallTileOf<7, V>,  smallTileOf<8, V>,  smallTileOf<9, V>,  smallTileOf<10, V>,            \
   smallTileOf<11, V>, smallTileOf<12, V>, smallTileOf<13, V>, smallTileOf<14, V>}
constexpr SmallTile smallTiles[2][14] = {ATELIER_SMALL_TILES(1), ATELIER_SMALL_TILES(2)};

}  // namespace

int64_t Analysis::floats(const Torus& torus, const Places& y, const Places& x) {
  return 2 * torus.columns() * x.count + 4 * torus.sizeY * y.count;
}

Analysis::Analysis(const Torus& torus, const Places& y, const Places& x, float* memory) : torus(torus), y(y), x(x) {
  alongX = memory;
  alongY = memory + 2 * torus.columns() * x.count;
  for (int64_t kx = 0; kx < torus.columns(); kx++)
    for (int64_t i = 0; i < x.count; i++) {
      const Wave wave(kx, at(x, i), torus.sizeX);
      alongX[2 * kx * x.count + i] = static_cast<float>(wave.cosine);
      alongX[(2 * kx + 1) * x.count + i] = static_cast<float>(-wave.sine);
    }
  for (int64_t ky = 0; ky < torus.sizeY; ky++)
    for (int64_t i = 0; i < y.count; i++) {
      const Wave wave(ky, at(y, i), torus.sizeY);
      float* re = alongY + ky * 4 * y.count;
      float* im = re + 2 * y.count;
      re[i] = im[y.count + i] = static_cast<float>(wave.cosine);
      re[y.count + i] = static_cast<float>(wave.sine);
      im[i] = static_cast<float>(-wave.sine);
    }
}

int64_t Synthesis::floats(const Torus& torus, const Places& y, const Places& x) {
  return 4 * y.count * (torus.sizeY / 2 + 1 + torus.sizeY) + 2 * torus.columns() * x.count;
}

Synthesis::Synthesis(const Torus& torus, const Places& y, const Places& x, float* memory) : torus(torus), y(y), x(x) {
  const int64_t half = torus.sizeY / 2 + 1;
  alongHalfY = memory;
  alongY = alongHalfY + 4 * y.count * half;
  alongX = alongY + 4 * y.count * torus.sizeY;
  fillAlongY(alongHalfY, torus, y, half, true);
  fillAlongY(alongY, torus, y, torus.sizeY, false);
  for (int64_t i = 0; i < x.count; i++)
    for (int64_t kx = 0; kx < torus.columns(); kx++) {
      const Wave wave(kx, at(x, i), torus.sizeX);
      float* row = alongX + i * 2 * torus.columns() + kx;
      row[0] = static_cast<float>(wave.cosine);
      row[torus.columns()] = static_cast<float>(-wave.sine);
    }
}

void multiplySmall(const SmallProduct& product) {
  const SmallTile* const functions = smallTiles[product.width / lanes - 1];
  const int64_t tileCount = (product.rows + tileRows - 1) / tileRows;
  for (int64_t tile = 0; tile < tileCount; tile++) {
    const Share share(product.rows, tileCount, tile);
    functions[share.end - share.begin - 1](product, share.begin);
  }
}

void analyze(const Analysis& analysis, const Pixels& pixels, float* scratch, const Spectra& spectra, int64_t n,
             int64_t block, float* out) {
  const Torus& torus = analysis.torus;
  const int64_t H = analysis.y.count, W = analysis.x.count;
  const int width = pixels.width;
  multiplySmall({analysis.alongX, W, 2 * torus.columns(), W, pixels.data, pixels.stride, width, scratch, H * width, H,
                 W * pixels.stride, width});
  for (int64_t kx = 0; kx < torus.columns();) {
    const int64_t runs = torus.runOf(kx), rows = torus.rows(kx);
    float* to = out + spectra.offset(kx, n, block);
    SmallProduct product{analysis.alongY, 4 * H, rows, 2 * H, scratch + kx * 2 * H * width, width, width, to,
                         Spectra::binStride,                         runs, 2 * H * width, spectra.columnStride(kx)};
    multiplySmall(product);
    product.matrix += 2 * H;
    product.c += panelWidth;
    multiplySmall(product);
    kx += runs;
  }
}

void synthesizeColumn(const Synthesis& synthesis, int64_t kx, const float* column, int width, float* sums,
                      int64_t rowStride, const Run& run) {
  const Torus& torus = synthesis.torus;
  const int64_t rows = torus.rows(kx);
  const float* matrix = torus.mirrorsItself(kx) ? synthesis.alongHalfY : synthesis.alongY;
  multiplySmall({matrix, 2 * rows, 2 * synthesis.y.count, 2 * rows, column, panelWidth, width, sums, rowStride,
                 run.count, run.from, run.to});
}

void synthesizeColumns(const Synthesis& synthesis, const Spectra& spectra, const float* bins, int64_t n, int64_t block,
                       int width, float* sums) {
  const Torus& torus = synthesis.torus;
  for (int64_t kx = 0; kx < torus.columns();) {
    const int64_t runs = torus.runOf(kx);
    synthesizeColumn(synthesis, kx, bins + spectra.offset(kx, n, block), width, sums + kx * width,
                     torus.columns() * width, {runs, spectra.columnStride(kx), width});
    kx += runs;
  }
}

void synthesizeRows(const Synthesis& synthesis, const float* sums, int width, float* places) {
  const int64_t depth = 2 * synthesis.torus.columns(), H = synthesis.y.count, W = synthesis.x.count;
  multiplySmall({synthesis.alongX, depth, W, depth, sums, width, width, places, width, H, depth * width, W * width});
}

}  // namespace atelier::ATELIER_VARIANT
