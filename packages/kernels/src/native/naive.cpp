// The products written as their definitions, one thread, no layout, double sums: what the fast ones are held to.
// Chosen by name only (variant "naive"); all other kernels are the portable ones.
#include "variants.h"

namespace atelier::naive {

void gemm(const Context& context, const GemmArgs& args) {
  const float *a = context.at(args.a), *b = context.at(args.b), *bias = context.at(args.bias);
  float* c = context.at(args.c);
  const int64_t M = args.M, N = args.N, K = args.K;
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
        sum += static_cast<double>(args.transposeA ? a[k * M + m] : a[m * K + k]) * static_cast<double>(b[placeInB(k, n)]);
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

template <class Args>
void conv2d(const Context& context, const Args& args) {
  const float *x = context.at(args.x), *filters = context.at(args.filters), *bias = context.at(args.bias);
  float* y = context.at(args.y);
  const int64_t count = int64_t{args.N} * args.oH * args.oW * args.F;
  for (int64_t i = 0; i < count; i++) y[i] = bias == nullptr ? 0 : bias[i % args.F];
  eachProduct(args, [&](int64_t xi, int64_t fi, int64_t yi) { y[yi] += x[xi] * filters[fi]; });
  if (args.relu)
    for (int64_t i = 0; i < count; i++) y[i] = y[i] < 0 ? 0 : y[i];
}

template <class Args>
void conv2dInputGrad(const Context& context, const Args& args) {
  const float *filters = context.at(args.filters), *dy = context.at(args.dy);
  float* dx = context.at(args.dx);
  for (int64_t i = 0; i < int64_t{args.N} * args.H * args.W * args.C; i++) dx[i] = 0;
  eachProduct(args, [&](int64_t xi, int64_t fi, int64_t yi) { dx[xi] += dy[yi] * filters[fi]; });
}

template <class Args>
void conv2dFilterGrad(const Context& context, const Args& args) {
  const float *x = context.at(args.x), *dy = context.at(args.dy);
  float* dFilters = context.at(args.dFilters);
  for (int64_t i = 0; i < int64_t{args.kH} * args.kW * (args.C / args.groups) * args.F; i++) dFilters[i] = 0;
  eachProduct(args, [&](int64_t xi, int64_t fi, int64_t yi) { dFilters[fi] += x[xi] * dy[yi]; });
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
  table.conv2dWinograd = conv2d;
  table.conv2dInputGradWinograd = conv2dInputGrad;
  table.conv2dFilterGradWinograd = conv2dFilterGrad;
  return table;
}

}  // namespace atelier::naive
