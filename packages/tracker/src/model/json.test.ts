import fc from "fast-check";
import { expect, test } from "vitest";
import { fromJsonText, type Json, toJsonText } from "./json.ts";

test("any value comes back, numbers that are not finite included", () => {
  const text = fc.string().filter((string) => !["NaN", "Infinity", "-Infinity"].includes(string));
  const value = fc.letrec((tie) => ({
    json: fc.oneof(
      fc.double().map((x) => x + 0),
      text,
      fc.boolean(),
      fc.constant(null),
      tie("list"),
      tie("object"),
    ),
    list: fc.array(tie("json"), { maxLength: 4 }),
    object: fc.dictionary(text, tie("json"), { maxKeys: 4 }),
  })).json as fc.Arbitrary<Json>;
  fc.assert(
    fc.property(value, (json) => {
      expect(fromJsonText(toJsonText(json))).toEqual(json);
    }),
    { seed: 4 },
  );
});
