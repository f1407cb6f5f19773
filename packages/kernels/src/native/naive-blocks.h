// Convolutional blocks written as their definitions: naive.cpp's other half.
#pragma once
#include "kernels.h"

namespace atelier::naive {

void conv2dBlock(const Context& context, const Conv2dBlockArgs& args);
void conv2dBlockGrad(const Context& context, const Conv2dBlockGradArgs& args);
void conv2dPool(const Context& context, const Conv2dPoolArgs& args);
void conv2dPoolGrad(const Context& context, const Conv2dPoolGradArgs& args);

}  // namespace atelier::naive
