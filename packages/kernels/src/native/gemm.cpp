// c [M,N] = relu?(op(a) op(b) + bias). B is packed into panels once a call by all threads, A is read in place:
// see product.h. After Goto & van de Geijn 2008, with the packing of A left out because its rows stay in cache.
// gemmMap goes on with an element-wise expression over each block of c while it is in the second-level cache: a layer's
// dropout, or the optimiser over the gradient of its weights. c itself never travels to memory, and what else the
// expression reads is prefetched while the block is multiplied.
#include "expression.h"
#include "product.h"

namespace atelier::ATELIER_VARIANT {
namespace {

template <class Args>
int64_t packedFloats(const Args& args) {
  return Panels{args.N, args.K}.floats() + args.K + 32;
}

// Packs B into the workspace; the product without its result. Elements of a row of A are kStride apart.
template <class Args>
Product packFactors(const Context& context, const Args& args, int64_t kStride) {
  const int64_t N = args.N, K = args.K;
  const Panels panels{N, K};
  float* packed = context.workspace;
  int32_t* offsets = reinterpret_cast<int32_t*>(packed + panels.floats());
  const float* b = context.at(args.b);
  for (int64_t i = 0; i < K; i++) offsets[i] = static_cast<int32_t>(i * kStride);
  if (args.transposeB) {
    const int64_t depths = K * N < 16384 ? 1 : (K + 255) / 256;
    context.pool->each(K * N < 16384 ? 1 : static_cast<int>(panels.count() * depths), [&](int task) {
      const Share k(K, depths, task % depths);
      const int first = static_cast<int>(task / depths), last = depths == 1 && K * N < 16384 ? panels.count() : first + 1;
      for (int panel = first; panel < last; panel++)
        packColumns(panels, panel, k.begin, k.end - k.begin, b + k.begin, K, packed);
    });
  } else {
    packAllRows(context, panels, b, N, packed);
  }
  return {offsets, packed, panels, 0, K, nullptr, N, context.at(args.bias), args.relu != 0};
}

// A block of gemmMap's result: at most 96 KB, so that it and what the expression reads beside it stay in the
// second-level cache. Long in rows, for the expression pays for every start; a few tiles high, for the product.
constexpr int64_t resultFloats = 24576, resultPanels = 1024 / panelWidth;
// A transposed A is copied for a block when it is no larger than this and many panels read it: its columns are far
// apart in memory.
constexpr int64_t copiedFloats = 16384, copyPanels = 4;

}  // namespace

int64_t gemmWorkspace(const GemmArgs& args) { return packedFloats(args); }
int64_t gemmMapWorkspace(const GemmMapArgs& args) { return packedFloats(args); }

void gemm(const Context& context, const GemmArgs& args) {
  const float* a = context.at(args.a);
  const int64_t rowStride = args.transposeA ? 1 : args.K;
  Product product = packFactors(context, args, args.transposeA ? args.M : 1);
  product.c = context.at(args.c);
  const auto rowsAt = [&](int64_t m0, int64_t m1, const float** rows) {
    for (int64_t m = m0; m < m1; m++) rows[m - m0] = a + m * rowStride;
  };
  multiply(context, product, args.M, rowsAt, AllOfK{});
}

void gemmMap(const Context& context, const GemmMapArgs& args) {
  const int64_t M = args.M, N = args.N, K = args.K;
  const Expression expression(context, mapOf(args));
  const float* a = context.at(args.a);
  const int panelCount = Panels{N, K}.count();
  const int64_t panelBlocks = (panelCount + resultPanels - 1) / resultPanels;
  const int64_t mostColumns = panelBlocks == 1 ? N : resultPanels * panelWidth;
  const int64_t mostRows = resultFloats / mostColumns < blockRows ? resultFloats / mostColumns : blockRows;
  int64_t rowBlocks = (M + mostRows - 1) / mostRows;
  const bool alone = static_cast<double>(M) * static_cast<double>(N) * static_cast<double>(K + 16) < 50e3;
  const int64_t wanted = alone ? 1 : (context.pool->threads() * 4 + panelBlocks - 1) / panelBlocks;
  if (rowBlocks < wanted) rowBlocks = wanted < M ? wanted : M;
  const int64_t rowsPerBlock = (M + rowBlocks - 1) / rowBlocks;
  const bool copies = args.transposeA && panelCount >= copyPanels && K * rowsPerBlock <= copiedFloats;
  const Product whole = packFactors(context, args, copies ? rowsPerBlock : args.transposeA ? M : 1);

  const auto run = [&](int task) {
    const Share rowShare(M, rowBlocks, task / panelBlocks), panelShare(panelCount, panelBlocks, task % panelBlocks);
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
    product.ldc = columns;
    product.origin = m0 * columns + column;
    multiplyBlock(product, m0, rowShare.end, static_cast<int>(panelShare.begin), static_cast<int>(panelShare.end), rowsAt,
                  AllOfK{}, [&](int64_t from, int64_t to, int64_t first, int64_t floats) {
                    for (int64_t m = from; m < to; m++) expression.prefetch(m * N + first, floats);
                  });
    // Rows that are whole lie one after the other in memory.
    const int64_t runs = columns == N ? 1 : count, length = columns == N ? count * N : columns;
    Expression::Registers registers(expression);
    for (int64_t row = 0; row < runs; row++)
      for (int64_t i = 0; i < length; i += expression.block()) {
        const int64_t left = length - i, n = left < expression.block() ? left : expression.block();
        expression.run(registers, (m0 + row) * N + column + i, static_cast<int>(n), result + row * columns + i);
      }
  };
  const int tasks = static_cast<int>(rowBlocks * panelBlocks);
  if (alone)
    for (int task = 0; task < tasks; task++) run(task);
  else
    context.pool->each(tasks, run);
}

}  // namespace atelier::ATELIER_VARIANT
