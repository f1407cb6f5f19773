// Convolutions by Fourier transform, for wide layers: stride 1, no dilation, one group. Images are [N,H,W,C],
// filters [kH,kW,C,F]. After Mathieu, Henaff & LeCun 2013, with whole images on one small torus (spectrum.h).
//
//   forward          Y = X · conj(W)      per bin [N,C]·[C,F]
//   input gradient   dX = dY · W          the forward code over dy, with filters transposed and their taps mirrored
//   filter gradient  dW = Xᵀ · conj(dY)   per bin [C,N]·[N,F]
//
// A bin's complex product is one real product (product.h) of twice the depth: a row of A holds the planes
// [re | im | −re] and is read from its first plane for the real part, from its second for the imaginary,
// against B = [re; im]. Image spectra are kept; those of the filters exist only as the panels in work.
// Of y, x and w, bins see sums over all y + k − pad = x modulo the torus; it is large enough that no such equation
// holds by wrapping round, but not larger: see torusOf.
#include "spectrum.h"
#include "workspace.h"

namespace atelier::ATELIER_VARIANT {
namespace {

// Image spectra kept at once; larger batches go in parts.
constexpr int64_t spectrumFloats = int64_t{48} << 20;
int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }
int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }

template <class Args>
Torus torusOf(const Args& args) {
  return {max(int64_t{args.H} + args.padTop, int64_t{args.oH} + args.kH - 1 - args.padTop),
          max(int64_t{args.W} + args.padLeft, int64_t{args.oW} + args.kW - 1 - args.padLeft)};
}

struct Images {
  int64_t N, H, W, C;
  int64_t pixels() const { return H * W; }
  Panels panels() const { return {C, 1}; }
};

// Image n's panel of channels, [H·W][width], the last one filled up with zeros.
void takePanel(const Images& images, const float* data, int64_t n, int panel, float* out) {
  const Panels channels{images.C, images.pixels()};
  packRows(channels, panel, panel + 1, 0, images.pixels(), data + n * images.pixels() * images.C, images.C,
           out - channels.offset(panel));
}

// Spectra of images as rows of A: [bin][n][re | im | −re], each plane [planeStride] with the channels in front.
struct Rows {
  int64_t planeStride, rowStride, binStride, floats;
  Rows(const Torus& torus, int64_t N, int64_t C) {
    planeStride = oddLines(C);
    rowStride = 3 * planeStride;
    binStride = oddLines(N * rowStride);
    floats = torus.bins() * binStride;
  }
};

int64_t transformScratch(const Torus& torus, const Images& images) {
  return panelWidth * (images.pixels() + 2 * torus.columns() * images.H);
}

void analyzeRows(const Context& context, const Analysis& analysis, const Images& images, const float* data,
                 const Rows& rows, float* out, float* scratch, int64_t scratchStride) {
  const Panels channels = images.panels();
  eachTask(context, images.N * channels.count(), [&](int worker, int64_t task) {
    const int64_t n = task / channels.count();
    const int panel = static_cast<int>(task % channels.count()), width = channels.width(panel);
    float* places = scratch + worker * scratchStride;
    takePanel(images, data, n, panel, places);
    float* re = out + n * rows.rowStride + int64_t{panel} * panelWidth;
    analyze(analysis, places, width, places + images.pixels() * width, re, re + rows.planeStride, rows.binStride);
    for (int64_t bin = 0; bin < analysis.torus.bins(); bin++, re += rows.binStride)
      for (int j = 0; j < width; j += lanes) store(re + 2 * rows.planeStride + j, -load(re + j));
  });
}

// ---- forward and input gradient

// What slides over what: targets[o] = sum over taps k of sources[o + place(k)] · filters[k].
struct Sliding {
  Torus torus;
  Images sources, targets;
  Places tapsY, tapsX;

  int64_t taps() const { return tapsY.count * tapsX.count; }
  Panels panels() const { return {targets.C, taps() * sources.C}; }
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

// Bins of a column whose filter panels are made together: as many as give whole tiles.
constexpr int64_t binGroup = tileRows / 2;

struct SlidingMemory {
  int64_t parts;   // of the batch
  int64_t images;  // in the largest part
  Rows rows;
  int64_t packed, sources, targets, analysis, tapAnalysis, synthesis, offsets, scratch, scratchStride, floats;

  static int64_t partsOf(const Sliding& s) {
    const int64_t one = s.torus.bins() * (3 * oddLines(s.sources.C) + 2 * (s.targets.C + panelWidth));
    return min(s.sources.N, (s.sources.N * one + spectrumFloats - 1) / spectrumFloats);
  }

  explicit SlidingMemory(const Sliding& s)
      : parts(partsOf(s)), images((s.sources.N + parts - 1) / parts), rows(s.torus, images, s.sources.C) {
    Workspace workspace;
    packed = workspace.take(s.panels().floats());
    sources = workspace.take(rows.floats);
    targets = workspace.take(targetStride(s) * s.panels().count() * images);
    analysis = workspace.take(Analysis::floats(s.torus, {s.sources.H, 0, 1}, {s.sources.W, 0, 1}));
    tapAnalysis = workspace.take(Analysis::floats(s.torus, s.tapsY, s.tapsX));
    synthesis = workspace.take(Synthesis::floats(s.torus, {s.targets.H, 0, 1}, {s.targets.W, 0, 1}));
    offsets = workspace.take(2 * s.sources.C);
    const int64_t filterScratch = 2 * s.sources.C * panelWidth * (s.tapsY.count + binGroup);
    scratchStride = oddLines(max(
        max(transformScratch(s.torus, s.sources), transformScratch(s.torus, s.targets)), filterScratch));
    scratch = workspace.take(maxWorkers * scratchStride);
    floats = workspace.floats;
  }

  // Spectra of targets: [panel][n][kx][re, im][ky][width], so that synthesis reads on.
  static int64_t targetStride(const Sliding& s) { return s.torus.bins() * 2 * panelWidth; }
};

// Filters of one panel transformed along x for one kx: [c][re ky.., im ky..][width], from [tap][c][width].
template <int V>
void filtersAlongX(const Sliding& s, const float* waves, const float* packed, float* out) {
  constexpr int width = V * lanes;
  const int64_t C = s.sources.C, kH = s.tapsY.count, kW = s.tapsX.count;
  for (int64_t y = 0; y < kH; y++)
    for (int64_t c = 0; c < C; c++) {
      Vector re[V] = {}, im[V] = {};
      for (int64_t x = 0; x < kW; x++) {
        const float* tap = packed + ((y * kW + x) * C + c) * width;
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

// The products of one column of bins with one panel of filters.
void multiplyColumn(const Sliding& s, const SlidingMemory& memory, const Analysis& taps, const float* workspace,
                    float* scratch, int64_t kx, int panel, int64_t N, float* targets) {
  const Panels panels = s.panels();
  const int width = panels.width(panel);
  const int64_t C = s.sources.C, kH = s.tapsY.count, rows = s.torus.rows(kx);
  const float* packed = workspace + memory.packed + panels.offset(panel);
  const float* waves = taps.alongX + 2 * kx * s.tapsX.count;
  width == panelWidth ? filtersAlongX<2>(s, waves, packed, scratch) : filtersAlongX<1>(s, waves, packed, scratch);

  float* b = scratch + 2 * C * kH * width;
  const int64_t targetStride = s.torus.bins() * 2 * width;
  targets += SlidingMemory::targetStride(s) * panel * N + s.torus.firstBin(kx) * 2 * width;
  for (int64_t first = 0; first < rows; first += binGroup) {
    const int64_t count = min(binGroup, rows - first);
    multiplySmall({taps.alongY + first * 4 * kH, 2 * kH, 2 * count, 2 * kH, scratch, width, b, C * width, C,
                   2 * kH * width, width});
    for (int64_t ky = first; ky < first + count; ky++)
      for (int part = 0; part < 2; part++) {
        const float* a = workspace + memory.sources + (s.torus.firstBin(kx) + ky) * memory.rows.binStride +
                         part * memory.rows.planeStride;
        const auto rowsAt = [&](int64_t m0, int64_t m1, const float** out) {
          for (int64_t m = m0; m < m1; m++) *out++ = a + m * memory.rows.rowStride;
        };
        const Product product{reinterpret_cast<const int32_t*>(workspace + memory.offsets),
                              b + (ky - first) * 2 * C * width, {width, 2 * C}, 0, 2 * C,
                              targets + (part * rows + ky) * width, targetStride, nullptr, false};
        for (int64_t m = 0; m < N; m += blockRows)
          multiplyBlock(product, m, min(N, m + blockRows), 0, 1, rowsAt, AllOfK{});
      }
  }
}

struct PanelTarget {
  float* data;
  int64_t pixels, stride;
  int columns;
};

// Pixels [width] to where they belong, with bias and relu.
void finish(const float* places, int width, const float* bias, bool relu, const PanelTarget& target) {
  float padded[panelWidth] = {};
  if (bias != nullptr) memcpy(padded, bias, static_cast<size_t>(target.columns) * 4);
  for (int64_t pixel = 0; pixel < target.pixels; pixel++, places += width) {
    float row[panelWidth];
    float* out = target.data + pixel * target.stride;
    float* to = target.columns == width ? out : row;
    for (int j = 0; j < width; j += lanes) {
      Vector value = load(places + j) + load(padded + j);
      if (relu) value = value < Vector{} ? Vector{} : value;
      store(to + j, value);
    }
    if (to == row) memcpy(out, row, static_cast<size_t>(target.columns) * 4);
  }
}

struct SlidingOperands {
  const float* sources;
  const float* bias;
  float* targets;
  bool relu;
};

// The whole of it, once filters are packed: source spectra, products, targets.
void slide(const Context& context, const Sliding& s, const SlidingMemory& memory, const SlidingOperands& operands) {
  float* workspace = context.workspace;
  const Analysis analysis(s.torus, {s.sources.H, 0, 1}, {s.sources.W, 0, 1}, workspace + memory.analysis);
  const Analysis taps(s.torus, s.tapsY, s.tapsX, workspace + memory.tapAnalysis);
  const Synthesis synthesis(s.torus, {s.targets.H, 0, 1}, {s.targets.W, 0, 1}, workspace + memory.synthesis);
  int32_t* offsets = reinterpret_cast<int32_t*>(workspace + memory.offsets);
  const int64_t C = s.sources.C, panelCount = s.panels().count(), kxCount = s.torus.columns();
  for (int64_t c = 0; c < C; c++) {
    offsets[c] = static_cast<int32_t>(c);
    offsets[C + c] = static_cast<int32_t>(memory.rows.planeStride + c);
  }
  float* spectra = workspace + memory.targets;
  const auto scratchOf = [&](int worker) { return workspace + memory.scratch + worker * memory.scratchStride; };

  for (int64_t part = 0; part < memory.parts; part++) {
    const Share share(s.sources.N, memory.parts, part);
    Images sources = s.sources;
    sources.N = share.end - share.begin;
    analyzeRows(context, analysis, sources, operands.sources + share.begin * sources.pixels() * C, memory.rows,
                workspace + memory.sources, workspace + memory.scratch, memory.scratchStride);
    eachTask(context, kxCount * panelCount, [&](int worker, int64_t task) {
      multiplyColumn(s, memory, taps, workspace, scratchOf(worker), task / panelCount,
                     static_cast<int>(task % panelCount), sources.N, spectra);
    });
    eachTask(context, sources.N * panelCount, [&](int worker, int64_t task) {
      const int64_t n = task / panelCount, column = task % panelCount * panelWidth;
      const int panel = static_cast<int>(task % panelCount), width = s.panels().width(panel);
      const float* from = spectra + SlidingMemory::targetStride(s) * panel * sources.N + n * s.torus.bins() * 2 * width;
      float* places = scratchOf(worker);
      float* sums = places + s.targets.pixels() * width;
      synthesizeColumns(synthesis, from, width, sums);
      synthesizeRows(synthesis, sums, width, places);
      const float* bias = operands.bias == nullptr ? nullptr : operands.bias + column;
      finish(places, width, bias, operands.relu,
             {operands.targets + (share.begin + n) * s.targets.pixels() * s.targets.C + column, s.targets.pixels(),
              s.targets.C, s.panels().columns(panel)});
    });
  }
}

// ---- filter gradient

struct FilterMemory {
  int64_t parts, images;
  Rows rows;
  Panels panels;             // of dy's channels, a row for each image's re and im
  int64_t gradientBinStride; // spectra of dy as B: [bin][panel][n][re, im][width]
  int64_t inputs, gradients, sums, inputAnalysis, gradientAnalysis, synthesis, offsets, scratch, scratchStride, floats;

  static int64_t partsOf(const Conv2dFilterGradFftArgs& args) {
    const int64_t one = torusOf(args).bins() * (3 * oddLines(args.C) + 2 * (args.F + panelWidth));
    return min(args.N, (args.N * one + spectrumFloats - 1) / spectrumFloats);
  }

  explicit FilterMemory(const Conv2dFilterGradFftArgs& args)
      : parts(partsOf(args)),
        images((args.N + parts - 1) / parts),
        rows(torusOf(args), images, args.C),
        panels{args.F, 2 * images} {
    const Torus torus = torusOf(args);
    gradientBinStride = oddLines(panels.floats());
    Workspace workspace;
    inputs = workspace.take(rows.floats);
    gradients = workspace.take(torus.bins() * gradientBinStride);
    sums = workspace.take(panels.count() * sumStride(args));
    inputAnalysis = workspace.take(Analysis::floats(torus, {args.H, 0, 1}, {args.W, 0, 1}));
    gradientAnalysis = workspace.take(Analysis::floats(torus, {args.oH, 0, 1}, {args.oW, 0, 1}));
    synthesis = workspace.take(Synthesis::floats(torus, {args.kH, 0, 1}, {args.kW, 0, 1}));
    offsets = workspace.take(2 * images);
    scratchStride = oddLines(max(max(transformScratch(torus, {args.N, args.H, args.W, args.C}),
                                     transformScratch(torus, {args.N, args.oH, args.oW, args.F})),
                                 max(min(args.C, blockRows) * 2 * torus.sizeY, int64_t{args.kH} * args.kW) * panelWidth));
    scratch = workspace.take(maxWorkers * scratchStride);
    floats = workspace.floats;
  }

  // Sums a panel: [c][ky][kx][re, im][width], ky the tap's row.
  static int64_t sumStride(const Conv2dFilterGradFftArgs& args) {
    return int64_t{args.C} * args.kH * 2 * torusOf(args).columns() * panelWidth;
  }
};

// The products of one column of bins with one panel of dy, brought back along y.
void multiplyFilterColumn(const Conv2dFilterGradFftArgs& args, const FilterMemory& memory, const Synthesis& synthesis,
                          float* workspace, float* scratch, int64_t kx, int panel, int64_t N, bool accumulate) {
  const Torus torus = torusOf(args);
  const int width = memory.panels.width(panel);
  const int64_t rows = torus.rows(kx);
  float* sums = workspace + memory.sums + panel * FilterMemory::sumStride(args);
  const Panels panels{args.F, 2 * N};
  for (int64_t first = 0; first < args.C; first += blockRows) {
    const int64_t count = min(blockRows, args.C - first);
    for (int64_t ky = 0; ky < rows; ky++)
      for (int part = 0; part < 2; part++) {
        const int64_t bin = torus.firstBin(kx) + ky;
        const float* a = workspace + memory.inputs + bin * memory.rows.binStride + part * memory.rows.planeStride + first;
        const auto rowsAt = [&](int64_t m0, int64_t m1, const float** out) {
          for (int64_t m = m0; m < m1; m++) *out++ = a + m;
        };
        const Product product{reinterpret_cast<const int32_t*>(workspace + memory.offsets),
                              workspace + memory.gradients + bin * memory.gradientBinStride + panels.offset(panel),
                              {width, 2 * N}, 0, 2 * N, scratch + (part * rows + ky) * width, 2 * rows * width,
                              nullptr, false};
        multiplyBlock(product, 0, count, 0, 1, rowsAt, AllOfK{});
      }
    const int64_t sumsOfC = args.kH * 2 * torus.columns() * width;
    synthesizeColumn(synthesis, kx, scratch, width, sums + first * sumsOfC, {count, 2 * rows * width, sumsOfC},
                     accumulate);
  }
}

}  // namespace

int64_t conv2dFftWorkspace(const Conv2dFftArgs& args) { return SlidingMemory(forward(args)).floats; }

void conv2dFft(const Context& context, const Conv2dFftArgs& args) {
  const Sliding s = forward(args);
  const SlidingMemory memory(s);
  packAllRows(context, s.panels(), context.at(args.filters), args.F, context.workspace + memory.packed);
  slide(context, s, memory, {context.at(args.x), context.at(args.bias), context.at(args.y), args.relu != 0});
}

int64_t conv2dInputGradFftWorkspace(const Conv2dInputGradFftArgs& args) {
  return SlidingMemory(inputGradient(args)).floats;
}

void conv2dInputGradFft(const Context& context, const Conv2dInputGradFftArgs& args) {
  const Sliding s = inputGradient(args);
  const SlidingMemory memory(s);
  const Panels panels = s.panels();
  const float* filters = context.at(args.filters);
  context.pool->each(panels.count(), [&](int panel) {
    for (int64_t tap = 0; tap < s.taps(); tap++)
      packColumns(panels, panel, tap * args.F, args.F, filters + tap * args.C * args.F, args.F,
                  context.workspace + memory.packed);
  });
  slide(context, s, memory, {context.at(args.dy), nullptr, context.at(args.dx), false});
}

int64_t conv2dFilterGradFftWorkspace(const Conv2dFilterGradFftArgs& args) { return FilterMemory(args).floats; }

void conv2dFilterGradFft(const Context& context, const Conv2dFilterGradFftArgs& args) {
  const FilterMemory memory(args);
  const Torus torus = torusOf(args);
  float* workspace = context.workspace;
  const Analysis inputAnalysis(torus, {args.H, 0, 1}, {args.W, 0, 1}, workspace + memory.inputAnalysis);
  const Analysis gradientAnalysis(torus, {args.oH, 0, 1}, {args.oW, 0, 1}, workspace + memory.gradientAnalysis);
  const Synthesis synthesis(torus, {args.kH, -args.padTop, 1}, {args.kW, -args.padLeft, 1},
                            workspace + memory.synthesis);
  int32_t* offsets = reinterpret_cast<int32_t*>(workspace + memory.offsets);
  for (int64_t n = 0; n < memory.images; n++) {
    offsets[2 * n] = static_cast<int32_t>(n * memory.rows.rowStride);
    offsets[2 * n + 1] = static_cast<int32_t>(n * memory.rows.rowStride + memory.rows.planeStride);
  }
  const auto scratchOf = [&](int worker) { return workspace + memory.scratch + worker * memory.scratchStride; };
  const int64_t panelCount = memory.panels.count();

  for (int64_t part = 0; part < memory.parts; part++) {
    const Share share(args.N, memory.parts, part);
    const Images inputs{share.end - share.begin, args.H, args.W, args.C};
    const Images gradients{inputs.N, args.oH, args.oW, args.F};
    analyzeRows(context, inputAnalysis, inputs, context.at(args.x) + share.begin * inputs.pixels() * args.C,
                memory.rows, workspace + memory.inputs, workspace + memory.scratch, memory.scratchStride);
    const float* dy = context.at(args.dy) + share.begin * gradients.pixels() * args.F;
    eachTask(context, inputs.N * panelCount, [&](int worker, int64_t task) {
      const int64_t n = task / panelCount;
      const int panel = static_cast<int>(task % panelCount), width = memory.panels.width(panel);
      float* places = scratchOf(worker);
      takePanel(gradients, dy, n, panel, places);
      float* re = workspace + memory.gradients + Panels{args.F, 2 * inputs.N}.offset(panel) + 2 * n * width;
      analyze(gradientAnalysis, places, width, places + gradients.pixels() * width, re, re + width,
              memory.gradientBinStride);
    });
    eachTask(context, torus.columns() * panelCount, [&](int worker, int64_t task) {
      multiplyFilterColumn(args, memory, synthesis, workspace, scratchOf(worker), task / panelCount,
                           static_cast<int>(task % panelCount), inputs.N, part > 0);
    });
  }
  eachTask(context, panelCount * args.C, [&](int worker, int64_t task) {
    const int panel = static_cast<int>(task / args.C), width = memory.panels.width(panel);
    const int64_t c = task % args.C, sumsOfC = args.kH * 2 * torus.columns() * width;
    float* taps = scratchOf(worker);
    synthesizeRows(synthesis, workspace + memory.sums + panel * FilterMemory::sumStride(args) + c * sumsOfC, width, taps);
    finish(taps, width, nullptr, false,
           {context.at(args.dFilters) + c * args.F + int64_t{panel} * panelWidth, int64_t{args.kH} * args.kW,
            int64_t{args.C} * args.F, memory.panels.columns(panel)});
  });
}

}  // namespace atelier::ATELIER_VARIANT
