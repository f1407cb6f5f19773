// Convolutions by Fourier transform, for wide layers: stride 1, no dilation, one group. Images are [N,H,W,C],
// filters [kH,kW,C,F]. After Mathieu, Henaff & LeCun 2013, with whole images on one small torus (spectrum.h).
//
//   forward          Y = X · conj(W)      per bin [N,C]·[C,F]
//   input gradient   dX = dY · W          the forward code over dy, with filters transposed and their taps mirrored
//   filter gradient  dW = Xᵀ · conj(dY)   per bin [C,N]·[N,F]
//
// Every bin is a complex product in three real ones (complex-product.h). Image spectra are kept; filters are kept
// transformed along x, and taken along y for a few bins and a panel at a time, beside the sources of the same bins:
// a task's sources stay in the second-level cache while all filters pass by. Of y, x and w, bins see sums over all
// y + k − pad = x modulo the torus; it is large enough that no such equation holds by wrapping round, but not
// larger: see torusOf.
#include "complex-product.h"
#include "spectrum.h"
#include "workspace.h"

namespace atelier::ATELIER_VARIANT {
namespace {

// Image spectra kept at once; larger batches go in parts.
constexpr int64_t spectrumFloats = int64_t{48} << 20;
// What a task may keep in the second-level cache.
constexpr int64_t cacheFloats = int64_t{320} << 10;

int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }
int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

template <class Args>
Torus torusOf(const Args& args) {
  return {max(int64_t{args.H} + args.padTop, int64_t{args.oH} + args.kH - 1 - args.padTop),
          max(int64_t{args.W} + args.padLeft, int64_t{args.oW} + args.kW - 1 - args.padLeft)};
}

struct Images {
  int64_t N, H, W, C;
  int64_t pixels() const { return H * W; }
  Panels panels() const { return {C, 1}; }
  Spectra spectra(const Torus& torus) const { return {torus, N, panels().count()}; }
};

// Places of images, as they lie or where they are wanted.
Places along(int64_t count) { return {count, 0, 1}; }

int64_t transformScratch(const Torus& torus, const Images& images) {
  return panelWidth * (images.pixels() + 2 * torus.columns() * images.H);
}

// Scratch memory of its own for each thread.
struct Scratch {
  float* memory;
  int64_t stride;
  float* of(int worker) const { return memory + worker * stride; }
};

void analyzeImages(const Context& context, const Analysis& analysis, const Images& images, const float* data,
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

// Bins of one column of the images as a first factor, planes re, im, re + im, each [n][channels] in so many floats an
// image: an odd number of cache lines. Out: [ky][plane][n][stride].
int64_t factorStride(int64_t blocks) { return oddLines(blocks * panelWidth); }

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

// The same of one block as a second factor, planes re, −(re + im), im − re, each [n][width].
template <int V>
void takeSecondFactor(const float* bin, int64_t imageStride, int64_t N, float* out) {
  for (int64_t n = 0; n < N; n++, bin += imageStride)
    for (int v = 0; v < V; v++) {
      float* to = out + (n * V + v) * lanes;
      const Vector re = load(bin + v * lanes), im = load(bin + panelWidth + v * lanes);
      store(to, re);
      store(to + N * V * lanes, -(re + im));
      store(to + 2 * N * V * lanes, im - re);
    }
}

// ---- forward and input gradient

// What slides over what: targets[o] = sum over taps k of sources[o + place(k)] · filters[k].
struct Sliding {
  Torus torus;
  Images sources, targets;
  Places tapsY, tapsX;

  int64_t taps() const { return tapsY.count * tapsX.count; }
};

Sliding forward(const Conv2dFftArgs& args) {
  return {torusOf(args),
          {args.N, args.H, args.W, args.C},
          {args.N, args.oH, args.oW, args.F},
          {args.kH, -args.padTop, 1},
          {args.kW, -args.padLeft, 1}};
}

Sliding inputGradient(const Conv2dInputGradFftArgs& args) {
  return {torusOf(args),
          {args.N, args.oH, args.oW, args.F},
          {args.N, args.H, args.W, args.C},
          {args.kH, args.padTop, -1},
          {args.kW, args.padLeft, -1}};
}

// Source channels whose filters are transformed along x together.
constexpr int64_t channelBlock = 32;

struct SlidingMemory {
  int64_t parts;   // of the batch
  int64_t images;  // in the largest part
  Spectra sources, targets;
  int64_t binGroup;  // bins of a column that are multiplied together
  int64_t filters, sourceSpectra, targetSpectra, analysis, tapAnalysis, tapPlanes, synthesis, scratch,
      scratchStride, floats;

  static int64_t partsOf(const Sliding& s) {
    const Images source{1, 0, 0, s.sources.C}, target{1, 0, 0, s.targets.C};
    const int64_t one = source.spectra(s.torus).floats() + target.spectra(s.torus).floats();
    return min(s.sources.N, ceilDiv(s.sources.N * one, spectrumFloats));
  }

  explicit SlidingMemory(const Sliding& s)
      : parts(partsOf(s)),
        images(ceilDiv(s.sources.N, parts)),
        sources(Images{images, 0, 0, s.sources.C}.spectra(s.torus)),
        targets(Images{images, 0, 0, s.targets.C}.spectra(s.torus)) {
    binGroup = max(1, min(s.torus.sizeY, cacheFloats / (3 * s.sources.C * (images + panelWidth))));
    Workspace workspace;
    filters = workspace.take(s.torus.columns() * targets.blocks * filterStride(s));
    sourceSpectra = workspace.take(sources.floats());
    targetSpectra = workspace.take(targets.floats());
    analysis = workspace.take(Analysis::floats(s.torus, along(s.sources.H), along(s.sources.W)));
    tapAnalysis = workspace.take(Analysis::floats(s.torus, s.tapsY, s.tapsX));
    tapPlanes = workspace.take(3 * 2 * s.tapsY.count * s.torus.sizeY);
    synthesis = workspace.take(Synthesis::floats(s.torus, along(s.targets.H), along(s.targets.W)));
    const int64_t productScratch =
        max(s.taps() * channelBlock * panelWidth,
            binGroup * 3 * (images * factorStride(sources.blocks) + s.sources.C * panelWidth));
    scratchStride =
        max(max(transformScratch(s.torus, s.sources), transformScratch(s.torus, s.targets)), productScratch) + 16;
    scratch = workspace.take(maxWorkers * scratchStride);
    floats = workspace.floats;
  }

  // Filters of one panel transformed along x for one kx: [c][re ky.., im ky..][panelWidth].
  static int64_t filterStride(const Sliding& s) { return s.sources.C * 2 * s.tapsY.count * panelWidth; }
  int64_t filterOffset(const Sliding& s, int64_t kx, int64_t panel) const {
    return filters + (kx * targets.blocks + panel) * filterStride(s);
  }
};

// Filters along x: [channel][re y.., im y..][width] from [y][x][channel][width].
template <int V>
void filtersAlongX(const Sliding& s, const float* waves, const float* taps, int64_t channels, float* out) {
  constexpr int width = V * lanes;
  const int64_t kH = s.tapsY.count, kW = s.tapsX.count;
  for (int64_t c = 0; c < channels; c++)
    for (int64_t y = 0; y < kH; y++) {
      Vector re[V] = {}, im[V] = {};
      for (int64_t x = 0; x < kW; x++) {
        const float* tap = taps + ((y * kW + x) * channels + c) * width;
        for (int v = 0; v < V; v++) {
          const Vector value = load(tap + v * lanes);
          re[v] += waves[x] * value;
          im[v] += waves[kW + x] * value;
        }
      }
      float* to = out + (c * 2 * kH + y) * width;
      for (int v = 0; v < V; v++) {
        store(to + v * lanes, re[v]);
        store(to + kH * width + v * lanes, im[v]);
      }
    }
}

// All filters along x. pack(panel, tap, first, count, out) writes so many channels of a tap, [channel][width].
template <class Pack>
void transformFilters(const Context& context, const Sliding& s, const SlidingMemory& memory, const Pack& pack) {
  float* workspace = context.workspace;
  const Analysis analysis(s.torus, s.tapsY, s.tapsX, workspace + memory.tapAnalysis);
  // Rows of the matrix along y as planes c, −(c + d), d − c.
  const int64_t depth = 2 * s.tapsY.count;
  float* planes = workspace + memory.tapPlanes;
  for (int64_t ky = 0; ky < s.torus.sizeY; ky++)
    for (int64_t i = 0; i < depth; i++) {
      const float re = analysis.alongY[ky * 2 * depth + i], im = analysis.alongY[ky * 2 * depth + depth + i];
      planes[ky * 3 * depth + i] = re;
      planes[ky * 3 * depth + depth + i] = -(re + im);
      planes[ky * 3 * depth + 2 * depth + i] = im - re;
    }

  const Scratch scratch{workspace + memory.scratch, memory.scratchStride};
  const int64_t C = s.sources.C, channelBlocks = ceilDiv(C, channelBlock);
  eachTask(context, memory.targets.blocks * channelBlocks, [&](int worker, int64_t task) {
    const int panel = static_cast<int>(task / channelBlocks), width = s.targets.panels().width(panel);
    const int64_t first = task % channelBlocks * channelBlock, count = min(channelBlock, C - first);
    float* taps = scratch.of(worker);
    for (int64_t tap = 0; tap < s.taps(); tap++) pack(panel, tap, first, count, taps + tap * count * width);
    for (int64_t kx = 0; kx < s.torus.columns(); kx++) {
      const float* waves = analysis.alongX + 2 * kx * s.tapsX.count;
      float* out = workspace + memory.filterOffset(s, kx, panel) + first * depth * width;
      width == panelWidth ? filtersAlongX<2>(s, waves, taps, count, out) : filtersAlongX<1>(s, waves, taps, count, out);
    }
  });
}

// The products of some bins of a column with some panels of filters.
struct BinTask {
  int64_t kx;
  Share ky, panels;
};

void multiplyBins(const Sliding& s, const SlidingMemory& memory, float* workspace, float* a, int64_t N,
                  const BinTask& task) {
  const int64_t kx = task.kx, C = s.sources.C, depth = 2 * s.tapsY.count;
  const Spectra &sources = memory.sources, &targets = memory.targets;
  const int64_t bins = task.ky.end - task.ky.begin, stride = factorStride(sources.blocks);
  float* b = a + bins * 3 * N * stride;
  takeFactor(sources, workspace + memory.sourceSpectra, N, kx, Share(sources.blocks, 1, 0), task.ky, a);
  for (int64_t panel = task.panels.begin; panel < task.panels.end; panel++) {
    const int width = s.targets.panels().width(static_cast<int>(panel));
    multiplySmall({workspace + memory.tapPlanes + task.ky.begin * 3 * depth, depth, 3 * bins, depth,
                   workspace + memory.filterOffset(s, kx, panel), width, width, b, C * width, C, depth * width, width});
    float* target = workspace + memory.targetSpectra + targets.offset(kx, 0, panel) + task.ky.begin * Spectra::binStride;
    for (int64_t bin = 0; bin < bins; bin++)
      multiplyComplex({{a + bin * 3 * N * stride, stride, 1, N * stride}, C, b + bin * 3 * C * width, width,
                       target + bin * Spectra::binStride, targets.imageStride(kx)},
                      N);
  }
}

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

struct SlidingOperands {
  const float* sources;
  const float* bias;
  float* targets;
  bool relu;
};

// The whole of it, once filters are transformed: source spectra, products, targets.
void slide(const Context& context, const Sliding& s, const SlidingMemory& memory, const SlidingOperands& operands) {
  float* workspace = context.workspace;
  const Analysis analysis(s.torus, along(s.sources.H), along(s.sources.W), workspace + memory.analysis);
  const Synthesis synthesis(s.torus, along(s.targets.H), along(s.targets.W), workspace + memory.synthesis);
  const Scratch scratch{workspace + memory.scratch, memory.scratchStride};
  const int64_t panelCount = memory.targets.blocks, groups = ceilDiv(s.torus.sizeY, memory.binGroup);
  // Panels are shared out too, so that there are enough tasks to go round.
  const int64_t panelParts = min(panelCount, ceilDiv(64, groups * s.torus.columns()));

  for (int64_t part = 0; part < memory.parts; part++) {
    const Share share(s.sources.N, memory.parts, part);
    Images sources = s.sources;
    sources.N = share.end - share.begin;
    analyzeImages(context, analysis, sources, operands.sources + share.begin * sources.pixels() * sources.C,
                  memory.sources, workspace + memory.sourceSpectra, scratch);
    eachTask(context, s.torus.columns() * groups * panelParts, [&](int worker, int64_t task) {
      const int64_t kx = task / panelParts / groups;
      const Share ky(s.torus.rows(kx), groups, task / panelParts % groups);
      const Share panels(panelCount, panelParts, task % panelParts);
      multiplyBins(s, memory, workspace, scratch.of(worker), sources.N,
                   {kx, ky, panels});
    });
    eachTask(context, sources.N * panelCount, [&](int worker, int64_t task) {
      const int64_t n = task / panelCount, column = task % panelCount * panelWidth;
      const int panel = static_cast<int>(task % panelCount), width = s.targets.panels().width(panel);
      float* places = scratch.of(worker);
      float* sums = places + s.targets.pixels() * width;
      synthesizeColumns(synthesis, memory.targets, workspace + memory.targetSpectra, n, panel, width, sums);
      synthesizeRows(synthesis, sums, width, places);
      const float* bias = operands.bias == nullptr ? nullptr : operands.bias + column;
      finish(places, width, {bias, operands.relu, false},
             {operands.targets + (share.begin + n) * s.targets.pixels() * s.targets.C + column, s.targets.pixels(),
              s.targets.C, s.targets.panels().columns(panel)});
    });
  }
}

// ---- filter gradient

struct FilterMemory {
  int64_t parts, images;
  Spectra inputs, gradients;
  Panels panels;       // of dy's channels
  int64_t blockGroup;  // blocks of x's channels whose column of bins is multiplied together
  int64_t inputSpectra, gradientSpectra, sums, inputAnalysis, gradientAnalysis, synthesis, scratch,
      scratchStride, floats;

  static int64_t partsOf(const Conv2dFilterGradFftArgs& args) {
    const Images x{1, 0, 0, args.C}, dy{1, 0, 0, args.F};
    const int64_t one = x.spectra(torusOf(args)).floats() + dy.spectra(torusOf(args)).floats();
    return min(args.N, ceilDiv(args.N * one, spectrumFloats));
  }

  explicit FilterMemory(const Conv2dFilterGradFftArgs& args)
      : parts(partsOf(args)),
        images(ceilDiv(args.N, parts)),
        inputs(Images{images, 0, 0, args.C}.spectra(torusOf(args))),
        gradients(Images{images, 0, 0, args.F}.spectra(torusOf(args))),
        panels{args.F, 1} {
    const Torus torus = torusOf(args);
    const int64_t blockFloats = torus.sizeY * (3 * images + 2 * panelWidth) * panelWidth;  // factor and products
    blockGroup = max(1, min(inputs.blocks, cacheFloats / blockFloats));
    Workspace workspace;
    inputSpectra = workspace.take(inputs.floats());
    gradientSpectra = workspace.take(gradients.floats());
    sums = workspace.take(torus.columns() * panels.count() * args.C * sumFloats(args, panelWidth));
    inputAnalysis = workspace.take(Analysis::floats(torus, along(args.H), along(args.W)));
    gradientAnalysis = workspace.take(Analysis::floats(torus, along(args.oH), along(args.oW)));
    synthesis = workspace.take(Synthesis::floats(torus, along(args.kH), along(args.kW)));
    const int64_t productScratch = torus.sizeY * 3 * images * factorStride(blockGroup) +
                                   (3 * images + 2 * torus.sizeY * blockGroup * panelWidth) * panelWidth;
    scratchStride = max(max(transformScratch(torus, {1, args.H, args.W, args.C}),
                            transformScratch(torus, {1, args.oH, args.oW, args.F})),
                        max(productScratch, args.kH * (2 * torus.columns() + args.kW) * panelWidth)) + 16;
    scratch = workspace.take(maxWorkers * scratchStride);
    floats = workspace.floats;
  }

  // Sums along y of one channel's products with a panel for one kx, [y][re, im][width] with y the tap's row:
  // [kx][panel][c] of them, so that a task writes on.
  static int64_t sumFloats(const Conv2dFilterGradFftArgs& args, int width) { return int64_t{args.kH} * 2 * width; }
  int64_t sumOffset(const Conv2dFilterGradFftArgs& args, int64_t kx, int panel, int64_t c) const {
    return sums + (kx * panels.count() + panel) * args.C * sumFloats(args, panelWidth) +
           c * sumFloats(args, panels.width(panel));
  }
};

// The products of one column of bins of some blocks of channels with all panels of dy, brought back along y.
struct ColumnTask {
  int64_t kx;
  Share blocks;
};

void multiplyColumn(const Conv2dFilterGradFftArgs& args, const FilterMemory& memory, const Synthesis& synthesis,
                    float* workspace, float* scratch, int64_t N, const ColumnTask& task) {
  const Spectra &inputs = memory.inputs, &gradients = memory.gradients;
  const int64_t kx = task.kx, rows = inputs.torus.rows(kx), rowStride = rows * 2 * panelWidth;
  const int64_t first = task.blocks.begin * panelWidth, count = min(task.blocks.end * panelWidth, args.C) - first;
  const int64_t stride = factorStride(task.blocks.end - task.blocks.begin);
  float* a = scratch + count * rowStride;
  float* b = a + rows * 3 * N * stride;
  takeFactor(inputs, workspace + memory.inputSpectra, N, kx, task.blocks, Share(rows, 1, 0), a);
  for (int panel = 0; panel < memory.panels.count(); panel++) {
    const int width = memory.panels.width(panel);
    for (int64_t ky = 0; ky < rows; ky++) {
      const float* bin = workspace + memory.gradientSpectra + gradients.offset(kx, 0, panel) + ky * Spectra::binStride;
      (width == panelWidth ? takeSecondFactor<2> : takeSecondFactor<1>)(bin, gradients.imageStride(kx), N, b);
      multiplyComplex({{a + ky * 3 * N * stride, 1, stride, N * stride}, N, b, width, scratch + ky * 2 * panelWidth,
                       rowStride},
                      count);
    }
    synthesizeColumn(synthesis, kx, scratch, width, workspace + memory.sumOffset(args, kx, panel, first), width,
                     {count, rowStride, FilterMemory::sumFloats(args, width)});
  }
}

}  // namespace

int64_t conv2dFftWorkspace(const Conv2dFftArgs& args) { return SlidingMemory(forward(args)).floats; }

void conv2dFft(const Context& context, const Conv2dFftArgs& args) {
  const Sliding s = forward(args);
  const SlidingMemory memory(s);
  const float* filters = context.at(args.filters);
  transformFilters(context, s, memory, [&](int panel, int64_t tap, int64_t first, int64_t count, float* out) {
    const Panels panels{args.F, count};
    packRows(panels, panel, panel + 1, 0, count, filters + (tap * args.C + first) * args.F, args.F,
             out - panels.offset(panel));
  });
  slide(context, s, memory, {context.at(args.x), context.at(args.bias), context.at(args.y), args.relu != 0});
}

int64_t conv2dInputGradFftWorkspace(const Conv2dInputGradFftArgs& args) {
  return SlidingMemory(inputGradient(args)).floats;
}

void conv2dInputGradFft(const Context& context, const Conv2dInputGradFftArgs& args) {
  const Sliding s = inputGradient(args);
  const SlidingMemory memory(s);
  const float* filters = context.at(args.filters);
  transformFilters(context, s, memory, [&](int panel, int64_t tap, int64_t first, int64_t count, float* out) {
    const Panels panels{args.C, count};
    packColumns(panels, panel, 0, count, filters + tap * args.C * args.F + first, args.F, out - panels.offset(panel));
  });
  slide(context, s, memory, {context.at(args.dy), nullptr, context.at(args.dx), false});
}

int64_t conv2dFilterGradFftWorkspace(const Conv2dFilterGradFftArgs& args) { return FilterMemory(args).floats; }

void conv2dFilterGradFft(const Context& context, const Conv2dFilterGradFftArgs& args) {
  const FilterMemory memory(args);
  const Torus torus = torusOf(args);
  float* workspace = context.workspace;
  const Analysis inputAnalysis(torus, along(args.H), along(args.W), workspace + memory.inputAnalysis);
  const Analysis gradientAnalysis(torus, along(args.oH), along(args.oW), workspace + memory.gradientAnalysis);
  const Synthesis synthesis(torus, {args.kH, -args.padTop, 1}, {args.kW, -args.padLeft, 1},
                            workspace + memory.synthesis);
  const Scratch scratch{workspace + memory.scratch, memory.scratchStride};
  const int64_t panelCount = memory.panels.count(), groups = ceilDiv(memory.inputs.blocks, memory.blockGroup);

  for (int64_t part = 0; part < memory.parts; part++) {
    const Share share(args.N, memory.parts, part);
    const Images inputs{share.end - share.begin, args.H, args.W, args.C};
    const Images gradients{inputs.N, args.oH, args.oW, args.F};
    analyzeImages(context, inputAnalysis, inputs, context.at(args.x) + share.begin * inputs.pixels() * args.C,
                  memory.inputs, workspace + memory.inputSpectra, scratch);
    analyzeImages(context, gradientAnalysis, gradients, context.at(args.dy) + share.begin * gradients.pixels() * args.F,
                  memory.gradients, workspace + memory.gradientSpectra, scratch);
    eachTask(context, torus.columns() * groups, [&](int worker, int64_t task) {
      const Share blocks(memory.inputs.blocks, groups, task % groups);
      multiplyColumn(args, memory, synthesis, workspace, scratch.of(worker), inputs.N,
                     {task / groups, blocks});
    });
    eachTask(context, panelCount * args.C, [&](int worker, int64_t task) {
      const int panel = static_cast<int>(task / args.C), width = memory.panels.width(panel);
      const int64_t c = task % args.C, columns = torus.columns();
      float* sums = scratch.of(worker);  // [y][re, im][kx][width]
      float* taps = sums + args.kH * 2 * columns * width;
      for (int64_t kx = 0; kx < columns; kx++) {
        const float* from = workspace + memory.sumOffset(args, kx, panel, c);
        for (int64_t row = 0; row < args.kH * 2; row++)
          for (int j = 0; j < width; j += lanes) store(sums + (row * columns + kx) * width + j, load(from + row * width + j));
      }
      synthesizeRows(synthesis, sums, width, taps);
      finish(taps, width, {nullptr, false, part > 0},
             {context.at(args.dFilters) + c * args.F + int64_t{panel} * panelWidth, int64_t{args.kH} * args.kW,
              int64_t{args.C} * args.F, memory.panels.columns(panel)});
    });
  }
}

}  // namespace atelier::ATELIER_VARIANT
