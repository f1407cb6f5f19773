// A batch from resident bytes: pick images, mirror, shift, rotate, erase, brighten, normalise, mix. The semantics,
// draw for draw and rounding for rounding, are those of packages/engine/src/executors/reference/gather.ts.
#pragma once
#include <cstdint>
#include <vector>

#include "kernels.h"
#include "memory.h"

namespace atelier {

struct Dataset {
  int32_t size = 0, H = 0, W = 0, C = 0;
  int32_t largestLabel = 0;
  Block images;  // uint8 [N,H,W,C]
  std::vector<int32_t> labels;
};

enum class Flip { none, random, alternating };

struct Augmentation {
  Flip flip = Flip::none;
  int32_t shift = 0;  // pixels
  double degrees = 0, zoom = 0;
  int32_t cutoutSize = 0;
  double cutoutProbability = 0;
  double brightness = 0, contrast = 0;
  bool mixup = false;
};

struct Gather {
  const Dataset* dataset;
  std::vector<double> mean, std;  // a channel, in units of pixel/255
  Augmentation augmentation;
  PhiloxKey seed;
  int32_t epochIndex;
};

// x = pixel·scale + offset a channel.
struct Normalizer {
  std::vector<double> scale, offset;  // those of the channels again and again, about a thousand in all
  std::vector<float> blank;           // a channel: x of a pixel outside the image
  explicit Normalizer(const Gather& gather);
};

// Whether every pixel that comes out is one that went in, or blank.
bool keepsPixels(const Augmentation& augmentation);

// How images lie. Normalised floats [N,H,W,C], pixels as bytes [N,H,W,C], or normalised floats [⌈N/16⌉,C,H,W,16].
enum class ImageForm { plain, bytes, lanes };
constexpr int64_t laneImages = 16;

// Floats of N images of so many numbers.
int64_t floatsOf(ImageForm form, int64_t N, int64_t numbers);

struct Batch {
  const int32_t* indices;
  int64_t rows;
  uint32_t step;
  float mixupWeight;
  int32_t classes;
  float* images;  // may be null, as targets may
  ImageForm form;
  float* targets;  // [rows, classes]
  float* scratch;  // for images in lanes: as large as they are
};

void gatherBatch(const KernelTable& table, const Gather& gather, const Normalizer& normalizer, const Batch& batch,
                 ThreadPool& pool);

}  // namespace atelier
