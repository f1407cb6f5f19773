import type { BodyOf } from "@atelier/tracker/api";
import type { Series } from "@atelier/tracker/model";
import { expect, test } from "vitest";
import { sharedReadings } from "./shared-readings.ts";

function reader() {
  const calls: { readonly body: BodyOf<"readSeries">; readonly signal: AbortSignal }[] = [];
  const read = sharedReadings(async (body, signal) => {
    calls.push({ body, signal });
    return body.keys.map((key) => ({ key, runId: body.runIds[0]! }) as Series);
  });
  return { calls, read };
}
const still = new AbortController().signal;

test("questions of one turn that differ only in their keys are one call, and each gets its own keys", async () => {
  const { calls, read } = reader();
  const answers = await Promise.all([
    read({ runIds: ["a"], keys: ["loss"] }, still),
    read({ runIds: ["a"], keys: ["accuracy"] }, still),
    read({ runIds: ["b"], keys: ["loss"] }, still),
  ]);
  expect(calls.map(({ body }) => body)).toEqual([
    { runIds: ["a"], keys: ["loss", "accuracy"] },
    { runIds: ["b"], keys: ["loss"] },
  ]);
  expect(answers.map((series) => series.map(({ runId, key }) => `${runId} ${key}`))).toEqual([
    ["a loss"],
    ["a accuracy"],
    ["b loss"],
  ]);
  await read({ runIds: ["a"], keys: ["loss"] }, still);
  expect(calls).toHaveLength(3);
});

test("a call goes on for as long as anybody waits for it", async () => {
  const { calls, read } = reader();
  const [one, two] = [new AbortController(), new AbortController()];
  const both = [
    read({ runIds: ["a"], keys: ["loss"] }, one.signal),
    read({ runIds: ["a"], keys: ["accuracy"] }, two.signal),
  ];
  await Promise.all(both);
  one.abort();
  expect(calls[0]!.signal.aborted).toBe(false);
  two.abort();
  expect(calls[0]!.signal.aborted).toBe(true);
});
