/** One image closely: what the model thinks, the training images nearest to it, and what the predicted class looks like. */
import { useQuery } from "@tanstack/react-query";
import { apiQuery } from "../api/client.ts";
import { Answer } from "../parts/states.tsx";
import { DataImage, type ImageSource, sourceQuery } from "./data-image.tsx";
import { ProbabilityBars } from "./probability-bars.tsx";
import { type LoadedEvaluation, probabilitiesOf } from "./use-evaluation.ts";

const [neighbourCount, exampleCount] = [8, 8];

export function ImageDetail({
  loaded,
  source,
  index,
}: {
  readonly loaded: LoadedEvaluation;
  readonly source: ImageSource;
  readonly index: number;
}) {
  const { evaluation, predictions } = loaded;
  const { classNames } = evaluation;
  const [label, predicted] = [predictions.labels[index]!, predictions.predicted[index]!];
  const parameters = { name: source.name, part: source.part, index: String(index) };
  const nearest = useQuery(
    apiQuery("listNeighbours", { parameters, query: { ...sourceQuery(source), count: neighbourCount } }),
  );
  const examples = useQuery(
    apiQuery("listSamples", {
      parameters: { name: source.name, part: "train" },
      query: { ...sourceQuery(source), class: predicted, count: exampleCount, seed: index },
    }),
  );
  const training = { ...source, part: "train" };
  return (
    <section className="image-detail" aria-label={`Image ${index}`}>
      <div className="stack">
        <DataImage
          source={source}
          index={index}
          label={`Image ${index}, labelled ${classNames[label]}`}
          size={140}
        />
        <span className="muted small">
          {source.part} image {index}
        </span>
      </div>
      <ProbabilityBars
        probabilities={probabilitiesOf(predictions, index)}
        classNames={classNames}
        label={label}
      />
      <div className="stack">
        <h3>Nearest training images</h3>
        <Answer query={nearest} what="training images">
          {(found) => (
            <div className="neighbours">
              {found.map((one) => (
                <figure key={one.index}>
                  <DataImage
                    source={training}
                    index={one.index}
                    label={`Training image ${one.index}`}
                    size={64}
                  />
                  <figcaption
                    className="cut"
                    title={`${classNames[one.label]}, distance ${one.distance.toFixed(2)}`}
                  >
                    {classNames[one.label]}
                  </figcaption>
                </figure>
              ))}
            </div>
          )}
        </Answer>
      </div>
      <div className="stack">
        <h3>What {classNames[predicted]} looks like</h3>
        <Answer query={examples} what="examples">
          {(found) => (
            <div className="neighbours">
              {found.map((one) => (
                <DataImage
                  key={one.index}
                  source={training}
                  index={one.index}
                  label={classNames[one.label] ?? ""}
                  size={64}
                />
              ))}
            </div>
          )}
        </Answer>
      </div>
    </section>
  );
}
