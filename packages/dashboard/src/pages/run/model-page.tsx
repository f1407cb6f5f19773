import { apiPath } from "@atelier/tracker/api";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { apiQuery } from "../../api/client.ts";
import "./model-page.css";
import { Facts } from "../../parts/facts.tsx";
import { formatNumber } from "../../parts/format.ts";
import { Answer, Empty } from "../../parts/states.tsx";

const route = getRouteApi("/runs/$runId/model");

/** The layers of the run's model, as Keras's summary() shows them. */
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
                  { name: "parameters", value: formatNumber(model.parameters.total) },
                  { name: "trainable", value: formatNumber(model.parameters.trainable) },
                  { name: "not trainable", value: formatNumber(model.parameters.nonTrainable) },
                  { name: "input", value: model.input.join(" × ") },
                  { name: "classes", value: formatNumber(model.classNames.length) },
                ]}
              />
              <div className="scroll-x">
                <table style={{ minWidth: 460 }}>
                  <thead>
                    <tr>
                      <th>layer</th>
                      <th>type</th>
                      <th>output shape</th>
                      <th className="number">parameters</th>
                      <th>share</th>
                    </tr>
                  </thead>
                  <tbody>
                    {model.layers.map(({ name, type, outputShape, parameters: count }) => (
                      <tr key={name}>
                        <td>{name}</td>
                        <td className="muted">{type}</td>
                        <td>{outputShape.join(" × ")}</td>
                        <td className="number">{formatNumber(count)}</td>
                        <td style={{ width: 160 }}>
                          <i
                            className="share"
                            style={{ width: `${(100 * count) / Math.max(1, model.parameters.total)}%` }}
                          />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              <span className="row">
                <a className="button" href={apiPath("exportModel", { parameters })} download>
                  ONNX file
                </a>
              </span>
            </>
          )}
        </Answer>
      )}
    </div>
  );
}
