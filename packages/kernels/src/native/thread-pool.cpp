#include "thread-pool.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace atelier {
namespace {

constexpr int spins = 4000;  // some 50-100 µs

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

uint64_t firstLeft(uint64_t ticket) { return (ticket >> 20) & 0xfffff; }
uint64_t endOfLeft(uint64_t ticket) { return ticket & 0xfffff; }
bool hasTask(uint64_t ticket) { return firstLeft(ticket) < endOfLeft(ticket); }

}  // namespace

void flushDenormals() {
#if defined(__x86_64__)
  _mm_setcsr(_mm_getcsr() | 0x8040);
#elif defined(__aarch64__)
  uint64_t fpcr;
  asm volatile("mrs %0, fpcr" : "=r"(fpcr));
  asm volatile("msr fpcr, %0" ::"r"(fpcr | (1ull << 24)));
#endif
}

struct ThreadPool::Workers {
  // generation (24 bits) | first task left (20) | end of those left (20): one word, so that a late worker can never
  // take a task of a list it has not seen. The caller takes the first, workers the last: neighbouring tasks of one list
  // after another, which are often about the same memory, fall to the same thread.
  alignas(64) std::atomic<uint64_t> ticket{0};
  alignas(64) std::atomic<int32_t> completed{0};
  int32_t count = 0;
  Call call = nullptr;
  void* body = nullptr;
  std::atomic<bool> stopping{false};
  std::vector<std::thread> threads;

  ~Workers() {
    stopping = true;
    ticket += uint64_t{1} << 40;
    ticket.notify_all();
    for (auto& thread : threads) thread.join();
  }

  // Claims and runs one task of the list that `seen` was read from. A successful claim proves that the list is
  // still the current one: call, body and count only change once every task has been claimed and completed.
  bool takeTask(uint64_t seen, bool isCaller) {
    while (hasTask(seen)) {
      if (!ticket.compare_exchange_weak(seen, isCaller ? seen + (1u << 20) : seen - 1, std::memory_order_acq_rel)) continue;
      const int32_t expected = count;
      call(body, static_cast<int>(isCaller ? firstLeft(seen) : endOfLeft(seen) - 1));
      if (completed.fetch_add(1, std::memory_order_acq_rel) + 1 == expected) completed.notify_one();
      return true;
    }
    return false;
  }

  void work() {
    flushDenormals();
    while (!stopping.load(std::memory_order_acquire)) {
      const uint64_t seen = ticket.load(std::memory_order_acquire);
      if (takeTask(seen, false)) continue;
      bool fresh = false;
      for (int spin = 0; spin < spins && !fresh; spin++) {
        pause();
        fresh = ticket.load(std::memory_order_acquire) != seen;
      }
      if (fresh) continue;
      if (!stopping.load(std::memory_order_acquire)) ticket.wait(seen);
    }
  }
};

ThreadPool::ThreadPool(int threads) : threads_(threads) {
  auto workers = std::make_unique<Workers>();
  workers->threads.reserve(static_cast<size_t>(threads));
  for (int i = 1; i < threads; i++) workers->threads.emplace_back([w = workers.get()] { w->work(); });
  workers_ = workers.release();
}

ThreadPool::~ThreadPool() { delete workers_; }

void ThreadPool::dispatch(int tasks, Call call, void* body) {
  Workers& w = *workers_;
  w.call = call;
  w.body = body;
  w.count = tasks;
  w.completed.store(0, std::memory_order_relaxed);
  const uint64_t generation = (w.ticket.load(std::memory_order_relaxed) >> 40) + 1;
  w.ticket.store(generation << 40 | static_cast<uint64_t>(tasks), std::memory_order_release);
  w.ticket.notify_all();
  while (w.takeTask(w.ticket.load(std::memory_order_acquire), true)) {
  }
  for (int spin = 0; spin < spins; spin++) {
    if (w.completed.load(std::memory_order_acquire) == tasks) return;
    pause();
  }
  for (int32_t done; (done = w.completed.load(std::memory_order_acquire)) != tasks;) w.completed.wait(done);
}

}  // namespace atelier
