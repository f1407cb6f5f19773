/**
 * The IDX format of MNIST and its relatives: two zero bytes, an element type, the rank, the dimensions as
 * big-endian 32-bit numbers, then the elements row-major. Only unsigned bytes are read: images have rank 3
 * [N, H, W] or 4 [N, H, W, C], labels rank 1 [N]. Source: yann.lecun.com/exdb/mnist. Files are idx-file.ts.
 */
import { AtelierError } from "@atelier/engine";

/** Images of one size, pixels 0–255, row-major [N, H, W, C]. */
export interface IdxImages {
  readonly count: number;
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly pixels: Uint8Array;
}

interface IdxArray {
  readonly dimensions: readonly number[];
  readonly elements: Uint8Array;
}

const ubyteType = 0x08;
const otherTypes: { readonly [code: number]: string } = {
  9: "signed byte",
  11: "int16",
  12: "int32",
  13: "float32",
  14: "float64",
};

/**
 * Images from the bytes of an uncompressed IDX file; the pixels are a view of `bytes`, not a copy. `source`
 * names the file in messages. Throws "bad-file" unless it holds unsigned bytes of rank 3 or 4 and at least one image.
 */
export function parseIdxImages(bytes: Uint8Array, source: string): IdxImages {
  const { dimensions, elements } = parseIdx(bytes, source);
  if (dimensions.length === 1) {
    throw badFile(
      `${source}: expected images (rank 3 or 4), got rank 1, which is a labels file; swap the two files?`,
    );
  }
  const [count, height, width, channels = 1] = dimensions;
  if ((dimensions.length !== 3 && dimensions.length !== 4) || !count || !height || !width || !channels) {
    throw badFile(
      `${source}: expected images [N, H, W] or [N, H, W, C], none of them 0, got [${dimensions.join(", ")}]`,
    );
  }
  return { count, shape: [height, width, channels], pixels: elements };
}

/**
 * Class indices [N] from the bytes of an uncompressed IDX file, a view of `bytes`.
 * Throws "bad-file" unless it holds unsigned bytes of rank 1 and at least one label.
 */
export function parseIdxLabels(bytes: Uint8Array, source: string): Uint8Array {
  const { dimensions, elements } = parseIdx(bytes, source);
  if (dimensions.length === 3 || dimensions.length === 4) {
    throw badFile(
      `${source}: expected labels (rank 1), got rank ${dimensions.length}, which is an images file; swap the two files?`,
    );
  }
  if (dimensions.length !== 1 || elements.length === 0) {
    throw badFile(`${source}: expected labels [N] with N above 0, got [${dimensions.join(", ")}]`);
  }
  return elements;
}

/**
 * An uncompressed IDX file of unsigned bytes with the given dimensions, row-major.
 * Throws "bad-argument" when their product is not the number of elements.
 */
export function writeIdx(dimensions: readonly number[], elements: Uint8Array): Uint8Array {
  const expected = dimensions.reduce((product, dimension) => product * dimension, 1);
  if (dimensions.length < 1 || dimensions.length > 255 || expected !== elements.length) {
    throw new AtelierError(
      "bad-argument",
      `writeIdx: dimensions [${dimensions.join(", ")}] need ${expected} elements, got ${elements.length}`,
    );
  }
  const headerBytes = 4 + 4 * dimensions.length;
  const bytes = new Uint8Array(headerBytes + elements.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, (ubyteType << 8) | dimensions.length);
  dimensions.forEach((dimension, axis) => {
    view.setUint32(4 + 4 * axis, dimension);
  });
  bytes.set(elements, headerBytes);
  return bytes;
}

function parseIdx(bytes: Uint8Array, source: string): IdxArray {
  if (bytes.length === 0) throw badFile(`${source}: the file is empty`);
  const [zero0 = 0, zero1 = 0, type = 0, rank = 0] = bytes;
  if (
    bytes.length < 4 ||
    zero0 !== 0 ||
    zero1 !== 0 ||
    rank === 0 ||
    !(type === ubyteType || type in otherTypes)
  ) {
    const start = Buffer.from(bytes.subarray(0, 4)).toString("hex");
    throw badFile(`${source}: not an IDX file: expected it to start with 000008 and the rank, got ${start}`);
  }
  if (type !== ubyteType) {
    throw badFile(`${source}: expected elements of type unsigned byte (0x08), got ${otherTypes[type]}`);
  }
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) {
    throw badFile(
      `${source}: truncated: expected a header of ${headerBytes} bytes, got ${bytes.length} bytes`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dimensions = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expectedBytes = headerBytes + dimensions.reduce((product, dimension) => product * dimension, 1);
  if (bytes.length !== expectedBytes) {
    const problem = bytes.length < expectedBytes ? "truncated" : "too long";
    throw badFile(
      `${source}: ${problem}: expected ${expectedBytes} bytes for [${dimensions.join(", ")}], got ${bytes.length}`,
    );
  }
  // Not bytes.subarray: of a Buffer that is a Buffer, whose slice() shares memory where a Uint8Array's copies.
  const elements = new Uint8Array(bytes.buffer, bytes.byteOffset + headerBytes, bytes.length - headerBytes);
  return { dimensions, elements };
}

function badFile(message: string): AtelierError {
  return new AtelierError("bad-file", message);
}
