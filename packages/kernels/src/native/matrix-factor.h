// A factor of a large product on its way to the matrix unit: where its elements lie, and how they become tiles of pieces
// (matrix-unit.h). Floats are split into three pieces; pixels, which are bytes, are one.
#pragma once
#include "matrix-unit.h"
#include "program.h"

namespace atelier::ATELIER_VARIANT {

// A factor as [count] rows or columns by k: element (i, k) of block and tile lies i·step + k·depthStep, one of which is
// 1, behind their beginning.
template <class T>
struct GemmFactor {
  const T* from;
  int64_t count, K, step, depthStep;
  int64_t blockStep, tileStep;
  bool isOneRun = false;  // whether the elements of a block follow each other

  // A matrix of which rows, or columns, lie `step` apart and elements of them depthStep.
  GemmFactor(const T* from, int64_t count, int64_t K, int64_t step, int64_t depthStep)
      : from(from), count(count), K(K), step(step), depthStep(depthStep), blockStep(blockSide * step),
        tileStep(tileDepth * depthStep) {}
  // Columns of a matrix [K, count], or [count, K] when transposed, that lies in panels.
  static GemmFactor inPanels(const T* from, int64_t count, int64_t K, bool transposed) {
    GemmFactor factor = transposed ? GemmFactor(from, count, K, blockSide, 1) : GemmFactor(from, count, K, 1, blockSide);
    factor.isOneRun = !transposed;
    if (transposed)
      factor.tileStep = blockSide * count;
    else
      factor.blockStep = blockSide * K;
    return factor;
  }
  int64_t depths() const { return (K + tileDepth - 1) / tileDepth; }
  int64_t blocks() const { return (count + blockSide - 1) / blockSide; }
  const T* at(int64_t block, int64_t depth) const { return from + block * blockStep + depth * tileStep; }
};

template <class T>
constexpr int piecesOf = sizeof(T) == 1 ? 1 : pieceCount;
template <class T>
constexpr int64_t wordsADepth = piecesOf<T> * tileWords;

// The first `count` of sixteen elements, zeros after them.
inline Vector loadFirst(const float* from, int64_t count) {
  if (count >= lanes) return load(from);
  Vector values{};
  if (count > 0) memcpy(&values, from, static_cast<size_t>(count) * 4);
  return values;
}
inline Vector loadFirst(const uint8_t* from, int64_t count) {
  if (count >= lanes) return loadBytes(from);
  uint8_t values[lanes] = {};
  if (count > 0) memcpy(values, from, static_cast<size_t>(count));
  return loadBytes(values);
}

// Splits a factor into tiles, [i][p] for A and [p][i] for B, zero beyond it: a unit of work is a row of both tiles of a
// block, or half of one where it has to be transposed. The same place of the next block is asked for meanwhile, unless
// that lies in a long run, which the processor fetches ahead by itself.
template <bool isA, class T>
class Splitter {
 public:
  // Tiles [d0, d1) of k of a block, floats times `scale`; out [2][d1 − d0].
  Splitter(const GemmFactor<T>& factor, float scale, int64_t block, int64_t d0, int64_t d1, uint32_t* out)
      : factor_(factor), scale_(scale), from_(factor.at(block, d0)), count_(factor.count - block * blockSide),
        depth_(factor.K - d0 * tileDepth), stride_((d1 - d0) * wordsADepth<T>), out_(out),
        alongK_(factor.depthStep == 1), units_((d1 - d0) * (transposes() ? 2 : tileSide)),
        wholeUnits_(count_ >= blockSide ? depth_ / tileDepth * tileSide : 0) {}
  int64_t units() const { return units_; }
  void run(int64_t unit) const {
    if (transposes()) return splitTransposed(unit % 2, unit / 2);
    const int64_t depth = static_cast<uint64_t>(unit) / tileSide, row = static_cast<uint64_t>(unit) % tileSide;
    uint32_t* const out = out_ + depth * wordsADepth<T> + row * tileSide;
    for (int half = 0; half < 2; half++) {
      Vector low, high;
      loadRow(half, depth, row, unit < wholeUnits_, low, high);
      splitRow(low, high, out + half * stride_);
    }
  }
  void runAll() const {
    for (int64_t unit = 0; unit < units_; unit++) run(unit);
  }

 private:
  bool transposes() const { return alongK_ != isA; }

  // As they lie in memory: elements k and k + 16 of a row, or rows k and k + 16 of its neighbours.
  void loadRow(int64_t half, int64_t depth, int64_t row, bool whole, Vector& low, Vector& high) const {
    const int64_t rowStep = alongK_ ? factor_.step : factor_.depthStep;
    const T* const from = from_ + depth * factor_.tileStep + half * tileSide * factor_.step + row * rowStep;
    const T* const fromHigh = from + tileSide * factor_.depthStep;
    if (!factor_.isOneRun) {
      __builtin_prefetch(from + factor_.blockStep, 0, 2);
      __builtin_prefetch(fromHigh + factor_.blockStep, 0, 2);
    }
    if (whole) {
      low = loadFirst(from, tileSide);
      high = loadFirst(fromHigh, tileSide);
      return;
    }
    const int64_t count = count_ - half * tileSide, left = depth_ - depth * tileDepth;
    if (alongK_) {
      low = loadFirst(from, row < count ? left : 0);
      high = loadFirst(fromHigh, row < count ? left - tileSide : 0);
    } else {
      low = loadFirst(from, row < left ? count : 0);
      high = loadFirst(fromHigh, row + tileSide < left ? count : 0);
    }
  }

  void splitTransposed(int64_t half, int64_t depth) const {
    uint32_t* const out = out_ + half * stride_ + depth * wordsADepth<T>;
    const bool whole = depth * tileSide < wholeUnits_;
    if constexpr (piecesOf<T> == 1) {
      Words words[tileSide];
      for (int row = 0; row < tileSide; row++) {
        Vector low, high;
        loadRow(half, depth, row, whole, low, high);
        words[row] = joinPair(low, high);
      }
      transpose16(words);
      memcpy(out, words, sizeof words);
    } else {
      Words low[tileSide], high[tileSide];
      for (int row = 0; row < tileSide; row++) {
        Vector lowRow, highRow;
        loadRow(half, depth, row, whole, lowRow, highRow);
        memcpy(&low[row], &lowRow, 64);
        memcpy(&high[row], &highRow, 64);
      }
      transpose16(low);
      transpose16(high);
      for (int row = 0; row < tileSide; row++) {
        Vector lowRow, highRow;
        memcpy(&lowRow, &low[row], 64);
        memcpy(&highRow, &high[row], 64);
        splitRow(lowRow, highRow, out + row * tileSide);
      }
    }
  }

  void splitRow(Vector low, Vector high, uint32_t* out) const {
    if constexpr (piecesOf<T> == 1) {
      const Words words = joinPair(low, high);
      memcpy(out, &words, 64);
    } else {
      Words words[pieceCount];
      splitPair(low * scale_, high * scale_, words);
      for (int piece = 0; piece < pieceCount; piece++) memcpy(out + piece * tileWords, &words[piece], 64);
    }
  }

  const GemmFactor<T>& factor_;
  const float scale_;
  const T* const from_;
  const int64_t count_, depth_, stride_;  // columns or rows, and k, from here on
  uint32_t* const out_;
  const bool alongK_;
  const int64_t units_, wholeUnits_;
};

}  // namespace atelier::ATELIER_VARIANT
