/** How far a long step of opening data has come. `total` is absent while it is unknown. */
export interface DataProgress {
  /** What is being done, e.g. "downloading train-images-idx3-ubyte". */
  readonly what: string;
  readonly unit: "bytes" | "images";
  readonly done: number;
  readonly total?: number;
}
