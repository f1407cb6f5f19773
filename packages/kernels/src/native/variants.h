// The CPU variants in this build and which of them this machine can run.
#pragma once
#include <string>
#include <vector>

#include "kernels.h"

namespace atelier {

namespace naive {
KernelTable tableOver(const KernelTable& portable);
}

// Fastest first; the ones for tests ("avx512-emulated", "naive") come after "portable".
std::vector<const KernelTable*> runnableVariants();

// The fastest, or the one of this name; null when it is not in this build or not for this machine.
const KernelTable* findVariant(const std::string& name);

}  // namespace atelier
