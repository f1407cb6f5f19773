/**
 * Writes the protocol-buffer wire format: as much as ONNX models need, which is tags, varints, 4-byte floats and
 * length-delimited parts (https://protobuf.dev/programming-guides/encoding). It does not read.
 */

/** An encoded field, or a message: encoded fields one after the other. */
export type Encoded = Uint8Array<ArrayBuffer>;

const varintType = 0;
const lengthDelimitedType = 2;
const fixed32Type = 5;

/** A message of the given fields. */
export function message(...fields: readonly (Encoded | readonly Encoded[])[]): Encoded {
  const parts = fields.flat() as readonly Encoded[];
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let place = 0;
  for (const part of parts) {
    joined.set(part, place);
    place += part.length;
  }
  return joined;
}

/** An int32, int64 or enum field. `value` is a safe integer, not negative. */
export function integer(field: number, value: number): Encoded {
  return message(varint(field * 8 + varintType), varint(value));
}

/** A float field. */
export function float(field: number, value: number): Encoded {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return message(varint(field * 8 + fixed32Type), bytes);
}

/** A string field. */
export function text(field: number, value: string): Encoded {
  return bytes(field, new TextEncoder().encode(value));
}

/** A bytes field, or a field that holds a message. */
export function bytes(field: number, value: Encoded): Encoded {
  return message(varint(field * 8 + lengthDelimitedType), varint(value.length), value);
}

/** Seven bits a byte, least significant first, the high bit set on all but the last. */
function varint(value: number): Encoded {
  const digits: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...digits, rest]);
    digits.push((rest % 128) + 128);
  }
}
