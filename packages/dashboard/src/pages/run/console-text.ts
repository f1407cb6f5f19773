// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const escapeSequence = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** A line as a terminal would leave it: without colours and the like, and without what was written over. */
export function consoleText(text: string): string {
  const parts = text
    .replace(escapeSequence, "")
    .split("\r")
    .filter((part) => part !== "");
  return parts.at(-1) ?? "";
}
