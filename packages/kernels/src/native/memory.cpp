#include "memory.h"

#include <sys/mman.h>
#include <unistd.h>

namespace atelier {

bool Block::allocate(size_t bytes) {
  release();
  if (bytes == 0) return true;
  constexpr size_t hugePage = size_t{2} << 20;
  // Half of a huge page is worth a whole one: products walk through many rows at once.
  const size_t unit = bytes >= hugePage / 2 ? hugePage : size_t{4096};
  if (bytes > SIZE_MAX - 2 * hugePage) return false;
  const size_t rounded = (bytes + unit - 1) / unit * unit;
  // Linux promises memory it does not have; more than the machine's own is refused here rather than by a kill.
  const long pages = sysconf(_SC_PHYS_PAGES), pageSize = sysconf(_SC_PAGESIZE);
  if (pages > 0 && pageSize > 0 && rounded / static_cast<size_t>(pageSize) > static_cast<size_t>(pages)) return false;
  // Huge pages only lie at multiples of their size: that much more is asked for, and what is left over given back.
  const size_t spare = rounded >= hugePage ? hugePage : 0;
  void* mapped = mmap(nullptr, rounded + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return false;
  char* data = static_cast<char*>(mapped);
  if (spare > 0) {
    const size_t before = (hugePage - reinterpret_cast<uintptr_t>(mapped) % hugePage) % hugePage;
    if (before > 0) munmap(data, before);
    if (before < spare) munmap(data + before + rounded, spare - before);
    data += before;
#ifdef MADV_HUGEPAGE
    madvise(data, rounded, MADV_HUGEPAGE);
#endif
  }
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
