/** The server that this page came from, and its answers as queries that pages share. */
import { type AnswerOf, apiClient, type RequestOf, type RouteName } from "@atelier/tracker/api";
import { queryOptions } from "@tanstack/react-query";

export const api = apiClient();

/** The answer of a call as a query; equal requests of any page are one query. */
export function apiQuery<N extends RouteName>(name: N, request: RequestOf<N>) {
  return queryOptions({
    queryKey: [name, request] as const,
    queryFn: ({ signal }): Promise<AnswerOf<N>> => {
      // A call's arguments are optional where all their parts are, which a general N cannot say.
      const call = api.call as (name: N, request: RequestOf<N>) => Promise<AnswerOf<N>>;
      return call(name, { ...request, signal });
    },
  });
}
