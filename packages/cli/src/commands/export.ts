/** `atelier export`: a model for other programs. */

import { stat } from "node:fs/promises";
import { extname, resolve } from "node:path";
import {
  AtelierError,
  exportModel,
  type ModelFile,
  nearestName,
  saveModel,
  writeFileAtomic,
} from "@atelier/engine";
import { type Command, Option } from "commander";
import { debugOption, jsonOption } from "../arguments.ts";
import { type Effects, printResult } from "../effects.ts";
import { grouped } from "../terminal/numbers.ts";
import { modelArgument, openModel } from "../tracking/open-model.ts";

export interface ExportOptions {
  readonly model: string;
  readonly format: string;
  readonly out?: string;
  /** Whether an ONNX file takes pixels 0–255 and normalises them itself. */
  readonly preprocessing: boolean;
  readonly json?: boolean;
}

export function declareExport(program: Command, effects: Effects): void {
  program
    .command("export")
    .summary("write a model as ONNX, safetensors or JSON")
    .description(
      "Writes a model for other programs.\n\nonnx: for onnxruntime in any language; uint8 images [N, H, W, C] in, " +
        "probabilities out, unless --no-preprocessing.\nsafetensors: the weights, without what training adds to a " +
        "checkpoint.\njson: layers, class names and all weights as numbers.",
    )
    .argument("<model|run>", modelArgument)
    .addOption(new Option("--format <format>", "onnx, safetensors or json").makeOptionMandatory())
    .addOption(new Option("--out <file>", "where to (default: beside the model; of a run, in this folder)"))
    .addOption(new Option("--no-preprocessing", "ONNX only: take float32 images that are normalised already"))
    .addOption(jsonOption())
    .addOption(debugOption())
    .action((model: string, options: Omit<ExportOptions, "model">) =>
      exportTo({ ...options, model }, effects),
    );
}

type Writer = (path: string, file: ModelFile, options: ExportOptions) => Promise<void>;

/** One line a format; the key is its name and its file extension. */
const writers: { readonly [format: string]: Writer } = {
  onnx: (path, { trained }, { preprocessing }) =>
    writeFileAtomic(path, exportModel(trained, { preprocessing })),
  safetensors: (path, { trained, about }) => saveModel(path, { trained, about }),
  json: (path, file) => writeFileAtomic(path, new TextEncoder().encode(modelJson(file))),
};

export async function exportTo(options: ExportOptions, effects: Effects): Promise<void> {
  const { model, format, out, json } = options;
  const formats = Object.keys(writers);
  const write = formats.includes(format) ? writers[format]! : undefined;
  if (write === undefined) {
    const nearest = nearestName(format, formats);
    const hint = nearest === undefined ? `Known are: ${formats.join(", ")}.` : `Did you mean "${nearest}"?`;
    throw new AtelierError("bad-argument", `--format: expected a file format, got "${format}". ${hint}`);
  }
  if (!options.preprocessing && format !== "onnx") {
    throw new AtelierError("bad-argument", `--no-preprocessing: is for --format onnx, got ${format}.`);
  }
  const { file, source, run } = await openModel(model, effects);
  const path = resolve(effects.folder, out ?? (run ? `${run.id}.${format}` : defaultPath(model, format)));
  if (path === source) {
    throw new AtelierError("bad-argument", `--out ${path}: is the model itself; choose another file.`);
  }
  await write(path, file, options);
  const { size } = await stat(path);
  const result = { model: source, format, file: path, sizeBytes: size };
  printResult(effects, json, result, `${path} (${grouped(size)} bytes)`);
}

/** model.safetensors → model.onnx; as safetensors it must not replace the model. */
function defaultPath(model: string, format: string): string {
  const stem = model.slice(0, model.length - extname(model).length);
  return format === "safetensors" ? `${stem}-weights.safetensors` : `${stem}.${format}`;
}

/** Everything in one JSON text; weights are flat, row-major. */
function modelJson({ trained: { model, weights, classNames }, about }: ModelFile): string {
  const parameters = model.parameters.map(({ name, shape }) => ({
    name,
    shape,
    values: [...weights.get(name)!],
  }));
  return `${JSON.stringify({ format: "atelier-json", version: 1, model: model.config, classNames, about, parameters })}\n`;
}
