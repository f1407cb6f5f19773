import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "./json.ts";
import { parseRunFilter } from "./parse-run-filter.ts";
import type { Run } from "./run.ts";
import { compareFieldValues, fieldValue } from "./run-field.ts";
import { matchesFilter } from "./run-filter.ts";

const runWith = (summary: JsonObject, config: JsonObject = {}): Run => ({
  id: "abcdefgh",
  name: "youthful-dawn-13",
  entity: "local",
  project: "shoes",
  group: undefined,
  jobType: "train",
  tags: ["try out", "x"],
  notes: "",
  config,
  summary,
  metrics: {},
  dataset: undefined,
  state: "finished",
  error: undefined,
  writer: undefined,
  createdAt: 1000,
  startedAt: 121_000, // by a clock that is two minutes ahead
  heartbeatAt: 61_000,
  finishedAt: 61_000,
  next: { row: 0, systemRow: 0, consoleLine: 0, step: 0 },
});
const run = runWith(
  { accuracy: 0.93, loss: Number.NaN, "val acc": 1 },
  { optimizer: { kind: "adam", rates: [1, 2] } },
);
const matches = (text: string) => matchesFilter(run, parseRunFilter(text));

describe("a filter", () => {
  test.each([
    "accuracy > 0.9",
    "summary.accuracy>=0.93 and state = finished",
    "accuracy < 0.5 or (config.optimizer.kind = adam and not tags has y)",
    'tags has "try out"',
    "name has DAWN",
    "duration = 60000",
    "config.optimizer.rates.1 = 2",
    "'summary.val acc' = 1",
    "loss = NaN",
    "not loss < 1",
    "loss != 1",
    "nothing != 1",
    "not nothing exists",
    "jobType exists",
    'jobType != "7"',
  ])("holds: %s", (text) => expect(matches(text)).toBe(true));

  test.each([
    "accuracy > 1",
    "accuracy = '0.93'",
    "nothing < 1",
    "not state = finished",
    "group exists",
    "tags has out",
  ])("does not hold: %s", (text) => expect(matches(text)).toBe(false));

  test.each([
    ["accuracy >", "filter: expected a value, got the end, in: accuracy >"],
    ["accuracy 5", 'filter: expected one of = != < <= > >= has exists, got "5" at 9, in: accuracy 5'],
    ["(a = 1", 'filter: expected ")", got the end, in: (a = 1'],
    ["a = 1 b = 2", 'filter: expected "and", "or" or the end, got "b" at 6, in: a = 1 b = 2'],
    ['a = "x', 'filter: cannot read from character 4 on:  "x'],
    ["(".repeat(100_000), 'filter: expected at most 200 "not" and "(" in one another, got "(" at 201, in'],
    [
      "not ".repeat(100_000),
      'filter: expected at most 200 "not" and "(" in one another, got "not" at 800, in',
    ],
  ])("that makes no sense is refused: %s", (text, message) =>
    expect(() => parseRunFilter(text)).toThrow(message),
  );

  test("finds exactly what it names, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (key, value) => {
        const quote = (text: string) => `"${text.replace(/[\\"]/g, "\\$&")}"`;
        const filter = parseRunFilter(`${quote(`summary.${key}`)} = ${quote(value)}`);
        expect(matchesFilter(runWith({ [`${key}`]: value }), filter)).toBe(
          !isNumberText(value) && key !== "__proto__",
        );
        expect(matchesFilter(runWith({ [key]: `${value}.` }), filter)).toBe(false);
      }),
      { seed: 4 },
    );
  });
});

function isNumberText(text: string): boolean {
  return ["NaN", "Infinity", "-Infinity"].includes(text);
}

test("the order of values is total, with what is missing last in both directions", () => {
  const value = fc.option(fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.constant([1])), {
    nil: undefined,
  });
  fc.assert(
    fc.property(
      value,
      value,
      value,
      fc.constantFrom("asc" as const, "desc" as const),
      (a, b, c, direction) => {
        const order = (x: typeof a, y: typeof a) => Math.sign(compareFieldValues(x, y, direction)) + 0;
        expect(order(a, b) + order(b, a)).toBe(0);
        if (order(a, b) <= 0 && order(b, c) <= 0) expect(order(a, c)).toBeLessThanOrEqual(0);
        if (a !== undefined) expect(order(a, undefined)).toBe(-1);
      },
    ),
    { seed: 4 },
  );
});

test("a field is a run's own, a summary key, or a place in config", () => {
  expect(fieldValue(run, "duration")).toBe(60_000);
  expect(fieldValue(run, "summary.val acc")).toBe(1);
  expect(fieldValue(run, "config.optimizer.kind")).toBe("adam");
  expect(fieldValue(run, "config.optimizer.rates.length")).toBeUndefined();
  expect(fieldValue(run, "config.constructor")).toBeUndefined();
});
