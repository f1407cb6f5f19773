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

// [y][re, im][re ky, im ky] for the first `rows` of ky; each bin counts `mirrored` times unless it mirrors itself.
void fillAlongY(float* out, const Torus& torus, const Places& y, int64_t rows, bool columnMirrorsItself) {
  const double area = static_cast<double>(torus.sizeY * torus.sizeX);
  for (int64_t i = 0; i < y.count; i++)
    for (int64_t ky = 0; ky < rows; ky++) {
      const bool single = columnMirrorsItself && (ky == 0 || 2 * ky == torus.sizeY);
      const double weight = (single ? 1 : 2) / area;
      const Wave wave(ky, at(y, i), torus.sizeY);
      float* re = out + i * 4 * rows;
      float* im = re + 2 * rows;
      re[ky] = static_cast<float>(weight * wave.cosine);
      re[rows + ky] = static_cast<float>(-weight * wave.sine);
      im[ky] = static_cast<float>(weight * wave.sine);
      im[rows + ky] = static_cast<float>(weight * wave.cosine);
    }
}

// 0, 1, 2, … : a small product's k lies as it is summed.
struct Counting {
  int32_t values[maxDepth];
  constexpr Counting() : values() {
    for (int32_t i = 0; i < maxDepth; i++) values[i] = i;
  }
};
constexpr Counting counting;

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
      float* row = alongX + (i * torus.columns() + kx) * 2;
      row[0] = static_cast<float>(wave.cosine);
      row[1] = static_cast<float>(-wave.sine);
    }
}

void multiplySmall(const SmallProduct& product) {
  const int64_t maxRows = product.width == panelWidth ? tileRows : narrowTileRows;
  const int64_t tileCount = (product.rows + maxRows - 1) / maxRows;
  const TileFunction* const functions = tiles[product.width / lanes - 1];
  const float* rows[14];
  TileArgs args;
  args.rows = rows;
  args.offsets = counting.values;
  args.count = product.depth;
  args.b = product.b;
  args.ldc = product.ldc;
  args.columns = product.columns;
  args.bias = product.bias;
  args.relu = product.relu;
  args.accumulate = product.accumulate;
  for (int64_t tile = 0, begin = 0; tile < tileCount; tile++) {
    const int64_t end = begin + (product.rows - begin) / (tileCount - tile);
    for (int64_t r = begin; r < end; r++) rows[r - begin] = product.matrix + r * product.matrixStride;
    args.c = product.c + begin * product.ldc;
    functions[end - begin - 1](args);
    begin = end;
  }
}

void analyze(const Analysis& analysis, const float* places, int width, float* scratch, float* re, float* im,
             int64_t binStride) {
  const Torus& torus = analysis.torus;
  const int64_t H = analysis.y.count, W = analysis.x.count;
  for (int64_t y = 0; y < H; y++)
    multiplySmall({analysis.alongX, W, 2 * torus.columns(), W, places + y * W * width, width, scratch + y * width,
                   H * width, width});
  for (int64_t kx = 0; kx < torus.columns(); kx++) {
    const float* column = scratch + kx * 2 * H * width;
    const int64_t first = torus.firstBin(kx) * binStride;
    multiplySmall({analysis.alongY, 4 * H, torus.rows(kx), 2 * H, column, width, re + first, binStride, width});
    multiplySmall({analysis.alongY + 2 * H, 4 * H, torus.rows(kx), 2 * H, column, width, im + first, binStride, width});
  }
}

void synthesizeColumn(const Synthesis& synthesis, int64_t kx, const float* column, int width, float* sums,
                      bool accumulate) {
  const Torus& torus = synthesis.torus;
  const int64_t rows = torus.rows(kx), ldc = 2 * torus.columns() * width;
  const float* matrix = torus.mirrorsItself(kx) ? synthesis.alongHalfY : synthesis.alongY;
  for (int part = 0; part < 2; part++)
    multiplySmall({matrix + part * 2 * rows, 4 * rows, synthesis.y.count, 2 * rows, column, width,
                   sums + (2 * kx + part) * width, ldc, width, nullptr, false, accumulate});
}

void synthesizeRow(const Synthesis& synthesis, const float* sums, int width, const SynthesisTarget& target) {
  const int64_t depth = 2 * synthesis.torus.columns();
  multiplySmall({synthesis.alongX, depth, synthesis.x.count, depth, sums, width, target.out, target.xStride,
                 target.columns, target.bias, target.relu});
}

}  // namespace atelier::ATELIER_VARIANT
