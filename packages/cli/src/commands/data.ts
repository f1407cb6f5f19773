/** `atelier data`: what a data set holds. */
import { resolve } from "node:path";
import { type DatasetDescription, describeDataset } from "@atelier/vision";
import { type Command, Option } from "commander";
import { debugOption, jsonOption, strictOption } from "../arguments.ts";
import { openData } from "../data/open-data.ts";
import { type Effects, printResult } from "../effects.ts";
import type { DataParts } from "../report/data-figures.ts";
import { grouped } from "../terminal/numbers.ts";
import { formatTable } from "../terminal/table.ts";

export interface DataOptions {
  readonly data: string;
  readonly pictures?: string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

export function declareData(program: Command, effects: Effects): void {
  program
    .command("data")
    .summary("look at a data set: counts, shapes, checksum, label frequencies")
    .description(
      "Looks at a data set, fetching and verifying it first where that is needed: images, shapes, checksums, and how " +
        "often each label occurs.\n\nA data set is fashion-mnist, a folder with IDX files, or a folder of PNG, JPEG or " +
        "WebP images: <class>/… or {train,test}/<class>/….",
    )
    .argument("[name|folder]", "the data set", "fashion-mnist")
    .addOption(new Option("--pictures <dir>", "write pictures of it there, as SVG and PNG"))
    .addOption(strictOption())
    .addOption(jsonOption())
    .addOption(debugOption())
    .action((data: string, options: Omit<DataOptions, "data">) => showData({ ...options, data }, effects));
}

export async function showData(
  { data, pictures, strict, json }: DataOptions,
  effects: Effects,
): Promise<void> {
  const { train, test, skipped } = await openData({ data, strict }, effects);
  const parts = [{ name: "train", dataset: train }, ...(test ? [{ name: "test", dataset: test }] : [])];
  const files = pictures === undefined ? [] : await drawParts(resolve(effects.folder, pictures), parts);
  const described = parts.map(({ name, dataset }) => ({ part: name, ...describeDataset(dataset) }));
  const result = {
    name: train.name,
    shape: train.shape,
    classNames: train.classNames,
    parts: Object.fromEntries(described.map(({ part, ...description }) => [part, description])),
    skipped,
    pictures: files,
  };
  printResult(effects, json, result, [tablesOf(described), ...files].join("\n"));
}

/** Charts are loaded where they are drawn: they take longer to start than all the rest. */
async function drawParts(folder: string, parts: DataParts): Promise<string[]> {
  const { dataFigures } = await import("../report/data-figures.ts");
  const { writeFigures } = await import("../report/write-report.ts");
  return writeFigures(folder, dataFigures(parts));
}

type Part = DatasetDescription & { readonly part: string };

function tablesOf(parts: readonly Part[]): string {
  const [{ name, shape }] = parts as [Part];
  const numbers = (values: readonly number[]) => values.map((value) => value.toFixed(4)).join(" ");
  const overview = formatTable(
    ["part", "images", "mean", "std"],
    parts.map(({ part, size, mean, standardDeviation }) => [
      part,
      grouped(size),
      numbers(mean),
      numbers(standardDeviation),
    ]),
  );
  const checksums = parts.map(({ part, checksum }) => `checksum of ${part}: ${checksum}`).join("\n");
  const labels = formatTable(
    ["label", ...parts.map(({ part }) => part), ...parts.map(({ part }) => `${part} %`)],
    parts[0]!.classes.map((label, index) => [
      label.name,
      ...parts.map(({ classes }) => grouped(classes[index]!.count)),
      ...parts.map(({ classes }) => (100 * classes[index]!.share).toFixed(1)),
    ]),
  );
  return `${name}, images ${shape.join(" × ")}\n\n${overview}\n\n${labels}\n\n${checksums}`;
}
