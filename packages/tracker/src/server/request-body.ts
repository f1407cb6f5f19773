/** The body of a request: JSON as wire-json.ts writes it. */
import { fromWireText } from "../api/index.ts";
import { TrackerError } from "../model/tracker-error.ts";

/** Nobody keeps more lists and objects in one another; without an end to it the stack would be the end. */
const deepest = 200;

/** Throws bad-argument for what is no JSON, or too deep. */
export function parseBody(text: string): unknown {
  if (isDeeper(text, deepest)) {
    throw new TrackerError(
      "bad-argument",
      `the body has more than ${deepest} lists and objects in one another.`,
    );
  }
  try {
    return fromWireText(text);
  } catch (cause) {
    throw new TrackerError("bad-argument", `the body is no JSON: ${(cause as Error).message}.`, { cause });
  }
}

const [quote, backslash, openList, closeList, openObject, closeObject] = Array.from('"\\[]{}', (character) =>
  character.charCodeAt(0),
);

function isDeeper(text: string, limit: number): boolean {
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) isInText = !isInText;
    else if (isInText) at += code === backslash ? 1 : 0;
    else if (code === openList || code === openObject) {
      if (++depth > limit) return true;
    } else if (code === closeList || code === closeObject) depth--;
  }
  return false;
}
