// gemm and gemmMap on the matrix unit (matrix-unit.h), for products large enough to pay for splitting their factors;
// the rest stays with the vector kernels of the variant this one is laid over.
//
// Every thread takes a share of the result, in rows when it has more rows than columns, as the gradient of weights
// does, otherwise in columns. One factor it needs whole and splits once, for itself alone: to split twice costs less
// than to fetch from another core's cache. The other, a layer's weights in the forward pass, is split part of k by
// part of k for as many columns as the cache holds, so that main memory is read in long runs.
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

// k is cut into parts of so many tiles.
constexpr int64_t partDepths = 4;
// Most blocks of a share's own factor that are worked on together, and of the result that they make with the other.
constexpr int64_t ownBlocks = 16, resultBlocks = 64;
// Most rows, or columns, of the factor that is needed whole.
constexpr int64_t wholeRows = 256, wholeColumns = 1024;

inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// A factor as [count] rows or columns by k: element (i, k) at i·step + k·depthStep, one of which is 1.
struct Factor {
  const float* from;
  int64_t count, K, step, depthStep;

  int64_t depths() const { return (K + tileDepth - 1) / tileDepth; }
  int64_t blocks() const { return (count + blockSide - 1) / blockSide; }
  Factor part(int64_t begin, int64_t end) const { return {from + begin * step, end - begin, K, step, depthStep}; }
};

constexpr int64_t wordsADepth = pieceCount * tileWords;

inline Vector loadFirst(const float* from, int64_t count) {
  if (count >= lanes) return load(from);
  Vector values{};
  if (count > 0) memcpy(&values, from, static_cast<size_t>(count) * 4);
  return values;
}

// The tile of elements i0.. and k0.., zero beyond the factor, as [i][p] for A or [p][i] for B.
template <bool isA>
void splitTile(const Factor& factor, int64_t i0, int64_t k0, uint32_t* out) {
  Words words[pieceCount][tileSide];
  const int64_t count = factor.count - i0, depth = factor.K - k0;
  const float* from = factor.from + i0 * factor.step + k0 * factor.depthStep;
  const bool alongK = factor.depthStep == 1;
  for (int row = 0; row < tileSide; row++) {
    Vector low{}, high{};
    if (alongK && row < count) {
      low = loadFirst(from + row * factor.step, depth);
      high = loadFirst(from + row * factor.step + tileSide, depth - tileSide);
    } else if (!alongK) {
      if (row < depth) low = loadFirst(from + row * factor.depthStep, count);
      if (row + tileSide < depth) high = loadFirst(from + (row + tileSide) * factor.depthStep, count);
    }
    Words split[pieceCount];
    splitPair(low, high, split);
    for (int piece = 0; piece < pieceCount; piece++) words[piece][row] = split[piece];
  }
  for (int piece = 0; piece < pieceCount; piece++) {
    if (alongK != isA) transpose16(words[piece]);
    memcpy(out + piece * tileWords, words[piece], tileWords * 4);
  }
}

// Tiles [d0, d1) of k of blocks [b0, b1); out [b1 − b0][2][d1 − d0].
template <bool isA>
void splitBlocks(const Factor& factor, int64_t b0, int64_t b1, int64_t d0, int64_t d1, uint32_t* out) {
  const int64_t sides = (b1 - b0) * 2, stride = (d1 - d0) * wordsADepth;
  const auto split = [&](int64_t side, int64_t depth) {
    splitTile<isA>(factor, b0 * blockSide + side * tileSide, depth * tileDepth,
                   out + side * stride + (depth - d0) * wordsADepth);
  };
  // In the order in which the factor lies in memory.
  if (factor.depthStep == 1) {
    for (int64_t side = 0; side < sides; side++)
      for (int64_t depth = d0; depth < d1; depth++) split(side, depth);
  } else {
    for (int64_t depth = d0; depth < d1; depth++)
      for (int64_t side = 0; side < sides; side++) split(side, depth);
  }
}

// A place of the result, and how it is finished.
struct Target {
  float* c;
  int64_t ldc;
  const float* bias;
  bool relu;
};

void finishBlock(const float* sums, int64_t rows, int64_t columns, const Target& target) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j += lanes) {
      float* c = target.c + i * target.ldc + j;
      Vector sum = load(sums + i * blockSide + j);
      if (target.bias != nullptr) sum += loadFirst(target.bias + j, columns - j);
      if (target.relu) sum = sum < Vector{} ? Vector{} : sum;
      if (columns - j >= lanes)
        store(c, sum);
      else
        memcpy(c, &sum, static_cast<size_t>(columns - j) * 4);
    }
}

template <class Args>
bool pays(const Args& args) {
  return args.M >= 32 && args.N >= 32 && args.K >= 32 && int64_t{args.M} * args.N * args.K >= 500000;
}

// Words of the factor that is needed whole.
template <class Args>
int64_t wholeWords(const Args& args) {
  const int64_t count = args.M >= args.N ? least(args.N, wholeColumns) : least(args.M, wholeRows);
  return (count + blockSide - 1) / blockSide * 2 * ((args.K + int64_t{tileDepth} - 1) / tileDepth) * wordsADepth;
}

// Memory of one thread.
struct Room {
  uint32_t* whole;  // the factor it needs whole, split
  uint32_t* own;    // [ownBlocks][2][partDepths] tiles
  float* sums;      // [resultBlocks] blocks
  float* result;

  static constexpr int64_t ownWords = ownBlocks * 2 * partDepths * wordsADepth;
  static constexpr int64_t sumFloats = resultBlocks * blockSide * blockSide;
  // With room between its rows.
  static constexpr int64_t resultFloats = sumFloats + 2 * tileSide * wholeRows;
  static int64_t words(int64_t wholeWords) { return wholeWords + ownWords + sumFloats + resultFloats; }
  Room(float* workspace, int64_t wholeWords, int64_t worker) {
    float* at = workspace + worker * words(wholeWords);
    whole = reinterpret_cast<uint32_t*>(at);
    own = whole + wholeWords;
    sums = at + wholeWords + ownWords;
    result = sums + sumFloats;
  }
};

// Blocks [b0, b1) of the own factor by all of the whole one, which lies split in the room. With ownIsA the own factor
// has the rows. ahead(other, step, steps) is called several times while blocks with `other` are made.
template <bool ownIsA, class Ahead>
void multiplyOwn(const Factor& own, int64_t b0, int64_t b1, const Factor& whole, const Room& room, const Target& target,
                 const Ahead& ahead) {
  constexpr int64_t blockFloats = blockSide * blockSide;
  const int64_t depths = own.depths(), wholeStride = depths * wordsADepth, others = whole.blocks();
  const bool once = depths <= partDepths;
  const MatrixUnit unit;
  for (int64_t d0 = 0; d0 < depths; d0 += partDepths) {
    const int64_t d1 = least(depths, d0 + partDepths), ownStride = (d1 - d0) * wordsADepth;
    splitBlocks<ownIsA>(own, b0, b1, d0, d1, room.own);
    for (int64_t mine = b0; mine < b1; mine++) {
      const uint32_t* ownWords = room.own + (mine - b0) * 2 * ownStride;
      for (int64_t other = 0; other < others; other++) {
        const uint32_t* words = room.whole + other * 2 * wholeStride + d0 * wordsADepth;
        float* block = room.sums + (once ? 0 : ((mine - b0) * others + other) * blockFloats);
        const auto soon = [&](int64_t depth) {
          if (d0 == 0) ahead(other, depth, d1 - d0);
        };
        if constexpr (ownIsA)
          unit.multiply(ownWords, ownStride, words, wholeStride, d1 - d0, d0 > 0, block, soon);
        else
          unit.multiply(words, wholeStride, ownWords, ownStride, d1 - d0, d0 > 0, block, soon);
        if (d1 < depths) continue;
        const int64_t row = ownIsA ? mine - b0 : other, column = ownIsA ? other : mine - b0;
        const Factor &rows = ownIsA ? own : whole, &columns = ownIsA ? whole : own;
        const int64_t firstRow = (ownIsA ? mine : other) * blockSide, firstColumn = (ownIsA ? other : mine) * blockSide;
        finishBlock(block, least(blockSide, rows.count - firstRow), least(blockSide, columns.count - firstColumn),
                    {target.c + row * blockSide * target.ldc + column * blockSide, target.ldc,
                     target.bias == nullptr ? nullptr : target.bias + column * blockSide, target.relu});
      }
    }
  }
}

// Rows [m0, m1) and columns [n0, n1) of the result, again and again by every thread: body(room, m0, m1, n0, n1, compute)
// where compute(c, ldc, ahead) puts them at c.
template <class Args, class Body>
void eachPart(const Context& context, const Args& args, const Body& body) {
  const int64_t M = args.M, N = args.N, K = args.K;
  const Factor a{context.at(args.a), M, K, args.transposeA ? 1 : K, args.transposeA ? M : 1};
  const Factor b{context.at(args.b), N, K, args.transposeB ? K : 1, args.transposeB ? 1 : N};
  const float* bias = context.at(args.bias);
  const bool relu = args.relu != 0;
  const int threads = context.pool->threads(), workers = threads < maxWorkers ? threads : maxWorkers;
  context.pool->each(workers, [&](int worker) {
    const Room room(context.workspace, wholeWords(args), worker);
    if (M >= N) {
      const Share share(a.blocks(), workers, worker);
      for (int64_t n0 = 0; n0 < N && share.begin < share.end; n0 += wholeColumns) {
        const int64_t n1 = least(N, n0 + wholeColumns);
        const Factor columns = b.part(n0, n1);
        splitBlocks<false>(columns, 0, columns.blocks(), 0, b.depths(), room.whole);
        for (int64_t block = share.begin; block < share.end; block++)
          body(room, block * blockSide, least(M, (block + 1) * blockSide), n0, n1,
               [&](float* c, int64_t ldc, const auto& ahead) {
                 multiplyOwn<true>(a, block, block + 1, columns, room,
                                   {c, ldc, bias == nullptr ? nullptr : bias + n0, relu}, ahead);
               });
      }
      return;
    }
    const Share share(b.blocks(), workers, worker);
    for (int64_t m0 = 0; m0 < M && share.begin < share.end; m0 += wholeRows) {
      const int64_t m1 = least(M, m0 + wholeRows);
      const Factor rows = a.part(m0, m1);
      splitBlocks<true>(rows, 0, rows.blocks(), 0, a.depths(), room.whole);
      const int64_t most = least(ownBlocks, resultBlocks / rows.blocks());
      for (int64_t block = share.begin; block < share.end; block += most) {
        const int64_t end = least(share.end, block + most), n0 = block * blockSide;
        body(room, m0, m1, n0, least(N, end * blockSide), [&](float* c, int64_t ldc, const auto& ahead) {
          multiplyOwn<false>(b, block, end, rows, room, {c, ldc, bias == nullptr ? nullptr : bias + n0, relu}, ahead);
        });
      }
    }
  });
}

}  // namespace

int64_t gemmWorkspace(const GemmArgs& args) {
  return pays(args) ? maxWorkers * Room::words(wholeWords(args)) : ATELIER_BASE::gemmWorkspace(args);
}
int64_t gemmMapWorkspace(const GemmMapArgs& args) {
  return pays(args) ? maxWorkers * Room::words(wholeWords(args)) : ATELIER_BASE::gemmMapWorkspace(args);
}

void gemm(const Context& context, const GemmArgs& args) {
  if (!pays(args)) return ATELIER_BASE::gemm(context, args);
  float* c = context.at(args.c);
  eachPart(context, args, [&](const Room&, int64_t m0, int64_t, int64_t n0, int64_t, const auto& compute) {
    compute(c + m0 * args.N + n0, args.N, [](int64_t, int64_t, int64_t) {});
  });
}

void gemmMap(const Context& context, const GemmMapArgs& args) {
  if (!pays(args)) return ATELIER_BASE::gemmMap(context, args);
  const Expression expression(context, mapOf(args));
  const int64_t N = args.N;
  eachPart(context, args, [&](const Room& room, int64_t m0, int64_t m1, int64_t n0, int64_t n1, const auto& compute) {
    float* const result = room.result;
    const int64_t rows = m1 - m0, columns = n1 - n0;
    // Short rows that are whole lie one after the other; long ones not a power of two apart, for the cache's sake.
    const bool joined = columns == N && columns < 256;
    const int64_t ldc = joined ? columns : (columns + 15) / 16 * 16 + 16;
    compute(result, ldc, [](int64_t, int64_t, int64_t) {});
    const int64_t runs = joined ? 1 : rows, length = joined ? rows * N : columns;
    Expression::Registers registers(expression);
    for (int64_t row = 0; row < runs; row++)
      for (int64_t i = 0; i < length; i += expression.block())
        expression.run(registers, (m0 + row) * N + n0 + i, static_cast<int>(least(length - i, expression.block())),
                       result + row * ldc + i);
  });
}

}  // namespace ATELIER_VARIANT
}  // namespace atelier
