import { describe, expect, it } from "vitest";
import { bytes, float, integer, message, text } from "./protobuf.ts";

/** The examples of https://protobuf.dev/programming-guides/encoding, and the edges of varints. */
describe("protobuf", () => {
  it.each([
    ["a small integer", integer(1, 1), "0801"],
    ["150", integer(1, 150), "089601"],
    ["the last one-byte and first two-byte varints", message(integer(1, 127), integer(1, 128)), "087f088001"],
    ["beyond 32 bits", integer(1, 2 ** 40 + 5), "088580808080 20".replace(" ", "")],
    ["a field number of two bytes", integer(20, 7), "a00107"],
    ["a string", text(2, "testing"), "120774657374696e67"],
    ["a message in a message", bytes(3, integer(1, 150)), "1a03089601"],
    ["a float", float(2, 1.5), "150000c03f"],
    ["nothing", message(), ""],
  ])("encodes %s", (_, encoded, hex) => {
    expect(Buffer.from(encoded).toString("hex")).toBe(hex);
  });
});
