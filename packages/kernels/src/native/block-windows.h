// The gradient of narrow blocks whose pooling makes most of it zero, window by window: see block-windows.cpp.
#pragma once
#include "kernels.h"

namespace atelier::ATELIER_VARIANT {

bool goesByWindows(const Conv2dBlockGradArgs& args);
int64_t blockGradByWindowsWorkspace(const Conv2dBlockGradArgs& args);
void blockGradByWindows(const Context& context, const Conv2dBlockGradArgs& args);

}  // namespace atelier::ATELIER_VARIANT
