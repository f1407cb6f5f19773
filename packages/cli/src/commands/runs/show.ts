/** `atelier runs show`: all that is known of one run. */
import { compareSettings, durationMs, type Json, type JsonObject, versionText } from "@atelier/tracker";
import type { Command } from "commander";
import { debugOption, jsonOption } from "../../arguments.ts";
import { type Effects, printResult } from "../../effects.ts";
import { duration, grouped, score } from "../../terminal/numbers.ts";
import { cellText, moment, plain, settingName } from "../../terminal/plain.ts";
import { formatTable } from "../../terminal/table.ts";
import { plainJson } from "../../tracking/plain-json.ts";
import { findRun, openRunStore } from "../../tracking/run-store.ts";

export function declareShow(runs: Command, effects: Effects): void {
  runs
    .command("show")
    .summary("everything about one run")
    .description("Shows a run: how it was started, config, summary, files, artifacts, evaluations.")
    .argument("<run>", "a run by id or name")
    .addOption(jsonOption())
    .addOption(debugOption())
    .action((run: string, options: { readonly json?: boolean }) => showRun(run, options, effects));
}

export async function showRun(
  name: string,
  { json }: { readonly json?: boolean },
  effects: Effects,
): Promise<void> {
  await using store = openRunStore(effects);
  const run = await findRun(store, name);
  const [environment, files, artifacts, evaluations] = await Promise.all([
    store.getEnvironment(run.id),
    store.listFiles(run.id),
    store.listArtifacts({ runId: run.id }),
    store.listEvaluations([run.id]),
  ]);
  const { command, git, host, runtime } = environment;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["id", plain(run.id)],
    ["project", plain(run.project)],
    ["group", run.group && plain(run.group)],
    ["tags", run.tags.length > 0 ? run.tags.map((tag) => plain(tag)).join(", ") : undefined],
    ["notes", run.notes ? plain(run.notes, 200) : undefined],
    ["state", run.error === undefined ? run.state : `${run.state}: ${plain(run.error, 200)}`],
    ["started", moment(run.createdAt)],
    ["time", duration(durationMs(run) / 1000)],
    ["data", run.dataset && `${plain(run.dataset.name)} ${run.dataset.checksum.slice(0, 12)}`],
    ["command", command && plain(command.join(" "), 200)],
    ["machine", host && plain(`${host.name}, ${host.cores} cores, ${host.cpu}, ${runtime ?? ""}`, 120)],
    ["commit", git && `${git.commit.slice(0, 12)}${environment.diff ? " with changes" : ""}`],
  ];
  const pairs = (values: JsonObject) =>
    compareSettings([values]).map((setting) => [plain(settingName(setting)), cellText(setting.values[0])]);
  const table = (head: string, rows: readonly (readonly string[])[]) =>
    rows.length === 0 ? [] : [formatTable([head, ""], rows, { align: ["left", "left"] })];
  const text = [
    formatTable(
      [plain(run.name), ""],
      facts.flatMap(([key, value]) => (value ? [[key, value]] : [])),
      {
        align: ["left", "left"],
      },
    ),
    ...table("summary", pairs(run.summary)),
    ...table("config", pairs(run.config)),
    ...table(
      "files",
      files.map(({ path, sizeBytes }) => [plain(path), `${grouped(sizeBytes)} bytes`]),
    ),
    ...table(
      "artifacts",
      artifacts.map(({ name: artifact, version, aliases, producedBy }) => [
        `${plain(artifact)}:${versionText(version)}`,
        `${producedBy === run.id ? "made" : "used"}${aliases.length > 0 ? `, now ${aliases.join(", ")}` : ""}`,
      ]),
    ),
    ...table(
      "evaluations",
      evaluations.map(({ data, part, imageCount, metrics }) => [
        plain(`${data} ${part}`),
        `accuracy ${score(numberOf(metrics.accuracy))}, loss ${score(numberOf(metrics.loss))}, ${grouped(imageCount)} images`,
      ]),
    ),
  ].join("\n\n");
  printResult(effects, json, plainJson({ run, environment, files, artifacts, evaluations }), text);
}

function numberOf(value: Json | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}
