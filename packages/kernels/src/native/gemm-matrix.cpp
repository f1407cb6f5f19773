// gemm and gemmMap on the matrix unit (matrix-unit.h), for products large enough to pay for splitting their factors;
// the rest stays with the vector kernels of the variant this one is laid over.
//
// A first factor of pixels comes as bytes, one piece instead of three, and takes half the unit's time: what pixels are
// to be multiplied by goes into the second one.
//
// Every thread takes a share of the result, in columns where there are enough. The rows of A it needs whole and splits
// once, for itself alone: to split twice costs less than to fetch from another core's cache. Of B it splits a block of
// columns at a time. While the unit multiplies, the vector units split the next block of B and take the expression over
// the block of the result before: in small portions, so that both always find work within the processor's reach.
#include "expression.h"
#include "matrix-factor.h"
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
  int aPieces;
  bool wide;             // expressions take rows of several blocks, not one block after the other
  bool accumulates;      // k has several parts
  int64_t depths;        // tiles of k in a part
  int64_t rowBlocks;     // blocks of rows at once
  int64_t columnBlocks;  // blocks of columns at once
  int64_t ldc;           // between rows of the result

  template <class Args>
  Cut(const Args& args, bool wide) : aPieces(args.pixelScale == 0 ? pieceCount : 1), wide(wide) {
    const int64_t all = (args.K + int64_t{tileDepth} - 1) / tileDepth, parts = (all + mostDepths - 1) / mostDepths;
    accumulates = parts > 1;
    depths = (all + parts - 1) / parts;
    rowBlocks = least(least(mostRowBlocks, mostPairs / depths), (args.M + int64_t{blockSide} - 1) / blockSide);
    columnBlocks = accumulates ? (args.N + int64_t{blockSide} - 1) / blockSide : wide ? wideBlocks : 1;
    // Longer rows lie not a power of two apart, for the cache's sake.
    ldc = wide ? columnBlocks * blockSide + tileSide : int64_t{blockSide};
  }
  int64_t wholeWords() const { return rowBlocks * 2 * depths * aPieces * tileWords; }
  int64_t ownWords() const { return 2 * depths * wordsADepth<float>; }
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
// or strip is there. Elements of A are T.
template <class T, class Args, class Finish>
void multiplyShare(const Context& context, const Args& args, const Cut& cut, int worker, int workers, Finish& finish) {
  const int64_t M = args.M, N = args.N, K = args.K;
  const GemmFactor<T> a{reinterpret_cast<const T*>(context.at(args.a)), M, K, args.transposeA ? 1 : K, args.transposeA ? M : 1};
  const float* const bFrom = context.at(args.b);
  using B = GemmFactor<float>;
  const B b = args.bPanels ? B::inPanels(bFrom, N, K, args.transposeB != 0)
                           : B(bFrom, N, K, args.transposeB ? K : 1, args.transposeB ? 1 : N);
  const float scale = piecesOf<T> == 1 ? args.pixelScale : 1;
  const bool sharesColumns = b.blocks() >= 2 * workers || b.blocks() >= a.blocks();
  const Share rows = sharesColumns ? Share(a.blocks(), 1, 0) : Share(a.blocks(), workers, worker);
  const Share columns = sharesColumns ? Share(b.blocks(), workers, worker) : Share(b.blocks(), 1, 0);
  float* const room = context.workspace + worker * cut.words();
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
        const int64_t d1 = least(depths, d0 + cut.depths), aStride = (d1 - d0) * wordsADepth<T>;
        const int64_t bStride = (d1 - d0) * wordsADepth<float>, blockSteps = (d1 - d0) * stepsADepth(piecesOf<T>);
        const bool isLast = d1 == depths;
        if (j0 == columns.begin)
          for (int64_t i = i0; i < i1; i++)
            Splitter<true, T>(a, 1, i, d0, d1, whole + (i - i0) * 2 * aStride).runAll();
        for (int64_t j = j0; j < j1; j++, turn++) {
          const uint32_t* const own = owns[turn % 2];
          if (!isSplit) Splitter<false, float>(b, scale, j, d0, d1, owns[turn % 2]).runAll();
          isSplit = cut.accumulates ? j + 1 < j1 : j + 1 < columns.end;
          Splitter<false, float> next(b, scale, j + 1, d0, d1, owns[(turn + 1) % 2]);
          const auto splitNext = [&](int64_t) { next.next(); };
          Alongside splitting;
          if (isSplit) splitting.plan(next.units(), (i1 - i0) * blockSteps);
          for (int64_t i = i0; i < i1; i++) {
            float* const c =
                result + resultTurn % 2 * cut.resultFloats() +
                (cut.wide ? (i - i0) * blockSide * cut.ldc + (j - j0) * blockSide
                          : cut.accumulates ? ((i - i0) * (j1 - j0) + j - j0) * blockSide * blockSide : 0);
            unit.multiply<piecesOf<T>>(whole + (i - i0) * 2 * aStride, aStride, own, bStride, d1 - d0, d0 > 0, c, cut.ldc,
                                       [&] {
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
                   (i1 - i0) * cut.columnBlocks * cut.depths * stepsADepth(piecesOf<T>));
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
    if (cut.aPieces == 1)
      multiplyShare<uint8_t>(context, args, cut, worker, workers, finish);
    else
      multiplyShare<float>(context, args, cut, worker, workers, finish);
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
