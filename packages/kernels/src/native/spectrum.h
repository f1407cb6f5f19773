// Two-dimensional discrete Fourier transforms of small real images, for convolution by pointwise products.
//
// A spectrum of an image on a torus of sizeY × sizeX keeps only the bins that differ: a real image's bin (−ky, −kx)
// is the conjugate of (ky, kx). Bins run column by column: kx = 0 … sizeX/2, in each all ky, or only the first half
// of them where the column mirrors itself (kx = 0, and sizeX/2 when sizeX is even).
//
// A transform is two products with small matrices, first along x, then along y (backwards: y, then x), done by the
// register tile of product.h with channels in its columns. At sizes of 4 to 30 this is simple and no great loss:
// every operation is a multiply-add, and zero padding and unwanted outputs are not computed at all.
#pragma once
#include "product.h"
#include "workspace.h"

namespace atelier::ATELIER_VARIANT {

// Places on the torus: `count` of them along an axis, beginning at `first`, in steps of +1 or -1.
struct Places {
  int64_t count, first, step;
};

struct Torus {
  int64_t sizeY, sizeX;

  int64_t columns() const { return sizeX / 2 + 1; }
  bool mirrorsItself(int64_t kx) const { return kx == 0 || 2 * kx == sizeX; }
  int64_t rows(int64_t kx) const { return mirrorsItself(kx) ? sizeY / 2 + 1 : sizeY; }
  // How many columns from kx on are as long as it and lie one after the other.
  int64_t runOf(int64_t kx) const {
    if (mirrorsItself(kx)) return 1;
    return (sizeX + 1) / 2 - kx;
  }
  int64_t bins() const {
    int64_t sum = 0;
    for (int64_t kx = 0; kx < columns(); kx++) sum += rows(kx);
    return sum;
  }
};

// Spectra of N images: [kx][n][block][ky][re, im][panelWidth], a block being a panel of channels. What one transform
// writes lies together, and so does what a few bins of a column have to multiply.
struct Spectra {
  Torus torus;
  int64_t N, blocks;

  static constexpr int64_t binStride = 2 * panelWidth;
  int64_t blockStride(int64_t kx) const { return torus.rows(kx) * binStride; }
  // An odd number of cache lines, so that images do not crowd a few sets of the caches.
  int64_t imageStride(int64_t kx) const { return oddLines(blocks * blockStride(kx)); }
  int64_t columnStride(int64_t kx) const { return N * imageStride(kx); }
  int64_t offset(int64_t kx, int64_t n = 0, int64_t block = 0) const {
    const int64_t columns = kx == 0 ? 0 : columnStride(0) + (kx - 1) * columnStride(1);
    return columns + n * imageStride(kx) + block * blockStride(kx);
  }
  int64_t floats() const { return offset(torus.columns() - 1) + columnStride(torus.columns() - 1); }
};

// The matrices from places to bins. Complex numbers are pairs of rows or columns, real part first.
//   alongX [kx][re, im][x]        alongY [ky][re, im][re y, im y]
struct Analysis {
  Torus torus;
  Places y, x;
  float *alongX, *alongY;

  static int64_t floats(const Torus& torus, const Places& y, const Places& x);
  Analysis(const Torus& torus, const Places& y, const Places& x, float* memory);
};

// The matrices from bins back to places, the inverse's factor and the weight of mirrored bins included.
//   alongY [y][re, im][ky][re, im], once for columns that mirror themselves and once for the others
//   alongX [x][re, im][kx]
struct Synthesis {
  Torus torus;
  Places y, x;
  float *alongHalfY, *alongY, *alongX;

  static int64_t floats(const Torus& torus, const Places& y, const Places& x);
  Synthesis(const Torus& torus, const Places& y, const Places& x, float* memory);
};

// c[i][r, 0..width) = sum over k of matrix[r, k] · b[i][k, 0..width), for a run of i, width one or two vectors.
// The tile of product.h again, without its epilogue and with the run inside: depths are so short here that calls
// would cost as much as sums.
struct SmallProduct {
  const float* matrix;
  int64_t matrixStride;  // from one row of the matrix to the next
  int64_t rows, depth;
  const float* b;
  int64_t ldb;
  int width;
  float* c;
  int64_t ldc;
  int64_t runs = 1, bStep = 0, cStep = 0;
};
void multiplySmall(const SmallProduct& product);

// An image's panel of channels, [y][x][width], from one pixel to the next `stride` floats.
struct Pixels {
  const float* data;
  int64_t stride;
  int width;
};

// The spectrum of image n's block. Scratch: [kx][re, im][y][width].
void analyze(const Analysis& analysis, const Pixels& pixels, float* scratch, const Spectra& spectra, int64_t n,
             int64_t block, float* out);

// Column kx of bins, [ky][re, im][panelWidth], to its sums [y][re, im], rows of `width` floats so far apart; for a
// run of such columns and sums the given distances apart.
struct Run {
  int64_t count, from, to;
};
void synthesizeColumn(const Synthesis& synthesis, int64_t kx, const float* column, int width, float* sums,
                      int64_t rowStride, const Run& run);

// All columns of image n's block.
void synthesizeColumns(const Synthesis& synthesis, const Spectra& spectra, const float* bins, int64_t n, int64_t block,
                       int width, float* sums);

// Sums [y][re, im][kx][width] to places [y][x][width].
void synthesizeRows(const Synthesis& synthesis, const float* sums, int width, float* places);

}  // namespace atelier::ATELIER_VARIANT
