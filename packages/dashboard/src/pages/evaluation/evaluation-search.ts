/** What the address of an evaluation says: which one, which list of images, which image. */
export interface EvaluationSearch {
  readonly data?: string | undefined;
  readonly part?: string | undefined;
  /** A cell of the confusion matrix by the names' places: true,predicted; or a list of imageLists. */
  readonly show?: string | undefined;
  /** Index of the image looked at. */
  readonly image?: string | undefined;
}

/** Only what the page understands of an address. */
export function evaluationSearch(search: Readonly<Record<string, unknown>>): EvaluationSearch {
  const text = (name: string) => (typeof search[name] === "string" ? search[name] : undefined);
  return { data: text("data"), part: text("part"), show: text("show"), image: text("image") };
}
