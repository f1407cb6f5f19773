/** Readers of option values that several commands share; what they throw names the option. */
import { AtelierError } from "@atelier/engine";
import { Option } from "commander";
import { parseSetting, type Setting } from "./recipe/settings.ts";

/** A reader of a whole number ≥ `min`, and ≤ `max` where there is one, for `option`. */
export function wholeNumberOf(option: string, min: number, max?: number): (text: string) => number {
  const range = max === undefined ? `≥ ${min}` : `from ${min} to ${max}`;
  return (text) => {
    const value = Number(text);
    const isIn = Number.isSafeInteger(value) && value >= min && value <= (max ?? value);
    if (text.trim() !== "" && isIn) return value;
    throw new AtelierError("bad-argument", `${option}: expected a whole number ${range}, got "${text}".`);
  };
}

/** A reader of a text that says something, for `option`. */
export function textOf(option: string): (text: string) => string {
  return (text) => {
    if (text.trim() !== "") return text;
    throw new AtelierError("bad-argument", `${option}: expected a text, got an empty one.`);
  };
}

export const jsonOption = () => new Option("--json", "print one JSON object on stdout");
export const debugOption = () => new Option("--debug", "show where an error comes from");
export const strictOption = () =>
  new Option("--strict", "refuse files that cannot be used instead of skipping them");
export const dataOption = (about: string) => new Option("--data <name|folder>", about);
export const executorOptions = () => [
  new Option("--threads <n>", "threads to compute on (default: all cores)").argParser(
    wholeNumberOf("--threads", 1),
  ),
  new Option("--executor <kind>", "auto, native or reference (default: auto)"),
  new Option("--variant <name>", "CPU variant of the native kernels (default: the best this machine has)"),
];
export const setOption = () =>
  new Option(
    "--set <path=value>",
    "change one place of the recipe, e.g. layers.1.rate=0.3; may be repeated",
  ).argParser((text: string, earlier: readonly Setting[] = []) => [...earlier, parseSetting(text)]);
export const portOption = () =>
  new Option("--port <n>", "port to listen on (default: 6006, or the next one that is free)").argParser(
    wholeNumberOf("--port", 0, 65_535),
  );
