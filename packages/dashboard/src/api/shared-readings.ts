/** Charts that appear together ask together: one call reads the keys of all of them, and what these share is read once. */
import type { AnswerOf, BodyOf } from "@atelier/tracker/api";

type Body = BodyOf<"readSeries">;
type Answer = AnswerOf<"readSeries">;
type Read = (body: Body, signal: AbortSignal) => Promise<Answer>;

/** A question that waits for others of its kind. */
interface Question {
  readonly keys: readonly string[];
  readonly signal: AbortSignal;
  readonly resolve: (answer: Promise<Answer>) => void;
}

/** Reads as `read` does; questions of the same turn that differ only in their keys become one. */
export function sharedReadings(read: Read): Read {
  /** By what they ask beside their keys. */
  const waiting = new Map<string, Question[]>();
  return ({ keys, ...rest }, signal) => {
    const kind = JSON.stringify(rest);
    const questions = waiting.get(kind) ?? [];
    if (questions.length === 0) {
      waiting.set(kind, questions);
      setTimeout(() => {
        waiting.delete(kind);
        answer(read, rest, questions);
      });
    }
    return new Promise((resolve) => questions.push({ keys, signal, resolve }));
  };
}

function answer(read: Read, rest: Omit<Body, "keys">, questions: readonly Question[]): void {
  const keys = [...new Set(questions.flatMap((question) => question.keys))];
  // Only when nobody waits any more is the call given up.
  const nobody = new AbortController();
  const giveUp = () => {
    if (questions.every(({ signal }) => signal.aborted)) nobody.abort();
  };
  for (const { signal } of questions) signal.addEventListener("abort", giveUp);
  giveUp();
  const all = read({ ...rest, keys }, nobody.signal);
  for (const { keys: own, resolve } of questions) {
    resolve(all.then((series) => series.filter(({ key }) => own.includes(key))));
  }
}
