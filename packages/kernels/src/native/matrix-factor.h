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

  // A matrix of which rows, or columns, lie `step` apart and elements of them depthStep.
  GemmFactor(const T* from, int64_t count, int64_t K, int64_t step, int64_t depthStep)
      : from(from), count(count), K(K), step(step), depthStep(depthStep), blockStep(blockSide * step),
        tileStep(tileDepth * depthStep) {}
  // Columns of a matrix [K, count], or [count, K] when transposed, that lies in panels.
  static GemmFactor inPanels(const T* from, int64_t count, int64_t K, bool transposed) {
    GemmFactor factor = transposed ? GemmFactor(from, count, K, blockSide, 1) : GemmFactor(from, count, K, 1, blockSide);
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

// The first `count` of sixteen elements, as floats, zeros after them.
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

// Splits tiles [d0, d1) of k of a block of a factor into tiles [i][p] for A and [p][i] for B, zero beyond it: a unit of
// work is a row of its two tiles, or a whole tile where it has to be transposed. The same place of the next block is
// asked for meanwhile.
template <bool isA, class T>
class Splitter {
 public:
  // Floats are taken times `scale`; out [2][d1 − d0].
  Splitter(const GemmFactor<T>& factor, float scale, int64_t block, int64_t d0, int64_t d1, uint32_t* out)
      : transposes_((factor.depthStep == 1) != isA), alongK_(factor.depthStep == 1), scale_(scale),
        units_((d1 - d0) * (transposes_ ? 2 : tileSide)), stride_((d1 - d0) * wordsADepth<T>),
        rowStep_(alongK_ ? factor.step : factor.depthStep), sideStep_(tileSide * factor.step),
        highStep_(tileSide * factor.depthStep), blockStep_(factor.blockStep), tileStep_(factor.tileStep),
        count_(factor.count - block * blockSide), depth_(factor.K - d0 * tileDepth), from_(factor.at(block, d0)),
        out_(out) {}
  int64_t units() const { return units_; }
  void next() {
    const int64_t needed = alongK_ && !transposes_ ? tileSide + at_ + 1 : blockSide;
    if (count_ >= needed && depth_ >= tileDepth)
      next<true>();
    else
      next<false>();
  }
  void runAll() {
    for (int64_t unit = 0; unit < units_; unit++) next();
  }

 private:
  // `isWhole`: nothing lies beyond the factor.
  template <bool isWhole>
  void next() {
    if (transposes_) {
      splitTransposed<isWhole>(from_ + at_ * sideStep_, at_, out_ + at_ * stride_);
      if (++at_ == 2) goOn();
      return;
    }
    const T* const from = from_ + at_ * rowStep_;
    for (int half = 0; half < 2; half++) {
      Vector low, high;
      loadRow<isWhole>(from + half * sideStep_, half, at_, low, high);
      splitRow(low, high, out_ + half * stride_ + at_ * tileSide);
    }
    if (++at_ == tileSide) goOn();
  }
  void goOn() {
    at_ = 0;
    from_ += tileStep_;
    out_ += wordsADepth<T>;
    depth_ -= tileDepth;
  }

  // As they lie in memory: elements k and k + 16 of a row, or rows k and k + 16 of its neighbours.
  template <bool isWhole>
  void loadRow(const T* from, int64_t half, int64_t row, Vector& low, Vector& high) const {
    const int64_t count = count_ - half * tileSide;
    const bool isThere = isWhole || row < (alongK_ ? count : depth_);
    const bool isHighThere = isWhole || row < (alongK_ ? count : depth_ - tileSide);
    low = loadFirst(from, isWhole ? lanes : !isThere ? 0 : alongK_ ? depth_ : count);
    high = loadFirst(from + highStep_, isWhole ? lanes : !isHighThere ? 0 : alongK_ ? depth_ - tileSide : count);
    __builtin_prefetch(from + blockStep_, 0, 2);
    __builtin_prefetch(from + highStep_ + blockStep_, 0, 2);
  }

  template <bool isWhole>
  void splitTransposed(const T* from, int64_t half, uint32_t* out) const {
    Words low[tileSide], high[tileSide];
    for (int row = 0; row < tileSide; row++) {
      Vector lowRow, highRow;
      loadRow<isWhole>(from + row * rowStep_, half, row, lowRow, highRow);
      if constexpr (piecesOf<T> == 1) {
        low[row] = joinPair(lowRow, highRow);
      } else {
        memcpy(&low[row], &lowRow, 64);
        memcpy(&high[row], &highRow, 64);
      }
    }
    transpose16(low);
    if constexpr (piecesOf<T> == 1) {
      memcpy(out, low, sizeof low);
      return;
    }
    transpose16(high);
    for (int row = 0; row < tileSide; row++) {
      Vector lowRow, highRow;
      memcpy(&lowRow, &low[row], 64);
      memcpy(&highRow, &high[row], 64);
      splitRow(lowRow, highRow, out + row * tileSide);
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

  const bool transposes_, alongK_;
  const float scale_;
  const int64_t units_, stride_, rowStep_, sideStep_, highStep_, blockStep_, tileStep_;
  // What is left of the factor, from here on: of rows or columns, and of k.
  const int64_t count_;
  int64_t depth_;
  const T* from_;
  uint32_t* out_;
  int64_t at_ = 0;
};

}  // namespace atelier::ATELIER_VARIANT
