// Moments and batch normalisation over [rows, C] (Ioffe & Szegedy 2015). With `relu` the gradients take that of
// relu(batchNorm(x)): the mask is the sign of batchNorm(x), computed anew rather than kept.
#include "moments.h"
#include "normalization.h"
#include "unpool.h"

namespace atelier::ATELIER_VARIANT {

int64_t momentsWorkspace(const MomentsArgs& args) { return momentsFloats({args.rows, args.C}); }

void moments(const Context& context, const MomentsArgs& args) {
  const float* x = context.at(args.x);
  const Chunks chunks{args.rows, args.C};
  eachChunk(context, chunks, [&](int64_t chunk) { chunkMoments(chunks, chunk, x, context.workspace); });
  mergeMoments(chunks, context.workspace, context.at(args.y));
}

int64_t batchNormWorkspace(const BatchNormArgs& args) { return args.C; }

void batchNorm(const Context& context, const BatchNormArgs& args) {
  const float* x = context.at(args.x);
  const float* moments = context.at(args.moments);
  float* y = context.at(args.y);
  const Chunks chunks{args.rows, args.C};
  scales(moments + args.C, context.at(args.gamma), args.epsilon, args.C, context.workspace);
  const float* tables[3] = {moments, context.workspace, context.at(args.beta)};
  const float floor = args.relu ? 0.0f : -INFINITY;
  eachChunk(context, chunks, [&](int64_t chunk) {
    sweepColumns<3, 0>(chunks.begin(chunk), chunks.end(chunk), args.C, tables, nullptr,
                       [&]<class V>(int64_t at, const V* table, V*) {
                         const V value = normalized(loadAs<V>(x + at), table[0], table[1], table[2]), least = V{} + floor;
                         storeAs<V>(y + at, value < least ? least : value);
                       });
  });
}

int64_t batchNormParamGradWorkspace(const BatchNormParamGradArgs& args) {
  return Chunks{args.rows, args.C}.count() * 2 * args.C + args.C;
}

void batchNormParamGrad(const Context& context, const BatchNormParamGradArgs& args) {
  const float* x = context.at(args.x);
  const float* dy = context.at(args.dy);
  const float* mean = context.at(args.moments);
  const float* variance = mean + args.C;
  float* y = context.at(args.y);
  const int64_t C = args.C;
  const Chunks chunks{args.rows, C};
  float* scale = context.workspace;
  float* partial = scale + C;
  if (args.relu) scales(variance, context.at(args.gamma), args.epsilon, C, scale);
  const float* tables[3] = {mean, scale, context.at(args.beta)};
  eachChunk(context, chunks, [&](int64_t chunk) {
    const int64_t begin = chunks.begin(chunk), end = chunks.end(chunk);
    float* sums = partial + chunk * 2 * C;
    const auto add = []<class V>(V distance, V grad, V* sum) {
      sum[0] += distance * grad;
      sum[1] += grad;
    };
    if (args.relu)
      sweepColumns<3, 2>(begin, end, C, tables, sums, [&]<class V>(int64_t at, const V* table, V* sum) {
        const V from = loadAs<V>(x + at);
        add(from - table[0],
            whereAboveZero(normalized(from, table[0], table[1], table[2]), loadAs<V>(dy + at)), sum);
      });
    else
      sweepColumns<1, 2>(begin, end, C, tables, sums, [&]<class V>(int64_t at, const V* table, V* sum) {
        add(loadAs<V>(x + at) - table[0], loadAs<V>(dy + at), sum);
      });
  }, true);  // backwards: batchNormInputGrad, which reads the same, is next
  for (int64_t c = 0; c < C; c++) {
    double gamma = 0, beta = 0;
    for (int64_t chunk = 0; chunk < chunks.count(); chunk++) {
      gamma += partial[chunk * 2 * C + c];
      beta += partial[(chunk * 2 + 1) * C + c];
    }
    y[c] = static_cast<float>(gamma / std::sqrt(static_cast<double>(variance[c]) + args.epsilon));
    y[C + c] = static_cast<float>(beta);
  }
}

int64_t batchNormInputGradWorkspace(const BatchNormInputGradArgs& args) { return 3 * int64_t{args.C}; }

void batchNormInputGrad(const Context& context, const BatchNormInputGradArgs& args) {
  const float* x = context.at(args.x);
  const float* dy = context.at(args.dy);
  float* dx = context.at(args.dx);
  const InputGrad grad(context, args, args.C, args.rows, context.workspace);
  const Chunks chunks{args.rows, args.C};
  const auto sweep = [&]<bool relu>() {
    eachChunk(context, chunks, [&](int64_t chunk) {
      sweepColumns<InputGrad::count, 0>(
          chunks.begin(chunk), chunks.end(chunk), args.C, grad.tables, nullptr,
          [&]<class V>(int64_t at, const V* table, V*) {
            storeAs<V>(dx + at, InputGrad::of<relu>(loadAs<V>(x + at), loadAs<V>(dy + at), table));
          });
    });
  };
  if (args.relu) sweep.template operator()<true>();
  else sweep.template operator()<false>();
}

int64_t batchNormPoolGradWorkspace(const BatchNormPoolGradArgs& args) { return 3 * int64_t{args.C}; }

void batchNormPoolGrad(const Context& context, const BatchNormPoolGradArgs& args) {
  const float* x = context.at(args.x);
  const float* dy = context.at(args.dy);
  const InputGrad grad(context, args, args.C, int64_t{args.N} * args.oH * args.oW, context.workspace);
  const auto sweep = [&]<bool relu>() {
    unpool(context, args, reinterpret_cast<const uint16_t*>(context.at(args.index)), context.at(args.dx),
           [&]<int N>(int64_t at, int64_t c) {
             using V = typename Wide<N>::Floats;
             V table[InputGrad::count];
             for (int t = 0; t < InputGrad::count; t++) table[t] = loadAs<V>(grad.tables[t] + c);
             return InputGrad::of<relu>(loadAs<V>(x + at), loadAs<V>(dy + at), table);
           });
  };
  if (args.relu) sweep.template operator()<true>();
  else sweep.template operator()<false>();
}

}  // namespace atelier::ATELIER_VARIANT
