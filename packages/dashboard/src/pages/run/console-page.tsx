/** What the program wrote to its terminal, of any length: read backwards from the end, and followed while it runs. */
import type { ConsoleLine } from "@atelier/tracker/model";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { api } from "../../api/client.ts";
import { Answer, Empty } from "../../parts/states.tsx";
import { consoleText } from "./console-text.ts";
import "./console-page.css";

const route = getRouteApi("/runs/$runId/console");
const pageSize = 1000;
/** Closer to the end than this counts as being there, in CSS pixels. */
const nearEnd = 40;

/** The lines, the newest at the end. */
export function ConsolePage() {
  const { runId } = route.useParams();
  const query = useInfiniteQuery({
    queryKey: ["console", { runId }],
    initialPageParam: Number.MAX_SAFE_INTEGER,
    queryFn: ({ pageParam, signal }) =>
      api.call("readConsole", {
        parameters: { runId },
        query: { before: pageParam, limit: pageSize },
        signal,
      }),
    getNextPageParam: ({ lines }) => (lines.length > 0 && lines[0]!.line > 0 ? lines[0]!.line : undefined),
  });
  return (
    <div className="console-page">
      <Answer query={query} what="the console">
        {({ pages }) => (
          <Lines
            lines={pages.toReversed().flatMap(({ lines }) => lines)}
            isWhole={!query.hasNextPage}
            isReading={query.isFetchingNextPage}
            onReadBack={() => void query.fetchNextPage()}
          />
        )}
      </Answer>
    </div>
  );
}

function Lines({
  lines,
  isWhole,
  isReading,
  onReadBack,
}: {
  readonly lines: readonly ConsoleLine[];
  readonly isWhole: boolean;
  readonly isReading: boolean;
  readonly onReadBack: () => void;
}) {
  const place = useRef<HTMLElement>(null);
  const [isFollowing, setIsFollowing] = useState(true);
  const [search, setSearch] = useState("");
  const shown = useMemo(() => {
    const wanted = search.toLowerCase();
    return lines.filter(({ text }) => wanted === "" || text.toLowerCase().includes(wanted));
  }, [lines, search]);
  const virtualizer = useVirtualizer({
    count: shown.length,
    getScrollElement: () => place.current,
    estimateSize: () => 18,
    overscan: 30,
    getItemKey: (index) => shown[index]!.line,
  });
  useEffect(() => {
    if (isFollowing && shown.length > 0) virtualizer.scrollToIndex(shown.length - 1, { align: "end" });
  }, [isFollowing, shown.length, virtualizer]);
  if (lines.length === 0) return <Empty title="The program has written nothing yet" />;
  return (
    <>
      <div className="row bar">
        <input
          type="search"
          placeholder="Find in these lines"
          aria-label="Find in these lines"
          value={search}
          onChange={({ target }) => setSearch(target.value)}
        />
        <label className="row">
          <input
            type="checkbox"
            checked={isFollowing}
            onChange={({ target }) => setIsFollowing(target.checked)}
          />
          follow
        </label>
        {!isWhole && (
          <button type="button" disabled={isReading} onClick={onReadBack}>
            {isReading ? "Reading …" : "Earlier lines"}
          </button>
        )}
        <span className="muted">{shown.length.toLocaleString("en-US")} lines</span>
      </div>
      <section
        ref={place}
        className="lines mono"
        aria-label="Console"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        onWheel={({ currentTarget: { scrollTop, scrollHeight, clientHeight }, deltaY }) =>
          setIsFollowing(deltaY > 0 && scrollTop + clientHeight > scrollHeight - nearEnd)
        }
      >
        <div style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, start, key }) => (
            <p
              key={key}
              ref={virtualizer.measureElement}
              data-index={index}
              style={{ transform: `translateY(${start}px)` }}
            >
              <span>{shown[index]!.line + 1}</span>
              {consoleText(shown[index]!.text)}
            </p>
          ))}
        </div>
      </section>
    </>
  );
}
