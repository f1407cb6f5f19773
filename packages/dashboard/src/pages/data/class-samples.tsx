import { formatCount } from "@atelier/charts/text";
import { useQuery } from "@tanstack/react-query";
import { apiQuery } from "../../api/client.ts";
import { DataImage, type ImageSource, sourceQuery } from "../../images/data-image.tsx";
import { Answer } from "../../parts/states.tsx";

const sampleCount = 12;

/** A row of images of one class. */
export function ClassSamples({
  source,
  className,
  classIndex,
  count,
  seed,
}: {
  readonly source: ImageSource;
  readonly className: string;
  readonly classIndex: number;
  /** How many images the class has. */
  readonly count: number;
  readonly seed: number;
}) {
  const { name, part } = source;
  const query = useQuery(
    apiQuery("listSamples", {
      parameters: { name, part },
      query: { ...sourceQuery(source), class: classIndex, count: sampleCount, seed },
    }),
  );
  return (
    <div className="class-samples">
      <div>
        <h3>{className}</h3>
        <span className="muted small">{formatCount(count)}</span>
      </div>
      <div className="images">
        <Answer query={query} what="samples">
          {(samples) =>
            samples.map(({ index }) => (
              <DataImage
                key={index}
                source={source}
                index={index}
                label={`${className}, image ${index}`}
                size={48}
              />
            ))
          }
        </Answer>
      </div>
    </div>
  );
}
