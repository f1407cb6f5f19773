/**
 * The safetensors format (https://huggingface.co/docs/safetensors): 8 bytes little-endian header length, a JSON
 * header that gives every tensor's type, shape and place, then the numbers, row-major, without gaps. Files
 * written here open in Python; files from elsewhere are refused with the reason, never half read.
 */
import { AtelierError } from "../error.ts";
import { formatShape, type Shape, sizeOf } from "../graph/shape.ts";

/** Named arrays and a map of strings beside them. */
export interface SafeTensors {
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface SafeTensor {
  readonly shape: Shape;
  readonly data: Float32Array;
}

const lengthBytes = 8;
/** The header is padded with spaces so that the numbers start at a multiple of this. */
const alignmentBytes = 8;
/** The reference implementation's limit. */
const maxHeaderBytes = 100_000_000;
const metadataKey = "__metadata__";

/** The bytes of a safetensors file, tensors as F32 in the map's order. Throws bad-argument. */
export function encodeSafetensors({ tensors, metadata }: SafeTensors): Uint8Array {
  let endBytes = 0;
  const entries: [string, unknown][] = [[metadataKey, metadata]];
  for (const [name, { shape, data }] of tensors) {
    ensureWritable(name, shape, data);
    const beginBytes = endBytes;
    endBytes += data.byteLength;
    entries.push([name, { dtype: "F32", shape, data_offsets: [beginBytes, endBytes] }]);
  }
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const dataBytes = lengthBytes + Math.ceil(header.length / alignmentBytes) * alignmentBytes;
  const file = new Uint8Array(dataBytes + endBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(dataBytes - lengthBytes), true);
  file.fill(0x20, lengthBytes, dataBytes);
  file.set(header, lengthBytes);
  let place = dataBytes;
  for (const { data } of tensors.values()) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), place);
    place += data.byteLength;
  }
  return file;
}

function ensureWritable(name: string, shape: Shape, data: Float32Array): void {
  if (name === metadataKey) {
    throw new AtelierError("bad-argument", `tensor "${metadataKey}": this name is reserved by safetensors.`);
  }
  if (data.length !== sizeOf(shape)) {
    throw new AtelierError(
      "bad-argument",
      `tensor "${name}": expected ${sizeOf(shape)} values for ${formatShape(shape)}, got ${data.length}.`,
    );
  }
}

/** Where a tensor lies, relative to the end of the header. */
interface TensorEntry {
  readonly name: string;
  readonly type: FloatType;
  readonly shape: Shape;
  readonly beginBytes: number;
  readonly endBytes: number;
}

/**
 * Reads a safetensors file's bytes; half-precision tensors come out as float32, in the order in which they lie.
 * `path` is for messages. Throws bad-file when it is cut short, not of this format, or its parts do not fit.
 */
export function decodeSafetensors(bytes: Uint8Array, path: string): SafeTensors {
  const { header, data } = splitHeader(bytes, path);
  const metadata = readMetadata(header[metadataKey], path);
  const entries = Object.entries(header)
    .filter(([name]) => name !== metadataKey)
    .map(([name, fields]) => readEntry(name, fields, path))
    .sort((a, b) => a.beginBytes - b.beginBytes || a.endBytes - b.endBytes);
  ensureContiguous(entries, data.length, path);
  const tensors = new Map<string, SafeTensor>();
  for (const { name, type, shape, beginBytes, endBytes } of entries) {
    // A copy, so that the numbers are aligned and do not keep the file in memory. Not slice(): a Buffer's does not copy.
    const copy = new Uint8Array(data.subarray(beginBytes, endBytes));
    tensors.set(name, { shape, data: readFloats[type](copy.buffer) });
  }
  return { tensors, metadata };
}

function splitHeader(bytes: Uint8Array, path: string): { header: Record<string, unknown>; data: Uint8Array } {
  if (bytes.length < lengthBytes) {
    fail(path, `is not a safetensors file: expected at least ${lengthBytes} bytes, got ${bytes.length}`);
  }
  const headerBytes = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (headerBytes > maxHeaderBytes) {
    fail(
      path,
      `is not a safetensors file: its header would have ${headerBytes} bytes, the limit is ${maxHeaderBytes}`,
    );
  }
  if (lengthBytes + headerBytes > bytes.length) {
    fail(
      path,
      `is cut short: its header needs ${lengthBytes + headerBytes} bytes, the file has ${bytes.length}`,
    );
  }
  const header = parseHeader(bytes.subarray(lengthBytes, lengthBytes + headerBytes), path);
  return { header, data: bytes.subarray(lengthBytes + headerBytes) };
}

/** The format wants the first byte to be "{", so that what parses is an object. */
function parseHeader(bytes: Uint8Array, path: string): Record<string, unknown> {
  if (bytes[0] !== 0x7b) fail(path, "is not a safetensors file: its header is not a JSON object");
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    return fail(path, "is not a safetensors file: its header is not JSON", cause);
  }
}

function readMetadata(value: unknown, path: string): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value) || !Object.values(value).every((text) => typeof text === "string")) {
    fail(path, `has a damaged header: ${metadataKey} must map names to strings`);
  }
  return value as Record<string, string>;
}

function readEntry(name: string, fields: unknown, path: string): TensorEntry {
  const tensor = `tensor ${JSON.stringify(name)}`;
  const { dtype: type, shape, data_offsets: offsets } = isRecord(fields) ? fields : {};
  if (typeof type !== "string" || !isExtents(shape) || !isExtents(offsets) || offsets.length !== 2) {
    return fail(path, `has a damaged header: ${tensor} lacks a dtype, shape or pair of offsets`);
  }
  if (!isFloatType(type)) {
    return fail(
      path,
      `holds ${tensor} of type ${type}; only ${Object.keys(floatBytes).join(", ")} can be read`,
    );
  }
  const [beginBytes, endBytes] = offsets as [number, number];
  const expectedBytes = sizeOf(shape) * floatBytes[type];
  if (endBytes - beginBytes !== expectedBytes) {
    const got = `offsets ${formatShape(offsets)}`;
    fail(
      path,
      `has a damaged header: ${tensor} ${formatShape(shape)} of type ${type} needs ${expectedBytes} bytes, got ${got}`,
    );
  }
  return { name, type, shape, beginBytes, endBytes };
}

/** Tensors must tile the data: no overlap, no gap, nothing after the last. */
function ensureContiguous(entries: readonly TensorEntry[], dataBytes: number, path: string): void {
  let endBytes = 0;
  for (const entry of entries) {
    if (entry.beginBytes !== endBytes) {
      const wrong = entry.beginBytes < endBytes ? "overlaps the one before it" : "leaves a gap before it";
      fail(path, `has a damaged header: tensor ${JSON.stringify(entry.name)} ${wrong}`);
    }
    endBytes = entry.endBytes;
  }
  if (endBytes > dataBytes)
    fail(path, `is cut short: its tensors need ${endBytes} bytes of data, it has ${dataBytes}`);
  if (endBytes < dataBytes) fail(path, `has ${dataBytes - endBytes} bytes after its last tensor`);
}

type FloatType = "F32" | "F16" | "BF16";

const floatBytes: { readonly [K in FloatType]: number } = { F32: 4, F16: 2, BF16: 2 };

const readFloats: { readonly [K in FloatType]: (buffer: ArrayBuffer) => Float32Array } = {
  F32: (buffer) => new Float32Array(buffer),
  F16: (buffer) => new Float32Array(new Float16Array(buffer)),
  // The upper half of a float32.
  BF16: (buffer) => new Float32Array(Uint32Array.from(new Uint16Array(buffer), (half) => half << 16).buffer),
};

function isFloatType(type: string): type is FloatType {
  return Object.hasOwn(floatBytes, type);
}

function isExtents(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((extent) => Number.isSafeInteger(extent) && extent >= 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fail(path: string, what: string, cause?: unknown): never {
  throw new AtelierError("bad-file", `${path} ${what}.`, { cause });
}
