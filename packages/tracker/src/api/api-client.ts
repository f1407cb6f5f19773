/** Calls of the API, for browsers and for programs that record to a server. */
import { TrackerError } from "../model/tracker-error.ts";
import { failureOf } from "./failure.ts";
import {
  type AnswerOf,
  type BodyOf,
  type ParametersOf,
  type QueryOf,
  type RouteName,
  routes,
} from "./routes.ts";
import { decodeSeries, seriesContentType } from "./series-block.ts";
import { fromWireText, largestBodyBytes, toWireBody } from "./wire-json.ts";

type Part<Name extends string, Value> = undefined extends Value
  ? unknown
  : keyof Value extends never
    ? unknown
    : Record<never, never> extends Value
      ? { readonly [name in Name]?: Value }
      : { readonly [name in Name]: Value };

/** What goes with a call: the parameters of its path, its query and its body. */
export type RequestOf<N extends RouteName> = Part<"parameters", ParametersOf<N>> &
  Part<"query", QueryOf<N>> &
  Part<"body", BodyOf<N>> & { readonly signal?: AbortSignal };

type CallArguments<N extends RouteName> =
  Record<never, never> extends RequestOf<N> ? [request?: RequestOf<N>] : [request: RequestOf<N>];

export interface ApiClientOptions {
  /** Where the server is; absent in a page that came from it. */
  readonly url?: string;
  /** The access key, where a cookie does not say it. */
  readonly key?: string | undefined;
}

export interface ApiClient {
  /** The answer of a call. Throws a TrackerError of the code that the server says, or `unreachable`. */
  call<N extends RouteName>(name: N, ...request: CallArguments<N>): Promise<AnswerOf<N>>;
  /** The response of a call that succeeded, for what is read in pieces. Throws as `call` does. */
  send<N extends RouteName>(name: N, request: RequestOf<N>, more?: RequestInit): Promise<Response>;
}

/** Calls of the server at `url`. */
export function apiClient({ url = "", key }: ApiClientOptions = {}): ApiClient {
  const send: ApiClient["send"] = async (name, request, more = {}) => {
    const { body, signal } = request as { readonly body?: unknown; readonly signal?: AbortSignal };
    const headers = new Headers(more.headers);
    if (body !== undefined) headers.set("content-type", "application/json");
    if (key !== undefined) headers.set("authorization", `Bearer ${key}`);
    const response = await fetch(`${url}${apiPath(name, request)}`, {
      method: routes[name].slice(0, routes[name].indexOf(" ")),
      ...(body !== undefined && { body: bodyOf(name, body) }),
      ...(signal && { signal }),
      ...more,
      headers,
    }).catch(unanswered(url));
    if (!response.ok) throw await failureOf(response);
    return response;
  };
  return {
    send,
    call: async (name, ...[request]) => {
      const response = await send(name, (request ?? {}) as RequestOf<typeof name>);
      const type = response.headers.get("content-type") ?? "";
      const content = await response.arrayBuffer().catch(unanswered(url));
      if (type.startsWith("application/json"))
        return fromWireText(new TextDecoder().decode(content)) as never;
      const bytes = new Uint8Array(content);
      return (type === seriesContentType ? decodeSeries(bytes) : bytes) as never;
    },
  };
}

/** The path and query of a call, for links, images and EventSource. */
export function apiPath<N extends RouteName>(name: N, request: RequestOf<N>): string {
  const { parameters = {}, query = {} } = request as {
    readonly parameters?: Readonly<Record<string, string>>;
    readonly query?: Readonly<Record<string, unknown>>;
  };
  const route = routes[name];
  const path = route
    .slice(route.indexOf(" ") + 1)
    .replaceAll(/:([A-Za-z0-9]+)|\*/g, (found, parameter) => encodePathPart(parameters[parameter ?? found]!));
  const search = new URLSearchParams();
  for (const [field, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(field, String(one));
  }
  return search.size === 0 ? path : `${path}?${search}`;
}

/**
 * Any text as one part of a path. URLs take parts that are empty, `.` or `..` away, so these are written with a `~` in
 * front, and so is what begins with `~`.
 */
export function encodePathPart(text: string): string {
  const isTaken = text === "" || text === "." || text === ".." || text.startsWith("~");
  return encodeURIComponent((isTaken ? `~${text}` : text).toWellFormed());
}

/** The text that encodePathPart wrote, percent-decoding done. */
export function decodePathPart(text: string): string {
  return text.startsWith("~") ? text.slice(1) : text;
}

/** Throws too-large here: a server may hang up on a body before it can say why. */
function bodyOf(name: RouteName, body: unknown): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(toWireBody(body));
  if (bytes.length <= largestBodyBytes) return bytes;
  throw new TrackerError(
    "too-large",
    `${name}: expected a body of at most ${largestBodyBytes} bytes, got ${bytes.length}; send less at once.`,
  );
}

/** The error of a call that got no answer, or half of one; of one that its caller gave up, the caller's own. */
function unanswered(url: string): (cause: Error) => never {
  return (cause) => {
    if (cause.name === "AbortError") throw cause;
    const place = url === "" ? "" : `${url}: `;
    throw new TrackerError("unreachable", `${place}the server does not answer (${reasonOf(cause)}).`, {
      cause,
    });
  };
}

function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error && cause.message !== "" ? cause.message : message;
}
