// Convolutions, direct, as products (product.h); by Fourier transform: conv2d-fft.cpp. Images are [N,H,W,C], filters [kH,kW,C/groups,F].
//
//   forward          rows: output pixels    k: taps (ky, kx, c)    b: the filters as they lie, [kH·kW·C, F]
//   input gradient   the forward code over dy (spread out by the stride), with filters mirrored and transposed
//   filter gradient  rows: taps (ky,kx,c)   k: output pixels       b: dy, [N·oH·oW, F]
//
// Images are first copied with their padding, so that a row is one pointer and every tap a constant offset from
// it. Rows of taps that see nothing but padding are skipped. Groups go one after the other.
#include "product.h"

namespace atelier::ATELIER_VARIANT {
namespace {

// Images with their border: pixel (n, y, x) begins at data + n·imageStride + y·rowStride + x·pixelStride.
struct Padded {
  int64_t H, W, channels, pixelStride;
  int64_t rowStride() const { return W * pixelStride; }
  int64_t imageStride() const { return H * rowStride(); }
};

struct Source {
  const float* data;
  int64_t N, H, W;
  int64_t pixelStride, channelOffset;
  int64_t top, left;    // border
  int64_t stepY, stepX; // distance at which source pixels are laid out, 1 unless a strided gradient is spread
};

// out [N, H', W', channels]: the source's pixels (y·stepY + top, x·stepX + left), zero elsewhere.
void copyPadded(const Context& context, const Source& source, const Padded& padded, float* out) {
  const int64_t rows = source.N * padded.H;
  const int64_t C = padded.channels;
  int64_t tasks = (rows * padded.rowStride() + 32767) / 32768;
  if (tasks > 64) tasks = 64;
  context.pool->each(static_cast<int>(tasks), [&](int task) {
    const Share share(rows, tasks, task);
    for (int64_t row = share.begin; row < share.end; row++) {
      const int64_t n = row / padded.H, y = row % padded.H - source.top;
      float* to = out + row * padded.rowStride();
      if (y < 0 || y % source.stepY != 0 || y / source.stepY >= source.H) {
        memset(to, 0, static_cast<size_t>(padded.rowStride()) * 4);
        continue;
      }
      const float* from =
          source.data + (n * source.H + y / source.stepY) * source.W * source.pixelStride + source.channelOffset;
      if (source.stepX == 1 && C == source.pixelStride && C == padded.pixelStride) {
        const int64_t left = source.left < padded.W ? source.left : padded.W;
        const int64_t inside = padded.W - left < source.W ? padded.W - left : source.W;
        memset(to, 0, static_cast<size_t>(left * C) * 4);
        memcpy(to + left * C, from, static_cast<size_t>(inside * C) * 4);
        memset(to + (left + inside) * C, 0, static_cast<size_t>((padded.W - left - inside) * C) * 4);
        continue;
      }
      memset(to, 0, static_cast<size_t>(padded.rowStride()) * 4);
      for (int64_t x = 0; x < source.W; x++) {
        const int64_t place = x * source.stepX + source.left;
        if (place >= padded.W) break;
        memcpy(to + place * padded.pixelStride, from + x * source.pixelStride, static_cast<size_t>(C) * 4);
      }
    }
  });
}

// A sliding product over padded images: what forward and input gradient share.
struct Sliding {
  const float* images;
  Padded padded;
  int64_t kH, kW, dH, dW, sH, sW, oH, oW;
  int64_t top, insideH;  // rows of the padded image that are not border: [top, top + insideH)
  bool skipBorder;

  int64_t depth() const { return kH * kW * padded.channels; }

  void offsets(int32_t* out) const {
    for (int64_t ky = 0; ky < kH; ky++)
      for (int64_t kx = 0; kx < kW; kx++)
        for (int64_t c = 0; c < padded.channels; c++)
          *out++ = static_cast<int32_t>(ky * dH * padded.rowStride() + kx * dW * padded.pixelStride + c);
  }

  // Pointers to the top left corner of output pixels [m0, m1)'s windows.
  void operator()(int64_t m0, int64_t m1, const float** rows) const {
    int64_t n = m0 / (oH * oW), y = m0 / oW % oH, x = m0 % oW;
    const int64_t stepX = sW * padded.pixelStride;
    while (m0 < m1) {
      const float* pointer = images + n * padded.imageStride() + y * sH * padded.rowStride() + x * stepX;
      for (; x < oW && m0 < m1; x++, m0++, pointer += stepX) *rows++ = pointer;
      x = 0;
      if (++y == oH) {
        y = 0;
        n++;
      }
    }
  }

  // Narrows taps to those whose window row meets the image for some pixel of [m0, m1).
  void operator()(int64_t m0, int64_t m1, int64_t& k0, int64_t& k1) const {
    if (!skipBorder) return;
    const uint32_t first = static_cast<uint32_t>(m0) / static_cast<uint32_t>(oW);
    const uint32_t last = static_cast<uint32_t>(m1 - 1) / static_cast<uint32_t>(oW);
    const int64_t y0 = first % static_cast<uint32_t>(oH), y1 = last % static_cast<uint32_t>(oH);
    if (last - first != static_cast<uint32_t>(y1 - y0)) return;  // more than one image
    const int64_t above = top - y1 * sH;                         // ky·dH >= above
    const int64_t below = top + insideH - 1 - y0 * sH;           // ky·dH <= below
    const int64_t tapRow = kW * padded.channels;
    if (above > 0) {
      const int64_t from = (above + dH - 1) / dH * tapRow;
      if (from > k0) k0 = from;
    }
    const int64_t to = below < 0 ? 0 : (below / dH + 1) * tapRow;
    if (to < k1) k1 = to;
  }
};

template <class Args>
Padded paddedInput(const Args& args) {
  return {int64_t{args.oH - 1} * args.sH + int64_t{args.kH - 1} * args.dH + 1,
          int64_t{args.oW - 1} * args.sW + int64_t{args.kW - 1} * args.dW + 1, args.C / args.groups, args.C / args.groups};
}

template <class Args>
bool needsCopy(const Args& args, const Padded& padded) {
  return args.groups != 1 || padded.H != args.H || padded.W != args.W || args.padTop != 0 || args.padLeft != 0;
}

template <class Args>
Source inputSource(const Context& context, const Args& args, int64_t group) {
  return {context.at(args.x), args.N, args.H, args.W, args.C, group * (args.C / args.groups),
          args.padTop, args.padLeft, 1, 1};
}

Padded paddedGradient(const Conv2dInputGradArgs& args) {
  return {int64_t{args.H} + int64_t{args.kH - 1} * args.dH, int64_t{args.W} + int64_t{args.kW - 1} * args.dW,
          args.F / args.groups, args.F / args.groups};
}

// For the filter gradient pixels are what k walks over: an odd number of cache lines from one to the next spreads
// them over all sets of the cache, where a power of two would crowd a few.
Padded spread(Padded padded) {
  const int64_t cacheLines = (padded.channels + 15) / 16;
  if (padded.channels > 16) padded.pixelStride = (cacheLines | 1) * 16;
  return padded;
}

template <class Args>
bool needsSpread(const Args& args, const Padded& padded) {
  return needsCopy(args, padded) || padded.pixelStride != padded.channels;
}

int64_t roundUp(int64_t floats) { return (floats + 31) / 32 * 32; }

}  // namespace

int64_t conv2dWorkspace(const Conv2dArgs& args) {
  const Padded padded = paddedInput(args);
  const Panels panels{args.F / args.groups, int64_t{args.kH} * args.kW * padded.channels};
  return roundUp(needsCopy(args, padded) ? args.N * padded.imageStride() : 0) + roundUp(panels.floats()) + panels.K;
}

void conv2d(const Context& context, const Conv2dArgs& args) {
  const Padded padded = paddedInput(args);
  const int64_t F = args.F / args.groups;
  const Panels panels{F, int64_t{args.kH} * args.kW * padded.channels};
  const bool copy = needsCopy(args, padded);
  float* images = context.workspace;
  float* packed = images + roundUp(copy ? args.N * padded.imageStride() : 0);
  int32_t* offsets = reinterpret_cast<int32_t*>(packed + roundUp(panels.floats()));

  const Sliding sliding{copy ? images : context.at(args.x), padded, args.kH, args.kW, args.dH, args.dW, args.sH, args.sW,
                        args.oH, args.oW, args.padTop, args.H, panels.K >= 128};
  sliding.offsets(offsets);
  for (int64_t group = 0; group < args.groups; group++) {
    if (copy) copyPadded(context, inputSource(context, args, group), padded, images);
    const float* filters = context.at(args.filters) + group * F;
    packAllRows(context, panels, filters, args.F, packed);
    const float* bias = context.at(args.bias);
    const Product product{offsets, packed, panels, 0, panels.K, context.at(args.y) + group * F, args.F,
                          bias == nullptr ? nullptr : bias + group * F, args.relu != 0};
    multiply(context, product, int64_t{args.N} * args.oH * args.oW, sliding, sliding);
  }
}

int64_t conv2dInputGradWorkspace(const Conv2dInputGradArgs& args) {
  const Padded padded = paddedGradient(args);
  const Panels panels{args.C / args.groups, int64_t{args.kH} * args.kW * padded.channels};
  return roundUp(args.N * padded.imageStride()) + roundUp(panels.floats()) + panels.K;
}

void conv2dInputGrad(const Context& context, const Conv2dInputGradArgs& args) {
  const Padded padded = paddedGradient(args);
  const int64_t C = args.C / args.groups, F = args.F / args.groups;
  const int64_t taps = int64_t{args.kH} * args.kW;
  const Panels panels{C, taps * F};
  float* images = context.workspace;
  float* packed = images + roundUp(args.N * padded.imageStride());
  int32_t* offsets = reinterpret_cast<int32_t*>(packed + roundUp(panels.floats()));

  const int64_t top = int64_t{args.kH - 1} * args.dH - args.padTop;
  const int64_t left = int64_t{args.kW - 1} * args.dW - args.padLeft;
  const Sliding sliding{images, padded, args.kH, args.kW, args.dH, args.dW, 1, 1, args.H, args.W,
                        top, int64_t{args.oH - 1} * args.sH + 1, panels.K >= 128};
  sliding.offsets(offsets);
  for (int64_t group = 0; group < args.groups; group++) {
    const Source source{context.at(args.dy), args.N, args.oH, args.oW, args.F, group * F, top, left, args.sH, args.sW};
    copyPadded(context, source, padded, images);
    // b[(tap, f), c] = filters[mirrored tap][c][f]
    const float* filters = context.at(args.filters) + group * F;
    context.pool->each(panels.count(), [&](int panel) {
      for (int64_t tap = 0; tap < taps; tap++)
        packColumns(panels, panel, tap * F, F, filters + (taps - 1 - tap) * C * args.F, args.F, packed);
    });
    const Product product{offsets, packed, panels, 0, panels.K, context.at(args.dx) + group * C, args.C, nullptr, false};
    multiply(context, product, int64_t{args.N} * args.H * args.W, sliding, sliding);
  }
}

namespace {

// Few taps and filters: the pixels are shared out instead, each part sums for itself. A function of the shape
// alone, so that the thread count does not change the sums.
int64_t pixelParts(const Conv2dFilterGradArgs& args) {
  const int64_t taps = int64_t{args.kH} * args.kW * (args.C / args.groups);
  const Panels panels{args.F / args.groups, 1};
  const int64_t pixels = int64_t{args.N} * args.oH * args.oW;
  if ((taps + blockRows - 1) / blockRows * panels.count() >= 16) return 1;
  const int64_t most = (pixels + 1023) / 1024;
  return most < 16 ? most : 16;
}

// A pixel's line of x and dy's row both stay in the first-level cache while tiles pass over a block of so many.
constexpr int64_t pixelDepth = 192;

// dy is used where it lies when its channels are exactly one panel.
bool packsGradient(const Conv2dFilterGradArgs& args) {
  return args.groups != 1 || (args.F != lanes && args.F != panelWidth);
}

}  // namespace

int64_t conv2dFilterGradWorkspace(const Conv2dFilterGradArgs& args) {
  const Padded padded = spread(paddedInput(args));
  const int64_t pixels = int64_t{args.N} * args.oH * args.oW;
  const Panels panels{args.F / args.groups, pixels};
  const int64_t parts = pixelParts(args);
  const int64_t taps = int64_t{args.kH} * args.kW * padded.channels;
  return roundUp(needsSpread(args, padded) ? args.N * padded.imageStride() : 0) +
         roundUp(packsGradient(args) ? panels.floats() : 0) + roundUp(pixels) +
         (parts == 1 ? 0 : parts * taps * panels.N);
}

void conv2dFilterGrad(const Context& context, const Conv2dFilterGradArgs& args) {
  const Padded padded = spread(paddedInput(args));
  const int64_t C = padded.channels, F = args.F / args.groups;
  const int64_t pixels = int64_t{args.N} * args.oH * args.oW;
  const int64_t taps = int64_t{args.kH} * args.kW * C;
  const Panels panels{F, pixels};
  const bool copy = needsSpread(args, padded), pack = packsGradient(args);
  float* images = context.workspace;
  float* packed = images + roundUp(copy ? args.N * padded.imageStride() : 0);
  int32_t* offsets = reinterpret_cast<int32_t*>(packed + roundUp(pack ? panels.floats() : 0));
  float* partial = reinterpret_cast<float*>(offsets) + roundUp(pixels);
  const float* x = copy ? images : context.at(args.x);
  const int64_t parts = pixelParts(args);

  const auto rowsAt = [&](int64_t m0, int64_t m1, const float** rows) {
    int64_t c = m0 % C, kx = m0 / C % args.kW, ky = m0 / C / args.kW;
    for (int64_t m = m0; m < m1; m++) {
      *rows++ = x + ky * args.dH * padded.rowStride() + kx * args.dW * padded.pixelStride + c;
      if (++c < C) continue;
      c = 0;
      if (++kx < args.kW) continue;
      kx = 0;
      ky++;
    }
  };
  const int64_t chunks = pixels < 4096 ? 1 : 16;
  context.pool->each(static_cast<int>(chunks), [&](int chunk) {
    const Share share(pixels, chunks, chunk);
    for (int64_t pixel = share.begin; pixel < share.end; pixel++) {
      const int64_t n = pixel / (int64_t{args.oH} * args.oW), y = pixel / args.oW % args.oH;
      offsets[pixel] = static_cast<int32_t>(n * padded.imageStride() + y * args.sH * padded.rowStride() +
                                            pixel % args.oW * args.sW * padded.pixelStride);
    }
  });

  for (int64_t group = 0; group < args.groups; group++) {
    if (copy) copyPadded(context, inputSource(context, args, group), padded, images);
    const float* dy = context.at(args.dy) + group * F;
    if (pack) packAllRows(context, panels, dy, args.F, packed);
    const float* b = pack ? packed : dy;
    float* dFilters = context.at(args.dFilters) + group * F;
    if (parts == 1) {
      multiply(context, {offsets, b, panels, 0, pixels, dFilters, args.F, nullptr, false, pixelDepth}, taps, rowsAt, AllOfK{});
      continue;
    }
    context.pool->each(static_cast<int>(parts), [&](int part) {
      const Share share(pixels, parts, part);
      const Product product{offsets, b, panels, share.begin, share.end, partial + part * taps * F, F, nullptr, false,
                            pixelDepth};
      for (int64_t m = 0; m < taps; m += blockRows)
        multiplyBlock(product, m, m + blockRows < taps ? m + blockRows : taps, 0, panels.count(), rowsAt, AllOfK{});
    });
    for (int64_t m = 0; m < taps; m++)
      for (int64_t f = 0; f < F; f++) {
        float sum = 0;
        for (int64_t part = 0; part < parts; part++) sum += partial[(part * taps + m) * F + f];
        dFilters[m * args.F + f] = sum;
      }
  }
}

}  // namespace atelier::ATELIER_VARIANT
