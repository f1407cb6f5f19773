/** Schema of filters as data. */
import { z } from "zod";
import type { RunField } from "../../model/run-field.ts";
import { parseRunField } from "../../model/run-field.ts";
import type { RunFilter } from "../../model/run-filter.ts";

const field = z.string().transform((name): RunField => parseRunField(name));
const value = z.union([
  z.custom<number>((one) => typeof one === "number", "expected a number"),
  z.string(),
  z.boolean(),
]);

export const runFilter: z.ZodType<RunFilter> = z.lazy(() =>
  z.union([
    z.strictObject({ and: z.array(runFilter) }),
    z.strictObject({ or: z.array(runFilter) }),
    z.strictObject({ not: runFilter }),
    z.strictObject({ field, is: z.enum(["=", "!=", "<", "<=", ">", ">="]), value }),
    z.strictObject({ field, contains: z.string() }),
    z.strictObject({ field, exists: z.boolean() }),
  ]),
);
