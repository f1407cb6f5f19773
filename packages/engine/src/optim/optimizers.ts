/** All optimisers there are: one line an optimiser. `type` in recipes is the key here. */
import { readTagged } from "../nn/fields.ts";
import { type Adam, adamRule } from "./adam.ts";
import { type AdamW, adamWRule } from "./adam-w.ts";
import { type Muon, muonRule } from "./muon.ts";
import type { OptimizerRule } from "./optimizer.ts";
import { type Rmsprop, rmspropRule } from "./rmsprop.ts";
import { type Sgd, sgdRule } from "./sgd.ts";

/** An optimiser as plain data: what the factories return and recipes spell out. */
export type OptimizerConfig = Adam | AdamW | Muon | Rmsprop | Sgd;

export type OptimizerType = OptimizerConfig["type"];

export const optimizerRules: {
  readonly [K in OptimizerType]: OptimizerRule<Extract<OptimizerConfig, { readonly type: K }>>;
} = { adam: adamRule, adamW: adamWRule, muon: muonRule, rmsprop: rmspropRule, sgd: sgdRule };

/** An optimiser from data of any origin; a bare name takes its defaults. Throws bad-argument. */
export function parseOptimizer(value: unknown, where: string): OptimizerConfig {
  return readTagged(value, where, "optimizer", optimizerRules) as OptimizerConfig;
}
