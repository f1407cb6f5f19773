import type { BodyOf } from "@atelier/tracker/api";
import { api, apiQuery } from "./client.ts";
import { sharedReadings } from "./shared-readings.ts";

const read = sharedReadings((body, signal) => api.call("readSeries", { body, signal }));

/** Series as a query that may share its call with others. */
export function seriesQuery(body: BodyOf<"readSeries">) {
  return {
    ...apiQuery("readSeries", { body }),
    queryFn: ({ signal }: { readonly signal: AbortSignal }) => read(body, signal),
  };
}
