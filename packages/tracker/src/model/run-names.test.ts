import { expect, test } from "vitest";
import { newRunId, newRunName } from "./run-names.ts";

test("ids are 8 letters and digits and names say their number", () => {
  expect(newRunId((count) => new Uint8Array(count).fill(255 - 4).fill(26, 0, 3))).toBe("00099999");
  expect(newRunId()).toMatch(/^[a-z0-9]{8}$/);
  expect(newRunName(13, () => Uint8Array.of(0, 0))).toBe("amber-aardvark-13");
  expect(newRunName(1, () => Uint8Array.of(255, 255))).toMatch(/^[a-z]+-[a-z]+-1$/);
});
