/** Values of runs, which may be anything, on a terminal: one line, no control characters, not too long. */
import type { Json, Setting } from "@atelier/tracker";

const longest = 48;

/** A text as one line that moves no cursor; cut with … beyond `length` characters. */
export function plain(text: string, length = longest): string {
  const shown = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, escaped); // Bidi: marks that turn the writing
  const characters = [...shown];
  return characters.length > length ? `${characters.slice(0, length - 1).join("")}…` : shown;
}

/** A text of several lines, without what moves a cursor or turns the writing. */
export function harmless(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu, escaped);
}

function escaped(character: string): string {
  return character === "\n" ? "⏎" : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

/** Any value of a config or summary as a cell of a table; "–" for none. Numbers with six significant digits. */
export function cellText(value: Json | undefined, length = longest): string {
  if (value === undefined || value === null) return "–";
  if (typeof value === "number")
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  if (typeof value === "string") return plain(value, length);
  const isTextList = Array.isArray(value) && value.every((entry) => typeof entry === "string");
  return plain(isTextList ? value.join(", ") || "–" : JSON.stringify(value), length);
}

/** A setting's place, and of a layer's which kind of layer it is of: layers.1.rate (dropout). */
export function settingName({ path, owner }: Pick<Setting, "path" | "owner">): string {
  return owner === undefined ? path : `${path} (${owner})`;
}

/** 2026-11-24 06:10, in local time. */
export function moment(time: number): string {
  const at = new Date(time);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
