import type { Artifact } from "@atelier/tracker/model";
import { expect, test } from "vitest";
import { lineageOf } from "./lineage.ts";

const made = (name: string, producedBy: string, usedBy: readonly string[] = []) =>
  ({ name, version: 0, producedBy, usedBy }) as unknown as Artifact;

test("what a version was made from, who made and used it, and what became of it", () => {
  const raw = made("raw", "import", ["clean"]);
  const data = made("data", "clean", ["train 1", "train 2"]);
  const model = made("model", "train 1");
  const other = made("other", "elsewhere");
  const { columns, links } = lineageOf(data, [raw, data, model, other]);
  const names = columns.map(({ nodes }) =>
    nodes.map((node) => (node.kind === "run" ? node.runId : node.artifact.name)),
  );
  expect(names).toEqual([["raw"], ["clean"], ["data"], ["train 1", "train 2"], ["model"]]);
  expect(links).toEqual([
    { column: 0, from: 0, to: 0 },
    { column: 1, from: 0, to: 0 },
    { column: 2, from: 0, to: 0 },
    { column: 2, from: 0, to: 1 },
    { column: 3, from: 0, to: 0 },
  ]);
});

test("a version that nothing was made from or with has two columns, and many users are counted", () => {
  const alone = lineageOf(made("model", "train"), []);
  expect(alone.columns.map(({ title }) => title)).toEqual(["made by", "this version"]);
  const users = Array.from({ length: 40 }, (_, i) => `run ${i}`);
  const { columns } = lineageOf(made("data", "clean", users), []);
  expect(columns.at(-1)!.nodes.length + columns.at(-1)!.moreCount).toBe(40);
});
