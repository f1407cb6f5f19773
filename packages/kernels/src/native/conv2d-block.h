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

// y [F][oH·oW][16] of one group, in place: element e of image n has number n·outputs + e in NHWC order, its half-word is
// that of random/philox.ts: counter ⌊e/64⌋·8 + e mod 8, half ⌊e/8⌋ mod 8. `outputs` is a multiple of 8, so that all
// images of a group agree in e mod 8; they may differ in how many eighths of a block of 64 come before their first.
// The keys come by value: what is the same for all counters then stays out of the loop.
inline void dropout(const PhiloxKeys keys, const Geometry& g, int64_t firstImage, float rate, float* y) {
  const int64_t plane = g.oH * g.oW * group, eighths = g.outputs() / 8;
  const Words least = Words{} + (leastKept(rate) << 16);
  const float scale = 1.0f / (1.0f - rate);
  for (int64_t lane = 0; lane < group; lane += lanes) {
    Words block, before;
    int64_t mostBefore = 0;
    for (int i = 0; i < lanes; i++) {
      const int64_t first = (firstImage + lane + i) * eighths;
      block[i] = static_cast<uint32_t>(first / 8);
      before[i] = static_cast<uint32_t>(first % 8);
      mostBefore = first % 8 > mostBefore ? first % 8 : mostBefore;
    }
    const auto areLate = [&](uint32_t eighth) { return reinterpret_cast<Words>((before & eighth) != 0); };
    const Words byFour = areLate(4), byTwo = areLate(2), byOne = areLate(1);
    Words drawn[8] = {};  // of two blocks of 64
    for (uint32_t j = 0; j < 8; j++) {
      int64_t f = j;
      float* value = y + f * plane + lane;
      const auto keep = [&](Words upperHalf) {
        for (; f >= g.F; f -= g.F) value += group - g.F * plane;
        store(value, upperHalf >= least ? load(value) * scale : Vector{});
        f += 8, value += 8 * plane;
      };
      for (int64_t first = 0; first < eighths; first += 8) {
        const int64_t count = min(8, eighths - first);
        const Words counter = (block + static_cast<uint32_t>(first / 8)) * 8 + j;
        if (first == 0 || mostBefore == 0)
          drawWords(keys, counter, drawn);
        else
          memcpy(drawn, drawn + 4, sizeof(Words) * 4);
        if (mostBefore + count > 8) drawWords(keys, counter + 8, drawn + 4);
        Words words[8];  // from the one on that has the half of the image's first of these elements
        memcpy(words, drawn, sizeof words);
        if (mostBefore > 0) {
          for (int w = 0; w < 6; w++) words[w] = byFour ? words[w + 2] : words[w];
          for (int w = 0; w < 5; w++) words[w] = byTwo ? words[w + 1] : words[w];
        }
#pragma GCC unroll 8
        for (int at = 0; at < 8; at++) {
          if (at == count) break;
          const Words word = words[at / 2], next = words[at / 2 + 1];
          keep(at % 2 == 0 ? byOne ? word : word << 16 : byOne ? next << 16 : word);
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
