// The kernels of the variant with the matrix unit: those of the variant it is laid over, and its own.
#include "kernels.h"

namespace atelier::ATELIER_VARIANT {

void gemm(const Context&, const GemmArgs&);
void gemmMap(const Context&, const GemmMapArgs&);
void conv2dWinograd(const Context&, const Conv2dWinogradArgs&);
void conv2dInputGradWinograd(const Context&, const Conv2dInputGradWinogradArgs&);
void conv2dFilterGradWinograd(const Context&, const Conv2dFilterGradWinogradArgs&);
void conv2dBlock(const Context&, const Conv2dBlockArgs&);
int64_t gemmWorkspace(const GemmArgs&);
int64_t gemmMapWorkspace(const GemmMapArgs&);
int64_t conv2dWinogradWorkspace(const Conv2dWinogradArgs&);
int64_t conv2dInputGradWinogradWorkspace(const Conv2dInputGradWinogradArgs&);
int64_t conv2dFilterGradWinogradWorkspace(const Conv2dFilterGradWinogradArgs&);
int64_t conv2dBlockWorkspace(const Conv2dBlockArgs&);

KernelTable tableOver(const KernelTable& base) {
  KernelTable table = base;
  table.name = ATELIER_VARIANT_NAME;
  table.gemm = gemm;
  table.gemmMap = gemmMap;
  table.conv2dWinograd = conv2dWinograd;
  table.conv2dInputGradWinograd = conv2dInputGradWinograd;
  table.conv2dFilterGradWinograd = conv2dFilterGradWinograd;
  table.conv2dBlock = conv2dBlock;
  table.gemmWorkspace = gemmWorkspace;
  table.gemmMapWorkspace = gemmMapWorkspace;
  table.conv2dWinogradWorkspace = conv2dWinogradWorkspace;
  table.conv2dInputGradWinogradWorkspace = conv2dInputGradWinogradWorkspace;
  table.conv2dFilterGradWinogradWorkspace = conv2dFilterGradWinogradWorkspace;
  table.conv2dBlockWorkspace = conv2dBlockWorkspace;
  return table;
}

}  // namespace atelier::ATELIER_VARIANT
