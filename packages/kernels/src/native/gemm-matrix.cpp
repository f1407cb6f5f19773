// gemm and gemmMap on the matrix unit (matrix-unit.h), for products large enough to pay for splitting their factors;
// the rest stays with the vector kernels of the variant this one is laid over.
//
// Every thread takes a share of the result, in columns where there are enough. The rows of A it needs whole and splits
// once, for itself alone: to split twice costs less than to fetch from another core's cache. Of B it splits a block of
// columns at a time. While the unit multiplies, the vector units split the next block of B and take the expression over
// the block of the result before: in small portions, so that both always find work within the processor's reach.
#include "expression.h"
#include "matrix-unit.h"
#include "workspace.h"

namespace atelier {

namespace ATELIER_BASE {
void gemm(const Context&, const GemmArgs&);
void gemmMap(const Context&, const GemmMapArgs&);
int64_t gemmWorkspace(const GemmArgs&);
int64_t gemmMapWorkspace(const GemmMapArgs&);
}  // namespace ATELIER_BASE

namespace ATELIER_VARIANT {
namespace {

// k is cut into parts of at most so many tiles, which accumulate.
constexpr int64_t mostDepths = 32;
// Most blocks of rows worked on together, and most pairs of their tiles: A's pieces stay in the second-level cache.
constexpr int64_t mostRowBlocks = 32, mostPairs = 128;
// Blocks of columns whose result an expression takes together when short runs cost it too much.
constexpr int64_t wideBlocks = 4;

inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// A factor as [count] rows or columns by k: element (i, k) of block and tile lies i·step + k·depthStep, one of which is
// 1, behind their beginning.
struct Factor {
  const float* from;
  int64_t count, K, step, depthStep;
  int64_t blockStep, tileStep;

  // A matrix of which rows, or columns, lie `step` apart and elements of them depthStep.
  Factor(const float* from, int64_t count, int64_t K, int64_t step, int64_t depthStep)
      : from(from), count(count), K(K), step(step), depthStep(depthStep), blockStep(blockSide * step),
        tileStep(tileDepth * depthStep) {}
  // Columns of a matrix [K, count], or [count, K] when transposed, that lies in panels.
  static Factor inPanels(const float* from, int64_t count, int64_t K, bool transposed) {
    Factor factor = transposed ? Factor(from, count, K, blockSide, 1) : Factor(from, count, K, 1, blockSide);
    if (transposed)
      factor.tileStep = blockSide * count;
    else
      factor.blockStep = blockSide * K;
    return factor;
  }
  int64_t depths() const { return (K + tileDepth - 1) / tileDepth; }
  int64_t blocks() const { return (count + blockSide - 1) / blockSide; }
  const float* at(int64_t block, int64_t depth) const { return from + block * blockStep + depth * tileStep; }
};

constexpr int64_t wordsADepth = pieceCount * tileWords;

inline Vector loadFirst(const float* from, int64_t count) {
  if (count >= lanes) return load(from);
  Vector values{};
  if (count > 0) memcpy(&values, from, static_cast<size_t>(count) * 4);
  return values;
}

// Splits a factor into tiles, [i][p] for A and [p][i] for B, zero beyond it: a unit of work is a row of a tile, or a
// whole tile where it has to be transposed. The same place of the next block is asked for meanwhile.
template <bool isA>
class Splitter {
 public:
  // Tiles [d0, d1) of k of a block; out [2][d1 − d0].
  Splitter(const Factor& factor, int64_t block, int64_t d0, int64_t d1, uint32_t* out)
      : factor_(factor), block_(block), d0_(d0), stride_((d1 - d0) * wordsADepth), out_(out),
        units_((d1 - d0) * 2 * (transposes() ? 1 : tileSide)) {}
  int64_t units() const { return units_; }
  void run(int64_t unit) const {
    if (transposes()) {
      const int64_t depth = unit / 2, half = unit % 2;
      splitTransposed(half, d0_ + depth, out_ + half * stride_ + depth * wordsADepth);
      return;
    }
    const int64_t half = unit % 2, row = unit / 2 % tileSide, depth = unit / (2 * tileSide);
    Vector low, high;
    loadRow(half, d0_ + depth, row, low, high);
    splitRow(low, high, out_ + half * stride_ + depth * wordsADepth + row * tileSide);
  }
  void runAll() const {
    for (int64_t unit = 0; unit < units_; unit++) run(unit);
  }

 private:
  bool alongK() const { return factor_.depthStep == 1; }
  bool transposes() const { return alongK() != isA; }

  // As they lie in memory: elements k and k + 16 of a row, or rows k and k + 16 of its neighbours.
  void loadRow(int64_t half, int64_t tile, int64_t row, Vector& low, Vector& high) const {
    const int64_t count = factor_.count - block_ * blockSide - half * tileSide, depth = factor_.K - tile * tileDepth;
    const float* from = factor_.at(block_, tile) + half * tileSide * factor_.step;
    from += row * (alongK() ? factor_.step : factor_.depthStep);
    const float* const fromHigh = from + tileSide * factor_.depthStep;
    if (alongK()) {
      low = loadFirst(from, row < count ? depth : 0);
      high = loadFirst(fromHigh, row < count ? depth - tileSide : 0);
    } else {
      low = loadFirst(from, row < depth ? count : 0);
      high = loadFirst(fromHigh, row + tileSide < depth ? count : 0);
    }
    __builtin_prefetch(from + factor_.blockStep, 0, 2);
    __builtin_prefetch(fromHigh + factor_.blockStep, 0, 2);
  }

  void splitTransposed(int64_t half, int64_t tile, uint32_t* out) const {
    Words low[tileSide], high[tileSide];
    for (int row = 0; row < tileSide; row++) {
      Vector lowRow, highRow;
      loadRow(half, tile, row, lowRow, highRow);
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

  static void splitRow(Vector low, Vector high, uint32_t* out) {
    Words words[pieceCount];
    splitPair(low, high, words);
    for (int piece = 0; piece < pieceCount; piece++) memcpy(out + piece * tileWords, &words[piece], 64);
  }

  const Factor& factor_;
  const int64_t block_, d0_, stride_;
  uint32_t* const out_;
  const int64_t units_;
};

// c = relu?(sums + bias), bias at the block's first column; in place or elsewhere.
void finishBlock(const float* sums, int64_t ldSums, int64_t rows, int64_t columns, const float* bias, bool relu, float* c,
                 int64_t ldc) {
  for (int64_t j = 0; j < columns; j += lanes) {
    const Vector add = bias == nullptr ? Vector{} : loadFirst(bias + j, columns - j);
    for (int64_t i = 0; i < rows; i++) {
      Vector sum = load(sums + i * ldSums + j) + add;
      if (relu) sum = sum < Vector{} ? Vector{} : sum;
      if (columns - j >= lanes)
        store(c + i * ldc + j, sum);
      else
        memcpy(c + i * ldc + j, &sum, static_cast<size_t>(columns - j) * 4);
    }
  }
}

template <class Args>
bool pays(const Args& args) {
  return args.M >= 32 && args.N >= 32 && args.K >= 32 && int64_t{args.M} * args.N * args.K >= 500000;
}

// Work in so many units, to be done evenly over so many steps of something else.
class Alongside {
 public:
  void plan(int64_t units, int64_t steps) {
    units_ = units;
    steps_ = steps;
    done_ = due_ = 0;
  }
  template <class Unit>
  void step(const Unit& unit) {
    for (due_ += units_; due_ >= steps_ && done_ < units_; due_ -= steps_) unit(done_++);
  }
  template <class Unit>
  void finish(const Unit& unit) {
    while (done_ < units_) unit(done_++);
  }

 private:
  int64_t units_ = 0, steps_ = 1, done_ = 0, due_ = 0;
};

// How a product is cut, and the memory a thread needs for it.
struct Cut {
  bool wide;             // expressions take rows of several blocks, not one block after the other
  bool accumulates;      // k has several parts
  int64_t depths;        // tiles of k in a part
  int64_t rowBlocks;     // blocks of rows at once
  int64_t columnBlocks;  // blocks of columns at once
  int64_t ldc;           // between rows of the result

  template <class Args>
  Cut(const Args& args, bool wide) : wide(wide) {
    const int64_t all = (args.K + int64_t{tileDepth} - 1) / tileDepth, parts = (all + mostDepths - 1) / mostDepths;
    accumulates = parts > 1;
    depths = (all + parts - 1) / parts;
    rowBlocks = least(least(mostRowBlocks, mostPairs / depths), (args.M + int64_t{blockSide} - 1) / blockSide);
    columnBlocks = accumulates ? (args.N + int64_t{blockSide} - 1) / blockSide : wide ? wideBlocks : 1;
    // Longer rows lie not a power of two apart, for the cache's sake.
    ldc = wide ? columnBlocks * blockSide + tileSide : int64_t{blockSide};
  }
  int64_t wholeWords() const { return rowBlocks * 2 * depths * wordsADepth; }
  int64_t ownWords() const { return 2 * depths * wordsADepth; }
  // Of as many blocks as are made before somebody takes them.
  int64_t resultFloats() const {
    return wide ? rowBlocks * blockSide * ldc : (accumulates ? rowBlocks * columnBlocks : 1) * blockSide * blockSide;
  }
  int64_t words() const { return wholeWords() + 2 * ownWords() + 2 * resultFloats(); }
};

// A part of the result.
struct Place {
  int64_t row, column;  // of its first element
  int64_t rows, columns;
};

// Calls back for this thread's share of the result: block(place, c, ldc, steps) with the sums of a block, for rows
// within blocks of columns; strip(place, c, ldc, steps) when a few blocks of columns are done for a number of rows. What
// is at c stays there for `steps` calls of meanwhile(), which come while the unit is at work, and until the next block
// or strip is there.
template <class Args, class Finish>
void multiplyShare(const Context& context, const Args& args, const Cut& cut, int worker, int workers, Finish& finish) {
  const int64_t M = args.M, N = args.N, K = args.K;
  const Factor a{context.at(args.a), M, K, args.transposeA ? 1 : K, args.transposeA ? M : 1};
  const float* const bFrom = context.at(args.b);
  const Factor b = args.bPanels ? Factor::inPanels(bFrom, N, K, args.transposeB != 0)
                                : Factor(bFrom, N, K, args.transposeB ? K : 1, args.transposeB ? 1 : N);
  const bool sharesColumns = b.blocks() >= 2 * workers || b.blocks() >= a.blocks();
  const Share rows = sharesColumns ? Share(a.blocks(), 1, 0) : Share(a.blocks(), workers, worker);
  const Share columns = sharesColumns ? Share(b.blocks(), workers, worker) : Share(b.blocks(), 1, 0);
  float* const room = context.ofShare(worker, workers);
  uint32_t* const whole = reinterpret_cast<uint32_t*>(room);
  uint32_t* const owns[] = {whole + cut.wholeWords(), whole + cut.wholeWords() + cut.ownWords()};
  float* const result = room + cut.wholeWords() + 2 * cut.ownWords();
  const int64_t depths = b.depths();
  const auto placeOf = [&](int64_t i, int64_t j, int64_t rowBlocks, int64_t columnBlocks) {
    const int64_t row = i * blockSide, column = j * blockSide;
    return Place{row, column, least(M - row, rowBlocks * blockSide), least(N - column, columnBlocks * blockSide)};
  };
  int64_t turn = 0, resultTurn = 0;
  const MatrixUnit unit;
  for (int64_t i0 = rows.begin; i0 < rows.end; i0 += cut.rowBlocks) {
    const int64_t i1 = least(rows.end, i0 + cut.rowBlocks);
    bool isSplit = false;
    for (int64_t j0 = columns.begin; j0 < columns.end; j0 += cut.columnBlocks) {
      const int64_t j1 = least(columns.end, j0 + cut.columnBlocks);
      for (int64_t d0 = 0; d0 < depths; d0 += cut.depths) {
        const int64_t d1 = least(depths, d0 + cut.depths), stride = (d1 - d0) * wordsADepth;
        const int64_t blockSteps = (d1 - d0) * stepsADepth;
        const bool isLast = d1 == depths;
        if (j0 == columns.begin)
          for (int64_t i = i0; i < i1; i++)
            Splitter<true>(a, i, d0, d1, whole + (i - i0) * 2 * stride).runAll();
        for (int64_t j = j0; j < j1; j++, turn++) {
          const uint32_t* const own = owns[turn % 2];
          if (!isSplit) Splitter<false>(b, j, d0, d1, owns[turn % 2]).runAll();
          isSplit = cut.accumulates ? j + 1 < j1 : j + 1 < columns.end;
          const Splitter<false> next(b, j + 1, d0, d1, owns[(turn + 1) % 2]);
          const auto splitNext = [&](int64_t at) { next.run(at); };
          Alongside splitting;
          if (isSplit) splitting.plan(next.units(), (i1 - i0) * blockSteps);
          for (int64_t i = i0; i < i1; i++) {
            float* const c =
                result + resultTurn % 2 * cut.resultFloats() +
                (cut.wide ? (i - i0) * blockSide * cut.ldc + (j - j0) * blockSide
                          : cut.accumulates ? ((i - i0) * (j1 - j0) + j - j0) * blockSide * blockSide : 0);
            unit.multiply(whole + (i - i0) * 2 * stride, stride, own, stride, d1 - d0, d0 > 0, c, cut.ldc, [&] {
              splitting.step(splitNext);
              finish.meanwhile();
            });
            if (!isLast) continue;
            finish.block(placeOf(i, j, 1, 1), c, cut.ldc, blockSteps);
            if (!cut.wide && !cut.accumulates) resultTurn++;
          }
          splitting.finish(splitNext);
        }
      }
      finish.strip(placeOf(i0, j0, i1 - i0, j1 - j0), result + resultTurn % 2 * cut.resultFloats(), cut.ldc,
                   (i1 - i0) * cut.columnBlocks * cut.depths * stepsADepth);
      if (cut.wide || cut.accumulates) resultTurn++;
    }
  }
  finish.end();
}

template <class Args, class MakeFinish>
void multiplyShares(const Context& context, const Args& args, const Cut& cut, const MakeFinish& makeFinish) {
  const int threads = context.pool->threads(), workers = threads < maxWorkers ? threads : maxWorkers;
  context.pool->each(workers, [&](int worker) {
    auto finish = makeFinish();
    multiplyShare(context, args, cut, worker, workers, finish);
  });
}

struct GemmFinish {
  const GemmArgs& args;
  const float* bias;
  float* c;
  void meanwhile() {}
  void block(const Place& at, const float* sums, int64_t ldSums, int64_t) {
    finishBlock(sums, ldSums, at.rows, at.columns, bias == nullptr ? nullptr : bias + at.column, args.relu != 0,
                c + at.row * args.N + at.column, args.N);
  }
  void strip(const Place&, const float*, int64_t, int64_t) {}
  void end() {}
};

// The expression goes over what is done while the unit makes what follows.
class MapFinish {
 public:
  MapFinish(const GemmMapArgs& args, const float* bias, const Expression& expression, bool wide)
      : args_(args), bias_(bias), expression_(expression), wide_(wide), registers_(expression) {}
  void meanwhile() {
    pending_.step([&](int64_t unit) { run(unit); });
  }
  void block(const Place& at, float* sums, int64_t ldc, int64_t steps) {
    if (bias_ != nullptr || args_.relu != 0)
      finishBlock(sums, ldc, at.rows, at.columns, bias_ == nullptr ? nullptr : bias_ + at.column, args_.relu != 0, sums,
                  ldc);
    if (!wide_) begin(at, sums, ldc, steps);
  }
  void strip(const Place& at, const float* c, int64_t ldc, int64_t steps) {
    if (wide_) begin(at, c, ldc, steps);
  }
  void end() {
    pending_.finish([&](int64_t unit) { run(unit); });
  }

 private:
  // Elements of a panel that are taken at once: with many more the unit runs dry.
  static constexpr int64_t run_ = 48;

  void begin(const Place& at, const float* c, int64_t ldc, int64_t steps) {
    end();
    at_ = at;
    c_ = c;
    ldc_ = ldc;
    if (!wide_) expression_.begin(registers_, at.column * args_.M + at.row * blockSide, c);
    pending_.plan(wide_ ? at.rows : (at.rows * blockSide + run_ - 1) / run_, steps);
  }
  void run(int64_t unit) {
    if (wide_) {
      const int64_t first = (at_.row + unit) * args_.N + at_.column;
      for (int64_t column = 0; column < at_.columns; column += expression_.block())
        expression_.run(registers_, first + column, static_cast<int>(least(at_.columns - column, expression_.block())),
                        c_ + unit * ldc_ + column);
      return;
    }
    const int64_t from = unit * run_;
    expression_.goOn(registers_, static_cast<int>(from), static_cast<int>(least(at_.rows * blockSide, from + run_)));
  }

  const GemmMapArgs& args_;
  const float* const bias_;
  const Expression& expression_;
  const bool wide_;
  Expression::Registers registers_;
  Alongside pending_;
  Place at_{};
  const float* c_ = nullptr;
  int64_t ldc_ = 0;
};

}  // namespace

int64_t gemmWorkspace(const GemmArgs& args) {
  return pays(args) ? maxWorkers * Cut(args, false).words() : ATELIER_BASE::gemmWorkspace(args);
}
int64_t gemmMapWorkspace(const GemmMapArgs& args) {
  return pays(args) ? maxWorkers * Cut(args, args.panels == 0).words() : ATELIER_BASE::gemmMapWorkspace(args);
}

void gemm(const Context& context, const GemmArgs& args) {
  if (!pays(args)) return ATELIER_BASE::gemm(context, args);
  multiplyShares(context, args, Cut(args, false),
                 [&] { return GemmFinish{args, context.at(args.bias), context.at(args.c)}; });
}

void gemmMap(const Context& context, const GemmMapArgs& args) {
  if (!pays(args)) return ATELIER_BASE::gemmMap(context, args);
  const Expression expression(context, mapOf(args));
  const bool wide = args.panels == 0;
  multiplyShares(context, args, Cut(args, wide),
                 [&] { return MapFinish(args, context.at(args.bias), expression, wide); });
}

}  // namespace ATELIER_VARIANT
}  // namespace atelier
