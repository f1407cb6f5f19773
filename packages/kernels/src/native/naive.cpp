// The products written as their definitions, one thread, no layout, double sums: what the fast ones are held to.
// Chosen by name only (variant "naive"); all other kernels are the portable ones.
#include <algorithm>
#include <cmath>
#include <vector>

#include "naive-blocks.h"
#include "variants.h"

namespace atelier::naive {

void gemm(const Context& context, const GemmArgs& args) {
  const float *a = context.at(args.a), *b = context.at(args.b), *bias = context.at(args.bias);
  float* c = context.at(args.c);
  const int64_t M = args.M, N = args.N, K = args.K;
  const auto* pixels = reinterpret_cast<const uint8_t*>(a);
  const auto fromA = [&](int64_t place) {
    return static_cast<double>(args.pixelScale == 0 ? a[place] : static_cast<float>(pixels[place]) * args.pixelScale);
  };
  const auto placeInB = [&](int64_t k, int64_t n) {
    const int64_t row = args.transposeB ? n : k, column = args.transposeB ? k : n;
    const int64_t rows = args.transposeB ? N : K, columns = args.transposeB ? K : N;
    if (!args.bPanels) return row * columns + column;
    return (column / statePanel * rows + row) * statePanel + column % statePanel;
  };
  for (int64_t m = 0; m < M; m++)
    for (int64_t n = 0; n < N; n++) {
      double sum = bias == nullptr ? 0 : bias[n];
      for (int64_t k = 0; k < K; k++)
        sum += fromA(args.transposeA ? k * M + m : m * K + k) * static_cast<double>(b[placeInB(k, n)]);
      c[m * N + n] = static_cast<float>(args.relu && sum < 0 ? 0 : sum);
    }
}

namespace {

// Calls body(x index, filter index, y index) for every multiplication of a convolution.
template <class Args, class Body>
void eachProduct(const Args& args, const Body& body) {
  const int64_t C = args.C / args.groups, F = args.F / args.groups;
  for (int64_t n = 0; n < args.N; n++)
    for (int64_t oy = 0; oy < args.oH; oy++)
      for (int64_t ox = 0; ox < args.oW; ox++)
        for (int64_t ky = 0; ky < args.kH; ky++)
          for (int64_t kx = 0; kx < args.kW; kx++) {
            const int64_t y = oy * args.sH - args.padTop + ky * args.dH, x = ox * args.sW - args.padLeft + kx * args.dW;
            if (y < 0 || y >= args.H || x < 0 || x >= args.W) continue;
            for (int64_t f = 0; f < args.F; f++)
              for (int64_t c = 0; c < C; c++)
                body(((n * args.H + y) * args.W + x) * args.C + f / F * C + c,
                     ((ky * args.kW + kx) * C + c) * args.F + f, ((n * args.oH + oy) * args.oW + ox) * args.F + f);
          }
}

}  // namespace

namespace {

template <class Args>
void convolve(const Args& args, const float* x, const float* filters, const float* bias, float* y) {
  const int64_t count = int64_t{args.N} * args.oH * args.oW * args.F;
  for (int64_t i = 0; i < count; i++) y[i] = bias == nullptr ? 0 : bias[i % args.F];
  eachProduct(args, [&](int64_t xi, int64_t fi, int64_t yi) { y[yi] += x[xi] * filters[fi]; });
  if (args.relu)
    for (int64_t i = 0; i < count; i++) y[i] = y[i] < 0 ? 0 : y[i];
}

template <class Args>
void inputGradient(const Args& args, const float* filters, const float* dy, float* dx) {
  for (int64_t i = 0; i < int64_t{args.N} * args.H * args.W * args.C; i++) dx[i] = 0;
  eachProduct(args, [&](int64_t xi, int64_t fi, int64_t yi) { dx[xi] += dy[yi] * filters[fi]; });
}

template <class Args>
void filterGradient(const Args& args, const float* x, const float* dy, float* dFilters) {
  for (int64_t i = 0; i < int64_t{args.kH} * args.kW * (args.C / args.groups) * args.F; i++) dFilters[i] = 0;
  eachProduct(args, [&](int64_t xi, int64_t fi, int64_t yi) { dFilters[fi] += x[xi] * dy[yi]; });
}

// x of a Winograd convolution, through the batch norm before it.
template <class Args>
std::vector<float> inputsOf(const Context& context, const Args& args) {
  const float* x = context.at(args.x);
  std::vector<float> inputs(x, x + int64_t{args.N} * args.H * args.W * args.C);
  if (args.moments == noRef) return inputs;
  const float *moments = context.at(args.moments), *gamma = context.at(args.gamma), *beta = context.at(args.beta);
  for (size_t i = 0; i < inputs.size(); i++) {
    const int64_t c = static_cast<int64_t>(i) % args.C;
    const float value = (inputs[i] - moments[c]) * gamma[c] / std::sqrt(moments[args.C + c] + args.epsilon) + beta[c];
    inputs[i] = args.normRelu && value < 0 ? 0 : value;
  }
  return inputs;
}

// body(pooled element, the four of its window) for all windows of 2×2 of a convolution's outputs.
template <class Args, class Body>
void eachWindow(const Args& args, const Body& body) {
  const int64_t F = args.F, row = int64_t{args.oW} * F;
  int64_t pooled = 0;
  for (int64_t n = 0; n < args.N; n++)
    for (int64_t y = 0; y + 1 < args.oH; y += 2)
      for (int64_t x = 0; x + 1 < args.oW; x += 2)
        for (int64_t f = 0; f < F; f++, pooled++) {
          const int64_t at = (n * args.oH + y) * row + x * F + f;
          const int64_t window[4] = {at, at + F, at + row, at + row + F};
          body(pooled, window);
        }
}

// dy of a Winograd convolution, through the max pooling after it.
template <class Args>
std::vector<float> gradientsOf(const Context& context, const Args& args) {
  const float* dy = context.at(args.dy);
  std::vector<float> gradients(static_cast<size_t>(args.N) * args.oH * args.oW * args.F);
  const auto* index = reinterpret_cast<const uint16_t*>(context.at(args.index));
  if (index == nullptr) gradients.assign(dy, dy + gradients.size());
  else
    eachWindow(args, [&](int64_t pooled, const int64_t* window) {
      gradients[static_cast<size_t>(window[index[pooled]])] = dy[pooled];
    });
  return gradients;
}

void momentsOf(const float* y, int64_t rows, int64_t C, float* moments) {
  for (int64_t c = 0; c < C; c++) {
    double sum = 0, squares = 0;
    for (int64_t row = 0; row < rows; row++) sum += y[row * C + c];
    const double mean = sum / static_cast<double>(rows);
    for (int64_t row = 0; row < rows; row++) squares += (y[row * C + c] - mean) * (y[row * C + c] - mean);
    moments[c] = static_cast<float>(mean);
    moments[C + c] = static_cast<float>(squares / static_cast<double>(rows));
  }
}

}  // namespace

template <class Args>
void conv2d(const Context& context, const Args& args) {
  convolve(args, context.at(args.x), context.at(args.filters), context.at(args.bias), context.at(args.y));
}

template <class Args>
void conv2dInputGrad(const Context& context, const Args& args) {
  inputGradient(args, context.at(args.filters), context.at(args.dy), context.at(args.dx));
}

template <class Args>
void conv2dFilterGrad(const Context& context, const Args& args) {
  filterGradient(args, context.at(args.x), context.at(args.dy), context.at(args.dFilters));
}

void conv2dThin(const Context& context, const Conv2dThinArgs& args) {
  conv2d(context, args);
  if (args.moments != noRef)
    momentsOf(context.at(args.y), int64_t{args.N} * args.oH * args.oW, args.F, context.at(args.moments));
}

void conv2dThinFilterGrad(const Context& context, const Conv2dThinFilterGradArgs& args) {
  const int64_t F = args.F, rows = int64_t{args.N} * args.oH * args.oW;
  const float *z = context.at(args.z), *dy = context.at(args.dy);
  std::vector<float> gradients(dy, dy + rows * F);
  const float *moments = context.at(args.moments), *gamma = context.at(args.gamma), *beta = context.at(args.beta);
  const float* paramGrad = context.at(args.paramGrad);
  for (size_t i = 0; z != nullptr && i < gradients.size(); i++) {
    const int64_t f = static_cast<int64_t>(i) % F;
    const float deviation = std::sqrt(moments[F + f] + args.epsilon), normal = (z[i] - moments[f]) / deviation;
    if (args.relu && normal * gamma[f] + beta[f] <= 0) gradients[i] = 0;
    gradients[i] = gamma[f] / deviation *
                   (gradients[i] - (paramGrad[F + f] + normal * paramGrad[f]) / static_cast<float>(rows));
  }
  filterGradient(args, context.at(args.x), gradients.data(), context.at(args.dFilters));
}

void conv2dWinograd(const Context& context, const Conv2dWinogradArgs& args) {
  std::vector<float> outputs(static_cast<size_t>(args.N) * args.oH * args.oW * args.F);
  convolve(args, inputsOf(context, args).data(), context.at(args.filters), context.at(args.bias), outputs.data());
  float* y = context.at(args.y);
  auto* index = reinterpret_cast<uint16_t*>(context.at(args.index));
  int64_t floats = static_cast<int64_t>(outputs.size());
  if (args.pool) {
    floats = int64_t{args.N} * (args.oH / 2) * (args.oW / 2) * args.F;
    eachWindow(args, [&](int64_t pooled, const int64_t* window) {
      uint16_t best = 0;
      for (uint16_t place = 1; place < 4; place++) {
        const float value = outputs[static_cast<size_t>(window[place])];
        if (value > outputs[static_cast<size_t>(window[best])] || std::isnan(value)) best = place;
      }
      y[pooled] = outputs[static_cast<size_t>(window[best])];
      if (index != nullptr) index[pooled] = best;
    });
  } else {
    std::copy(outputs.begin(), outputs.end(), y);
  }
  if (args.resultMoments != noRef) momentsOf(y, floats / args.F, args.F, context.at(args.resultMoments));
}

void conv2dInputGradWinograd(const Context& context, const Conv2dInputGradWinogradArgs& args) {
  inputGradient(args, context.at(args.filters), gradientsOf(context, args).data(), context.at(args.dx));
}

void conv2dFilterGradWinograd(const Context& context, const Conv2dFilterGradWinogradArgs& args) {
  filterGradient(args, inputsOf(context, args).data(), gradientsOf(context, args).data(), context.at(args.dFilters));
}

KernelTable tableOver(const KernelTable& portable) {
  KernelTable table = portable;
  table.name = "naive";
  table.gemm = gemm;
  table.conv2d = conv2d;
  table.conv2dFft = conv2d;
  table.conv2dInputGrad = conv2dInputGrad;
  table.conv2dInputGradFft = conv2dInputGrad;
  table.conv2dFilterGrad = conv2dFilterGrad;
  table.conv2dFilterGradFft = conv2dFilterGrad;
  table.conv2dThin = conv2dThin;
  table.conv2dThinFilterGrad = conv2dThinFilterGrad;
  table.conv2dWinograd = conv2dWinograd;
  table.conv2dInputGradWinograd = conv2dInputGradWinograd;
  table.conv2dFilterGradWinograd = conv2dFilterGradWinograd;
  table.conv2dBlock = conv2dBlock;
  table.conv2dBlockGrad = conv2dBlockGrad;
  table.conv2dPool = conv2dPool;
  table.conv2dPoolGrad = conv2dPoolGrad;
  return table;
}

}  // namespace atelier::naive
