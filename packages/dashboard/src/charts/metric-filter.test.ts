import { expect, test } from "vitest";
import { metricFilter } from "./metric-filter.ts";

test("a metric is found by a part of its name or by a regular expression", () => {
  const names = ["val_loss", "loss", "val/accuracy (top 5)"];
  const found = (text: string) => names.filter(metricFilter(text));
  expect(found("")).toEqual(names);
  expect(found("LOSS")).toEqual(["val_loss", "loss"]);
  expect(found("^loss|acc")).toEqual(["loss", "val/accuracy (top 5)"]);
  expect(found("(top")).toEqual(["val/accuracy (top 5)"]);
  expect(found("(top 5)")).toEqual(["val/accuracy (top 5)"]);
});
