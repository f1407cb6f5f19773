import type { AnswerOf } from "@atelier/tracker/api";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { apiQuery } from "../../api/client.ts";
import { ProbabilityBars } from "../../images/probability-bars.tsx";
import { formatNumber } from "../../parts/format.ts";
import { Answer, Empty } from "../../parts/states.tsx";
import { DrawingPad } from "./drawing-pad.tsx";
import { type LiveModel, loadModel } from "./load-model.ts";
import { SeenImage } from "./seen-image.tsx";
import "./try-page.css";

const route = getRouteApi("/runs/$runId/try");

/** Draw, drop or pick an image: the run's model answers in this browser. */
export function TryPage() {
  const { runId } = route.useParams();
  const query = useQuery(apiQuery("describeModel", { parameters: { runId } }));
  return (
    <div className="page">
      {query.error ? (
        <Empty title="This run has no model to try">
          <p>{query.error.message}</p>
        </Empty>
      ) : (
        <Answer query={query} what="the model">
          {(model) =>
            model.isKept ? (
              <Trying runId={runId} model={model} />
            ) : (
              <Empty title="This run has no model to try yet">
                <p>It keeps one when its training is done.</p>
              </Empty>
            )
          }
        </Answer>
      )}
    </div>
  );
}

function Trying({ runId, model }: { readonly runId: string; readonly model: AnswerOf<"describeModel"> }) {
  const { input, classNames } = model;
  const live = useQuery({
    queryKey: ["liveModel", runId],
    queryFn: () => loadModel(runId, input),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });
  useEffect(() => () => void live.data?.close(), [live.data]);
  const [pixels, setPixels] = useState<Uint8Array>();
  const result = useAnswer(live.data, pixels);
  return (
    <div className="trying">
      <section className="stack">
        <h2>Draw, drop or pick an image</h2>
        <DrawingPad input={input} runId={runId} onPixels={setPixels} />
      </section>
      <section className="stack" aria-live="polite">
        <h2>What the model says</h2>
        <Answer query={live} what="the model into this browser">
          {() =>
            pixels && result ? (
              <>
                <ProbabilityBars probabilities={result.probabilities} classNames={classNames} />
                <p className="muted small">
                  {formatNumber(Number(result.milliseconds.toPrecision(2)))} ms in this browser. Nothing is
                  sent anywhere.
                </p>
                <SeenImage pixels={pixels} input={input} />
              </>
            ) : (
              <Empty title="Nothing is drawn yet">
                <p>
                  The model takes {input[1]} × {input[0]} pixels, {input[2] === 1 ? "grey" : "colour"}.
                </p>
              </Empty>
            )
          }
        </Answer>
      </section>
    </div>
  );
}

/** The model's answer to the newest pixels; questions that have become old are not asked. */
function useAnswer(model: LiveModel | undefined, pixels: Uint8Array | undefined) {
  const [result, setResult] = useState<Awaited<ReturnType<LiveModel["answer"]>>>();
  useEffect(() => {
    if (!model || !pixels) return setResult(undefined);
    let isOld = false;
    const frame = requestAnimationFrame(() => {
      void model.answer(pixels).then((answer) => !isOld && setResult(answer));
    });
    return () => {
      isOld = true;
      cancelAnimationFrame(frame);
    };
  }, [model, pixels]);
  return result;
}
