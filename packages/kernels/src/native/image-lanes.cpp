#include "image-lanes.h"

namespace atelier::ATELIER_VARIANT {
namespace {

// Calls body(place in the lanes form, place in an image, floats to the next number of an image) for four numbers of an
// image at a time: they are neighbours in one plane, or the same pixel of four.
template <class Body>
inline void eachFour(int64_t pixels, int64_t channels, const Body& body) {
  if (channels == 1) {
    for (int64_t pixel = 0; pixel + 4 <= pixels; pixel += 4) body(pixel * group, pixel, int64_t{group});
    return;
  }
  for (int64_t pixel = 0; pixel < pixels; pixel++)
    for (int64_t c = 0; c + 4 <= channels; c += 4)
      body((c * pixels + pixel) * group, pixel * channels + c, pixels * group);
}

bool inFours(int64_t present, int64_t channels) { return present == group && (channels == 1 || channels % 4 == 0); }

#if ATELIER_LANES == 16
constexpr Integers evens{0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};
#elif ATELIER_LANES == 8
constexpr Integers evens{0, 2, 4, 6, 8, 10, 12, 14};
#else
constexpr Integers evens{0, 2, 4, 6};
#endif

// out[i] = sum of the lanes of vectors[i]: neighbours are added until one is left of each.
inline Vector sumLanes(Vector (&vectors)[lanes]) {
#pragma GCC unroll 4
  for (int count = lanes; count > 1; count /= 2)
#pragma GCC unroll 8
    for (int i = 0; i < count / 2; i++) {
      const Vector a = vectors[2 * i], b = vectors[2 * i + 1];
      vectors[i] = __builtin_shuffle(a, b, evens) + __builtin_shuffle(a, b, evens + 1);
    }
  return vectors[0];
}

}  // namespace

void toLanes(const float* images, int64_t present, int64_t pixels, int64_t channels, float* out) {
  const int64_t floats = pixels * channels;
  if (inFours(present, channels)) {
    eachFour(pixels, channels, [&](int64_t place, int64_t at, int64_t step) {
      for (int i = 0; i < group; i += 4) transpose4(images + i * floats + at, floats, out + place + i, step);
    });
    for (int64_t at = channels == 1 ? pixels / 4 * 4 : floats; at < floats; at++)
      for (int i = 0; i < group; i++) out[at * group + i] = images[i * floats + at];
    return;
  }
  for (int64_t pixel = 0; pixel < pixels; pixel++)
    for (int64_t c = 0; c < channels; c++) {
      float* to = out + (c * pixels + pixel) * group;
      const float* from = images + pixel * channels + c;
      for (int64_t i = 0; i < group; i++) to[i] = i < present ? from[i * floats] : 0.0f;
    }
}

void fromLanes(const float* planes, int64_t present, int64_t pixels, int64_t channels, float* images) {
  const int64_t floats = pixels * channels;
  if (inFours(present, channels)) {
    eachFour(pixels, channels, [&](int64_t place, int64_t at, int64_t step) {
      for (int i = 0; i < group; i += 4) transpose4(planes + place + i, step, images + i * floats + at, floats);
    });
    for (int64_t at = channels == 1 ? pixels / 4 * 4 : floats; at < floats; at++)
      for (int i = 0; i < group; i++) images[i * floats + at] = planes[at * group + i];
    return;
  }
  for (int64_t i = 0; i < present; i++)
    for (int64_t pixel = 0; pixel < pixels; pixel++)
      for (int64_t c = 0; c < channels; c++) *images++ = planes[(c * pixels + pixel) * group + i];
}

void sumGroups(const float* sums, int64_t count, float* totals) {
  for (int64_t first = 0; first < count; first += lanes) {
    const int64_t here = min(lanes, count - first);
    Vector vectors[lanes] = {};
    for (int64_t i = 0; i < here; i++)
      for (int64_t lane = 0; lane < group; lane += lanes) vectors[i] += load(sums + (first + i) * group + lane);
    float out[lanes];
    store(out, sumLanes(vectors));
    memcpy(totals + first, out, static_cast<size_t>(here) * 4);
  }
}

}  // namespace atelier::ATELIER_VARIANT
