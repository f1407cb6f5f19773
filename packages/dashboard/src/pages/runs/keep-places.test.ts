import { expect, test } from "vitest";
import { keepPlaces } from "./keep-places.ts";

test("runs keep their colours when sorted anew, and new ones take those that are free", () => {
  const first = keepPlaces(new Map(), ["a", "b", "c"]);
  expect([...first]).toEqual([
    ["a", 0],
    ["b", 1],
    ["c", 2],
  ]);
  const sorted = keepPlaces(first, ["c", "a", "b"]);
  expect(Object.fromEntries(sorted)).toEqual({ a: 0, b: 1, c: 2 });
  const later = keepPlaces(sorted, ["new", "c", "a", "newer"]);
  expect(Object.fromEntries(later)).toEqual({ new: 1, c: 2, a: 0, newer: 3 });
});
