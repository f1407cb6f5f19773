// c [M,N] = relu?(op(a) op(b) + bias). B is packed into panels unless it lies in the state's, A is read in place: see
// product.h. After Goto & van de Geijn 2008, with the packing of A left out because its rows stay in cache. With few rows
// and many panels, as in a layer's forward pass, each panel is packed by the one task that uses it, and never leaves the
// cache; otherwise all are packed once a call by all threads.
// gemmMap goes on with an element-wise expression over each block of c while it is in cache: a layer's dropout, or the
// optimiser over the gradient of its weights. c itself never travels to memory.
// A result too narrow to fill a panel, the gradient of the last layer's weights, is made as its transpose.
#include "expression.h"
#include "product.h"

namespace atelier::ATELIER_VARIANT {
namespace {

template <class Args>
int64_t packedFloats(const Args& args) {
  return Panels{args.N, args.K}.floats() + args.K + 32;
}

template <class Args>
int64_t workspaceOf(const Args& args) {
  return packedFloats(args) + (args.pixelScale == 0 ? 0 : int64_t{args.M} * args.K);
}

// A, as floats: of pixels, which these kernels gain nothing by, a copy behind what is packed.
template <class Args>
const float* firstFactor(const Context& context, const Args& args) {
  if (args.pixelScale == 0) return context.at(args.a);
  const auto* const pixels = reinterpret_cast<const uint8_t*>(context.at(args.a));
  float* const floats = context.workspace + packedFloats(args);
  for (int64_t i = 0; i < int64_t{args.M} * args.K; i++) floats[i] = static_cast<float>(pixels[i]) * args.pixelScale;
  return floats;
}

// The product without its result and with B still to be packed, into the workspace. Elements of a row of A are kStride
// apart.
template <class Args>
Product describeFactors(const Context& context, const Args& args, int64_t kStride) {
  const int64_t N = args.N, K = args.K;
  const Panels panels{N, K};
  int32_t* offsets = reinterpret_cast<int32_t*>(context.workspace + panels.floats());
  for (int64_t i = 0; i < K; i++) offsets[i] = static_cast<int32_t>(i * kStride);
  return {offsets, context.workspace, panels, 0, K, nullptr, N, context.at(args.bias), args.relu != 0};
}

// Whether B lies in the state's panels as products read it.
template <class Args>
bool isPacked(const Args& args) {
  return args.bPanels && !args.transposeB;
}

// Columns of k [k0, k1) of a panel of B, whichever way it is stored, as the first of `own`.
template <class Args>
void packPanel(const Context& context, const Args& args, const Panels& own, int panel, int64_t k0, int64_t k1,
               float* packed) {
  const float* const b = context.at(args.b);
  const int64_t column = int64_t{panel} * panelWidth, N = args.N, K = args.K;
  if (args.transposeB && args.bPanels) {
    for (int64_t k = k0; k < k1;) {
      const int64_t end = k / statePanel * statePanel + statePanel, next = end < k1 ? end : k1;
      packColumns(own, 0, k, next - k, b + (k / statePanel * N + column) * statePanel + k % statePanel, statePanel, packed);
      k = next;
    }
  } else if (args.transposeB) {
    packColumns(own, 0, k0, k1 - k0, b + column * K + k0, K, packed);
  } else {
    packRows(own, 0, 1, k0, k1, b + column, N, packed);
  }
}

template <class Args>
Product packFactors(const Context& context, const Args& args, int64_t kStride) {
  const int64_t N = args.N, K = args.K;
  Product product = describeFactors(context, args, kStride);
  const Panels& panels = product.panels;
  float* packed = context.workspace;
  const float* b = context.at(args.b);
  if (isPacked(args)) {
    product.b = b;
    product.bInState = true;
  } else if (args.transposeB) {
    const int64_t depths = K * N < 16384 ? 1 : (K + 255) / 256;
    context.pool->each(K * N < 16384 ? 1 : static_cast<int>(panels.count() * depths), [&](int task) {
      const Share k(K, depths, task % depths);
      const int first = static_cast<int>(task / depths), last = depths == 1 && K * N < 16384 ? panels.count() : first + 1;
      for (int panel = first; panel < last; panel++)
        packPanel(context, args, {panels.columns(panel), K}, panel, k.begin, k.end, packed + panels.offset(panel));
    });
  } else {
    packAllRows(context, panels, b, N, packed);
  }
  return product;
}

// The largest A whose panels of B have one task each, and the largest panel.
constexpr int64_t ownRows = 512, ownDepth = 1024;

template <class Args>
bool hasOwnPanels(const Context& context, const Args& args) {
  return args.M >= tileRows && args.M <= ownRows && args.K >= 32 && args.K <= ownDepth &&
         Panels{args.N, args.K}.count() >= 4 * context.pool->threads();
}

// The panel's columns of all rows, from a `whole` whose B is not packed: c is that of the panel's first column.
template <class Args, class RowsAt>
void multiplyPanel(const Context& context, const Args& args, const Product& whole, int panel, const RowsAt& rowsAt,
                   float* c, int64_t ldc) {
  alignas(64) float packed[ownDepth * panelWidth];
  const int64_t column = int64_t{panel} * panelWidth, K = args.K;
  const Panels own{whole.panels.columns(panel), K};
  Product product = whole;
  if (isPacked(args)) {
    product.b = context.at(args.b) + stateOffset(column, K);
    product.bInState = true;
  } else {
    packPanel(context, args, own, panel, 0, K, packed);
    product.b = packed;
  }
  product.panels = own;
  product.c = c;
  product.ldc = ldc;
  if (product.bias != nullptr) product.bias += column;
  for (int64_t m = 0; m < args.M; m += blockRows)
    multiplyBlock(product, m, m + blockRows < args.M ? m + blockRows : args.M, 0, 1, rowsAt, AllOfK{});
}

// A block of gemmMap's result: at most 96 KB, so that it and what the expression reads beside it stay in the
// second-level cache. Long in rows, for the expression pays for every start; a few tiles high, for the product.
constexpr int64_t resultFloats = 24576, resultPanels = 1024 / panelWidth;
// A transposed A is copied for a block when it is no larger than this and many panels read it: its columns are far
// apart in memory.
constexpr int64_t copiedFloats = 16384, copyPanels = 4;

}  // namespace

int64_t gemmWorkspace(const GemmArgs& args) { return workspaceOf(args); }
int64_t gemmMapWorkspace(const GemmMapArgs& args) { return workspaceOf(args); }

void gemm(const Context& context, const GemmArgs& args) {
  const float* a = firstFactor(context, args);
  const int64_t rowStride = args.transposeA ? 1 : args.K;
  const int64_t kStride = args.transposeA ? args.M : 1;
  float* c = context.at(args.c);
  const auto rowsAt = [&](int64_t m0, int64_t m1, const float** rows) {
    for (int64_t m = m0; m < m1; m++) rows[m - m0] = a + m * rowStride;
  };
  if (hasOwnPanels(context, args)) {
    const Product product = describeFactors(context, args, kStride);
    context.pool->each(product.panels.count(), [&](int panel) {
      multiplyPanel(context, args, product, panel, rowsAt, c + int64_t{panel} * panelWidth, args.N);
    });
    return;
  }
  Product product = packFactors(context, args, kStride);
  product.c = c;
  multiply(context, product, args.M, rowsAt, AllOfK{});
}

namespace {

// How a block of a result lies before the expression takes it: short rows that are whole are joined, as in memory; long
// ones lie not a power of two apart, which would crowd a few sets of the cache.
bool areJoined(int64_t columns, int64_t N) { return columns == N && columns < 256; }
int64_t rowLength(int64_t columns, int64_t N) {
  return areJoined(columns, N) ? columns : (columns + 15) / 16 * 16 + 16;
}

void runExpression(const Expression& expression, int64_t N, int64_t m0, int64_t rows, int64_t column, int64_t columns,
                   const float* result) {
  const int64_t ldc = rowLength(columns, N);
  const int64_t runs = areJoined(columns, N) ? 1 : rows, length = areJoined(columns, N) ? rows * N : columns;
  Expression::Registers registers(expression);
  for (int64_t row = 0; row < runs; row++)
    for (int64_t i = 0; i < length; i += expression.block()) {
      const int64_t left = length - i, n = left < expression.block() ? left : expression.block();
      expression.run(registers, (m0 + row) * N + column + i, static_cast<int>(n), result + row * ldc + i);
    }
}

// gemmMap with a panel of B to a task: so many panels that the expression has runs of a useful length.
constexpr int groupPanels = 128 / panelWidth;

void gemmMapOwnPanels(const Context& context, const GemmMapArgs& args, const Expression& expression) {
  const int64_t M = args.M, N = args.N, K = args.K;
  const float* a = firstFactor(context, args);
  const Product whole = describeFactors(context, args, 1);
  const auto rowsAt = [&](int64_t m0, int64_t m1, const float** rows) {
    for (int64_t m = m0; m < m1; m++) rows[m - m0] = a + m * K;
  };
  const int panelCount = whole.panels.count(), groups = (panelCount + groupPanels - 1) / groupPanels;
  context.pool->each(groups, [&](int group) {
    const Share panels(panelCount, groups, group);
    const int64_t column = panels.begin * panelWidth, end = panels.end * panelWidth, columns = (end < N ? end : N) - column;
    const int64_t ldc = rowLength(columns, N);
    alignas(64) float result[resultFloats];
    for (int64_t panel = panels.begin; panel < panels.end; panel++)
      multiplyPanel(context, args, whole, static_cast<int>(panel), rowsAt, result + panel * panelWidth - column, ldc);
    runExpression(expression, N, 0, M, column, columns, result);
  });
}

// The gradient of a narrow layer's weights, c = aᵀb with a [K,M], b [K,N]: as cᵀ = bᵀa, whose columns fill vectors.
constexpr int64_t narrowColumns = 16;

bool isNarrowGradient(const GemmMapArgs& args) {
  return args.transposeA && !args.transposeB && !args.panels && args.N <= narrowColumns && args.M >= 4 * panelWidth &&
         args.K <= ownDepth;
}

void gemmMapAcross(const Context& context, const GemmMapArgs& args, const Expression& expression) {
  const int64_t M = args.M, N = args.N, K = args.K;
  const float* a = firstFactor(context, args);
  const float* b = context.at(args.b);
  const float* bias = context.at(args.bias);
  int32_t offsets[ownDepth];
  for (int64_t k = 0; k < K; k++) offsets[k] = static_cast<int32_t>(k * N);
  const Panels whole{M, K};
  context.pool->each(whole.count(), [&](int panel) {
    const int64_t m = int64_t{panel} * panelWidth;
    const Panels own{whole.columns(panel), K};
    alignas(64) float packed[ownDepth * panelWidth], across[narrowColumns * panelWidth], result[panelWidth * narrowColumns];
    packRows(own, 0, 1, 0, K, a + m, M, packed);
    const Product product{offsets, packed, own, 0, K, across, panelWidth, nullptr, false};
    expression.prefetch(m * N, own.N * N);
    multiplyBlock(product, 0, N, 0, 1,
                  [&](int64_t n0, int64_t n1, const float** rows) {
                    for (int64_t n = n0; n < n1; n++) rows[n - n0] = b + n;
                  },
                  AllOfK{});
    for (int64_t n = 0; n < N; n++)
      for (int64_t i = 0; i < own.N; i++) {
        const float sum = across[n * panelWidth + i] + (bias == nullptr ? 0 : bias[n]);
        result[i * N + n] = args.relu && sum < 0 ? 0 : sum;
      }
    runExpression(expression, N, m, own.N, 0, N, result);
  });
}

// Whether a hand-over to other threads would take longer than the work.
bool isSmall(const GemmMapArgs& args) {
  return static_cast<double>(args.M) * static_cast<double>(args.N) * static_cast<double>(args.K + 16) < 50e3;
}

template <class Run>
void eachTask(const Context& context, const GemmMapArgs& args, int tasks, const Run& run) {
  if (!isSmall(args)) return context.pool->each(tasks, run);
  for (int task = 0; task < tasks; task++) run(task);
}

// gemmMap with its result in the state's panels, an optimiser's way: the expression takes a few rows of a panel as soon as
// they are there. Threads take tasks from both ends, so that two of them keep to columns of B of their own.
void gemmMapInPanels(const Context& context, const GemmMapArgs& args, const Expression& expression) {
  // Whole tiles, and rows enough for the expression, in the first-level cache.
  constexpr int64_t mostRows = 2048 / (tileRows * statePanel) * tileRows, statePanels = statePanel / panelWidth;
  const int64_t M = args.M, N = args.N, K = args.K;
  const float* a = firstFactor(context, args);
  const int64_t panels = N / statePanel, most = copiedFloats / K, threads = isSmall(args) ? 1 : context.pool->threads();
  const bool copies = args.transposeA && most >= tileRows;
  const int64_t rowsPerBlock = copies && most < mostRows ? most / tileRows * tileRows : mostRows;
  const int64_t rowBlocks = (M + rowsPerBlock - 1) / rowsPerBlock, columnBlocks = threads < panels ? threads : panels;
  const Product whole = packFactors(context, args, copies ? rowsPerBlock : args.transposeA ? M : 1);
  const auto run = [&](int task) {
    const int64_t m0 = task % rowBlocks * rowsPerBlock, end = m0 + rowsPerBlock < M ? m0 + rowsPerBlock : M, count = end - m0;
    alignas(64) float result[mostRows * statePanel], copied[copiedFloats];
    if (copies)
      for (int64_t k = 0; k < K; k++)
        memcpy(copied + k * rowsPerBlock, a + k * M + m0, static_cast<size_t>(count) * 4);
    const auto rowsAt = [&](int64_t from, int64_t to, const float** rows) {
      for (int64_t m = from; m < to; m++)
        rows[m - from] = copies ? copied + (m - m0) : a + m * (args.transposeA ? 1 : K);
    };
    Product product = whole;
    product.c = result;
    product.ldc = statePanel;
    product.panelRows = count;
    Expression::Registers registers(expression);
    const Share share(panels, columnBlocks, task / rowBlocks);
    for (int64_t panel = share.begin; panel < share.end; panel++) {
      const int64_t first = (panel * M + m0) * statePanel, floats = count * statePanel;
      product.origin = m0 * statePanel + panel * floats;
      const int p0 = static_cast<int>(panel * statePanels), p1 = static_cast<int>(p0 + statePanels);
      multiplyBlock(product, m0, end, p0, p1, rowsAt, AllOfK{});
      for (int64_t i = 0; i < floats; i += expression.block()) {
        const int64_t left = floats - i, n = left < expression.block() ? left : expression.block();
        expression.run(registers, first + i, static_cast<int>(n), result + i);
      }
    }
  };
  eachTask(context, args, static_cast<int>(rowBlocks * columnBlocks), run);
}

}  // namespace

void gemmMap(const Context& context, const GemmMapArgs& args) {
  const int64_t M = args.M, N = args.N, K = args.K;
  const Expression expression(context, mapOf(args));
  if (isNarrowGradient(args)) return gemmMapAcross(context, args, expression);
  if (args.panels) return gemmMapInPanels(context, args, expression);
  if (!args.transposeA && hasOwnPanels(context, args) &&
      Panels{N, K}.count() >= 2 * groupPanels * context.pool->threads() && M * rowLength(128, N) <= resultFloats) {
    gemmMapOwnPanels(context, args, expression);
    return;
  }
  const float* a = firstFactor(context, args);
  const int panelCount = Panels{N, K}.count();
  const int64_t panelBlocks = (panelCount + resultPanels - 1) / resultPanels;
  const int64_t mostColumns = panelBlocks == 1 ? N : resultPanels * panelWidth;
  const int64_t fitting = resultFloats / rowLength(mostColumns, N);
  const int64_t mostRows = fitting < blockRows ? fitting : blockRows;
  int64_t rowBlocks = (M + mostRows - 1) / mostRows;
  const int64_t wanted = isSmall(args) ? 1 : (context.pool->threads() * 4 + panelBlocks - 1) / panelBlocks;
  if (rowBlocks < wanted) rowBlocks = wanted < M ? wanted : M;
  const int64_t rowsPerBlock = (M + rowBlocks - 1) / rowBlocks;
  const bool copies = args.transposeA && panelCount >= copyPanels && K * rowsPerBlock <= copiedFloats;
  const Product whole = packFactors(context, args, copies ? rowsPerBlock : args.transposeA ? M : 1);

  const auto run = [&](int task) {
    const Share rowShare(M, rowBlocks, task / panelBlocks);
    const Share panelShare(panelCount, panelBlocks, task % panelBlocks);
    const int64_t m0 = rowShare.begin, count = rowShare.end - m0;
    const int64_t column = panelShare.begin * panelWidth;
    const int64_t end = panelShare.end * panelWidth, columns = (end < N ? end : N) - column;
    alignas(64) float result[resultFloats], copied[copiedFloats];
    if (copies)
      for (int64_t k = 0; k < K; k++)
        memcpy(copied + k * rowsPerBlock, a + k * M + m0, static_cast<size_t>(count) * 4);
    const auto rowsAt = [&](int64_t from, int64_t to, const float** rows) {
      for (int64_t m = from; m < to; m++)
        rows[m - from] = copies ? copied + (m - m0) : a + m * (args.transposeA ? 1 : K);
    };
    Product product = whole;
    product.c = result;
    product.ldc = rowLength(columns, N);
    product.origin = m0 * product.ldc + column;
    multiplyBlock(product, m0, rowShare.end, static_cast<int>(panelShare.begin), static_cast<int>(panelShare.end), rowsAt,
                  AllOfK{}, [&](int64_t from, int64_t to, int64_t first, int64_t floats) {
                    for (int64_t m = from; m < to; m++) expression.prefetch(m * N + first, floats);
                  });
    runExpression(expression, N, m0, count, column, columns, result);
  };
  eachTask(context, args, static_cast<int>(rowBlocks * panelBlocks), run);
}

}  // namespace atelier::ATELIER_VARIANT
