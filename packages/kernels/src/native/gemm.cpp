// c [M,N] = relu?(op(a) op(b) + bias). B is packed into panels once a call by all threads, A is read in place:
// see product.h. After Goto & van de Geijn 2008, with the packing of A left out because its rows stay in cache.
#include "product.h"

namespace atelier::ATELIER_VARIANT {

int64_t gemmWorkspace(const GemmArgs& args) {
  const Panels panels{args.N, args.K};
  return panels.floats() + args.K + 32;
}

void gemm(const Context& context, const GemmArgs& args) {
  const int64_t M = args.M, N = args.N, K = args.K;
  const Panels panels{N, K};
  float* packed = context.workspace;
  int32_t* offsets = reinterpret_cast<int32_t*>(packed + panels.floats());
  const float* a = context.at(args.a);
  const float* b = context.at(args.b);
  const int64_t rowStride = args.transposeA ? 1 : K;
  const int64_t kStride = args.transposeA ? M : 1;

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
  const Product product{offsets, packed, panels, 0, K, context.at(args.c), N, context.at(args.bias), args.relu != 0};
  const auto rowsAt = [&](int64_t m0, int64_t m1, const float** rows) {
    for (int64_t m = m0; m < m1; m++) rows[m - m0] = a + m * rowStride;
  };
  multiply(context, product, M, rowsAt, AllOfK{});
}

}  // namespace atelier::ATELIER_VARIANT
