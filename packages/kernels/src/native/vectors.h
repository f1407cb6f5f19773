// Vector lanes of the variant being compiled, in GCC's vector extensions, and the tile the products are built of:
// a tile is ROWS x (2 vectors), or NARROW_ROWS x (1 vector) where few columns are left. Tiles fill the register
// file: AVX-512 14x32 of 32 registers, AVX2 6x16 of 16, SSE 6x8 of 16, NEON 12x8 of 32.
#pragma once
#include <cstdint>
#include <cstring>

#if !defined(ATELIER_VARIANT) || !defined(ATELIER_LANES)
#error "compile with -DATELIER_VARIANT=<name> -DATELIER_LANES=<4|8|16>"
#endif

namespace atelier::ATELIER_VARIANT {

constexpr int lanes = ATELIER_LANES;
typedef float Vector __attribute__((vector_size(ATELIER_LANES * 4)));
typedef float LooseVector __attribute__((vector_size(ATELIER_LANES * 4), aligned(4), may_alias));

#if ATELIER_LANES == 16
constexpr int tileRows = 14, narrowTileRows = 14;
#elif ATELIER_LANES == 8
constexpr int tileRows = 6, narrowTileRows = 10;
#elif defined(__aarch64__)
constexpr int tileRows = 12, narrowTileRows = 14;
#else
constexpr int tileRows = 6, narrowTileRows = 12;
#endif
constexpr int panelWidth = 2 * lanes;

inline Vector load(const float* p) { return *reinterpret_cast<const LooseVector*>(p); }
inline void store(float* p, Vector v) { *reinterpret_cast<LooseVector*>(p) = v; }

// The first `count` floats of a vector, zeros after them; all where there are more.
inline Vector loadSome(const float* p, int64_t count) {
  if (count >= lanes) return load(p);
  float some[lanes] = {};
  memcpy(some, p, static_cast<size_t>(count) * 4);
  return load(some);
}

inline void storeSome(float* p, Vector value, int64_t count) {
  if (count >= lanes) return store(p, value);
  float some[lanes];
  store(some, value);
  memcpy(p, some, static_cast<size_t>(count) * 4);
}

inline int64_t wholeVectors(int64_t channels) { return (channels + lanes - 1) / lanes * lanes; }

// N floats, N integers of their width and N of half of it, for code that is the same for a vector, a part of one and a
// single number.
template <int N>
struct Wide;
template <>
struct Wide<1> {
  typedef float Floats;
  typedef int32_t Integers;
  typedef uint16_t Shorts;
  static Integers widened(Shorts v) { return v; }
  static Shorts narrowed(Integers v) { return static_cast<Shorts>(v); }
};
#define ATELIER_WIDE(N)                                                               \
  template <>                                                                         \
  struct Wide<N> {                                                                    \
    typedef float Floats __attribute__((vector_size(N * 4)));                         \
    typedef int32_t Integers __attribute__((vector_size(N * 4)));                     \
    typedef uint16_t Shorts __attribute__((vector_size(N * 2)));                      \
    static Integers widened(Shorts v) { return __builtin_convertvector(v, Integers); } \
    static Shorts narrowed(Integers v) { return __builtin_convertvector(v, Shorts); } \
  };
ATELIER_WIDE(4)
ATELIER_WIDE(8)
ATELIER_WIDE(16)
#undef ATELIER_WIDE

template <class V, class T>
inline V loadAs(const T* p) {
  V v;
  memcpy(&v, p, sizeof(V));
  return v;
}
template <class V, class T>
inline void storeAs(T* p, V v) {
  memcpy(p, &v, sizeof(V));
}

// Calls body<N>(c) for runs of N channels that make up [0, C), the widest that fit.
template <class Body>
inline void acrossChannels(int64_t C, const Body& body) {
  int64_t c = 0;
  for (; c + lanes <= C; c += lanes) body.template operator()<lanes>(c);
  if constexpr (lanes > 8)
    if (c + 8 <= C) {
      body.template operator()<8>(c);
      c += 8;
    }
  if constexpr (lanes > 4)
    if (c + 4 <= C) {
      body.template operator()<4>(c);
      c += 4;
    }
  for (; c < C; c++) body.template operator()<1>(c);
}

typedef float Four __attribute__((vector_size(16)));
typedef float LooseFour __attribute__((vector_size(16), aligned(4), may_alias));
typedef int FourIndices __attribute__((vector_size(16)));

// out[k][0..4) = in[0..4)[k] for four k.
inline void transpose4(const float* in, int64_t inStride, float* out, int64_t outStride) {
  const Four a = *reinterpret_cast<const LooseFour*>(in), b = *reinterpret_cast<const LooseFour*>(in + inStride);
  const Four c = *reinterpret_cast<const LooseFour*>(in + 2 * inStride);
  const Four d = *reinterpret_cast<const LooseFour*>(in + 3 * inStride);
  const Four ab0 = __builtin_shuffle(a, b, FourIndices{0, 4, 1, 5}), ab1 = __builtin_shuffle(a, b, FourIndices{2, 6, 3, 7});
  const Four cd0 = __builtin_shuffle(c, d, FourIndices{0, 4, 1, 5}), cd1 = __builtin_shuffle(c, d, FourIndices{2, 6, 3, 7});
  *reinterpret_cast<LooseFour*>(out) = __builtin_shuffle(ab0, cd0, FourIndices{0, 1, 4, 5});
  *reinterpret_cast<LooseFour*>(out + outStride) = __builtin_shuffle(ab0, cd0, FourIndices{2, 3, 6, 7});
  *reinterpret_cast<LooseFour*>(out + 2 * outStride) = __builtin_shuffle(ab1, cd1, FourIndices{0, 1, 4, 5});
  *reinterpret_cast<LooseFour*>(out + 3 * outStride) = __builtin_shuffle(ab1, cd1, FourIndices{2, 3, 6, 7});
}

}  // namespace atelier::ATELIER_VARIANT
