// Blocks of floats, 64-byte aligned, on huge pages where the system has them. Failing to get one is an ordinary
// result (empty block), never the end of the process.
#pragma once
#include <cstddef>
#include <cstdint>

namespace atelier {

class Block {
 public:
  Block() = default;
  ~Block() { release(); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  Block(Block&& other) noexcept { swap(other); }
  Block& operator=(Block&& other) noexcept {
    swap(other);
    return *this;
  }

  // Zeroed memory; false when it cannot be had. The old content is dropped.
  bool allocate(size_t bytes);
  void release();
  size_t bytes() const { return bytes_; }
  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  void swap(Block& other) {
    void* data = data_;
    size_t size = bytes_;
    data_ = other.data_;
    bytes_ = other.bytes_;
    other.data_ = data;
    other.bytes_ = size;
  }
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace atelier
