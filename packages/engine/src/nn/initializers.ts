/**
 * How parameters start. Every number is a pure function of (seed, parameter index, element), drawn from Philox's
 * `initial` stream: one word an element, turned into a normal number by the inverse of its distribution, so that
 * nothing is ever drawn twice or thrown away. Formulas and defaults are those of Keras 3 (random_initializers.py).
 */
import { AtelierError } from "../error.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import { streams, uniform, words } from "../random/philox.ts";
import { type Field, optional, readTagged, realNumber, type TypeTable } from "./fields.ts";
import { normalCdf, normalQuantile } from "./normal.ts";

const initializerNames = [
  "glorotUniform",
  "glorotNormal",
  "heUniform",
  "heNormal",
  "lecunNormal",
  "orthogonal",
  "randomNormal",
  "zeros",
  "ones",
] as const;

/**
 * - `glorotUniform`, `glorotNormal`: variance 2/(fanIn + fanOut) (Glorot & Bengio 2010, eq. 16 and 12)
 * - `heUniform`, `heNormal`: variance 2/fanIn (He et al. 2015)
 * - `lecunNormal`: variance 1/fanIn (LeCun et al. 1998)
 * - `orthogonal`: orthonormal rows or columns of the kernel seen as [all but last, last] (Saxe et al. 2014)
 * - `randomNormal`: standard deviation 0.05 unless given
 *
 * Glorot, He and LeCun's normal kinds are cut at two standard deviations, as Keras has them.
 */
export type Initializer =
  | (typeof initializerNames)[number]
  | { readonly type: "constant"; readonly value: number }
  | { readonly type: "randomNormal"; readonly stddev: number };

/** The start of batch norm's moving moments [2, C]: mean 0, variance 1. */
export type ParameterInitializer = Initializer | "standardMoments";

const kinds: TypeTable = {
  ...Object.fromEntries(initializerNames.map((name) => [name, { fields: {} }])),
  randomNormal: { fields: { stddev: optional(realNumber({ min: 0 })) } },
  constant: { fields: { value: realNumber() } },
};

/** An initialiser in options and recipes: a name, or an object for those with a number. */
export const initializerField: Field<Initializer> = {
  expected: "an initialiser",
  read: (value, where = "initializer") => {
    const read = readTagged(value, where, "initialiser", kinds);
    return (Object.keys(read).length === 1 ? read.type : read) as Initializer;
  },
};

/** What a parameter must say to be given its first value. */
export interface Initializable {
  readonly shape: Shape;
  readonly initializer: ParameterInitializer;
}

/**
 * First value of the `parameterIndex`-th parameter of a model, row-major; the same arguments always give the
 * same bits.
 */
export function initialValue(
  parameter: Initializable,
  seed: number,
  parameterIndex: number,
): Float32Array<ArrayBuffer> {
  const { shape, initializer } = parameter;
  const values = new Float32Array(sizeOf(shape));
  const draw = (): Uint32Array => words(seed, streams.initial, parameterIndex, values.length);
  const { fanIn, fanOut } = fans(shape);
  if (typeof initializer === "object") {
    if (initializer.type === "constant") return values.fill(initializer.value);
    return normal(values, draw(), initializer.stddev);
  }
  switch (initializer) {
    case "zeros":
      return values;
    case "ones":
      return values.fill(1);
    case "standardMoments":
      return values.fill(1, values.length / 2);
    case "glorotUniform":
      return uniformWithVariance(values, draw(), 2 / (fanIn + fanOut));
    case "heUniform":
      return uniformWithVariance(values, draw(), 2 / fanIn);
    case "glorotNormal":
      return truncatedNormal(values, draw(), 2 / (fanIn + fanOut));
    case "heNormal":
      return truncatedNormal(values, draw(), 2 / fanIn);
    case "lecunNormal":
      return truncatedNormal(values, draw(), 1 / fanIn);
    case "randomNormal":
      return normal(values, draw(), 0.05);
    case "orthogonal":
      return orthogonal(normal(values, draw(), 1), shape);
  }
}

/**
 * Inputs and outputs a weight connects: of a filter bank [kH, kW, C/groups, F] those of its whole receptive
 * field. As in Keras, fanOut of a grouped convolution counts all F filters.
 */
export function fans(shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  if (shape.length === 1) return { fanIn: shape[0]!, fanOut: shape[0]! };
  const field = sizeOf(shape.slice(0, -2));
  return { fanIn: field * (shape.at(-2) ?? 1), fanOut: field * (shape.at(-1) ?? 1) };
}

type Values = Float32Array<ArrayBuffer>;

/** Uniform in [−√(3v), √(3v)). */
function uniformWithVariance(values: Values, drawn: Uint32Array, variance: number): Values {
  const limit = Math.sqrt(3 * variance);
  for (let i = 0; i < values.length; i++) values[i] = (2 * uniform(drawn[i]!) - 1) * limit;
  return values;
}

/** A word as a number strictly inside (0, 1). */
function inside(word: number): number {
  return (word + 0.5) * 2 ** -32;
}

function normal(values: Values, drawn: Uint32Array, stddev: number): Values {
  for (let i = 0; i < values.length; i++) values[i] = normalQuantile(inside(drawn[i]!)) * stddev;
  return values;
}

/** Standard deviation of a standard normal cut at ±2; Keras divides by it to keep the variance. */
const cutDeviation = 0.8796256610342398;

function truncatedNormal(values: Values, drawn: Uint32Array, variance: number): Values {
  const stddev = Math.sqrt(variance) / cutDeviation;
  const low = normalCdf(-2);
  for (let i = 0; i < values.length; i++) {
    values[i] = normalQuantile(low + inside(drawn[i]!) * (1 - 2 * low)) * stddev;
  }
  return values;
}

/**
 * Orthonormalises `values` as a matrix [rows, columns], columns = last extent, along its shorter side by
 * Gram–Schmidt; this is Q of a QR decomposition whose R has a positive diagonal, hence uniform (Mezzadri 2007).
 */
function orthogonal(values: Values, shape: Shape): Values {
  if (shape.length < 2) {
    throw new AtelierError("bad-argument", `orthogonal: expected a kernel of rank ≥ 2, got [${shape}].`);
  }
  const columns = shape.at(-1)!;
  const rows = values.length / columns;
  const [count, length] = rows >= columns ? [columns, rows] : [rows, columns];
  const at = (vector: number, i: number): number =>
    rows >= columns ? i * columns + vector : vector * columns + i;
  const basis: Float64Array[] = [];
  for (let vector = 0; vector < count; vector++) {
    const v = Float64Array.from({ length }, (_, i) => values[at(vector, i)]!);
    // Twice is enough (Giraud et al. 2005).
    for (const earlier of [...basis, ...basis]) {
      const along = dot(earlier, v);
      for (let i = 0; i < length; i++) v[i]! -= along * earlier[i]!;
    }
    const norm = Math.sqrt(dot(v, v));
    for (let i = 0; i < length; i++) {
      v[i]! /= norm;
      values[at(vector, i)] = v[i]!;
    }
    basis.push(v);
  }
  return values;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
