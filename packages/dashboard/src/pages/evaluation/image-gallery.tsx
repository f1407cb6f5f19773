import { formatCount } from "@atelier/charts/text";
import { useState } from "react";
import type { ImageSource } from "../../images/data-image.tsx";
import { ImageTile } from "../../images/image-tile.tsx";
import { Empty } from "../../parts/states.tsx";
import type { ImageList } from "./image-lists.ts";

const step = 36;

/** The images of a list, more of them on demand. */
export function ImageGallery({
  list,
  source,
  chosen,
  onChoose,
}: {
  readonly list: ImageList;
  readonly source: ImageSource;
  readonly chosen: number | undefined;
  readonly onChoose: (index: number) => void;
}) {
  const [shown, setShown] = useState({ list, count: step });
  const count = shown.list === list ? shown.count : step;
  if (list.images.length === 0) return <Empty title="No image is in this list" />;
  return (
    <>
      <h2>{list.title}</h2>
      <p className="muted">{list.explanation}</p>
      <div className="image-tiles">
        {list.images.slice(0, count).map(({ index, caption, share, note }) => (
          <ImageTile
            key={index}
            source={source}
            index={index}
            caption={caption}
            share={share}
            note={note}
            isChosen={index === chosen}
            onChoose={onChoose}
          />
        ))}
      </div>
      {list.images.length > count && (
        <span>
          <button type="button" onClick={() => setShown({ list, count: count + 2 * step })}>
            More of {formatCount(list.images.length)}
          </button>
        </span>
      )}
    </>
  );
}
