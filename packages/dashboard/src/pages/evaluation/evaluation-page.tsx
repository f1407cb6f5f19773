import { formatCount } from "@atelier/charts/text";
import type { Evaluation } from "@atelier/tracker/model";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { apiQuery } from "../../api/client.ts";
import { ConfusionGrid } from "../../images/confusion-grid.tsx";
import { ImageDetail } from "../../images/image-detail.tsx";
import { evaluationQuery, type LoadedEvaluation } from "../../images/use-evaluation.ts";
import { shellWord } from "../../parts/shell-word.ts";
import { Answer, Empty } from "../../parts/states.tsx";
import type { EvaluationSearch } from "./evaluation-search.ts";
import { EvaluationFigures } from "./figures.tsx";
import { ImageGallery } from "./image-gallery.tsx";
import { imageLists, imagesOfCell } from "./image-lists.ts";
import { Scores } from "./scores.tsx";
import "./evaluation-page.css";

const route = getRouteApi("/runs/$runId/evaluation");
const mostConfusedShown = 4;

/** Where a model fails: its confusion matrix, the images behind it, and how far its confidence can be trusted. */
export function EvaluationPage() {
  const { runId } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const evaluations = useQuery(apiQuery("listRunEvaluations", { parameters: { runId } }));
  const set = (change: EvaluationSearch) => void navigate({ search: (before) => ({ ...before, ...change }) });
  return (
    <div className="page evaluation">
      <Answer query={evaluations} what="evaluations">
        {(list) =>
          list.length === 0 ? (
            <NoEvaluation runId={runId} />
          ) : (
            <Chosen list={list} search={search} onChange={set} />
          )
        }
      </Answer>
    </div>
  );
}

interface ChosenProps {
  readonly search: EvaluationSearch;
  readonly onChange: (change: EvaluationSearch) => void;
}

function Chosen({ list, ...props }: ChosenProps & { readonly list: readonly Evaluation[] }) {
  const { search, onChange } = props;
  const chosen =
    list.find(({ data, part }) => (search.data ?? data) === data && (search.part ?? part) === part) ??
    list[0]!;
  const loaded = useQuery(evaluationQuery(chosen));
  return (
    <>
      {list.length > 1 && (
        <span className="segments">
          {list.map(({ data, part }) => (
            <button
              key={`${data} ${part}`}
              type="button"
              aria-pressed={data === chosen.data && part === chosen.part}
              onClick={() => onChange({ data, part, show: undefined, image: undefined })}
            >
              {data} {part}
            </button>
          ))}
        </span>
      )}
      <Answer query={loaded} what="predictions">
        {(data) => <Loaded loaded={data} {...props} />}
      </Answer>
    </>
  );
}

function Loaded({ loaded, search, onChange }: ChosenProps & { readonly loaded: LoadedEvaluation }) {
  const { evaluation, metrics } = loaded;
  const source = useMemo(
    () => ({ name: evaluation.data, part: evaluation.part, checksum: evaluation.dataChecksum }),
    [evaluation],
  );
  const cell = readCell(search.show, evaluation.classNames.length);
  const list = useMemo(() => {
    if (cell) return imagesOfCell(loaded, cell);
    return (imageLists[search.show ?? "confident"] ?? imageLists.confident!).list(loaded);
  }, [loaded, cell, search.show]);
  const image = search.image === undefined ? undefined : Number(search.image);
  const isImage = image !== undefined && image >= 0 && image < evaluation.imageCount;
  return (
    <>
      <Scores loaded={loaded} />
      <div className="confusion-and-images">
        <section className="stack">
          <h2>Confusion matrix</h2>
          <ConfusionGrid
            classNames={evaluation.classNames}
            confusion={metrics.confusion}
            chosen={cell}
            onChoose={({ trueClass, predictedClass }) =>
              onChange({ show: `${trueClass},${predictedClass}`, image: undefined })
            }
          />
          <p className="muted small">Open a cell to see its images. Shading is the share of the row.</p>
          <h3>Most confused</h3>
          <div className="row most-confused">
            {metrics.mostConfused
              .slice(0, mostConfusedShown)
              .map(({ trueClass, predictedClass, ...pair }) => (
                <button
                  key={`${trueClass},${predictedClass}`}
                  type="button"
                  aria-pressed={cell?.trueClass === trueClass && cell.predictedClass === predictedClass}
                  onClick={() => onChange({ show: `${trueClass},${predictedClass}`, image: undefined })}
                >
                  {pair.trueName} → {pair.predictedName} <b>{formatCount(pair.count)}</b>
                </button>
              ))}
          </div>
        </section>
        <section className="stack" aria-live="polite">
          <div className="row" role="toolbar" aria-label="Lists of images">
            {Object.entries(imageLists).map(([key, { name }]) => (
              <button
                key={key}
                type="button"
                aria-pressed={cell === undefined && (search.show ?? "confident") === key}
                onClick={() => onChange({ show: key, image: undefined })}
              >
                {name}
              </button>
            ))}
          </div>
          {isImage && <ImageDetail loaded={loaded} source={source} index={image} />}
          <ImageGallery
            list={list}
            source={source}
            chosen={image}
            onChoose={(index) => onChange({ image: index === image ? undefined : String(index) })}
          />
        </section>
      </div>
      <EvaluationFigures loaded={loaded} />
    </>
  );
}

function readCell(show: string | undefined, classCount: number) {
  const [trueClass, predictedClass] = (show ?? "").split(",").map(Number);
  const isClass = (at: number | undefined) =>
    at !== undefined && Number.isInteger(at) && at >= 0 && at < classCount;
  return isClass(trueClass) && isClass(predictedClass)
    ? { trueClass: trueClass!, predictedClass: predictedClass! }
    : undefined;
}

function NoEvaluation({ runId }: { readonly runId: string }) {
  return (
    <Empty title="This run has not been evaluated">
      <p>Its model can be tested once it has kept one:</p>
      <pre>npx atelier evaluate {shellWord(runId)}</pre>
    </Empty>
  );
}
