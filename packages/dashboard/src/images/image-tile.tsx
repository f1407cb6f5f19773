import { formatPercent } from "@atelier/charts/text";
import { DataImage, type ImageSource } from "./data-image.tsx";

/** An image with a caption, which can be looked at more closely. */
export function ImageTile({
  source,
  index,
  caption,
  share,
  note,
  isChosen = false,
  onChoose,
}: {
  readonly source: ImageSource;
  readonly index: number;
  readonly caption: string;
  /** A probability shown with the caption. */
  readonly share?: number;
  /** What else is to be known, below. */
  readonly note?: string | undefined;
  readonly isChosen?: boolean;
  readonly onChoose: (index: number) => void;
}) {
  const said = share === undefined ? caption : `${caption} ${formatPercent(share)}`;
  const text = note === undefined ? said : `${said}, ${note}`;
  return (
    <button type="button" className="image-tile" aria-pressed={isChosen} onClick={() => onChoose(index)}>
      <DataImage source={source} index={index} label={`Image ${index}`} size={72} />
      <span className="caption" title={text}>
        {caption !== "" && <span className="cut">{caption}</span>}
        {share !== undefined && <b>{formatPercent(share)}</b>}
        {note !== undefined && <span className="cut muted">{note}</span>}
      </span>
    </button>
  );
}
