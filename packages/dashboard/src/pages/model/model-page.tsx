import { apiPath } from "@atelier/tracker/api";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { apiQuery } from "../../api/client.ts";
import { Facts } from "../../parts/facts.tsx";
import { formatBytes, formatNumber } from "../../parts/format.ts";
import { Answer, Empty } from "../../parts/states.tsx";
import { ModelDiagram } from "./model-diagram.tsx";

const route = getRouteApi("/runs/$runId/model");
/** Of a parameter, which is a float32. */
const parameterBytes = 4;

/** The layers of the run's model: what flows through them, and where the parameters are. */
export function ModelPage() {
  const { runId } = route.useParams();
  const parameters = { runId };
  const query = useQuery(apiQuery("describeModel", { parameters }));
  return (
    <div className="page stack" style={{ gap: 20 }}>
      {query.error ? (
        <Empty title="There is no model to show">
          <p>{query.error.message}</p>
        </Empty>
      ) : (
        <Answer query={query} what="the model">
          {(model) => (
            <>
              <Facts
                facts={[
                  {
                    name: "parameters",
                    value: formatNumber(model.parameters.total),
                    note: formatBytes(parameterBytes * model.parameters.total),
                  },
                  {
                    name: "trainable",
                    value: formatNumber(model.parameters.trainable),
                    ...(model.parameters.nonTrainable > 0 && {
                      note: `${formatNumber(model.parameters.nonTrainable)} are not`,
                    }),
                  },
                  { name: "layers", value: formatNumber(model.layers.length) },
                  { name: "input", value: model.input.join(" × "), note: "height × width × channels" },
                  { name: "classes", value: formatNumber(model.classNames.length) },
                ]}
              />
              {model.isKept ? (
                <span className="row">
                  <a className="button" href={apiPath("exportModel", { parameters })} download>
                    Save as ONNX
                  </a>
                </span>
              ) : (
                <p className="muted">What the run set out to train; it has kept no trained model yet.</p>
              )}
              <ModelDiagram model={model} />
            </>
          )}
        </Answer>
      )}
    </div>
  );
}
