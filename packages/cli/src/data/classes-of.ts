import { fashionMnistClasses } from "@atelier/vision";
import type { Effects } from "../effects.ts";
import { openData } from "./open-data.ts";

/** The number of classes of a data set; opens it only where its name does not say it. */
export async function classesOf(data: string, effects: Effects): Promise<number> {
  if (data === "fashion-mnist") return fashionMnistClasses.length;
  return (await openData({ data }, effects)).train.classNames.length;
}
