/** What the models of two runs answered on the same images. */
import {
  comparePredictions,
  decodePredictions,
  type Evaluation,
  type PredictionComparison,
  type Predictions,
  type Store,
} from "@atelier/tracker";

export interface AnswerComparison extends PredictionComparison {
  readonly data: string;
  readonly part: string;
}

/** One comparison for each data set, told by its checksum, that both runs were evaluated on. */
export async function compareAnswers(
  store: Store,
  firstId: string,
  secondId: string,
): Promise<readonly AnswerComparison[]> {
  const second = await store.listEvaluations([secondId]);
  const compared: AnswerComparison[] = [];
  for (const a of await store.listEvaluations([firstId])) {
    const b = second.find(({ dataChecksum, part }) => dataChecksum === a.dataChecksum && part === a.part);
    if (b === undefined) continue;
    const answers = comparePredictions(await readPredictions(store, a), await readPredictions(store, b));
    compared.push({ data: a.data, part: a.part, ...answers });
  }
  return compared;
}

async function readPredictions({ blobs }: Store, { predictions }: Evaluation): Promise<Predictions> {
  const pieces: Uint8Array[] = [];
  for await (const piece of blobs.read(predictions.sha256)) pieces.push(piece);
  return decodePredictions(Buffer.concat(pieces));
}
