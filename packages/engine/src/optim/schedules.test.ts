import { describe, expect, it } from "vitest";
import reference from "../../test/reference/optim.json" with { type: "json" };
import { constant, cosine, learningRateAt, linear, oneCycle, parseSchedule, stepDecay } from "./schedules.ts";

describe("schedules agree with PyTorch", () => {
  for (const { schedule, peak, total, rates } of reference.schedules) {
    it(`${JSON.stringify(schedule)} over ${total} steps`, () => {
      const parsed = parseSchedule(schedule, "schedule");
      rates.forEach((rate, step) => {
        expect(learningRateAt(parsed, peak, step, total), `step ${step}`).toBeCloseTo(rate, 11);
      });
    });
  }
});

describe("learningRateAt", () => {
  it("takes spans as fractions below 1 and as steps from 1", () => {
    expect(learningRateAt(linear({ warmup: 0.1 }), 1, 0, 50)).toBeCloseTo(1 / 5);
    expect(learningRateAt(linear({ warmup: 5 }), 1, 4, 50)).toBe(1);
    expect(learningRateAt(linear({ warmup: 5 }), 1, 5, 50)).toBe(1);
    expect(learningRateAt(stepDecay({ every: 0.25 }), 1, 13, 50)).toBeCloseTo(0.1);
  });
  it("keeps the last rate after the end, and manages very short runs", () => {
    expect(learningRateAt(oneCycle(), 1, 99, 10)).toBeCloseTo(1 / 25e4, 12);
    for (const total of [1, 2, 3]) {
      for (const schedule of [constant(), cosine(), linear(), oneCycle(), stepDecay({ every: 1 })]) {
        for (let step = 0; step < total; step++) {
          const rate = learningRateAt(schedule, 0.5, step, total);
          expect(rate).toBeGreaterThanOrEqual(0);
          expect(rate).toBeLessThanOrEqual(0.5);
        }
      }
    }
    expect(learningRateAt(constant({ warmup: 10 }), 1, 3, 5)).toBeCloseTo(0.4);
  });
});

describe("parseSchedule", () => {
  it("reads names and objects", () => {
    expect(parseSchedule("oneCycle", "schedule")).toEqual({
      type: "oneCycle",
      rise: 0.3,
      initialDivisor: 25,
      finalDivisor: 1e4,
    });
    expect(parseSchedule({ type: "cosine", warmup: 0.1 }, "schedule")).toEqual(cosine({ warmup: 0.1 }));
  });
  it("says what does not fit", () => {
    expect(() => parseSchedule("onecycle", "schedule")).toThrow(
      'schedule: unknown schedule type "onecycle". Did you mean "oneCycle"?',
    );
    expect(() => parseSchedule("stepDecay", "schedule")).toThrow(
      'schedule (stepDecay): "every" is missing; expected a number > 0.',
    );
    expect(() => parseSchedule({ type: "oneCycle", warmup: 3 }, "schedule")).toThrow(
      'schedule (oneCycle): unknown option "warmup".',
    );
  });
});
