// Moments a channel of [rows, C], a chunk of rows at a time about the chunk's own mean and merged in double (Chan,
// Golub & LeVeque 1979), so that neither a large mean nor a million rows costs accuracy. A kernel that makes the
// rows takes a chunk's share while the chunk is in the cache.
#pragma once
#include "columns.h"

namespace atelier::ATELIER_VARIANT {

inline int64_t momentsFloats(int64_t chunks, int64_t C) { return chunks * 3 * C; }
inline int64_t momentsFloats(const Chunks& chunks) { return momentsFloats(chunks.count(), chunks.C); }

// partial [chunk][a mean, Σ(x − it), Σ(x − it)²][C]; the first sum makes up for the mean being rounded to float.
inline void chunkMoments(const Chunks& chunks, int64_t chunk, const float* x, float* partial) {
  const int64_t begin = chunks.begin(chunk), end = chunks.end(chunk), C = chunks.C;
  float* mean = partial + chunk * 3 * C;
  const float* tables[1] = {mean};
  sweepColumns<0, 1>(begin, end, C, nullptr, mean,
                     [&]<class V>(int64_t at, const V*, V* sum) { sum[0] += loadAs<V>(x + at); });
  const float scale = 1.0f / static_cast<float>(end - begin);
  for (int64_t c = 0; c < C; c++) mean[c] *= scale;
  sweepColumns<1, 2>(begin, end, C, tables, mean + C, [&]<class V>(int64_t at, const V* table, V* sum) {
    const V distance = loadAs<V>(x + at) - table[0];
    sum[0] += distance;
    sum[1] += distance * distance;
  });
}

// moments [2, C]: mean and biased variance of all chunks, rowsOf(chunk) rows each.
template <class RowsOf>
void mergeMoments(int64_t chunks, int64_t C, const RowsOf& rowsOf, const float* partial, float* moments) {
  constexpr int width = 8;  // channels side by side, as divisions wait long for each other
  for (int64_t c = 0; c < C; c += width) {
    const int64_t count = C - c < width ? C - c : width;
    double n = 0, means[width] = {}, spreads[width] = {};
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
      const double m = static_cast<double>(rowsOf(chunk)), share = m / (n + m);
      const float* sums = partial + chunk * 3 * C + c;
      for (int64_t i = 0; i < count; i++) {
        const double rest = sums[C + i], ownMean = sums[i] + rest / m, distance = ownMean - means[i];
        spreads[i] += sums[2 * C + i] - rest * rest / m + distance * distance * n * share;
        means[i] += distance * share;
      }
      n += m;
    }
    for (int64_t i = 0; i < count; i++) {
      moments[c + i] = static_cast<float>(means[i]);
      moments[C + c + i] = static_cast<float>(spreads[i] > 0 ? spreads[i] / n : 0);
    }
  }
}

inline void mergeMoments(const Chunks& chunks, const float* partial, float* moments) {
  mergeMoments(chunks.count(), chunks.C, [&](int64_t chunk) { return chunks.end(chunk) - chunks.begin(chunk); }, partial,
               moments);
}

}  // namespace atelier::ATELIER_VARIANT
