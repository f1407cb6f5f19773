// This variant's kernels in one table.
#include "kernels.h"
#include "vectors.h"

#include <chrono>

namespace atelier::ATELIER_VARIANT {

#define KERNEL(Name, name, ...) void name(const Context&, const Name##Args&);
ATELIER_KERNELS
#undef KERNEL
int64_t gemmWorkspace(const GemmArgs&);
int64_t gemmMapWorkspace(const GemmMapArgs&);
int64_t conv2dWorkspace(const Conv2dArgs&);
int64_t conv2dInputGradWorkspace(const Conv2dInputGradArgs&);
int64_t conv2dFilterGradWorkspace(const Conv2dFilterGradArgs&);
int64_t conv2dThinWorkspace(const Conv2dThinArgs&);
int64_t conv2dThinFilterGradWorkspace(const Conv2dThinFilterGradArgs&);
int64_t conv2dFftWorkspace(const Conv2dFftArgs&);
int64_t conv2dInputGradFftWorkspace(const Conv2dInputGradFftArgs&);
int64_t conv2dFilterGradFftWorkspace(const Conv2dFilterGradFftArgs&);
int64_t conv2dWinogradWorkspace(const Conv2dWinogradArgs&);
int64_t conv2dInputGradWinogradWorkspace(const Conv2dInputGradWinogradArgs&);
int64_t conv2dFilterGradWinogradWorkspace(const Conv2dFilterGradWinogradArgs&);
int64_t maxPool2dWorkspace(const MaxPool2dArgs&);
int64_t conv2dBlockWorkspace(const Conv2dBlockArgs&);
int64_t conv2dBlockGradWorkspace(const Conv2dBlockGradArgs&);
int64_t conv2dPoolWorkspace(const Conv2dPoolArgs&);
int64_t conv2dPoolGradWorkspace(const Conv2dPoolGradArgs&);
int64_t reduceSumWorkspace(const ReduceSumArgs&);
int64_t softmaxCrossEntropyWorkspace(const SoftmaxCrossEntropyArgs&);
int64_t momentsWorkspace(const MomentsArgs&);
int64_t batchNormWorkspace(const BatchNormArgs&);
int64_t batchNormParamGradWorkspace(const BatchNormParamGradArgs&);
int64_t batchNormInputGradWorkspace(const BatchNormInputGradArgs&);
int64_t batchNormPoolGradWorkspace(const BatchNormPoolGradArgs&);
int64_t layerNormParamGradWorkspace(const LayerNormParamGradArgs&);
void normalize(const uint8_t*, const double*, const double*, int64_t, float*);
void normalizeMirrored(const uint8_t*, const double*, const double*, int64_t, float*);
void toLanes(const float*, int64_t, int64_t, int64_t, float*);
void normalizeToLanes(const uint8_t* const*, const uint8_t* const*, int64_t, int64_t, int64_t, const double*, const double*, float*);

namespace {

// Twelve independent chains of multiply-adds for `seconds`; the best of its short rounds, in GFLOP/s.
double peak(double seconds) {
  using Clock = std::chrono::steady_clock;
  constexpr int chains = 12, rounds = 20000;
  Vector acc[chains];
  for (int i = 0; i < chains; i++) acc[i] = Vector{} + static_cast<float>(i);
  Vector scale = Vector{} + 0.999f, offset = Vector{} + 0.001f;
  double best = 0;
  const auto start = Clock::now();
  while (std::chrono::duration<double>(Clock::now() - start).count() < seconds) {
    const auto from = Clock::now();
    for (int round = 0; round < rounds; round++) {
#pragma GCC unroll 12
      for (int i = 0; i < chains; i++) acc[i] = acc[i] * scale + offset;
    }
    const double elapsed = std::chrono::duration<double>(Clock::now() - from).count();
    const double rate = 2.0 * chains * lanes * rounds / elapsed * 1e-9;
    if (rate > best) best = rate;
  }
  float sink = 0;
  for (int i = 0; i < chains; i++) sink += acc[i][0];
  return sink == 12345.0f ? 0 : best;
}

}  // namespace

extern const KernelTable table;
const KernelTable table = {
    ATELIER_VARIANT_NAME,
    lanes,
#define KERNEL(Name, name, ...) name,
    ATELIER_KERNELS
#undef KERNEL
    gemmWorkspace,
    gemmMapWorkspace,
    conv2dWorkspace,
    conv2dInputGradWorkspace,
    conv2dFilterGradWorkspace,
    conv2dThinWorkspace,
    conv2dThinFilterGradWorkspace,
    conv2dFftWorkspace,
    conv2dInputGradFftWorkspace,
    conv2dFilterGradFftWorkspace,
    conv2dWinogradWorkspace,
    conv2dInputGradWinogradWorkspace,
    conv2dFilterGradWinogradWorkspace,
    maxPool2dWorkspace,
    conv2dBlockWorkspace,
    conv2dBlockGradWorkspace,
    conv2dPoolWorkspace,
    conv2dPoolGradWorkspace,
    reduceSumWorkspace,
    softmaxCrossEntropyWorkspace,
    momentsWorkspace,
    batchNormWorkspace,
    batchNormParamGradWorkspace,
    batchNormInputGradWorkspace,
    batchNormPoolGradWorkspace,
    layerNormParamGradWorkspace,
    normalize,
    normalizeMirrored,
    toLanes,
    normalizeToLanes,
    peak,
};

}  // namespace atelier::ATELIER_VARIANT
