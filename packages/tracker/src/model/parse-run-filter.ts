/**
 * Filters as people type them:
 *   val_accuracy > 0.9 and (config.optimizer.kind = adam or tags has "try out") and not notes exists
 * Words that are no field of a run itself are summary keys. Names and values with spaces are quoted, by " or '.
 */

import { parseRunField } from "./run-field.ts";
import type { Comparison, RunFilter } from "./run-filter.ts";
import { TrackerError } from "./tracker-error.ts";

interface Token {
  readonly text: string;
  readonly isQuoted: boolean;
  readonly at: number;
}

/** Nobody types more than this into each other; without an end to it the stack would be the end. */
const deepest = 200;

const comparisons: readonly string[] = ["=", "!=", "<", "<=", ">", ">="];

/** Throws bad-argument, saying where the text stops making sense. */
export function parseRunFilter(text: string): RunFilter {
  const tokens = tokensOf(text);
  let next = 0;
  let depth = 0;
  const peek = (...words: readonly string[]) => {
    const token = tokens[next];
    return token !== undefined && !token.isQuoted && words.includes(token.text.toLowerCase());
  };
  const expected = (what: string) => {
    const token = tokens[next];
    const got = token === undefined ? "the end" : `"${token.text}" at ${token.at + 1}`;
    return new TrackerError("bad-argument", `filter: expected ${what}, got ${got}, in: ${text}`);
  };
  const take = (what: string): Token => {
    if (next >= tokens.length || peek("(", ")", ...comparisons)) throw expected(what);
    return tokens[next++]!;
  };

  const disjunction = (): RunFilter => {
    const parts = [conjunction()];
    while (peek("or")) {
      next++;
      parts.push(conjunction());
    }
    return parts.length === 1 ? parts[0]! : { or: parts };
  };
  const conjunction = (): RunFilter => {
    const parts = [term()];
    while (peek("and")) {
      next++;
      parts.push(term());
    }
    return parts.length === 1 ? parts[0]! : { and: parts };
  };
  const term = (): RunFilter => {
    if (!peek("not", "(")) return condition();
    if (++depth > deepest) throw expected(`at most ${deepest} "not" and "(" in one another`);
    const isNegated = peek("not");
    next++;
    const inner = isNegated ? { not: term() } : disjunction();
    if (!isNegated) {
      if (!peek(")")) throw expected('")"');
      next++;
    }
    depth--;
    return inner;
  };
  const condition = (): RunFilter => {
    const field = parseRunField(take("a field").text);
    if (peek("exists")) {
      next++;
      return { field, exists: true };
    }
    if (peek("has", "contains")) {
      next++;
      return { field, contains: take("a text").text };
    }
    if (!peek(...comparisons)) throw expected(`one of ${comparisons.join(" ")} has exists`);
    const is = tokens[next++]!.text as Comparison;
    return { field, is, value: readValue(take("a value")) };
  };

  const filter = disjunction();
  if (next < tokens.length) throw expected('"and", "or" or the end');
  return filter;
}

/** A bare word that reads as a number or truth value is one; quoted, it is text. */
function readValue({ text, isQuoted }: Token): number | string | boolean {
  if (isQuoted) return text;
  if (text === "true" || text === "false") return text === "true";
  if (text === "NaN") return Number.NaN;
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

function tokensOf(text: string): readonly Token[] {
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(!=|<=|>=|[=<>()])|([^\s=<>()!"']+))/gy;
  const tokens: Token[] = [];
  while (pattern.lastIndex < text.trimEnd().length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) {
      throw new TrackerError(
        "bad-argument",
        `filter: cannot read from character ${at + 1} on: ${text.slice(at)}`,
      );
    }
    const quoted = match[1] ?? match[2];
    const isQuoted = quoted !== undefined;
    tokens.push({ text: isQuoted ? quoted.replace(/\\(.)/gs, "$1") : (match[3] ?? match[4]!), isQuoted, at });
  }
  return tokens;
}
