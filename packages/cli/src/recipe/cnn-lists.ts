/**
 * The convolutional network of the report's builder: lists with one entry a layer instead of the layers themselves,
 * which makes networks easy to draw at random. An entry becomes conv2d (same padding), batchNorm where true, dropout
 * and maxPool2d where above 0, in this order; flatten and the classes follow.
 */
import {
  type Activation,
  AtelierError,
  activationField,
  batchNorm,
  conv2d,
  dense,
  dropout,
  type Fields,
  flag,
  flatten,
  type LayerConfig,
  listOf,
  maxPool2d,
  readRecord,
  realNumber,
  wholeNumber,
  withDefault,
} from "@atelier/engine";

export interface CnnLists {
  readonly filters: readonly number[];
  readonly kernelSize: readonly number[];
  readonly batchNorm: readonly boolean[];
  /** Size and stride of the pooling; 0 for none. */
  readonly maxPool: readonly number[];
  /** Rate; 0 for none. */
  readonly dropout: readonly number[];
  readonly activation: Activation;
}

export const cnnListsFields: Fields<CnnLists> = {
  filters: listOf(wholeNumber(1)),
  kernelSize: listOf(wholeNumber(1)),
  batchNorm: listOf(flag),
  maxPool: listOf(wholeNumber(0)),
  dropout: listOf(realNumber({ min: 0, below: 1 })),
  activation: withDefault(activationField, "relu"),
};

/** Lists from data of any origin. Throws bad-argument, also when they differ in length. */
export function parseCnnLists(value: unknown, where: string): CnnLists {
  const lists = readRecord(value, where, cnnListsFields);
  const { activation: _, ...columns } = lists;
  for (const [name, { length }] of Object.entries(columns)) {
    if (length === lists.filters.length) continue;
    throw new AtelierError(
      "bad-argument",
      `${where}: expected ${name} to have one entry a layer (${lists.filters.length}, as filters has), got ${length}.`,
    );
  }
  return lists;
}

/** The layers that the lists stand for, down to the logits of `classes` classes. */
export function cnnLayers(lists: CnnLists, classes: number): LayerConfig[] {
  const { activation } = lists;
  const blocks = lists.filters.flatMap((filters, index) => {
    const [rate, pool] = [lists.dropout[index]!, lists.maxPool[index]!];
    return [
      conv2d(filters, lists.kernelSize[index]!, { padding: "same", activation }),
      ...(lists.batchNorm[index] ? [batchNorm()] : []),
      ...(rate > 0 ? [dropout(rate)] : []),
      ...(pool > 0 ? [maxPool2d(pool)] : []),
    ];
  });
  return [...blocks, flatten(), dense(classes)];
}
