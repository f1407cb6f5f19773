/**
 * The HTTP server over a store. It keeps nothing itself: any number of servers, and of other processes, may work on one
 * store. Here the table of calls meets fastify; what a call does is in routes/.
 */
import { type FastifyInstance, type FastifyReply, fastify } from "fastify";
import type { z } from "zod";
import { decodePathPart, largestBodyBytes, type RouteName, routes, toWireText } from "../api/index.ts";
import { TrackerError } from "../model/tracker-error.ts";
import type { Store } from "../store/store.ts";
import { answerOnSocket, answerToError } from "./error-answer.ts";
import type { Extensions } from "./extensions.ts";
import { guardOf } from "./guard.ts";
import { invalidInput } from "./invalid-input.ts";
import { liveStream } from "./live-stream.ts";
import { sendPage } from "./pages.ts";
import { parseBody } from "./request-body.ts";
import type { Received, Sender, ServerParts } from "./server-route.ts";
import { serverRoutes } from "./server-routes.ts";

export interface ServerOptions {
  /** Stays the caller's. */
  readonly store: Store;
  readonly extensions?: Extensions;
  /** Hash of the key that every caller needs; absent: callers on this machine only, without a key. */
  readonly keyHash?: string | undefined;
  readonly version: string;
  /** No file sent to the server is larger. Default: 16 GiB. */
  readonly largestUploadBytes?: number;
  /** Folder of the web application; absent: the API alone. */
  readonly pages?: string;
  /** Told of every failure that is the server's own fault. */
  readonly onError?: (error: unknown) => void;
}

/** Names in paths may be 10 kB of any text, each character of which takes up to twelve. */
const largestPathBytes = 128 * 2 ** 10;

/** These may be called without the key. */
const openRoutes: readonly string[] = [routes.readSession, routes.openSession, routes.closeSession];

/** A server that does not listen yet. */
export function createServer(options: ServerOptions): FastifyInstance {
  const { store, extensions = {}, keyHash, version, pages, onError = () => {} } = options;
  const { largestUploadBytes = 16 * 2 ** 30 } = options;
  const guard = guardOf(keyHash);
  const live = liveStream(store);
  const fail = (error: unknown, reply: FastifyReply) => {
    const { status, failure } = answerToError(error);
    if (status >= 500) onError(error);
    return reply.code(status).type("application/json").send(toWireText(failure));
  };
  const server = fastify({
    clientErrorHandler: (error, socket) => answerOnSocket(error, socket, largestPathBytes),
    frameworkErrors: (error, _, reply) => void fail(error, reply), // addresses that cannot be read
    bodyLimit: largestBodyBytes,
    exposeHeadRoutes: false,
    // Closing waits for what is being answered, and not for browsers that keep a connection for later.
    forceCloseConnections: "idle",
    keepAliveTimeout: 5000,
    http: { maxHeaderSize: largestPathBytes },
    routerOptions: { maxParamLength: largestPathBytes },
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("application/json", { parseAs: "string" }, (_, text, done) => {
    try {
      done(null, parseBody(text as string));
    } catch (error) {
      done(error as TrackerError, undefined);
    }
  });
  // Read by the handler, in pieces.
  server.addContentTypeParser("application/octet-stream", (_, _payload, done) => done(null));
  server.setErrorHandler((error, _, reply) => fail(error, reply));
  server.addHook("onRequest", async (request, reply) => {
    reply.headers({
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
    });
    guard.expectOwnPage(request);
  });
  server.addHook("preClose", async () => live.close());
  const parts: ServerParts = { store, extensions, live, guard, version, largestUploadBytes };
  for (const name of Object.keys(routes) as RouteName[]) addRoute(server, name, parts);
  server.setNotFoundHandler(async (request, reply) => {
    const { method, url } = request;
    const isPage = (method === "GET" || method === "HEAD") && !/^\/api(\/|$)/.test(url);
    // Pages hold nothing of the store: they ask for the key themselves.
    if (pages !== undefined && isPage) return (await sendPage(pages, request))(reply);
    throw new TrackerError("not-found", `${method} ${url}: there is no such call; see /api/openapi.json.`);
  });
  return server;
}

function addRoute<N extends RouteName>(server: FastifyInstance, name: N, parts: ServerParts): void {
  const [method, url] = routes[name].split(" ") as [string, string];
  const route = serverRoutes[name] as {
    readonly query?: z.ZodType;
    readonly body?: z.ZodType;
    readonly answerTo: (received: Received<N>, parts: ServerParts) => unknown;
  };
  server.route({
    method,
    url,
    handler: async (request, reply) => {
      if (!openRoutes.includes(routes[name]) && !(await parts.guard.isKnown(request))) {
        throw new TrackerError("no-access", "this server wants its access key; run: atelier login URL");
      }
      const parameters = Object.fromEntries(
        Object.entries(request.params as Record<string, string>).map(([part, text]) => [
          part,
          decodePathPart(text),
        ]),
      );
      const where = `${method} ${url}`;
      const query = route.query && checked(route.query, request.query, where);
      const body = route.body && checked(route.body, request.body, where);
      const answer = await route.answerTo(
        { parameters, query, body, request } as unknown as Received<N>,
        parts,
      );
      if (typeof answer === "function") return (answer as Sender)(reply);
      return reply.type("application/json").header("cache-control", "no-store").send(toWireText(answer));
    },
  });
}

/** What a schema makes of a value. Throws bad-argument. */
function checked(schema: z.ZodType, value: unknown, where: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new TrackerError("bad-argument", `${where}: ${invalidInput(result.error, value)}`);
}
