/** Why a value is not what a schema wants, in one sentence: where, what was expected, what came. */
import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/** Without a place for the value as a whole. */
export function invalidInput({ issues }: z.ZodError, value: unknown): string {
  const found = deepest(issues.flatMap(alternatives));
  const { path } = found[0]!;
  const place = path.length === 0 ? "" : `${path.join(".")}: `;
  const expected = [...new Set(found.map(expectation))].filter((text) => text !== "null");
  return `${place}expected ${expected.join(", or ")}, got ${shown(found[0]!, valueAt(value, path))}.`;
}

/** What each branch of a union has against a value. */
function alternatives(issue: Issue): readonly Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const against = (branches: typeof issue.errors) =>
    branches
      .flatMap((branch) => branch.slice(0, 1).flatMap(alternatives))
      .map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  // A branch whose `type` is the one that came is the one that was meant.
  const meant = against(
    issue.errors.filter((branch) => branch.every(({ code }) => code !== "invalid_value")),
  );
  const isClear = meant.some(({ path }) => path.length > issue.path.length);
  return isClear ? meant : against(issue.errors);
}

/** Those that got furthest: the branch that was meant, and all that got there. */
function deepest(issues: readonly Issue[]): readonly Issue[] {
  const depth = Math.max(...issues.map(({ path }) => path.length));
  const [first] = issues.filter(({ path }) => path.length === depth);
  return issues.filter(({ path }) => path.join("\n") === first!.path.join("\n"));
}

const typeWords: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

function expectation(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return typeWords[issue.expected] ?? issue.expected;
    case "invalid_value": {
      const values = issue.values.map((value) => JSON.stringify(value));
      return values.length === 1 ? values[0]! : `one of ${values.join(", ")}`;
    }
    case "too_small":
      return `a number ≥ ${issue.minimum}`;
    case "too_big":
      return `a number ≤ ${issue.maximum}`;
    case "unrecognized_keys":
      return "only properties that are known here";
    default:
      return issue.message.replace(/^expected /, "");
  }
}

function shown(issue: Issue, value: unknown): string {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => JSON.stringify(key)).join(", ");
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce(
    (inner, key) => (inner as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key],
    value,
  );
}
