// Sums down the columns of [rows, C] in chunks of rows: each chunk is summed in float by one task, chunks are
// combined in double, in order. The chunks depend on the shape alone, so the sums do not change with the thread
// count, and the error stays near that of one chunk at a million rows.
#pragma once
#include <cstdint>

#include "kernels.h"

namespace atelier::ATELIER_VARIANT {

struct Chunks {
  int64_t rows, C;
  int64_t size() const {
    int64_t size = 16384 / C;
    if (size < 32) size = 32;
    if (size > 2048) size = 2048;
    const int64_t least = (rows + 65535) / 65536;  // at most 65536 chunks
    return size > least ? size : least;
  }
  int64_t count() const { return (rows + size() - 1) / size(); }
  int64_t begin(int64_t chunk) const { return chunk * size(); }
  int64_t end(int64_t chunk) const { return (chunk + 1) * size() < rows ? (chunk + 1) * size() : rows; }
};

// Calls body(chunk) for every chunk, several a task.
template <class Body>
void eachChunk(const Context& context, const Chunks& chunks, const Body& body) {
  const int64_t count = chunks.count();
  const int64_t floats = chunks.rows * chunks.C;
  int64_t tasks = floats < 32768 ? 1 : count;
  if (tasks > 256) tasks = 256;
  if (tasks > count) tasks = count;
  context.pool->each(static_cast<int>(tasks), [&](int task) {
    const Share share(count, tasks, task);
    for (int64_t chunk = share.begin; chunk < share.end; chunk++) body(chunk);
  });
}

// Sums several quantities of a chunk: sums[q·C + c] = Σ over rows of term(q, index of (row, c), c).
// Narrow rows are taken several at a time, so that the inner loop is long enough for vectors.
constexpr int64_t wideColumns = 64;

template <int Q, class Terms>
void sumColumns(int64_t rowBegin, int64_t rowEnd, int64_t C, float* sums, const Terms& terms) {
  for (int64_t i = 0; i < Q * C; i++) sums[i] = 0;
  if (C >= wideColumns / 2) {
    // Blocks of columns keep the accumulators in registers or the first-level cache.
    for (int64_t c0 = 0; c0 < C; c0 += wideColumns) {
      const int64_t count = C - c0 < wideColumns ? C - c0 : wideColumns;
      float acc[Q][wideColumns] = {};
      for (int64_t row = rowBegin; row < rowEnd; row++) {
        const int64_t at = row * C + c0;
#pragma GCC ivdep
        for (int64_t c = 0; c < count; c++) {
          float term[Q];
          terms(at + c, c0 + c, term);
          for (int q = 0; q < Q; q++) acc[q][c] += term[q];
        }
      }
      for (int q = 0; q < Q; q++)
        for (int64_t c = 0; c < count; c++) sums[q * C + c0 + c] = acc[q][c];
    }
    return;
  }
  const int64_t fold = wideColumns / C;
  const int64_t wide = fold * C;
  float acc[Q][wideColumns] = {};
  int32_t channel[wideColumns];
  for (int64_t j = 0; j < wide; j++) channel[j] = static_cast<int32_t>(j % C);
  int64_t row = rowBegin;
  for (; row + fold <= rowEnd; row += fold) {
    const int64_t at = row * C;
#pragma GCC ivdep
    for (int64_t j = 0; j < wide; j++) {
      float term[Q];
      terms(at + j, channel[j], term);
      for (int q = 0; q < Q; q++) acc[q][j] += term[q];
    }
  }
  for (; row < rowEnd; row++)
    for (int64_t c = 0; c < C; c++) {
      float term[Q];
      terms(row * C + c, c, term);
      for (int q = 0; q < Q; q++) acc[q][c] += term[q];
    }
  for (int q = 0; q < Q; q++)
    for (int64_t j = 0; j < wide; j++) sums[q * C + channel[j]] += acc[q][j];
}

}  // namespace atelier::ATELIER_VARIANT
