// Sums down the columns of [rows, C] in chunks of rows: each chunk is summed in float by one task, chunks are
// combined in double, in order. The chunks depend on the shape alone, so the sums do not change with the thread
// count, and the error stays near that of one chunk at a million rows.
#pragma once
#include <cstdint>
#include <numeric>

#include "kernels.h"
#include "vectors.h"

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

// Calls body(chunk) for every chunk, several a task. Backwards in each half, that of one thread of two, what is passed
// over last is what the next kernel, which passes over the same from the front, finds in the caches.
template <class Body>
void eachChunk(const Context& context, const Chunks& chunks, const Body& body, bool backwards = false) {
  const int64_t count = chunks.count();
  const int64_t floats = chunks.rows * chunks.C;
  int64_t tasks = floats < 32768 ? 1 : count;
  if (tasks > 256) tasks = 256;
  if (tasks > count) tasks = count;
  context.pool->each(static_cast<int>(tasks), [&](int task) {
    const int64_t half = tasks / 2;
    const Share share(count, tasks, !backwards ? task : (task < half ? half : half + tasks) - 1 - task);
    for (int64_t chunk = share.begin; chunk < share.end; chunk++) body(chunk);
  });
}

// Rows [begin, end) under T numbers a channel (tables[t][c]): body(at, table, sums) sees elements at, at + 1, … of
// one vector (V is Vector) or one element (V is float) with their channels' numbers, and adds to Q sums a channel,
// which end in sums[q·C + c]. Several narrow rows, or a block of the columns of wide ones, fill up to four vectors.
template <int T, int Q, int B, class Body>
inline void sweepBlock(int64_t at, int64_t rows, int64_t stride, int64_t c, int64_t C, const float* const* tables,
                       float* sums, const Body& body) {
  Vector table[B][T + 1], acc[B][Q + 1] = {};
  float numbers[lanes];
  int64_t channel = c;
  for (int b = 0; b < B; b++) {
    const int64_t first = channel;
    for (int t = 0; t < T; t++) {
      channel = first;
      for (int lane = 0; lane < lanes; lane++) {
        numbers[lane] = tables[t][channel];
        if (++channel == C) channel = 0;
      }
      table[b][t] = load(numbers);
    }
    if (T == 0) channel = (first + lanes) % C;
  }
  for (int64_t row = 0; row < rows; row++, at += stride)
#pragma GCC unroll 4
    for (int b = 0; b < B; b++) body(at + b * lanes, table[b], acc[b]);
  channel = c;
  for (int b = 0; b < B; b++) {
    const int64_t first = channel;
    for (int q = 0; q < Q; q++) {
      channel = first;
      for (int lane = 0; lane < lanes; lane++) {
        sums[q * C + channel] += acc[b][q][lane];
        if (++channel == C) channel = 0;
      }
    }
  }
}

template <int T, int Q, class Body>
void sweepColumns(int64_t begin, int64_t end, int64_t C, const float* const* tables, float* sums, const Body& body) {
  for (int64_t i = 0; i < Q * C; i++) sums[i] = 0;
  int64_t fold = lanes / std::gcd(C, int64_t{lanes});
  if (fold * C < 4 * lanes) fold *= 4 * lanes / (fold * C);
  const int64_t width = fold * C, rows = (end - begin) / fold;
  if (rows > 0)
    for (int64_t c = 0; c < width; c += 4 * lanes) {
      const auto sweep = [&]<int B>() {
        sweepBlock<T, Q, B>(begin * C + c, rows, width, c % C, C, tables, sums, body);
      };
      const int64_t vectors = (width - c) / lanes;
      if (vectors >= 4) sweep.template operator()<4>();
      else if (vectors == 3) sweep.template operator()<3>();
      else if (vectors == 2) sweep.template operator()<2>();
      else sweep.template operator()<1>();
    }
  for (int64_t row = begin + rows * fold; row < end; row++)
    for (int64_t c = 0; c < C; c++) {
      float table[T + 1], acc[Q + 1];
      for (int t = 0; t < T; t++) table[t] = tables[t][c];
      for (int q = 0; q < Q; q++) acc[q] = sums[q * C + c];
      body(row * C + c, table, acc);
      for (int q = 0; q < Q; q++) sums[q * C + c] = acc[q];
    }
}

}  // namespace atelier::ATELIER_VARIANT
