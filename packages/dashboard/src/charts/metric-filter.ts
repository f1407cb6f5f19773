/** Whether a name has `text` in it or, where that can be read so, matches it as a regular expression; case does not count. */
export function metricFilter(text: string): (name: string) => boolean {
  const wanted = text.toLowerCase();
  const pattern = patternOf(text);
  return (name) => name.toLowerCase().includes(wanted) || pattern?.test(name) === true;
}

/** Undefined for what is no regular expression, or not yet. */
function patternOf(text: string): RegExp | undefined {
  try {
    return new RegExp(text, "i");
  } catch {
    return undefined;
  }
}
