#include "memory.h"

#include <sys/mman.h>
#include <unistd.h>

namespace atelier {

bool Block::allocate(size_t bytes) {
  release();
  if (bytes == 0) return true;
  constexpr size_t hugePage = size_t{2} << 20;
  const size_t unit = bytes >= hugePage ? hugePage : size_t{4096};
  if (bytes > SIZE_MAX - unit) return false;
  const size_t rounded = (bytes + unit - 1) / unit * unit;
  // Linux promises memory it does not have; more than the machine's own is refused here rather than by a kill.
  const long pages = sysconf(_SC_PHYS_PAGES), pageSize = sysconf(_SC_PAGESIZE);
  if (pages > 0 && pageSize > 0 && rounded / static_cast<size_t>(pageSize) > static_cast<size_t>(pages)) return false;
  void* data = mmap(nullptr, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return false;
#ifdef MADV_HUGEPAGE
  if (rounded >= hugePage) madvise(data, rounded, MADV_HUGEPAGE);
#endif
  data_ = data;
  bytes_ = rounded;
  return true;
}

void Block::release() {
  if (data_ != nullptr) munmap(data_, bytes_);
  data_ = nullptr;
  bytes_ = 0;
}

}  // namespace atelier
