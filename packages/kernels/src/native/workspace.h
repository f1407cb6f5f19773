// How kernels divide their workspace, which is sized before anyone knows how many threads will take part.
#pragma once
#include "kernels.h"
#include "vectors.h"

namespace atelier::ATELIER_VARIANT {

// A number of floats that is an odd number of cache lines, so that columns of a matrix do not crowd a few sets.
inline int64_t oddLines(int64_t floats) { return ((floats + 15) / 16 | 1) * 16; }

// Memory handed out from the front, in whole cache lines.
struct Workspace {
  int64_t floats = 0;
  int64_t take(int64_t count) {
    const int64_t begin = floats;
    floats += (count + 15) / 16 * 16;
    return begin;
  }
};

// Threads that take part where each has scratch memory of its own.
constexpr int maxWorkers = 16;
inline int mostWorkers(int64_t tasks) { return tasks < maxWorkers ? static_cast<int>(tasks) : maxWorkers; }

// body(worker, task) for all tasks by at most maxWorkers threads. As in the pool, the first worker takes the first that is
// left and others the last: with two threads, each has a half of the list, and of what neighbouring tasks have in common.
template <class Body>
void eachTask(const Context& context, int64_t tasks, const Body& body) {
  uint64_t left = static_cast<uint64_t>(tasks);  // first (32 bits) | end
  const int threads = context.pool->threads(), most = mostWorkers(tasks);
  context.pool->each(threads < most ? threads : most, [&](int worker) {
    for (uint64_t seen = __atomic_load_n(&left, __ATOMIC_RELAXED); seen >> 32 < (seen & 0xffffffff);) {
      const uint64_t next = worker == 0 ? seen + (uint64_t{1} << 32) : seen - 1;
      if (!__atomic_compare_exchange_n(&left, &seen, next, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) continue;
      body(worker, static_cast<int64_t>(worker == 0 ? seen >> 32 : next & 0xffffffff));
      seen = __atomic_load_n(&left, __ATOMIC_RELAXED);
    }
  });
}

}  // namespace atelier::ATELIER_VARIANT
