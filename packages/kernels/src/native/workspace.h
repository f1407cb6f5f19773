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

// body(worker, task) for all tasks in order, by at most maxWorkers threads.
template <class Body>
void eachTask(const Context& context, int64_t tasks, const Body& body) {
  int64_t next = 0;
  const int threads = context.pool->threads();
  context.pool->each(threads < maxWorkers ? threads : maxWorkers, [&](int worker) {
    for (int64_t task; (task = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED)) < tasks;) body(worker, task);
  });
}

}  // namespace atelier::ATELIER_VARIANT
