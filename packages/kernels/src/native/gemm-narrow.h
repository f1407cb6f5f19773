// Products with few columns, the logits of a network: see gemm-narrow.cpp.
#pragma once
#include "kernels.h"

namespace atelier::ATELIER_VARIANT {

bool isNarrow(const GemmArgs& args);
void gemmNarrow(const Context& context, const GemmArgs& args);

}  // namespace atelier::ATELIER_VARIANT
