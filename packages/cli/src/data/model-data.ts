/** The images a model file is measured on. */
import type { ImageDataset, ModelFile } from "@atelier/engine";
import { type Effects, say } from "../effects.ts";
import { type DataRequest, openData } from "./open-data.ts";

export type ModelDataRequest = Pick<DataRequest, "strict"> & {
  /** By default the data that the model was trained on. */
  readonly data?: string | undefined;
};

/** The test part, brought to the model's input; a data set without one is taken whole. Throws what openData throws. */
export async function openTestData(
  { trained, about }: ModelFile,
  { data, strict }: ModelDataRequest,
  effects: Effects,
): Promise<ImageDataset> {
  const own = typeof about.data === "string" ? about.data : "fashion-mnist";
  const opened = await openData({ data: data ?? own, input: trained.model.input, strict }, effects);
  if (opened.test === undefined)
    say(effects, `${opened.train.name} has no test part: all its images are used.`);
  const test = opened.test ?? opened.train;
  const isAsMany = test.classNames.length === trained.classNames.length; // otherwise evaluate refuses
  if (isAsMany && test.classNames.join() !== trained.classNames.join()) {
    say(
      effects,
      `the classes of ${test.name} are named differently (${list(test.classNames)}) from the model's ` +
        `(${list(trained.classNames)}): they are matched by position.`,
    );
  }
  return test;
}

function list(names: readonly string[]): string {
  return names.length > 4 ? `${names.slice(0, 4).join(", ")}, …` : names.join(", ");
}
