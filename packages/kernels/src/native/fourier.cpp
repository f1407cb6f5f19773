#include "fourier.h"

namespace atelier::ATELIER_VARIANT {

void analyzeImages(const Context& context, const Analysis& analysis, const ImageBatch& images, const float* data,
                   const Spectra& spectra, float* out, const Scratch& scratch) {
  const Panels channels = images.panels();
  eachTask(context, images.N * channels.count(), [&](int worker, int64_t task) {
    const int64_t n = task / channels.count();
    const int panel = static_cast<int>(task % channels.count()), width = channels.width(panel);
    float* sums = scratch.of(worker);
    float* places = sums + 2 * analysis.torus.columns() * images.H * width;
    const float* image = data + n * images.pixels() * images.C;
    if (channels.columns(panel) == width)
      return analyze(analysis, {image + int64_t{panel} * panelWidth, images.C, width}, sums, spectra, n, panel, out);
    const Panels pixels{images.C, images.pixels()};
    packRows(pixels, panel, panel + 1, 0, images.pixels(), image, images.C, places - pixels.offset(panel));
    analyze(analysis, {places, width, width}, sums, spectra, n, panel, out);
  });
}

void takeFactor(const Spectra& spectra, const float* data, int64_t N, int64_t kx, const Share& blocks, const Share& ky,
                float* out) {
  const int64_t stride = factorStride(blocks.end - blocks.begin), plane = N * stride;
  for (int64_t n = 0; n < N; n++)
    for (int64_t block = blocks.begin; block < blocks.end; block++) {
      const float* bin = data + spectra.offset(kx, n, block) + ky.begin * Spectra::binStride;
      float* to = out + n * stride + (block - blocks.begin) * panelWidth;
      for (int64_t row = ky.begin; row < ky.end; row++, bin += Spectra::binStride, to += 3 * plane)
        for (int j = 0; j < panelWidth; j += lanes) {
          const Vector re = load(bin + j), im = load(bin + panelWidth + j);
          store(to + j, re);
          store(to + plane + j, im);
          store(to + 2 * plane + j, re + im);
        }
    }
}

void finish(const float* places, int width, const Epilogue& epilogue, const PanelTarget& target) {
  const bool whole = target.columns == width;
  const size_t rowBytes = static_cast<size_t>(target.columns) * 4;
  float bias[panelWidth] = {}, row[panelWidth] = {};
  if (epilogue.bias != nullptr) memcpy(bias, epilogue.bias, rowBytes);
  for (int64_t pixel = 0; pixel < target.pixels; pixel++, places += width) {
    float* out = target.data + pixel * target.stride;
    float* to = whole ? out : row;
    if (epilogue.accumulate && !whole) memcpy(row, out, rowBytes);
    for (int j = 0; j < width; j += lanes) {
      Vector value = load(places + j) + load(bias + j);
      if (epilogue.accumulate) value += load(to + j);
      if (epilogue.relu) value = value < Vector{} ? Vector{} : value;
      store(to + j, value);
    }
    if (!whole) memcpy(out, row, rowBytes);
  }
}

}  // namespace atelier::ATELIER_VARIANT
