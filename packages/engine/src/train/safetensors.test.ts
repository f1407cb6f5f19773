import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sizeOf } from "../graph/shape.ts";
import { decodeSafetensors, encodeSafetensors, type SafeTensor } from "./safetensors.ts";

const tensor = fc
  .array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 })
  .chain((shape) =>
    fc
      .float32Array({ minLength: sizeOf(shape), maxLength: sizeOf(shape) })
      .map((data): SafeTensor => ({ shape, data })),
  );
const tensorName = fc.string({ unit: "grapheme" }).filter((name) => name !== "__metadata__");
const tensorMap = fc.array(fc.tuple(tensorName, tensor), { maxLength: 6 }).map((entries) => new Map(entries));
const metadata = fc.dictionary(fc.string(), fc.string());

/** A file of the given header and data, header padded as asked. */
function fileOf(header: unknown, dataBytes = 0, padding = ""): Uint8Array {
  const text = new TextEncoder().encode(
    (typeof header === "string" ? header : JSON.stringify(header)) + padding,
  );
  const file = new Uint8Array(8 + text.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

const one = { dtype: "F32", shape: [1], data_offsets: [0, 4] };

describe("safetensors", () => {
  it("reads back what it wrote, bit for bit", () => {
    fc.assert(
      fc.property(tensorMap, metadata, fc.nat(7), (tensors, metadata, offset) => {
        const encoded = encodeSafetensors({ tensors, metadata });
        const shifted = Buffer.alloc(encoded.length + offset).subarray(offset); // an unaligned view, as readFile may give
        shifted.set(encoded);
        const decoded = decodeSafetensors(shifted, "x");
        expect(decoded.metadata).toEqual(Object.fromEntries(Object.entries(metadata)));
        expect(new Set(decoded.tensors.keys())).toEqual(new Set(tensors.keys()));
        for (const [name, { shape, data }] of tensors) {
          expect(decoded.tensors.get(name)!.shape).toEqual(shape);
          expect(new Uint8Array(decoded.tensors.get(name)!.data.buffer)).toEqual(
            new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
          );
        }
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it("refuses every truncation and never reads beyond a damaged header", () => {
    const tensors = new Map([["w", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }]]);
    const whole = encodeSafetensors({ tensors, metadata: { format: "pt" } });
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeSafetensors(whole.subarray(0, length), "x")).toThrow(
        expect.objectContaining({ code: "bad-file" }),
      );
    }
    fc.assert(
      fc.property(fc.nat(whole.length - 25), fc.nat(255), (place, value) => {
        const damaged = whole.slice();
        damaged[place] = value;
        try {
          decodeSafetensors(damaged, "x");
        } catch (error) {
          expect(error).toMatchObject({ code: "bad-file" });
        }
      }),
      { seed: 7, numRuns: 1000 },
    );
  });

  it("writes the layout of the specification", () => {
    const data = Float32Array.of(1.5, -2);
    const bytes = encodeSafetensors({
      tensors: new Map([["a/b", { shape: [2], data }]]),
      metadata: { k: "v" },
    });
    const headerBytes = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(headerBytes % 8).toBe(0);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes)))).toEqual({
      __metadata__: { k: "v" },
      "a/b": { dtype: "F32", shape: [2], data_offsets: [0, 8] },
    });
    expect([...bytes.subarray(8 + headerBytes)]).toEqual([0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0]);
  });

  it("reads half-precision tensors as float32", () => {
    const file = fileOf(
      {
        h: { dtype: "F16", shape: [2], data_offsets: [0, 4] },
        b: { dtype: "BF16", shape: [2], data_offsets: [4, 8] },
      },
      8,
    );
    file.set([0x00, 0x3c, 0x00, 0xc0, 0x80, 0x3f, 0x00, 0xc0], file.length - 8);
    const { tensors, metadata } = decodeSafetensors(file, "x");
    expect(tensors.get("h")!.data).toEqual(Float32Array.of(1, -2));
    expect(tensors.get("b")!.data).toEqual(Float32Array.of(1, -2));
    expect(metadata).toEqual({});
  });

  it("accepts a header padded with spaces", () => {
    expect(decodeSafetensors(fileOf({ a: one }, 4, "   "), "x").tensors.get("a")!.data).toHaveLength(1);
  });

  it.each([
    ["no file at all", new Uint8Array(3), "x is not a safetensors file: expected at least 8 bytes, got 3."],
    [
      "another format",
      new TextEncoder().encode("\x89PNG\r\n\x1a\n plus more"),
      "x is not a safetensors file: its header would have",
    ],
    ["a list as header", fileOf([]), "x is not a safetensors file: its header is not a JSON object."],
    ["no JSON", fileOf("{oops}"), "x is not a safetensors file: its header is not JSON."],
    [
      "metadata that are no strings",
      fileOf({ __metadata__: { epoch: 3 } }),
      "__metadata__ must map names to strings.",
    ],
    [
      "no type",
      fileOf({ a: { shape: [1], data_offsets: [0, 4] } }, 4),
      'tensor "a" lacks a dtype, shape or pair',
    ],
    ["a null tensor", fileOf({ a: null }), 'tensor "a" lacks a dtype, shape or pair of offsets.'],
    ["a fractional extent", fileOf({ a: { ...one, shape: [0.5] } }, 4), 'tensor "a" lacks a dtype'],
    ["a negative offset", fileOf({ a: { ...one, data_offsets: [-4, 0] } }, 4), 'tensor "a" lacks a dtype'],
    [
      "integers",
      fileOf({ a: { ...one, dtype: "I64" } }, 4),
      'tensor "a" of type I64; only F32, F16, BF16 can be read.',
    ],
    [
      "offsets that do not fit",
      fileOf({ a: { ...one, shape: [2] } }, 4),
      'tensor "a" [2] of type F32 needs 8 bytes, got offsets [0, 4].',
    ],
    [
      "overlapping offsets",
      fileOf({ a: one, b: { ...one, shape: [2], data_offsets: [0, 8] } }, 8),
      'tensor "b" overlaps the one before it.',
    ],
    [
      "a gap",
      fileOf({ a: one, b: { ...one, data_offsets: [8, 12] } }, 12),
      'tensor "b" leaves a gap before it.',
    ],
    ["missing data", fileOf({ a: one }, 3), "x is cut short: its tensors need 4 bytes of data, it has 3."],
    ["too much data", fileOf({ a: one }, 5), "x has 1 bytes after its last tensor."],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes, "x")).toThrow(message);
    expect(() => decodeSafetensors(bytes, "x")).toThrow(expect.objectContaining({ code: "bad-file" }));
  });

  it("does not write what could not be read", () => {
    const data = new Float32Array(2);
    const encode = (name: string, shape: number[]) => () =>
      encodeSafetensors({ tensors: new Map([[name, { shape, data }]]), metadata: {} });
    expect(encode("w", [3])).toThrow('tensor "w": expected 3 values for [3], got 2.');
    expect(encode("__metadata__", [2])).toThrow("reserved");
  });
});
