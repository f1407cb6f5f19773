/**
 * A PNG encoder for thumbnails that runs in Node and in the browser alike and always yields the same bytes.
 * It stores the pixels without compressing them: a thumbnail is about a kilobyte either way.
 * Source: PNG (W3C, third edition), zlib (RFC 1950), deflate stored blocks (RFC 1951, 3.2.4).
 */
import type { ImagePixels } from "./image-pixels.ts";

export type { ImagePixels };

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const colourType = { 1: 0, 3: 2 } as const;
const maxStoredBytes = 0xffff;
const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** The image as a PNG file, 8 bits a channel. Throws RangeError when `pixels` does not fit the stated size. */
export function encodePng(image: ImagePixels): Uint8Array {
  const { pixels, height, width, channels } = image;
  if (pixels.length !== height * width * channels || pixels.length === 0) {
    const expected = `${height} × ${width} × ${channels} = ${height * width * channels}`;
    throw new RangeError(`image: expected ${expected} bytes of pixels, got ${pixels.length}.`);
  }
  const rowBytes = width * channels;
  const filtered = new Uint8Array(height * (rowBytes + 1)); // each row starts with its filter type, 0 for none
  for (let y = 0; y < height; y++) {
    filtered.set(pixels.subarray(y * rowBytes, (y + 1) * rowBytes), y * (rowBytes + 1) + 1);
  }
  const header = [...uint32(width), ...uint32(height), 8, colourType[channels], 0, 0, 0];
  const file = [signature, chunk("IHDR", header), chunk("IDAT", storeZlib(filtered)), chunk("IEND", [])];
  return Uint8Array.from(file.flat());
}

/** The image as `data:image/png;base64,…`. */
export function pngDataUri(image: ImagePixels): string {
  let bytes = "";
  for (const byte of encodePng(image)) bytes += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(bytes)}`;
}

function chunk(type: string, data: readonly number[]): number[] {
  const body = [...type].map((character) => character.charCodeAt(0)).concat(data);
  return [...uint32(data.length), ...body, ...uint32(crc32(body))];
}

function storeZlib(data: Uint8Array): number[] {
  const out = [0x78, 0x01];
  for (let start = 0; start < data.length; start += maxStoredBytes) {
    const block = data.subarray(start, start + maxStoredBytes);
    const isLast = start + maxStoredBytes >= data.length ? 1 : 0;
    out.push(isLast, block.length & 255, block.length >> 8, ~block.length & 255, (~block.length >> 8) & 255);
    for (const byte of block) out.push(byte);
  }
  return out.concat(uint32(adler32(data)));
}

function uint32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

function crc32(data: readonly number[]): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = crcTable[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function adler32(data: Uint8Array): number {
  let [a, b] = [1, 0];
  for (const byte of data) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return ((b << 16) | a) >>> 0;
}
