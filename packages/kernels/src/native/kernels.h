// What a CPU variant offers: one function a kernel, and the scratch floats it wants. Every kernel file is compiled
// once a variant into namespace atelier::ATELIER_VARIANT; table.cpp collects them.
#pragma once
#include <cstdint>

#include "philox.h"
#include "program.h"
#include "thread-pool.h"

namespace atelier {

// What a kernel call works on. Refs have been checked; `workspace` holds what the workspace function asked for.
struct Context {
  float* state;
  float* arena;
  float* workspace;
  int64_t workspaceFloats;  // as many as asked for, or more
  ThreadPool* pool;
  PhiloxKey seed;
  uint32_t step;

  float* at(Ref ref) const { return ref == noRef ? nullptr : ref >= 0 ? arena + ref : state + ~ref; }

  // Scratch memory of a share, behind the first `common` floats that are for all. With as many shares, and so the same
  // thread for each, it is the same part of the workspace in every call: what another core's cache holds comes slowly.
  float* ofShare(int64_t share, int64_t shares, int64_t common = 0) const {
    return workspace + common + (workspaceFloats - common) / shares / 16 * 16 * share;
  }
};

struct KernelTable {
  const char* name;
  int lanes;
#define KERNEL(Name, name, ...) void (*name)(const Context&, const Name##Args&);
  ATELIER_KERNELS
#undef KERNEL

  // Scratch floats; kernels not named here need none.
  int64_t (*gemmWorkspace)(const GemmArgs&);
  int64_t (*gemmMapWorkspace)(const GemmMapArgs&);
  int64_t (*conv2dWorkspace)(const Conv2dArgs&);
  int64_t (*conv2dInputGradWorkspace)(const Conv2dInputGradArgs&);
  int64_t (*conv2dFilterGradWorkspace)(const Conv2dFilterGradArgs&);
  int64_t (*conv2dThinWorkspace)(const Conv2dThinArgs&);
  int64_t (*conv2dThinFilterGradWorkspace)(const Conv2dThinFilterGradArgs&);
  int64_t (*conv2dFftWorkspace)(const Conv2dFftArgs&);
  int64_t (*conv2dInputGradFftWorkspace)(const Conv2dInputGradFftArgs&);
  int64_t (*conv2dFilterGradFftWorkspace)(const Conv2dFilterGradFftArgs&);
  int64_t (*conv2dWinogradWorkspace)(const Conv2dWinogradArgs&);
  int64_t (*conv2dInputGradWinogradWorkspace)(const Conv2dInputGradWinogradArgs&);
  int64_t (*conv2dFilterGradWinogradWorkspace)(const Conv2dFilterGradWinogradArgs&);
  int64_t (*maxPool2dWorkspace)(const MaxPool2dArgs&);
  int64_t (*conv2dBlockWorkspace)(const Conv2dBlockArgs&);
  int64_t (*conv2dBlockGradWorkspace)(const Conv2dBlockGradArgs&);
  int64_t (*conv2dPoolWorkspace)(const Conv2dPoolArgs&);
  int64_t (*conv2dPoolGradWorkspace)(const Conv2dPoolGradArgs&);
  int64_t (*reduceSumWorkspace)(const ReduceSumArgs&);
  int64_t (*softmaxCrossEntropyWorkspace)(const SoftmaxCrossEntropyArgs&);
  int64_t (*momentsWorkspace)(const MomentsArgs&);
  int64_t (*batchNormWorkspace)(const BatchNormArgs&);
  int64_t (*batchNormParamGradWorkspace)(const BatchNormParamGradArgs&);
  int64_t (*batchNormInputGradWorkspace)(const BatchNormInputGradArgs&);
  int64_t (*batchNormPoolGradWorkspace)(const BatchNormPoolGradArgs&);
  int64_t (*layerNormParamGradWorkspace)(const LayerNormParamGradArgs&);

  // out[i] = pixels[i]·scale[i] + offset[i], from the last pixel on when mirrored: see normalize.cpp.
  void (*normalize)(const uint8_t* pixels, const double* scale, const double* offset, int64_t count, float* out);
  void (*normalizeMirrored)(const uint8_t* pixels, const double* scale, const double* offset, int64_t count, float* out);

  // Images side by side, up to sixteen [pixels][channels]: of floats (image-lanes.h), and of bytes, normalised with a scale
  // and an offset a channel while `next` (null, or sixteen more) are asked for.
  void (*toLanes)(const float* images, int64_t present, int64_t pixels, int64_t channels, float* out);
  void (*normalizeToLanes)(const uint8_t* const* images, const uint8_t* const* next, int64_t present, int64_t pixels,
                           int64_t channels, const double* scale, const double* offset, float* out);

  // GFLOP/s of a loop of independent fused multiply-adds on this thread: what 100 % means.
  double (*peak)(double seconds);
};

// Contiguous share `index` of `count` things split `parts` ways.
struct Share {
  int64_t begin, end;
  Share(int64_t count, int64_t parts, int64_t index)
      : begin(count * index / parts), end(count * (index + 1) / parts) {}
  Share(int64_t begin, int64_t end) : begin(begin), end(end) {}
};

}  // namespace atelier
