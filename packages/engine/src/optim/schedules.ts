/**
 * Learning rates over a run, as plain data and one pure function. Steps count from 0; the optimiser's
 * `learningRate` is the peak that every schedule is relative to.
 */
import { type Fields, optional, readTagged, realNumber, withDefault } from "../nn/fields.ts";

/**
 * A stretch of a run: below 1 a fraction of all steps, from 1 on a number of steps.
 */
export type Span = number;

export interface WarmupOption {
  /**
   * For the first `warmup` steps the rate climbs linearly, (step + 1)/warmup of the peak; the schedule then runs
   * over what is left.
   */
  readonly warmup?: Span;
}

export interface ConstantSchedule extends WarmupOption {
  readonly type: "constant";
}

export interface StepDecaySchedule extends WarmupOption {
  readonly type: "stepDecay";
  readonly every: Span;
  readonly factor: number;
}

export interface CosineSchedule extends WarmupOption {
  readonly type: "cosine";
  readonly final: number;
}

export interface LinearSchedule extends WarmupOption {
  readonly type: "linear";
  readonly final: number;
}

export interface OneCycleSchedule {
  readonly type: "oneCycle";
  readonly rise: number;
  readonly initialDivisor: number;
  readonly finalDivisor: number;
}

export type Schedule =
  | ConstantSchedule
  | StepDecaySchedule
  | CosineSchedule
  | LinearSchedule
  | OneCycleSchedule;

/** The peak throughout. */
export function constant(options: WarmupOption = {}): ConstantSchedule {
  return make("constant", options);
}

/** peak · factor^⌊step / every⌋, PyTorch's StepLR. */
export function stepDecay(
  options: WarmupOption & {
    readonly every: Span;
    /** Default 0.1. */
    readonly factor?: number;
  },
): StepDecaySchedule {
  return make("stepDecay", options);
}

/**
 * Half a cosine from the peak to final · peak over the run (Loshchilov & Hutter 2017, without restarts; Keras'
 * CosineDecay with alpha = final, PyTorch's CosineAnnealingLR).
 */
export function cosine(
  options: WarmupOption & {
    /** Default 0. */
    readonly final?: number;
  } = {},
): CosineSchedule {
  return make("cosine", options);
}

/** A straight line from the peak to final · peak over the run. */
export function linear(
  options: WarmupOption & {
    /** Default 0. */
    readonly final?: number;
  } = {},
): LinearSchedule {
  return make("linear", options);
}

/**
 * One cycle (Smith & Topin 2018), the same numbers as PyTorch's OneCycleLR with its defaults: by a cosine from
 * peak/initialDivisor up to the peak during the first `rise` of the steps, and by another down to
 * peak/(initialDivisor·finalDivisor) at the last step. Momentum is not cycled.
 */
export function oneCycle(
  options: {
    /** Fraction of steps spent rising, default 0.3. */
    readonly rise?: number;
    /** Default 25. */
    readonly initialDivisor?: number;
    /** Default 10,000. */
    readonly finalDivisor?: number;
  } = {},
): OneCycleSchedule {
  return make("oneCycle", options);
}

const warmup = optional(realNumber({ min: 0 }));
const final = withDefault(realNumber({ min: 0 }), 0);

const kinds: {
  readonly [K in Schedule["type"]]: {
    readonly fields: Fields<Omit<Extract<Schedule, { readonly type: K }>, "type">>;
    /** Factor on the peak at `step` of `total` steps. */
    readonly factorAt: (
      schedule: Extract<Schedule, { readonly type: K }>,
      step: number,
      total: number,
    ) => number;
  };
} = {
  constant: { fields: { warmup }, factorAt: () => 1 },
  stepDecay: {
    fields: { every: realNumber({ above: 0 }), factor: withDefault(realNumber({ min: 0 }), 0.1), warmup },
    factorAt: ({ every, factor }, step, total) => factor ** Math.floor(step / stepsOf(every, total)),
  },
  cosine: {
    fields: { final, warmup },
    factorAt: (schedule, step, total) => between(1, schedule.final, step / total),
  },
  linear: {
    fields: { final, warmup },
    factorAt: (schedule, step, total) => 1 + (schedule.final - 1) * (step / total),
  },
  oneCycle: {
    fields: {
      rise: withDefault(realNumber({ above: 0, below: 1 }), 0.3),
      initialDivisor: withDefault(realNumber({ min: 1 }), 25),
      finalDivisor: withDefault(realNumber({ min: 1 }), 1e4),
    },
    factorAt: ({ rise, initialDivisor, finalDivisor }, step, total) => {
      const start = 1 / initialDivisor;
      const top = Math.max(0, rise * total - 1);
      if (step < top) return between(start, 1, step / top);
      const down = total - 1 - top;
      return between(1, start / finalDivisor, down > 0 ? (step - top) / down : 0);
    },
  },
};

/** A schedule from data of any origin; a bare name takes its defaults. Throws bad-argument. */
export function parseSchedule(value: unknown, where: string): Schedule {
  return readTagged(value, where, "schedule", kinds) as Schedule;
}

/** The rate of step `step` (from 0) of `totalSteps`; later steps keep the last one's. */
export function learningRateAt(schedule: Schedule, peak: number, step: number, totalSteps: number): number {
  const at = Math.min(step, totalSteps - 1);
  const warm = schedule.type === "oneCycle" ? 0 : stepsOf(schedule.warmup ?? 0, totalSteps);
  if (at < warm) return (peak * (at + 1)) / warm;
  const factorAt = kinds[schedule.type].factorAt as (
    schedule: Schedule,
    step: number,
    total: number,
  ) => number;
  return peak * factorAt(schedule, at - warm, totalSteps - warm);
}

/** Whole steps of a span, at least one unless it is 0. */
function stepsOf(span: Span, total: number): number {
  if (span === 0) return 0;
  return Math.max(1, Math.round(span < 1 ? span * total : span));
}

/** From a to b along half a cosine, `progress` in [0, 1]. */
function between(a: number, b: number, progress: number): number {
  return b + (a - b) * 0.5 * (1 + Math.cos(Math.PI * progress));
}

function make<K extends Schedule["type"]>(type: K, options: object): Extract<Schedule, { readonly type: K }> {
  return parseSchedule({ ...options, type }, "") as Extract<Schedule, { readonly type: K }>;
}
