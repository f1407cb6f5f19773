import { apiPath } from "@atelier/tracker/api";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { apiQuery } from "../../api/client.ts";
import { DataImage, sourceQuery } from "../../images/data-image.tsx";

const imageCount = 10;

/** Images of the run's test data to begin with; nothing where this server cannot open them. */
export function TestImages({
  runId,
  onChoose,
}: {
  readonly runId: string;
  readonly onChoose: (image: Blob) => void;
}) {
  const [seed, setSeed] = useState(0);
  const run = useQuery(apiQuery("getRun", { parameters: { runId } }));
  const dataset = run.data?.dataset;
  const source = { name: dataset?.name ?? "", part: "test", checksum: dataset?.checksum };
  const { name, part } = source;
  const samples = useQuery({
    ...apiQuery("listSamples", {
      parameters: { name, part },
      query: { ...sourceQuery(source), count: imageCount, seed },
    }),
    enabled: Boolean(dataset),
  });
  if (!samples.data) return null;
  const choose = async (index: number) => {
    const path = apiPath("readImage", {
      parameters: { name, part, index: String(index) },
      query: sourceQuery(source),
    });
    const response = await fetch(path);
    if (response.ok) onChoose(await response.blob());
  };
  return (
    <div className="stack">
      <span className="row spread">
        <span className="muted">or one of the test images</span>
        <button type="button" onClick={() => setSeed((before) => before + 1)}>
          Others
        </button>
      </span>
      <div className="row test-images">
        {samples.data.map(({ index }) => (
          <button
            key={index}
            type="button"
            className="plain"
            title={`Test image ${index}`}
            onClick={() => void choose(index)}
          >
            <DataImage source={source} index={index} label={`Test image ${index}`} size={44} />
          </button>
        ))}
      </div>
    </div>
  );
}
