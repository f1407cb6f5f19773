import { apiPath } from "@atelier/tracker/api";
import { useState } from "react";
import "./images.css";

/** Where the images of an evaluation or a data set are. */
export interface ImageSource {
  readonly name: string;
  readonly part: string;
  /** Of one of the data set's parts; tells apart data sets of one name. */
  readonly checksum?: string | undefined;
}

/** The query that says which data set of a name is meant. */
export function sourceQuery({ checksum }: ImageSource): { readonly checksum?: string } {
  return checksum === undefined ? {} : { checksum };
}

/** One image of a data set, its own pixels visible. */
export function DataImage({
  source,
  index,
  label,
  size = 56,
}: {
  readonly source: ImageSource;
  readonly index: number;
  /** What it shows, for who cannot see it. */
  readonly label: string;
  readonly size?: number;
}) {
  const [isMissing, setIsMissing] = useState(false);
  const { name, part } = source;
  if (isMissing)
    return (
      <span
        className="data-image missing"
        style={{ width: size, height: size }}
        title="This server cannot open the data set"
      />
    );
  return (
    <img
      className="data-image"
      src={apiPath("readImage", {
        parameters: { name, part, index: String(index) },
        query: sourceQuery(source),
      })}
      alt={label}
      width={size}
      height={size}
      loading="lazy"
      decoding="async"
      onError={() => setIsMissing(true)}
    />
  );
}
