// A convolutional block of a narrow network with images in the vector lanes (image-lanes.h): 3×3 convolution (stride 1,
// padding 1), bias, relu, max pooling over windows that do not overlap, dropout. conv2d-block-grad.cpp has its gradient.
//
//   conv2dBlock      x [N,H,W,C], filters [3,3,C,F], bias [F]  →  y [N,oH,oW,F], index
//
// Operands may be in lanes form or NHWC (xLanes, yLanes); NHWC ones are turned a group of sixteen images at a time.
// index [N/16][F][oH][oW][16] holds a byte for each window: which of its pixels, row by row, was the first maximum.
//
// Shares of groups go through the block one after the other, so that what they make stays in the caches; between two
// blocks there is one barrier. The unpooled values exist for four filters and one row of windows only. After
// Zlateski, Jia, Li & Durand 2018, who put images in lanes too.
#include "conv2d-block.h"

namespace atelier::ATELIER_VARIANT {

int64_t conv2dBlockWorkspace(const Conv2dBlockArgs& args) { return blockWorkspace<VectorSlide>(args); }

void conv2dBlock(const Context& context, const Conv2dBlockArgs& args) { block<VectorSlide>(context, args); }

}  // namespace atelier::ATELIER_VARIANT
