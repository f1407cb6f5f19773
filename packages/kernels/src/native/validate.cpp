#include "validate.h"

#include "examination.h"

namespace atelier {
namespace {

constexpr int64_t argWords[] = {
#define KERNEL(Name, name, ...) sizeof(Name##Args) / 4,
    ATELIER_KERNELS
#undef KERNEL
};

}  // namespace

const char* kernelName(KernelId kernel) {
  static const char* const names[] = {
#define KERNEL(Name, name, ...) #name,
      ATELIER_KERNELS
#undef KERNEL
  };
  return names[static_cast<int32_t>(kernel)];
}

void Space::check(Ref ref, int64_t lo, int64_t hi, const std::string& what) const {
  if (ref == noRef) throw Refused(what + " is missing");
  const int64_t size = ref >= 0 ? arenaFloats : stateFloats;
  const int64_t base = ref >= 0 ? ref : ~ref;
  if (lo < 0 || hi < lo || base + hi > size)
    throw Refused(what + " reaches to float " + std::to_string(base + hi) + " of the " + (ref >= 0 ? "arena" : "state") +
                  ", which has " + std::to_string(size));
}

bool Written::overlaps(Ref other, int64_t floats) const {
  if ((ref >= 0) != (other >= 0)) return false;
  const int64_t base = ref >= 0 ? ref : ~ref, otherBase = other >= 0 ? other : ~other;
  return base + lo < otherBase + floats && otherBase < base + hi;
}

std::vector<Call> decodeCalls(std::vector<int32_t>& words, const Space& space) {
  std::vector<Call> calls;
  const int64_t size = static_cast<int64_t>(words.size());
  for (int64_t at = 0; at < size;) {
    if (at + 2 > size) throw Refused("the program ends within a call");
    const int32_t id = words[static_cast<size_t>(at)];
    const int64_t length = words[static_cast<size_t>(at) + 1];
    if (id < 0 || id >= static_cast<int32_t>(KernelId::count)) throw Refused("unknown kernel " + std::to_string(id));
    if (length < 0 || at + 2 + length > size) throw Refused("the program ends within a call");
    const KernelId kernel = static_cast<KernelId>(id);
    const bool hasBody = kernel == KernelId::map || kernel == KernelId::gemmMap;
    if (hasBody ? length < argWords[id] : length != argWords[id])
      throw Refused(std::string(kernelName(kernel)) + " with " + std::to_string(length) + " fields instead of " +
                    std::to_string(argWords[id]));
    int32_t* args = words.data() + at + 2;
    Call call{kernel, args, {}};
    Examination examination(space, call, calls.size());
    switch (kernel) {
      case KernelId::map:
        check(examination, call.as<MapArgs>(), length);
        break;
      case KernelId::gemmMap:
        check(examination, call.as<GemmMapArgs>(), length);
        break;
#define CASE(Name, name)                        \
  case KernelId::name:                          \
    check(examination, call.as<Name##Args>());  \
    break;
      CASE(Fill, fill)
      CASE(Gemm, gemm)
      CASE(Conv2d, conv2d)
      CASE(Conv2dInputGrad, conv2dInputGrad)
      CASE(Conv2dFilterGrad, conv2dFilterGrad)
      CASE(Conv2dThin, conv2dThin)
      CASE(Conv2dThinFilterGrad, conv2dThinFilterGrad)
      CASE(Conv2dFft, conv2dFft)
      CASE(Conv2dInputGradFft, conv2dInputGradFft)
      CASE(Conv2dFilterGradFft, conv2dFilterGradFft)
      CASE(Conv2dWinograd, conv2dWinograd)
      CASE(Conv2dInputGradWinograd, conv2dInputGradWinograd)
      CASE(Conv2dFilterGradWinograd, conv2dFilterGradWinograd)
      CASE(Conv2dBlock, conv2dBlock)
      CASE(Conv2dBlockGrad, conv2dBlockGrad)
      CASE(Conv2dPool, conv2dPool)
      CASE(Conv2dPoolGrad, conv2dPoolGrad)
      CASE(MaxPool2d, maxPool2d)
      CASE(MaxPool2dGrad, maxPool2dGrad)
      CASE(AvgPool2d, avgPool2d)
      CASE(AvgPool2dGrad, avgPool2dGrad)
      CASE(ReduceSum, reduceSum)
      CASE(StridedCopy, stridedCopy)
      CASE(Moments, moments)
      CASE(BatchNorm, batchNorm)
      CASE(BatchNormParamGrad, batchNormParamGrad)
      CASE(BatchNormInputGrad, batchNormInputGrad)
      CASE(BatchNormPoolGrad, batchNormPoolGrad)
      CASE(LayerNorm, layerNorm)
      CASE(LayerNormParamGrad, layerNormParamGrad)
      CASE(LayerNormInputGrad, layerNormInputGrad)
      CASE(Softmax, softmax)
      CASE(SoftmaxCrossEntropy, softmaxCrossEntropy)
#undef CASE
      case KernelId::count:
        break;
    }
    calls.push_back(std::move(call));
    at += 2 + length;
  }
  return calls;
}

int64_t workspaceFloats(const KernelTable& table, const Call& call) {
  switch (call.kernel) {
    case KernelId::gemm:
      return table.gemmWorkspace(call.as<GemmArgs>());
    case KernelId::gemmMap:
      return table.gemmMapWorkspace(call.as<GemmMapArgs>());
    case KernelId::conv2d:
      return table.conv2dWorkspace(call.as<Conv2dArgs>());
    case KernelId::conv2dInputGrad:
      return table.conv2dInputGradWorkspace(call.as<Conv2dInputGradArgs>());
    case KernelId::conv2dFilterGrad:
      return table.conv2dFilterGradWorkspace(call.as<Conv2dFilterGradArgs>());
    case KernelId::conv2dThin:
      return table.conv2dThinWorkspace(call.as<Conv2dThinArgs>());
    case KernelId::conv2dThinFilterGrad:
      return table.conv2dThinFilterGradWorkspace(call.as<Conv2dThinFilterGradArgs>());
    case KernelId::conv2dFft:
      return table.conv2dFftWorkspace(call.as<Conv2dFftArgs>());
    case KernelId::conv2dInputGradFft:
      return table.conv2dInputGradFftWorkspace(call.as<Conv2dInputGradFftArgs>());
    case KernelId::conv2dFilterGradFft:
      return table.conv2dFilterGradFftWorkspace(call.as<Conv2dFilterGradFftArgs>());
    case KernelId::conv2dWinograd:
      return table.conv2dWinogradWorkspace(call.as<Conv2dWinogradArgs>());
    case KernelId::conv2dInputGradWinograd:
      return table.conv2dInputGradWinogradWorkspace(call.as<Conv2dInputGradWinogradArgs>());
    case KernelId::conv2dFilterGradWinograd:
      return table.conv2dFilterGradWinogradWorkspace(call.as<Conv2dFilterGradWinogradArgs>());
    case KernelId::maxPool2d:
      return table.maxPool2dWorkspace(call.as<MaxPool2dArgs>());
    case KernelId::conv2dBlock:
      return table.conv2dBlockWorkspace(call.as<Conv2dBlockArgs>());
    case KernelId::conv2dBlockGrad:
      return table.conv2dBlockGradWorkspace(call.as<Conv2dBlockGradArgs>());
    case KernelId::conv2dPool:
      return table.conv2dPoolWorkspace(call.as<Conv2dPoolArgs>());
    case KernelId::conv2dPoolGrad:
      return table.conv2dPoolGradWorkspace(call.as<Conv2dPoolGradArgs>());
    case KernelId::reduceSum:
      return table.reduceSumWorkspace(call.as<ReduceSumArgs>());
    case KernelId::softmaxCrossEntropy:
      return table.softmaxCrossEntropyWorkspace(call.as<SoftmaxCrossEntropyArgs>());
    case KernelId::moments:
      return table.momentsWorkspace(call.as<MomentsArgs>());
    case KernelId::batchNorm:
      return table.batchNormWorkspace(call.as<BatchNormArgs>());
    case KernelId::batchNormParamGrad:
      return table.batchNormParamGradWorkspace(call.as<BatchNormParamGradArgs>());
    case KernelId::batchNormInputGrad:
      return table.batchNormInputGradWorkspace(call.as<BatchNormInputGradArgs>());
    case KernelId::batchNormPoolGrad:
      return table.batchNormPoolGradWorkspace(call.as<BatchNormPoolGradArgs>());
    case KernelId::layerNormParamGrad:
      return table.layerNormParamGradWorkspace(call.as<LayerNormParamGradArgs>());
    default:
      return 0;
  }
}

void execute(const KernelTable& table, const Context& context, const Call& call) {
  switch (call.kernel) {
#define KERNEL(Name, name, ...)                      \
  case KernelId::name:                               \
    table.name(context, call.as<Name##Args>());      \
    break;
    ATELIER_KERNELS
#undef KERNEL
    case KernelId::count:
      break;
  }
}

}  // namespace atelier
