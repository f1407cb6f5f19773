// Convolutions by Fourier transform (fourier.h), forward and for the input, for wide layers.
//
// Image spectra are kept; filters are kept transformed along x, and taken along y for a few bins and a panel at a time,
// beside the sources of the same bins: a task's sources stay in the second-level cache while all filters pass by.
#include "fourier.h"

namespace atelier::ATELIER_VARIANT {
namespace {

// What slides over what: targets[o] = sum over taps k of sources[o + place(k)] · filters[k].
struct Sliding {
  Torus torus;
  ImageBatch sources, targets;
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
    const ImageBatch source{1, 0, 0, s.sources.C}, target{1, 0, 0, s.targets.C};
    const int64_t one = source.spectra(s.torus).floats() + target.spectra(s.torus).floats();
    return min(s.sources.N, ceilDiv(s.sources.N * one, spectrumFloats));
  }

  explicit SlidingMemory(const Sliding& s)
      : parts(partsOf(s)),
        images(ceilDiv(s.sources.N, parts)),
        sources(ImageBatch{images, 0, 0, s.sources.C}.spectra(s.torus)),
        targets(ImageBatch{images, 0, 0, s.targets.C}.spectra(s.torus)) {
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
    ImageBatch sources = s.sources;
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

}  // namespace atelier::ATELIER_VARIANT
