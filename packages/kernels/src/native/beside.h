// Work of the vector units beside the matrix unit's: a coroutine that stops after every few dozen instructions, and is
// gone on with between products. Those wait for the unit, a few hundred of the instructions behind them do not; work that
// comes in longer pieces leaves the unit without any.
#pragma once
#include <coroutine>
#include <utility>

#include "kernels.h"

namespace atelier::ATELIER_VARIANT {

class Beside {
 public:
  struct promise_type {
    Beside get_return_object() { return Beside(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { throw; }
  };
  // What the coroutine awaits to let products come first.
  using Pause = std::suspend_always;

  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;
  ~Beside() { handle_.destroy(); }

  static Beside nothing() { co_return; }

  // Goes on to the next pause.
  void operator()() const {
    if (!handle_.done()) handle_.resume();
  }

 private:
  using Handle = std::coroutine_handle<promise_type>;
  explicit Beside(Handle handle) : handle_(handle) {}
  const Handle handle_;
};

}  // namespace atelier::ATELIER_VARIANT
