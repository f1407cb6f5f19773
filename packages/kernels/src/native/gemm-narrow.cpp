// c [M,N] = relu?(a b + bias) where a row of b is no more than two vectors: the logits of a network. Nothing is packed, for
// that would take one thread as long as the products take all of them: vectors are loaded from where a row begins in b,
// and what they hold beyond its end comes to nothing.
#include "gemm-narrow.h"

#include <array>
#include <utility>

#include "vectors.h"

namespace atelier::ATELIER_VARIANT {
namespace {

// R rows of c from row m on, of V vectors.
template <int R, int V>
void narrowRows(const Context& context, const GemmArgs& args, int64_t m) {
  const int64_t N = args.N, K = args.K;
  if (N <= (V - 1) * lanes) __builtin_unreachable();
  const float* const a = context.at(args.a) + m * K;
  const float* const b = context.at(args.b);
  const float* rows[R];
  Vector acc[R][V];
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) {
    rows[r] = a + r * K;
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) acc[r][v] = Vector{};
  }
  const auto add = [&](int64_t k, const Vector(&column)[V]) __attribute__((always_inline)) {
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      const float value = rows[r][k];
#pragma GCC unroll 2
      for (int v = 0; v < V; v++) acc[r][v] += value * column[v];
    }
  };
  const int64_t beyond = (V * lanes - 1) / N, whole = K < beyond ? 0 : K - beyond;  // rows whose vectors end inside b
#pragma GCC unroll 4
  for (int64_t k = 0; k < whole; k++) {
    Vector column[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) column[v] = load(b + k * N + v * lanes);
    add(k, column);
  }
  const auto some = [&](const float* from, int64_t v) { return loadSome(from + v * lanes, N - v * lanes); };
  for (int64_t k = whole; k < K; k++) {
    Vector column[V];
    for (int v = 0; v < V; v++) column[v] = some(b + k * N, v);
    add(k, column);
  }
  float* const c = context.at(args.c) + m * N;
  const float* const bias = context.at(args.bias);
#pragma GCC unroll 16
  for (int r = 0; r < R; r++)
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) {
      Vector sum = acc[r][v];
      if (bias != nullptr) sum += some(bias, v);
      if (args.relu) sum = sum < Vector{} ? Vector{} : sum;
      storeSome(c + r * N + v * lanes, sum, N - v * lanes);
    }
}

using Runner = void (*)(const Context&, const GemmArgs&, int64_t);
template <int V, int... rows>
constexpr auto runnersOf(std::integer_sequence<int, rows...>) {
  return std::array<Runner, sizeof...(rows)>{narrowRows<rows + 1, V>...};
}
// runners<V>[rows - 1]
template <int V>
constexpr auto runners = runnersOf<V>(std::make_integer_sequence<int, V == 1 ? narrowTileRows : tileRows>{});

template <int V>
void eachTile(const Context& context, const GemmArgs& args) {
  const int64_t tasks = context.pool->threads(), most = static_cast<int64_t>(runners<V>.size());
  context.pool->each(static_cast<int>(tasks), [&](int task) {
    const Share rows(args.M, tasks, task);
    const int64_t count = rows.end - rows.begin, tiles = (count + most - 1) / most;
    for (int64_t tile = 0; tile < tiles; tile++) {
      const Share own(count, tiles, tile);
      runners<V>[static_cast<size_t>(own.end - own.begin - 1)](context, args, rows.begin + own.begin);
    }
  });
}

}  // namespace

bool isNarrow(const GemmArgs& args) {
  return args.N <= 2 * lanes && args.N >= lanes / 2 && args.M >= tileRows && !args.transposeA && !args.transposeB &&
         !args.bPanels && args.pixelScale == 0;
}

void gemmNarrow(const Context& context, const GemmArgs& args) {
  (args.N <= lanes ? eachTile<1> : eachTile<2>)(context, args);
}

}  // namespace atelier::ATELIER_VARIANT
