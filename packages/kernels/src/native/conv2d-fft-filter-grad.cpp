// The filters' gradient by Fourier transform (fourier.h): spectra of x and dy are kept, and a column of bins of a few
// blocks of x's channels is multiplied with all of dy's and brought back along y while it is in the second-level cache.
#include "fourier.h"

namespace atelier::ATELIER_VARIANT {
namespace {

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

struct FilterMemory {
  int64_t parts, images;
  Spectra inputs, gradients;
  Panels panels;       // of dy's channels
  int64_t blockGroup;  // blocks of x's channels whose column of bins is multiplied together
  int64_t inputSpectra, gradientSpectra, sums, inputAnalysis, gradientAnalysis, synthesis, scratch,
      scratchStride, floats;

  static int64_t partsOf(const Conv2dFilterGradFftArgs& args) {
    const ImageBatch x{1, 0, 0, args.C}, dy{1, 0, 0, args.F};
    const int64_t one = x.spectra(torusOf(args)).floats() + dy.spectra(torusOf(args)).floats();
    return min(args.N, ceilDiv(args.N * one, spectrumFloats));
  }

  explicit FilterMemory(const Conv2dFilterGradFftArgs& args)
      : parts(partsOf(args)),
        images(ceilDiv(args.N, parts)),
        inputs(ImageBatch{images, 0, 0, args.C}.spectra(torusOf(args))),
        gradients(ImageBatch{images, 0, 0, args.F}.spectra(torusOf(args))),
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
    const ImageBatch inputs{share.end - share.begin, args.H, args.W, args.C};
    const ImageBatch gradients{inputs.N, args.oH, args.oW, args.F};
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
