#include "thread-pool.h"

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

uint64_t nextTask(uint64_t ticket) { return (ticket >> 20) & 0xfffff; }
uint64_t taskCount(uint64_t ticket) { return ticket & 0xfffff; }
bool hasTask(uint64_t ticket) { return nextTask(ticket) < taskCount(ticket); }

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

ThreadPool::ThreadPool(int threads) {
  workers_.reserve(static_cast<size_t>(threads));
  try {
    for (int i = 1; i < threads; i++) workers_.emplace_back([this] { work(); });
  } catch (...) {
    stopping_ = true;
    ticket_ += uint64_t{1} << 40;
    ticket_.notify_all();
    for (auto& worker : workers_) worker.join();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  stopping_ = true;
  ticket_ += uint64_t{1} << 40;
  ticket_.notify_all();
  for (auto& worker : workers_) worker.join();
}

// Claims and runs one task of the list that `ticket` was read from. A successful claim proves that the list is
// still the current one: call_ and body_ only change once every task has been claimed and completed.
bool ThreadPool::takeTask(uint64_t ticket) {
  while (hasTask(ticket)) {
    if (!ticket_.compare_exchange_weak(ticket, ticket + (1u << 20), std::memory_order_acq_rel)) continue;
    const int32_t count = static_cast<int32_t>(taskCount(ticket));
    call_(body_, static_cast<int>(nextTask(ticket)));
    if (completed_.fetch_add(1, std::memory_order_acq_rel) + 1 == count) completed_.notify_one();
    return true;
  }
  return false;
}

void ThreadPool::dispatch(int tasks, Call call, void* body) {
  call_ = call;
  body_ = body;
  completed_.store(0, std::memory_order_relaxed);
  const uint64_t generation = (ticket_.load(std::memory_order_relaxed) >> 40) + 1;
  ticket_.store(generation << 40 | static_cast<uint64_t>(tasks), std::memory_order_release);
  ticket_.notify_all();
  while (takeTask(ticket_.load(std::memory_order_acquire))) {
  }
  for (int spin = 0; spin < spins; spin++) {
    if (completed_.load(std::memory_order_acquire) == tasks) return;
    pause();
  }
  for (int32_t done; (done = completed_.load(std::memory_order_acquire)) != tasks;) completed_.wait(done);
}

void ThreadPool::work() {
  flushDenormals();
  while (!stopping_.load(std::memory_order_acquire)) {
    uint64_t ticket = ticket_.load(std::memory_order_acquire);
    if (takeTask(ticket)) continue;
    bool fresh = false;
    for (int spin = 0; spin < spins && !fresh; spin++) {
      pause();
      const uint64_t now = ticket_.load(std::memory_order_acquire);
      fresh = hasTask(now) || (now >> 40) != (ticket >> 40);
    }
    if (fresh) continue;
    ticket = ticket_.load(std::memory_order_acquire);
    if (!hasTask(ticket) && !stopping_.load(std::memory_order_acquire)) ticket_.wait(ticket);
  }
}

}  // namespace atelier
