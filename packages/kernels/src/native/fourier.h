// What convolutions by Fourier transform share (conv2d-fft.cpp, conv2d-fft-filter-grad.cpp). After Mathieu, Henaff & LeCun
// 2013, with whole images on one small torus (spectrum.h); stride 1, no dilation, one group. Images are [N,H,W,C],
// filters [kH,kW,C,F].
//
//   forward          Y = X · conj(W)      per bin [N,C]·[C,F]
//   input gradient   dX = dY · W          the forward code over dy, with filters transposed and their taps mirrored
//   filter gradient  dW = Xᵀ · conj(dY)   per bin [C,N]·[N,F]
//
// Every bin is a complex product in three real ones (complex-product.h). Of y, x and w, bins see sums over all
// y + k − pad = x modulo the torus; it is large enough that no such equation holds by wrapping round, but not
// larger: see torusOf.
#pragma once
#include "complex-product.h"
#include "spectrum.h"
#include "workspace.h"

namespace atelier::ATELIER_VARIANT {

// Image spectra kept at once; larger batches go in parts.
constexpr int64_t spectrumFloats = int64_t{48} << 20;
// What a task may keep in the second-level cache.
constexpr int64_t cacheFloats = int64_t{320} << 10;

inline int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }
inline int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

template <class Args>
Torus torusOf(const Args& args) {
  return {max(int64_t{args.H} + args.padTop, int64_t{args.oH} + args.kH - 1 - args.padTop),
          max(int64_t{args.W} + args.padLeft, int64_t{args.oW} + args.kW - 1 - args.padLeft)};
}

struct ImageBatch {
  int64_t N, H, W, C;
  int64_t pixels() const { return H * W; }
  Panels panels() const { return {C, 1}; }
  Spectra spectra(const Torus& torus) const { return {torus, N, panels().count()}; }
};

// Places of images, as they lie or where they are wanted.
inline Places along(int64_t count) { return {count, 0, 1}; }

inline int64_t transformScratch(const Torus& torus, const ImageBatch& images) {
  return panelWidth * (images.pixels() + 2 * torus.columns() * images.H);
}

// Scratch memory of its own for each thread.
struct Scratch {
  float* memory;
  int64_t stride;
  float* of(int worker) const { return memory + worker * stride; }
};

// The spectra of all images.
void analyzeImages(const Context& context, const Analysis& analysis, const ImageBatch& images, const float* data,
                   const Spectra& spectra, float* out, const Scratch& scratch);

// Bins of one column of the images as a first factor, planes re, im, re + im, each [n][channels] in so many floats an
// image: an odd number of cache lines. Out: [ky][plane][n][stride].
inline int64_t factorStride(int64_t blocks) { return oddLines(blocks * panelWidth); }

void takeFactor(const Spectra& spectra, const float* data, int64_t N, int64_t kx, const Share& blocks, const Share& ky,
                float* out);

struct PanelTarget {
  float* data;
  int64_t pixels, stride;
  int columns;
};

struct Epilogue {
  const float* bias;
  bool relu;
  bool accumulate;
};

// Pixels [width] to where they belong.
void finish(const float* places, int width, const Epilogue& epilogue, const PanelTarget& target);

}  // namespace atelier::ATELIER_VARIANT
