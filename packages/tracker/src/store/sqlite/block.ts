/**
 * Blocks: arrays of numbers as bytes. The first byte says how:
 *   0  whole numbers: varints of their zigzagged second differences, 1 byte each where they are regular
 *   1  float32, where every number is one exactly
 *   2  float64
 * Little-endian. Reading gives back every number exactly; all NaNs are one, and -0 is 0.
 */
const whole = 0;
const float32 = 1;
const float64 = 2;

/** Second differences of such numbers stay exact in float64. */
const largestWhole = 2 ** 49;

/** The bytes of a block; `values` may be any numbers. */
export function encodeBlock(values: Float64Array): Uint8Array {
  if (values.every((value) => Number.isInteger(value) && Math.abs(value) <= largestWhole))
    return encodeWhole(values);
  const isSingle = values.every((value) => Number.isNaN(value) || Math.fround(value) === value);
  const numbers = isSingle ? Float32Array.from(values) : values;
  const bytes = new Uint8Array(1 + numbers.byteLength);
  bytes[0] = isSingle ? float32 : float64;
  bytes.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), 1);
  return bytes;
}

/** The numbers of a block of `count` numbers. Throws RangeError for bytes that are none. */
export function decodeBlock(bytes: Uint8Array, count: number): Float64Array {
  if (bytes[0] === whole) return decodeWhole(bytes, count);
  const own = bytes.slice(1).buffer; // a typed array needs its own alignment
  if (bytes[0] === float32 && own.byteLength === 4 * count) return Float64Array.from(new Float32Array(own));
  if (bytes[0] === float64 && own.byteLength === 8 * count) return new Float64Array(own);
  throw new RangeError(`a block of ${count} numbers cannot have ${bytes.length} bytes of kind ${bytes[0]}`);
}

function encodeWhole(values: Float64Array): Uint8Array {
  const bytes = new Uint8Array(1 + 8 * values.length); // |second difference| ≤ 2^51, zigzagged ≤ 2^52: 8 × 7 bits hold it
  let at = 1;
  let before = 0;
  let difference = 0;
  for (const value of values) {
    const second = value - before - difference;
    difference = value - before;
    before = value;
    let rest = second >= 0 ? 2 * second : -2 * second - 1;
    while (rest >= 128) {
      bytes[at++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    bytes[at++] = rest;
  }
  bytes[0] = whole;
  return bytes.slice(0, at);
}

function decodeWhole(bytes: Uint8Array, count: number): Float64Array {
  const values = new Float64Array(count);
  let at = 1;
  let before = 0;
  let difference = 0;
  for (let i = 0; i < count; i++) {
    let zigzag = bytes[at++]!;
    if (zigzag < 128) {
      difference += (zigzag >> 1) ^ -(zigzag & 1); // regular series are made of these
    } else {
      zigzag -= 128;
      let scale = 128;
      for (; bytes[at]! >= 128; scale *= 128) zigzag += (bytes[at++]! - 128) * scale;
      zigzag += bytes[at++]! * scale;
      difference += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    }
    before += difference;
    values[i] = before;
  }
  if (at !== bytes.length)
    throw new RangeError(`a block of ${count} whole numbers cannot have ${bytes.length} bytes`);
  return values;
}
