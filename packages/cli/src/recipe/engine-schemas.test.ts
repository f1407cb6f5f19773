/** The keys that engine-schemas.ts repeats are those that the engine's readers know. */
import { parseGradientClip, parseLoss, parseSchedule, parseWeightAverage } from "@atelier/engine";
import { describe, expect, test } from "vitest";
import { clipSchema, emaSchema, lossSchema, scheduleSchema } from "./engine-schemas.ts";
import type { JsonSchema } from "./json-schema.ts";

const unlikely = "no such option";

/** The options a reader lists when it is given one that it does not know. */
function knownTo(read: (value: unknown, where: string) => unknown, given: object): string[] {
  try {
    read({ ...given, [unlikely]: 1 }, "here");
  } catch (error) {
    const listed = /Known are: (.*)\.$/.exec((error as Error).message);
    if (listed !== null) return listed[1]!.split(", ").sort();
  }
  throw new Error("expected the reader to list its options");
}

const optionsOf = ({ properties = {} }: JsonSchema) =>
  Object.keys(properties)
    .filter((key) => key !== "type")
    .sort();

const variantsOf = (schema: JsonSchema) => schema.anyOf!.filter(({ properties }) => properties);

describe("keys of the schema", () => {
  test.each([
    ["schedule", scheduleSchema, parseSchedule],
    ["loss", lossSchema, parseLoss],
  ] as const)("%s", (_, schema, read) => {
    const types = variantsOf(schema).map(({ properties }) => properties!.type!.const as string);
    expect(knownTo((value, where) => read(value, where), { type: unlikely })).toEqual(types.sort());
    for (const variant of variantsOf(schema)) {
      const type = variant.properties!.type!.const;
      expect(knownTo(read, { type })).toEqual(optionsOf(variant));
    }
  });

  test.each([
    ["clip", clipSchema, parseGradientClip],
    ["ema", emaSchema, parseWeightAverage],
  ] as const)("%s", (_, schema, read) => {
    expect(knownTo(read, {})).toEqual(optionsOf(schema));
  });
});
