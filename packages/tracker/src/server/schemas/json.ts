/** Schemas of places where a run may keep any value, and of the small types that all others use. */
import { z } from "zod";
import type { Json, JsonObject } from "../../model/json.ts";

/** Any JSON object, passed on as it is: copying would lose keys such as `__proto__`. */
export const jsonObject = z.custom<JsonObject>(isPlainObject, "expected an object").meta({ type: "object" });

/** Any JSON value. */
export const json = z.custom<Json>(() => true);

export const text = z.string();
/** A whole number ≥ 0. */
export const count = z.int().min(0);
/** Where the next one must be a whole number, too. */
export const place = count.max(Number.MAX_SAFE_INTEGER - 1);
/** Milliseconds since the epoch, as far as calendars go. */
export const time = z.number().min(-8.64e15).max(8.64e15);
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256 in 64 hexadecimal digits");

/** A record of any keys whose values are of one schema, passed on as it is. */
export function recordOf<Value>(value: z.ZodType<Value>): z.ZodType<Readonly<Record<string, Value>>> {
  return z
    .custom<Readonly<Record<string, Value>>>(isPlainObject, "expected an object")
    .check(({ value: record, issues }) => {
      for (const [key, part] of Object.entries(record)) {
        const { error } = value.safeParse(part);
        for (const issue of error?.issues ?? []) {
          issues.push({ ...issue, path: [key, ...issue.path], input: part } as z.core.$ZodRawIssue);
        }
      }
    })
    .meta({ type: "object" });
}

/** A property that may be absent; null, which is how undefined travels, reads as undefined. */
export function optional<Value>(schema: z.ZodType<Value>) {
  return z
    .union([schema, z.null()])
    .transform((value) => value ?? undefined)
    .optional();
}

/** A number in a query string. */
export const numberText = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i, "expected a number")
    .transform(Number),
]);
/** A whole number ≥ 0 in a query string. */
export const countText = numberText.pipe(count);
/** How many entries a page may have. */
export const limitText = numberText.pipe(z.int().min(0).max(100_000));
/** Texts in a query string, repeated or alone. */
export const texts = z.union([z.array(text), text.transform((one) => [one])]);

function isPlainObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
