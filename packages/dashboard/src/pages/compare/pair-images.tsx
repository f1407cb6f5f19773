import { formatCount, formatDecimal } from "@atelier/charts/text";
import { comparePredictions, type Run } from "@atelier/tracker/model";
import { useMemo } from "react";
import { ConfusionGrid } from "../../images/confusion-grid.tsx";
import { DataImage } from "../../images/data-image.tsx";
import { ImageTile } from "../../images/image-tile.tsx";
import { ProbabilityBars } from "../../images/probability-bars.tsx";
import { type LoadedEvaluation, probabilitiesOf } from "../../images/use-evaluation.ts";
import { Facts } from "../../parts/facts.tsx";
import { formatNumber } from "../../parts/format.ts";
import { Empty } from "../../parts/states.tsx";
import type { CompareSearch } from "./compare-search.ts";

export interface EvaluatedRun {
  readonly run: Run;
  readonly loaded: LoadedEvaluation;
}

const mostImages = 60;

/** The numbers of a pair, both matrices, and the images that one of them fixes or breaks. */
export function PairImages({
  a,
  b,
  search,
  onChange,
}: {
  readonly a: EvaluatedRun;
  readonly b: EvaluatedRun;
  readonly search: CompareSearch;
  readonly onChange: (change: CompareSearch) => void;
}) {
  const compared = useMemo(() => comparePredictions(a.loaded.predictions, b.loaded.predictions), [a, b]);
  const { evaluation, predictions } = a.loaded;
  const { classNames } = evaluation;
  const isFixed = search.show !== "broken";
  const images = isFixed ? compared.fixed : compared.broken;
  const source = { name: evaluation.data, part: evaluation.part, checksum: evaluation.dataChecksum };
  const image = search.image === undefined ? undefined : Number(search.image);
  const [low, high] = compared.interval;
  const sign = (value: number) => `${value < 0 ? "−" : "+"}${formatDecimal(Math.abs(value), 4)}`;
  return (
    <>
      <Facts
        facts={[
          {
            name: "accuracy difference",
            value: sign(compared.accuracyDifference),
            note: `95 %: ${sign(low)} to ${sign(high)}`,
          },
          {
            name: "McNemar p-value",
            value: formatNumber(Number(compared.pValue.toPrecision(3))),
            note: verdict(compared.pValue, compared.accuracyDifference, a.run, b.run),
          },
          { name: `${b.run.name} fixes`, value: formatCount(compared.fixed.length) },
          { name: `${b.run.name} breaks`, value: formatCount(compared.broken.length) },
          { name: "both right", value: formatCount(compared.bothRight) },
          { name: "both wrong", value: formatCount(compared.bothWrong) },
        ]}
      />
      <div className="row" role="toolbar" aria-label="Images">
        <button
          type="button"
          aria-pressed={isFixed}
          onClick={() => onChange({ show: undefined, image: undefined })}
        >
          {formatCount(compared.fixed.length)} fixed by {b.run.name}
        </button>
        <button
          type="button"
          aria-pressed={!isFixed}
          onClick={() => onChange({ show: "broken", image: undefined })}
        >
          {formatCount(compared.broken.length)} broken by {b.run.name}
        </button>
      </div>
      {images.length === 0 ? (
        <Empty title="No image" />
      ) : (
        <div className="image-tiles">
          {Array.from(images.subarray(0, mostImages), (index) => (
            <ImageTile
              key={index}
              source={source}
              index={index}
              caption={classNames[predictions.labels[index]!]!}
              note={`not ${classNames[(isFixed ? a : b).loaded.predictions.predicted[index]!]!}`}
              isChosen={index === image}
              onChoose={(chosen) => onChange({ image: chosen === image ? undefined : String(chosen) })}
            />
          ))}
        </div>
      )}
      {images.length > mostImages && (
        <p className="muted">and {formatCount(images.length - mostImages)} more</p>
      )}
      {image !== undefined && image < compared.imageCount && (
        <div className="pair-detail">
          <DataImage source={source} index={image} label={`Image ${image}`} size={140} />
          {[a, b].map(({ run, loaded }) => (
            <div key={run.id} className="stack">
              <h3>{run.name}</h3>
              <ProbabilityBars
                probabilities={probabilitiesOf(loaded.predictions, image)}
                classNames={classNames}
                label={predictions.labels[image]!}
                limit={5}
              />
            </div>
          ))}
        </div>
      )}
      <div className="matrices">
        {[a, b].map(({ run, loaded }) => (
          <div key={run.id} className="stack">
            <h3>{run.name}</h3>
            <ConfusionGrid classNames={classNames} confusion={loaded.metrics.confusion} />
          </div>
        ))}
      </div>
    </>
  );
}

function verdict(pValue: number, difference: number, a: Run, b: Run): string {
  if (pValue >= 0.05) return "no difference shown";
  return `${difference > 0 ? b.name : a.name} is better`;
}
