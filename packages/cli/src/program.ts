/** The command line as a function of its arguments: declarations are in commands/, one file a command. */
import { Command, CommanderError } from "commander";
import packageJson from "../package.json" with { type: "json" };
import { declareData } from "./commands/data.ts";
import { declareEvaluate } from "./commands/evaluate.ts";
import { declareExport } from "./commands/export.ts";
import { declareLogin } from "./commands/login.ts";
import { declarePlan } from "./commands/plan.ts";
import { declarePredict } from "./commands/predict.ts";
import { declareQuickstart } from "./commands/quickstart.ts";
import { declareRecipes } from "./commands/recipes.ts";
import { declareRestore } from "./commands/restore.ts";
import { declareRuns } from "./commands/runs.ts";
import { declareServe } from "./commands/serve.ts";
import { declareSummary } from "./commands/summary.ts";
import { declareTrain } from "./commands/train.ts";
import { declareUi } from "./commands/ui.ts";
import type { Effects } from "./effects.ts";
import { exitCodes } from "./exit-codes.ts";
import { reportError } from "./report-error.ts";

/** In the order of `atelier --help`. */
const declarations = [
  declareQuickstart,
  declareRecipes,
  declareData,
  declareTrain,
  declareUi,
  declareServe,
  declareLogin,
  declareSummary,
  declarePlan,
  declareEvaluate,
  declarePredict,
  declareExport,
  declareRuns,
  declareRestore,
];

/** Runs one command and returns the exit code. Never throws. */
export async function runAtelier(args: readonly string[], effects: Effects): Promise<number> {
  try {
    await atelierProgram(effects).parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0; // --help was shown
    if (error instanceof CommanderError && error.code === "commander.help") return exitCodes["bad-argument"]; // no command
    const options = { json: args.includes("--json"), debug: args.includes("--debug") };
    return reportError(error, options, effects);
  }
}

function atelierProgram(effects: Effects): Command {
  const program = new Command("atelier");
  program
    .description("A workshop for training and inspecting image classifiers.")
    .version(packageJson.version)
    .exitOverride()
    .configureOutput({ writeOut: effects.stdout, writeErr: effects.stderr, outputError: () => {} })
    .addHelpText(
      "after",
      `
Results go to stdout, progress and messages to stderr. Every command takes --json.
Exit codes: 0 done${Object.entries(exitCodes)
        .map(([code, number]) => `, ${number} ${code}`)
        .join("")}.

Examples:
  atelier quickstart
  atelier train cnn-small
  atelier runs --sort -test_accuracy
  atelier evaluate out/cnn-small-1/model.safetensors --report report
  atelier predict out/cnn-small-1/model.safetensors shirt.png`,
    );
  for (const declare of declarations) declare(program, effects);
  return program;
}
