// Compiled without contraction of multiply-adds: the numbers are bit for bit those of gather.ts.
#include "gather.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace atelier {
namespace {

// What chance decided for one row.
struct Draws {
  bool mirrored = false;
  int32_t shiftY = 0, shiftX = 0;
  double cosine = 1, sine = 0, zoom = 1;
  bool affine = false;
  bool cutout = false;
  int32_t cutoutY = 0, cutoutX = 0;
  double brightness = 1, contrast = 1;

  bool moves() const { return mirrored || cutout || shiftY != 0 || shiftX != 0; }
};

Draws draw(const Gather& gather, int32_t image, uint32_t row, uint32_t step) {
  const Augmentation& spec = gather.augmentation;
  const Dataset& dataset = *gather.dataset;
  Draws draws;
  const PhiloxBlock first = philox(gather.seed, row * 4, step, streams::augment, 0);
  if (spec.flip == Flip::random) draws.mirrored = first.words[0] & 1;
  if (spec.flip == Flip::alternating) {
    const uint32_t side = philox(gather.seed, static_cast<uint32_t>(image), 0, streams::flipSide, 0).words[0];
    draws.mirrored = (side ^ static_cast<uint32_t>(gather.epochIndex)) & 1;
  }
  if (spec.shift > 0) {
    draws.shiftY = below(first.words[1], 2 * spec.shift + 1) - spec.shift;
    draws.shiftX = below(first.words[2], 2 * spec.shift + 1) - spec.shift;
  }
  const bool needsSecond = spec.cutoutSize > 0 || spec.brightness > 0 || spec.contrast > 0;
  if (needsSecond) {
    const PhiloxBlock second = philox(gather.seed, row * 4 + 1, step, streams::augment, 0);
    draws.cutout = spec.cutoutSize > 0 && uniform(first.words[3]) < spec.cutoutProbability;
    draws.cutoutY = below(second.words[0], dataset.H);
    draws.cutoutX = below(second.words[1], dataset.W);
    draws.brightness = 1 - spec.brightness + 2 * spec.brightness * uniform(second.words[2]);
    draws.contrast = 1 - spec.contrast + 2 * spec.contrast * uniform(second.words[3]);
  }
  if (spec.degrees > 0 || spec.zoom > 0) {
    const PhiloxBlock third = philox(gather.seed, row * 4 + 2, step, streams::augment, 0);
    const double angle = (2 * uniform(third.words[0]) - 1) * spec.degrees * (M_PI / 180);
    draws.affine = true;
    draws.cosine = std::cos(angle);
    draws.sine = std::sin(angle);
    draws.zoom = 1 - spec.zoom + 2 * spec.zoom * uniform(third.words[1]);
  }
  return draws;
}

// How pixels come to where they belong: as normalised floats, or as they are.
struct NormalizedPixels {
  using Value = float;
  const KernelTable& table;
  const Normalizer& normalizer;

  Value blank(int32_t c) const { return normalizer.blank[static_cast<size_t>(c)]; }
  // A run whose first pixel is of channel 0.
  void run(const uint8_t* from, int64_t floats, float* to) const {
    const int64_t period = static_cast<int64_t>(normalizer.scale.size());
    for (int64_t i = 0; i < floats; i += period)
      table.normalize(from + i, normalizer.scale.data(), normalizer.offset.data(), std::min(period, floats - i), to + i);
  }
  // The same with the order of its pixels reversed.
  void mirroredRun(const uint8_t* from, int64_t pixels, int32_t C, float* to) const {
    const double *scale = normalizer.scale.data(), *offset = normalizer.offset.data();
    if (C == 1) {
      const int64_t period = static_cast<int64_t>(normalizer.scale.size());
      for (int64_t i = 0; i < pixels; i += period) {
        const int64_t count = std::min(period, pixels - i);
        table.normalizeMirrored(from + pixels - i - count, scale, offset, count, to + i);
      }
      return;
    }
    for (int64_t x = 0; x < pixels; x++)
      for (int32_t c = 0; c < C; c++)
        to[x * C + c] = static_cast<float>(from[(pixels - 1 - x) * C + c] * scale[c] + offset[c]);
  }
};

struct SamePixels {
  using Value = uint8_t;

  Value blank(int32_t) const { return 0; }
  void run(const uint8_t* from, int64_t bytes, uint8_t* to) const { memcpy(to, from, static_cast<size_t>(bytes)); }
  void mirroredRun(const uint8_t* from, int64_t pixels, int32_t C, uint8_t* to) const {
    for (int64_t x = 0; x < pixels; x++)
      for (int32_t c = 0; c < C; c++) to[x * C + c] = from[(pixels - 1 - x) * C + c];
  }
};

// No draw but mirror and shift.
template <class Pixels>
void movePixels(const Dataset& dataset, const Pixels& pixels, const Draws& draws, const uint8_t* from,
                typename Pixels::Value* to) {
  const int32_t H = dataset.H, W = dataset.W, C = dataset.C;
  if (!draws.mirrored && draws.shiftY == 0 && draws.shiftX == 0) {
    pixels.run(from, int64_t{H} * W * C, to);
    return;
  }
  const auto blank = [&](typename Pixels::Value* out, int32_t begin, int32_t end) {
    for (int32_t x = begin; x < end; x++)
      for (int32_t c = 0; c < C; c++) out[x * C + c] = pixels.blank(c);
  };
  // Columns [left, right) show the image.
  const int32_t left = std::min(std::max(draws.shiftX, 0), W), right = std::max(std::min(W + draws.shiftX, W), left);
  for (int32_t y = 0; y < H; y++) {
    const int32_t sourceY = y - draws.shiftY;
    auto* const out = to + int64_t{y} * W * C;
    if (sourceY < 0 || sourceY >= H) {
      blank(out, 0, W);
      continue;
    }
    const uint8_t* row = from + int64_t{sourceY} * W * C;
    blank(out, 0, left);
    if (draws.mirrored)
      pixels.mirroredRun(row + (W - (right - draws.shiftX)) * int64_t{C}, right - left, C, out + left * C);
    else
      pixels.run(row + (left - draws.shiftX) * int64_t{C}, int64_t{right - left} * C, out + left * C);
    blank(out, right, W);
  }
}

// Pixels as floats in [0, 255], by bilinear sampling of the mirrored, shifted, rotated and zoomed image.
void samplePixels(const Dataset& dataset, const Draws& draws, const uint8_t* from, float* to) {
  const int32_t H = dataset.H, W = dataset.W, C = dataset.C;
  const double centreY = (H - 1) / 2.0, centreX = (W - 1) / 2.0;
  for (int32_t y = 0; y < H; y++)
    for (int32_t x = 0; x < W; x++) {
      double sourceY = y, sourceX = x;
      if (draws.affine) {
        const double u = x - centreX, v = y - centreY;
        sourceX = (draws.cosine * u + draws.sine * v) / draws.zoom + centreX;
        sourceY = (draws.cosine * v - draws.sine * u) / draws.zoom + centreY;
      }
      sourceY -= draws.shiftY;
      sourceX -= draws.shiftX;
      if (draws.mirrored) sourceX = W - 1 - sourceX;
      const double top = std::floor(sourceY), left = std::floor(sourceX);
      const double ty = sourceY - top, tx = sourceX - left;
      for (int32_t c = 0; c < C; c++) {
        const auto pixel = [&](double py, double px) -> double {
          if (py < 0 || py >= H || px < 0 || px >= W) return 0;
          return from[(static_cast<int64_t>(py) * W + static_cast<int64_t>(px)) * C + c];
        };
        const double upper = (1 - tx) * pixel(top, left) + tx * pixel(top, left + 1);
        const double lower = (1 - tx) * pixel(top + 1, left) + tx * pixel(top + 1, left + 1);
        to[(int64_t{y} * W + x) * C + c] = static_cast<float>((1 - ty) * upper + ty * lower);
      }
    }
}

template <class Value, class ValueOf>
void eraseSquare(const Dataset& dataset, const Draws& draws, int32_t size, Value* to, const ValueOf& valueOf) {
  const int32_t top = draws.cutoutY - size / 2, left = draws.cutoutX - size / 2;
  for (int32_t y = top < 0 ? 0 : top; y < top + size && y < dataset.H; y++)
    for (int32_t x = left < 0 ? 0 : left; x < left + size && x < dataset.W; x++)
      for (int32_t c = 0; c < dataset.C; c++) to[(int64_t{y} * dataset.W + x) * dataset.C + c] = valueOf(c);
}

// No draw but mirror, shift and cutout: pixels go straight to their places.
template <class Pixels>
void gatherPlain(const Gather& gather, const Pixels& pixels, const Draws& draws, const uint8_t* from,
                 typename Pixels::Value* to) {
  movePixels(*gather.dataset, pixels, draws, from, to);
  if (draws.cutout)
    eraseSquare(*gather.dataset, draws, gather.augmentation.cutoutSize, to, [&](int32_t c) { return pixels.blank(c); });
}

float clampByte(double value) { return static_cast<float>(value < 0 ? 0 : value > 255 ? 255 : value); }

void gatherImage(const KernelTable& table, const Gather& gather, const Normalizer& normalizer, const Draws& draws,
                 const uint8_t* from, float* to) {
  const Augmentation& spec = gather.augmentation;
  const Dataset& dataset = *gather.dataset;
  const int64_t floats = int64_t{dataset.H} * dataset.W * dataset.C;
  if (!draws.affine && spec.brightness == 0 && spec.contrast == 0)
    return gatherPlain(gather, NormalizedPixels{table, normalizer}, draws, from, to);
  samplePixels(dataset, draws, from, to);
  if (draws.cutout) eraseSquare(dataset, draws, spec.cutoutSize, to, [](int32_t) { return 0.0f; });
  if (spec.brightness > 0)
    for (int64_t i = 0; i < floats; i++) to[i] = clampByte(to[i] * draws.brightness);
  if (spec.contrast > 0) {
    double mean = 0;
    for (int64_t i = 0; i < floats; i++) mean += to[i];
    mean /= static_cast<double>(floats);
    for (int64_t i = 0; i < floats; i++) to[i] = clampByte(mean + (to[i] - mean) * draws.contrast);
  }
  for (int64_t i = 0, c = 0; i < floats; i++) {
    to[i] = static_cast<float>(to[i] * normalizer.scale[c] + normalizer.offset[c]);
    if (++c == dataset.C) c = 0;
  }
}

// Both rows of a mirrored pair at once: a = λa + (1−λ)b and the other way round.
void mixRows(float* a, float* b, int64_t floats, double weight) {
  for (int64_t i = 0; i < floats; i++) {
    const double first = a[i], second = b[i];
    a[i] = static_cast<float>(weight * first + (1 - weight) * second);
    b[i] = static_cast<float>(weight * second + (1 - weight) * first);
  }
}

}  // namespace

Normalizer::Normalizer(const Gather& gather) {
  const auto C = static_cast<size_t>(gather.dataset->C);
  for (size_t pixel = 0; pixel < 1 + 1024 / C; pixel++)
    for (size_t c = 0; c < C; c++) {
      scale.push_back(1 / (255 * gather.std[c]));
      offset.push_back(-gather.mean[c] / gather.std[c]);
    }
  for (size_t c = 0; c < C; c++) blank.push_back(static_cast<float>(offset[c]));
}

bool keepsPixels(const Augmentation& augmentation) {
  return augmentation.degrees == 0 && augmentation.zoom == 0 && augmentation.brightness == 0 &&
         augmentation.contrast == 0 && !augmentation.mixup;
}

int64_t floatsOf(ImageForm form, int64_t N, int64_t numbers) {
  if (form == ImageForm::bytes) return (N * numbers + 3) / 4;
  return (form == ImageForm::lanes ? (N + laneImages - 1) / laneImages * laneImages : N) * numbers;
}

void gatherBatch(const KernelTable& table, const Gather& gather, const Normalizer& normalizer, const Batch& batch,
                 ThreadPool& pool) {
  const Dataset& dataset = *gather.dataset;
  const auto [indices, rows, step, mixupWeight, classes, images, form, targets, scratch] = batch;
  const int64_t pixels = int64_t{dataset.H} * dataset.W, floats = pixels * dataset.C;
  const int64_t groups = (rows + laneImages - 1) / laneImages;
  const bool inLanes = images != nullptr && form == ImageForm::lanes;
  const auto pixelsOf = [&](int64_t row) { return dataset.images.as<uint8_t>() + indices[row] * floats; };
  const auto drawsOf = [&](int64_t row) { return draw(gather, indices[row], static_cast<uint32_t>(row), step); };
  const auto writeTarget = [&](int64_t row) {
    if (targets == nullptr) return;
    float* target = targets + row * classes;
    memset(target, 0, static_cast<size_t>(classes) * 4);
    target[dataset.labels[static_cast<size_t>(indices[row])]] = 1;
  };
  const auto share = [&](int64_t count, int64_t mostTasks, const auto& body) {
    const int64_t tasks = rows * floats < 16384 ? 1 : std::min(count, mostTasks);
    pool.each(static_cast<int>(tasks), [&](int task) { body(Share(count, tasks, task)); });
  };
  // Images come from all over the data set: the next ones are asked for while some are worked on.
  if (inLanes && keepsPixels(gather.augmentation)) {
    share(groups, pool.threads(), [&](const Share& part) {
      for (int64_t group = part.begin; group < part.end; group++) {
        const int64_t first = group * laneImages, present = std::min(laneImages, rows - first);
        const uint8_t *from[laneImages], *next[laneImages];
        for (int64_t i = 0; i < present; i++) {
          const Draws draws = drawsOf(first + i);
          from[i] = pixelsOf(first + i);
          if (draws.moves()) {
            uint8_t* const moved = reinterpret_cast<uint8_t*>(scratch) + (first + i) * floats;
            gatherPlain(gather, SamePixels{}, draws, from[i], moved);
            from[i] = moved;
          }
          writeTarget(first + i);
        }
        for (int64_t i = 0; i < laneImages; i++) next[i] = pixelsOf(std::min(rows - 1, first + laneImages + i));
        table.normalizeToLanes(from, group + 1 < part.end ? next : nullptr, present, pixels, dataset.C,
                               normalizer.scale.data(), normalizer.offset.data(), images + first * floats);
      }
    });
    return;
  }
  float* const made = inLanes ? scratch : images;
  share(rows, 32, [&](const Share& part) {
    for (int64_t row = part.begin; row < part.end; row++) {
      if (row + 1 < part.end)
        for (int64_t i = 0; i < floats; i += 64) __builtin_prefetch(pixelsOf(row + 1) + i);
      if (images != nullptr && form == ImageForm::bytes)
        gatherPlain(gather, SamePixels{}, drawsOf(row), pixelsOf(row), reinterpret_cast<uint8_t*>(images) + row * floats);
      else if (images != nullptr)
        gatherImage(table, gather, normalizer, drawsOf(row), pixelsOf(row), made + row * floats);
      writeTarget(row);
    }
  });
  if (gather.augmentation.mixup)
    share((rows + 1) / 2, 32, [&](const Share& part) {
      for (int64_t row = part.begin; row < part.end; row++) {
        const int64_t other = rows - 1 - row;
        if (images != nullptr) mixRows(made + row * floats, made + other * floats, floats, mixupWeight);
        if (targets != nullptr) mixRows(targets + row * classes, targets + other * classes, classes, mixupWeight);
      }
    });
  if (inLanes)
    share(groups, 32, [&](const Share& part) {
      for (int64_t group = part.begin; group < part.end; group++) {
        const int64_t first = group * laneImages;
        table.toLanes(made + first * floats, std::min(laneImages, rows - first), pixels, dataset.C, images + first * floats);
      }
    });
}

}  // namespace atelier
