// The register tile of every product: R rows of c times V vectors of columns.
// acc[r][v] += broadcast(row r at offset k) * b[k][v], k after k; B streams from its panel, whose rows are bStride floats
// apart, A from R pointers. (With bStride as an argument, five rows ran a tenth slower.)
#include "product.h"

#include <utility>

namespace atelier::ATELIER_VARIANT {
namespace {

template <int R, int V, int bStride>
void tile(const TileArgs& args) {
  Vector acc[R][V];
  const float* rows[R];
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) {
    rows[r] = args.rows[r];
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) acc[r][v] = Vector{};
  }
  const float* b = args.b;
  const int32_t* offsets = args.offsets;
#pragma GCC unroll 4
  for (int64_t k = 0; k < args.count; k++) {
    const int64_t offset = offsets[k];
    Vector column[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) column[v] = load(b + k * bStride + v * lanes);
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      const float a = rows[r][offset];
#pragma GCC unroll 2
      for (int v = 0; v < V; v++) acc[r][v] += a * column[v];
    }
  }

  if (args.columns == V * lanes) {
    Vector bias[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) bias[v] = args.bias != nullptr ? load(args.bias + v * lanes) : Vector{};
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 2
      for (int v = 0; v < V; v++) {
        float* c = args.c + r * args.ldc + v * lanes;
        Vector sum = acc[r][v] + bias[v];
        if (args.accumulate) sum += load(c);
        if (args.relu) sum = sum < Vector{} ? Vector{} : sum;
        store(c, sum);
      }
    }
    return;
  }
  // A copy: if acc itself were read at a row not known to the compiler, it would go through memory before the branch above.
  float sums[R][V * lanes];
#pragma GCC unroll 16
  for (int r = 0; r < R; r++)
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) store(sums[r] + v * lanes, acc[r][v]);
  for (int r = 0; r < R; r++) {
    float* c = args.c + r * args.ldc;
    for (int j = 0; j < args.columns; j++) {
      float sum = sums[r][j];
      if (args.bias != nullptr) sum += args.bias[j];
      if (args.accumulate) sum += c[j];
      if (args.relu) sum = sum < 0 ? 0 : sum;
      c[j] = sum;
    }
  }
}

}  // namespace

#define ATELIER_TILE(R) (R <= tileRows ? tile<(R <= tileRows ? R : 1), 2, panelWidth> : nullptr)
#define ATELIER_NARROW_TILE(R) (R <= narrowTileRows ? tile<(R <= narrowTileRows ? R : 1), 1, lanes> : nullptr)
#define ATELIER_STATE_TILE(R) (R <= tileRows ? tile<(R <= tileRows ? R : 1), 2, statePanel> : nullptr)
#define ATELIER_EACH_ROW_COUNT(TILE) \
  { TILE(1), TILE(2), TILE(3), TILE(4), TILE(5), TILE(6), TILE(7), TILE(8), TILE(9), TILE(10), TILE(11), TILE(12), TILE(13), TILE(14) }
const TileFunction tiles[2][14] = {ATELIER_EACH_ROW_COUNT(ATELIER_NARROW_TILE), ATELIER_EACH_ROW_COUNT(ATELIER_TILE)};
const TileFunction stateTiles[14] = ATELIER_EACH_ROW_COUNT(ATELIER_STATE_TILE);

void packRows(const Panels& panels, int p0, int p1, int64_t k0, int64_t k1, const float* b, int64_t ldb, float* packed) {
  for (int64_t k = k0; k < k1; k++) {
    for (int panel = p0; panel < p1; panel++) {
      const int width = panels.width(panel), columns = panels.columns(panel);
      float* out = packed + panels.offset(panel) + k * width;
      const float* in = b + k * ldb + int64_t{panel} * panelWidth;
      if (columns == panelWidth) {
        store(out, load(in));
        store(out + lanes, load(in + lanes));
      } else if (k + 1 < k1 && width <= ldb + columns) {
        // The next row follows, so that whole vectors can be read.
        for (int v = 0; v < width; v += lanes) {
          const Vector values = load(in + v);
          Vector kept;
          for (int j = 0; j < lanes; j++) kept[j] = v + j < columns ? values[j] : 0.0f;
          store(out + v, kept);
        }
      } else {
        for (int j = 0; j < width; j++) out[j] = j < columns ? in[j] : 0.0f;
      }
    }
  }
}

void packAllRows(const Context& context, const Panels& panels, const float* b, int64_t ldb, float* packed) {
  constexpr int group = 8;
  const int64_t groups = (panels.count() + group - 1) / group;
  const int64_t floats = panels.K * panels.N;
  int64_t depths = floats < 16384 ? 1 : (panels.K + 127) / 128;
  if (depths > 64) depths = 64;
  context.pool->each(floats < 16384 ? 1 : static_cast<int>(groups * depths), [&](int task) {
    const Share k(panels.K, depths, task % depths);
    const int64_t from = floats < 16384 ? 0 : task / depths * group;
    const int64_t to = floats < 16384 || from + group > panels.count() ? panels.count() : from + group;
    packRows(panels, static_cast<int>(from), static_cast<int>(to), k.begin, k.end, b, ldb, packed);
  });
}

void packColumns(const Panels& panels, int panel, int64_t kOffset, int64_t count, const float* b, int64_t ldb,
                 float* packed) {
  const int width = panels.width(panel), columns = panels.columns(panel);
  float* out = packed + panels.offset(panel) + kOffset * width;
  const float* in = b + int64_t{panel} * panelWidth * ldb;
  int64_t k = 0;
  if (columns == width) {
    for (; k + 4 <= count; k += 4)
      for (int j = 0; j < width; j += 4) transpose4(in + j * ldb + k, ldb, out + k * width + j, width);
  }
  for (; k < count; k++)
    for (int j = 0; j < width; j++) out[k * width + j] = j < columns ? in[j * ldb + k] : 0.0f;
}

}  // namespace atelier::ATELIER_VARIANT
