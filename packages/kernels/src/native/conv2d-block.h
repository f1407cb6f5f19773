// A convolutional block of a narrow network with images in the vector lanes, whatever slides the windows (Slide): the
// vector units' registers (lanes-slide.h) or the matrix unit (conv2d-block-matrix.cpp). conv2d-block.cpp says what it is.
#pragma once
#include "lanes-slide.h"
#include "philox-lanes.h"

namespace atelier::ATELIER_VARIANT {

// The greatest of the values handed to it, and which it was; the first of equals. NaN stays when it comes first.
struct Greatest {
  Vector best;
  Integers which{};
  void take(Vector value, int32_t number) {
    const Integers better = value > best;
    best = better ? value : best;
    which = better ? Integers{} + number : which;
  }
};

// relu of the windows of row `oy`, from rows [..][filter][W][16] of unpooled values (the first is the first inside the
// image): it may come after the maximum, and is cheaper there.
inline void poolRow(const Geometry g, const float* rows, int64_t filters, int64_t oy, float* y, uint8_t* index) {
  const int64_t rowStride = filters * g.W * group, whole = g.whole2x2(oy);
  for (int64_t f = 0; f < filters; f++) {
    const float* const row = rows + f * g.W * group;
    const int64_t first = (f * g.oH + oy) * g.oW * group;
    for (int64_t lane = 0; lane < group; lane += lanes) {
      const auto put = [&](int64_t ox, const Greatest& greatest) {
        const int64_t place = first + ox * group + lane;
        store(y + place, greatest.best < Vector{} ? Vector{} : greatest.best);
        if (index != nullptr)
          *reinterpret_cast<LooseBytes*>(index + place) = __builtin_convertvector(greatest.which, Bytes);
      };
      const float* from = row + lane;
      for (int64_t ox = 0; ox < whole; ox++, from += 2 * group) {
        Greatest greatest{load(from)};
        greatest.take(load(from + group), 1);
        greatest.take(load(from + rowStride), 2);
        greatest.take(load(from + rowStride + group), 3);
        put(ox, greatest);
      }
      for (int64_t ox = whole; ox < g.oW; ox++) {
        const Inside inside(g, oy, ox);
        const auto numberOf = [&](int64_t ky, int64_t kx) { return static_cast<int32_t>(ky * g.pW + kx); };
        const float* const corner = row + (inside.x0 + inside.kxFirst) * group + lane;
        Greatest greatest{load(corner), Integers{} + numberOf(inside.kyFirst, inside.kxFirst)};
        for (int64_t ky = inside.kyFirst; ky < inside.kyEnd; ky++)
          for (int64_t kx = inside.kxFirst; kx < inside.kxEnd; kx++)
            greatest.take(load(corner + (ky - inside.kyFirst) * rowStride + (kx - inside.kxFirst) * group),
                          numberOf(ky, kx));
        put(ox, greatest);
      }
    }
  }
}

// y [F][oH·oW][16] of one group, in place: element e of image n has number n·outputs + e in NHWC order, its random word
// is that of random/philox.ts: counter ⌊e/32⌋·8 + e mod 8, word ⌊e/8⌋ mod 4. `outputs` is a multiple of 8, so that all
// images of a group agree in e mod 8; they may differ in how many eighths of a block of 32 come before their first.
// The keys come by value: what is the same for all counters then stays out of the loop.
inline void dropout(const PhiloxKeys keys, const Geometry& g, int64_t firstImage, float rate, float* y) {
  const int64_t pixels = g.oH * g.oW, eighths = g.outputs() / 8;
  const uint32_t threshold = static_cast<uint32_t>(static_cast<double>(rate) * 4294967296.0);
  const float scale = 1.0f / (1.0f - rate);
  for (int64_t lane = 0; lane < group; lane += lanes) {
    Words block, before;
    bool apart = false;
    for (int i = 0; i < lanes; i++) {
      const int64_t first = (firstImage + lane + i) * eighths;
      block[i] = static_cast<uint32_t>(first / 4);
      before[i] = static_cast<uint32_t>(first % 4);
      apart |= first % 4 != 0;
    }
    for (uint32_t j = 0; j < 8; j++) {
      int64_t f = j, pixel = 0;
      const auto keep = [&](Words word) {
        for (; f >= g.F; f -= g.F) pixel++;
        float* value = y + (f * pixels + pixel) * group + lane;
        store(value, word >= threshold ? load(value) * scale : Vector{});
        f += 8;
      };
      Words drawn[8];  // of two blocks of 32
      if (apart) drawWords(keys, block * 8 + j, drawn + 4);
      for (int64_t first = 0; first < eighths; first += 4) {
        const int count = static_cast<int>(min(4, eighths - first));
        const Words counter = (block + static_cast<uint32_t>(first / 4)) * 8 + j;
        if (!apart) {
          drawWords(keys, counter, drawn);
          for (int at = 0; at < count; at++) keep(drawn[at]);
          continue;
        }
        memcpy(drawn, drawn + 4, sizeof(Words) * 4);
        drawWords(keys, counter + 8, drawn + 4);
        for (int at = 0; at < count; at++) {
          Words word = drawn[at];
          for (int s = 1; s < 4; s++) word = before == static_cast<uint32_t>(s) ? drawn[at + s] : word;
          keep(word);
        }
      }
    }
  }
}

// Scratch of one share.
template <class Slide>
struct ForwardMemory {
  int64_t x, y, rows, filters, slide, share;
  ForwardMemory(const Geometry& g, const Slide& sliding, const Conv2dBlockArgs& a) {
    x = 0;
    y = x + (a.xLanes ? 0 : g.inputs() * group);
    rows = y + (a.yLanes ? 0 : g.outputs() * group);
    filters = rows + g.pH * sliding.width() * g.W * group;
    slide = filters + lines(sliding.filterFloats());
    share = lines(slide + sliding.scratchFloats()) + apart;
  }
};

inline Sliding slidingOf(const Conv2dBlockArgs& args) { return {args.C, args.F, args.H, args.W, args.pH}; }

template <class Slide>
int64_t blockWorkspace(const Conv2dBlockArgs& args) {
  const Geometry g(args);
  return g.mostShares() * ForwardMemory<Slide>(g, Slide(slidingOf(args)), args).share;
}

template <class Slide>
void block(const Context& context, const Conv2dBlockArgs& args) {
  const Geometry g(args);
  const Slide slide(slidingOf(args));
  const ForwardMemory<Slide> memory(g, slide, args);
  const float* bias = context.at(args.bias);
  uint8_t* index = reinterpret_cast<uint8_t*>(context.at(args.index));
  const PhiloxKeys keys(context, static_cast<uint32_t>(args.stream));

  const int64_t shares = g.shares(*context.pool);
  context.pool->each(static_cast<int>(shares), [&](int part) {
    const Share share(g.groups(), shares, part);
    float* scratch = context.ofShare(part, shares);
    float* const packed = scratch + memory.filters;
    slide.pack(context.at(args.filters), packed);
    for (int64_t at = share.begin; at < share.end; at++) {
      typename Slide::Group images(
          slide, packed, planesOf(context.at(args.x), args.xLanes, at, g, g.H * g.W, g.C, scratch + memory.x),
          scratch + memory.slide);
      const int64_t place = at * group * g.outputs();
      float* y = args.yLanes ? context.at(args.y) + place : scratch + memory.y;
      float* rows = scratch + memory.rows;
      for (int64_t oy = 0; oy < g.oH; oy++) {
        const int64_t first = oy * g.pH - g.padTop, begin = first < 0 ? 0 : first, end = min(g.H, first + g.pH);
        for (int64_t f = 0; f < g.F; f += slide.width()) {
          const int64_t filters = min(slide.width(), g.F - f), plane = f * g.oH * g.oW * group;
          for (int64_t row = begin; row < end; row++)
            images.row(row, f,
                       {rows + (row - begin) * filters * g.W * group, g.W * group, bias == nullptr ? nullptr : bias + f});
          poolRow(g, rows, filters, oy, y + plane, index == nullptr ? nullptr : index + place + plane);
        }
      }
      if (args.rate > 0) dropout(keys, g, at * group, args.rate, y);
      if (!args.yLanes)
        fromLanes(y, min(group, g.N - at * group), g.oH * g.oW, g.F, context.at(args.y) + at * group * g.outputs());
    }
  });
}

}  // namespace atelier::ATELIER_VARIANT
