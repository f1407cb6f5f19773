// Moments a channel of [rows, C], a chunk of rows at a time about the chunk's own mean and merged in double (Chan,
// Golub & LeVeque 1979), so that neither a large mean nor a million rows costs accuracy. A kernel that makes the
// rows takes a chunk's share while the chunk is in the cache.
#pragma once
#include "columns.h"

namespace atelier::ATELIER_VARIANT {

inline int64_t momentsFloats(const Chunks& chunks) { return chunks.count() * 3 * chunks.C; }

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

// moments [2, C]: mean and biased variance of all chunks.
inline void mergeMoments(const Chunks& chunks, const float* partial, float* moments) {
  const int64_t C = chunks.C;
  for (int64_t c = 0; c < C; c++) {
    double n = 0, mean = 0, spread = 0;
    for (int64_t chunk = 0; chunk < chunks.count(); chunk++) {
      const double m = static_cast<double>(chunks.end(chunk) - chunks.begin(chunk));
      const float* sums = partial + chunk * 3 * C + c;
      const double rest = sums[C];
      const double distance = sums[0] + rest / m - mean;
      spread += sums[2 * C] - rest * rest / m + distance * distance * n * m / (n + m);
      mean += distance * m / (n + m);
      n += m;
    }
    moments[c] = static_cast<float>(mean);
    moments[C + c] = static_cast<float>(spread > 0 ? spread / n : 0);
  }
}

}  // namespace atelier::ATELIER_VARIANT
