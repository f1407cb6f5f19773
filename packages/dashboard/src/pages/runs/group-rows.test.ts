import { expect, test } from "vitest";
import { groupRows } from "./group-rows.ts";

const rows = [
  { id: "a", name: "a", state: "finished", cells: [1, "adam"] },
  { id: "b", name: "b", state: "finished", cells: [2, null] },
  { id: "c", name: "c", state: "finished", cells: [3, "adam"] },
] as const;

test("rows keep their order, gathered below headings by value; closed groups show their heading only", () => {
  const keys = (items: ReturnType<typeof groupRows>) => items.map(({ key }) => key);
  expect(keys(groupRows(rows, -1, new Set()))).toEqual(["a", "b", "c"]);
  expect(keys(groupRows(rows, 1, new Set()))).toEqual(['group "adam"', "a", "c", "group null", "b"]);
  expect(keys(groupRows(rows, 1, new Set(['group "adam"'])))).toEqual(['group "adam"', "group null", "b"]);
});
