// A few threads that share one list of numbered tasks at a time. Workers spin briefly between lists, then sleep,
// so that a training step pays microseconds for a hand-over and an idle session costs no CPU.
// Which thread runs a task is not laid down (the caller takes the first, workers the last that are left); results are
// deterministic because every task writes its own place.
#pragma once
#include <type_traits>

namespace atelier {

// Flush-to-zero for this thread: denormals cost 50-100 times a normal operation, and Adam drifts into them.
void flushDenormals();

class ThreadPool {
 public:
  // Throws std::system_error when threads cannot be had.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }

  static constexpr int maxTasks = (1 << 20) - 1;

  // Calls f(task) for 0 <= task < tasks, the caller taking part; returns when all are done.
  template <class F>
  void each(int tasks, F&& f) {
    if (tasks <= 1 || threads_ == 1) {
      for (int task = 0; task < tasks; task++) f(task);
      return;
    }
    using Body = std::remove_reference_t<F>;
    dispatch(tasks, [](void* body, int task) { (*static_cast<Body*>(body))(task); },
             const_cast<void*>(static_cast<const void*>(&f)));
  }

 private:
  using Call = void (*)(void*, int);
  void dispatch(int tasks, Call call, void* body);

  struct Workers;  // kept out of the header, which every kernel file reads
  Workers* workers_;
  int threads_;
};

}  // namespace atelier
